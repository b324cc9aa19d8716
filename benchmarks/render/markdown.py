"""Markdown: tables, numbers with their intervals."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from benchmarks.render.rows import Mean


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float, digits: int = 3) -> str:
    """So many digits after the point; a dash for what is none."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def mean(value: Mean | None, digits: int = 3) -> str:
    """With half its 95 % interval, where there is one."""
    if value is None or math.isnan(value.value):
        return "–"
    spread = "" if math.isinf(value.half) else f" ±{value.half:.{digits}f}"
    return f"{value.value:.{digits}f}{spread}"


def folded(title: str, text: str) -> str:
    """What few will want to read."""
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"
