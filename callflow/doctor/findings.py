"""What a check found, how it ended, and the table that a person reads."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from enum import StrEnum

from rich.console import Console
from rich.markup import escape
from rich.table import Table

MAX_SKEW_SECONDS = 5.0


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table. `do` is empty when there is nothing to do."""

    check: str
    verdict: Verdict
    found: str
    do: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check, Verdict.OK, found)


def warning(check: str, found: str, do: str) -> Finding:
    return Finding(check, Verdict.WARNING, found, do)


def failed(check: str, found: str, do: str) -> Finding:
    return Finding(check, Verdict.FAILED, found, do)


def skew(check: str, seconds: float) -> Finding:
    """A clock that is so much ahead of this machine's."""
    found = f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} this machine"
    if abs(seconds) > MAX_SKEW_SECONDS:
        return failed(check, found, "set the clocks by NTP: nothing is dialed with a skew above 5 s")
    return ok(check, found)


# --- the table ----------------------------------------------------------------------------------------------

_COLORS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


def show(findings: list[Finding], *, as_json: bool) -> int:
    """Print them; the exit code."""
    healthy = all(finding.verdict is not Verdict.FAILED for finding in findings)
    if as_json:
        sys.stdout.write(json.dumps({"ok": healthy, "findings": [asdict(f) for f in findings]}) + "\n")
        return int(not healthy)
    table = Table(box=None, pad_edge=False)
    for heading in ("", "check", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        color = _COLORS[finding.verdict]
        table.add_row(
            f"[{color}]{finding.verdict}[/]", finding.check, escape(finding.found), escape(finding.do)
        )
    Console().print(table)
    return int(not healthy)
