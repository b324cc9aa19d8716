"""The import rule of docs/explanation/architecture.md, checked over the sources as they are.

`ast` sees imports inside functions and under TYPE_CHECKING too: the rule has no back door.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT: dict[str, frozenset[str]] = {
    "esl": frozenset(),
    "models": frozenset(),
    "callflow": frozenset({"pacing_core", "esl", "models"}),
    "api": frozenset({"pacing_core", "models"}),
}
OURS = frozenset(MAY_IMPORT) | {"pacing_core", "tests", "benchmarks"}
# What would make the engine or a model depend on the world outside its arguments.
WORLDLY = frozenset(
    {
        "gevent",
        "socket",
        "select",
        "threading",
        "asyncio",
        "subprocess",
        "sqlalchemy",
        "psycopg",
        "time",
        "random",
    }
)


def imported(source: str, *, package: str = "") -> Iterator[tuple[int, str]]:
    """(line, dotted module) of every import in a source text; relative ones are made absolute."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            yield node.lineno, ".".join([*base, node.module or ""]).rstrip(".")


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imports_of(path: Path) -> Iterator[tuple[int, str]]:
    package = ".".join(path.relative_to(ROOT).parent.parts)
    yield from imported(path.read_text(), package=package)


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package}
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(package)
        for line, name in imports_of(path)
        if name.split(".")[0] in OURS - allowed
    ]
    assert not wrong, "\n".join(wrong)


def test_one_module_imports_greenswitch() -> None:
    importers = {
        str(path.relative_to(ROOT))
        for package in MAY_IMPORT
        for path in modules(package)
        for _, name in imports_of(path)
        if name.split(".")[0] == "greenswitch"
    }
    assert importers <= {"esl/client.py"}


@pytest.mark.parametrize("folder", ["callflow/engine", "models/rules", "esl/simulator"])
def test_what_is_pure_imports_no_world(folder: str) -> None:
    # The simulator's server.py is its one module with sockets; its model draws from a seeded random.Random.
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in modules(folder)
        for line, name in imports_of(path)
        if name.split(".")[0] in WORLDLY - ({"random"} if folder.startswith("esl") else set())
        and not (folder == "esl/simulator" and path.name in {"server.py", "cli.py"})
    ]
    assert not wrong, "\n".join(wrong)


def test_the_checker_sees_every_kind_of_import() -> None:
    source = (
        "import os, api.worker\n"
        "from . import sibling\n"
        "from .. import uncle\n"
        "from ..other import x\n"
        "def f():\n    from esl import client\n"
    )
    assert [name for _, name in imported(source, package="callflow.engine")] == [
        "os",
        "api.worker",
        "callflow.engine",
        "callflow",
        "callflow.other",
        "esl",
    ]
