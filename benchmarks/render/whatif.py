"""The section about what-if and replay."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from benchmarks.kept import Kept
from benchmarks.render.demands import Verdict, judged
from benchmarks.render.markdown import number, table
from benchmarks.render.policies import command

SECONDS = 2.0


def _spread(value: list[float], digits: int) -> str:
    return f"{number(value[0], digits)} ±{number(value[1], digits)}"


def apart(point: dict[str, Any], name: str) -> float:
    """How far the two means are apart, in half widths of the 95 % interval of their difference."""
    one, other = point[name], point[f"simulated {name}"]
    return float(abs(one[0] - other[0]) / max(math.hypot(one[1], other[1]), 1e-12))


def whatif(kept: Kept, level: str) -> str:
    """Beside a longer simulation."""
    parts = [
        "From the last hours of one campaign's log: the targets simulated, beside a longer simulation of "
        f"the campaign itself at each of them. {command('whatif', level)}"
    ]
    for value in (entry["value"] for entry in kept):
        head = ["target", "what-if: talk min/h", "abandon rate", "simulated: talk min/h", "abandon rate"]
        lines = [
            [
                f"{point['target']:.0%}",
                _spread(point["talk"], 2),
                _spread(point["rate"], 4),
                _spread(point["simulated talk"], 2),
                _spread(point["simulated rate"], 4),
            ]
            for point in value["points"]
        ]
        parts.append(table(head, lines))
        exactly = "to the last bit" if value["exact"] else "with differences"
        size, decisions = f"{value['bytes'] / 1e6:.1f} MB", f"{value['decisions']:,}"
        parts.append(
            f"{value['agents']} agents, {value['hours']} hours, {size} of log. All usual targets "
            f"took {value['seconds']:.2f} s on one core. {decisions} decisions replayed {exactly}."
        )
    return "\n\n".join(parts)


def verdicts(kept: Kept) -> Iterator[Verdict]:
    """Point 5."""
    for value in (entry["value"] for entry in kept):
        yield Verdict(
            f"what-if for {value['agents']} agents in under two seconds",
            f"{value['seconds']:.2f} s on one core",
            judged(value["seconds"] < SECONDS, False),
        )
        furthest = max(apart(point, name) for point in value["points"] for name in ("talk", "rate"))
        yield Verdict(
            "what-if agrees with a longer simulation",
            f"furthest {furthest:.2f} times the half width of the 95 % interval of the difference",
            judged(furthest <= 1.0, furthest <= 1.5),
        )
        yield Verdict(
            "replay bit for bit", f"{value['decisions']:,} decisions", judged(bool(value["exact"]), False)
        )
