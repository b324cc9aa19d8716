"""The tables of `tables` as Markdown, for docs/reference/callflow.md; a test holds the two together."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from callflow.engine.tables import AGENT, ATTEMPT, LEG, RECORDING

S = TypeVar("S", bound=StrEnum)
V = TypeVar("V", bound=StrEnum)


def markdown() -> str:
    """Markdown tables: rows are states, each cell `event → state after`."""
    parts = [
        _table("Agent", AGENT),
        _table("Leg", LEG),
        _table("Attempt", ATTEMPT),
        _table("Recording", RECORDING),
    ]
    return "\n\n".join(parts) + "\n"


def _table(name: str, table: Mapping[tuple[S, V], S]) -> str:
    rows: dict[str, list[str]] = {}
    for (before, event), after in table.items():
        rows.setdefault(str(before), []).append(f"{event} → {after}")
    lines = [f"### {name}", "", "| state | event → state after |", "| --- | --- |"]
    lines += [f"| {state} | {' · '.join(moves)} |" for state, moves in rows.items()]
    return "\n".join(lines)
