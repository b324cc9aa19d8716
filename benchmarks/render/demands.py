"""What a verdict is, and the figures of the design that measurements are held to."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.render.rows import Row

# The design's limit table (general times), and the exact optimum (exponential times), at 3 %.
NEAR_OPTIMAL = {5: 0.781, 10: 0.833, 20: 0.884, 50: 0.936, 100: 0.963, 300: 0.987}
LIMIT_OF = {
    ("p10", 10): 0.805,
    ("p10", 50): 0.930,
    ("p60", 10): 0.879,
    ("p60", 50): 0.946,
    ("cap1", 10): 0.797,
    ("cap1", 50): 0.916,
    ("cap5", 10): 0.854,
    ("cap5", 50): 0.946,
    ("talk60", 10): 0.787,
    ("talk60", 50): 0.926,
    ("talk300", 10): 0.895,
    ("talk300", 50): 0.952,
    ("wrap60", 10): 0.847,
    ("wrap60", 50): 0.933,
    ("ring5-7", 10): 0.896,
    ("ring5-7", 50): 0.951,
    **{("base", team): value for team, value in NEAR_OPTIMAL.items()},
}
EXACT = {
    1: 0.7676,
    2: 0.7849,
    5: 0.8158,
    10: 0.8502,
    20: 0.8910,
    50: 0.9355,
    100: 0.9586,
    200: 0.9740,
    300: 0.9804,
}
ONE_EACH = 0.757
BLIND = {1: 0.030, 2: 0.137, 5: 0.364, 10: 0.536, 20: 0.679, 50: 0.814, 100: 0.881, 200: 0.926, 300: 0.945}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A demand, what was measured, and an outcome: see `judged`, `NOT_SHOWN`."""

    demand: str
    measured: str
    outcome: str


NOT_SHOWN = "**not shown yet**"


def judged(held: bool, within: bool = True) -> str:
    """In words."""
    if held:
        return "holds"
    return "holds within the error" if within else "**does not hold**"


def where(row: Row) -> str:
    return f"{row.agents} agents" if row.scenario == "base" else f"{row.scenario}, {row.agents}"
