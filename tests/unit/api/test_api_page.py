"""The reference page has every route, with who may; and every code that an error or a limit can have."""

from __future__ import annotations

import json
import re
from pathlib import Path

from api.openapi import document
from models import limits
from tests.integration.api.expectations import LINES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/reference/api.md").read_text("utf-8")
_ROW = re.compile(r"^\| `([A-Z]+) (/\S*)` \| (\S+) \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)


def test_every_route_with_who_may() -> None:
    written = {(method, path): (role, scopes.strip()) for method, path, role, scopes in _ROW.findall(PAGE)}
    served = {}
    for path, methods in json.loads(document())["paths"].items():
        for method, operation in methods.items():
            line = LINES[operation["operationId"]]
            scopes = ", ".join(sorted(line.scopes)) or "–"
            served[method.upper(), path] = (str(line.role or "–"), scopes)
    assert written == served


def _codes(heading: str) -> set[str]:
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return {
        code for row in re.findall(r"^\| .*$", part, re.MULTILINE) for code in re.findall(r"`(\w+)`", row)
    }


def test_every_limit() -> None:
    assert _codes("Why not faster") == set(limits.SENTENCES)


def test_every_error_that_a_route_raises() -> None:
    raised = {
        code
        for file in (ROOT / "api").rglob("*.py")
        for code in re.findall(r'Problem\(\s*\d+,\s*"(\w+)"', file.read_text("utf-8"))
    }
    assert {"no_dialer", "conflict", "events_gone"} <= raised
    assert raised <= _codes("Errors")
