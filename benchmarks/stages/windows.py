"""Windows of the abandon budget: thirty days end to end under one ledger, a few windows to a task.

So a thousand windows, hours of work, can be run in several goes, and fewer are the first of more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from benchmarks.kept import Task, Value
from benchmarks.levels import DECIDE, Level
from benchmarks.stages.policies import OURS
from benchmarks.stages.simulated import scenario
from pacing_core import Scenario, Window, simulate_windows

DAYS = 30
# Windows of a task.
TOGETHER = 4
FIELDS = ("answered", "abandoned", "talk_seconds", "busy_seconds", "staffed_seconds")


def over(rows: Sequence[tuple[int, int, float, float, float]], cap: float) -> int:
    """How many days, or evenings, are above the cap."""
    return sum(abandoned > cap * answered for answered, abandoned, *_ in rows)


def kept(window: Window, cap: float) -> list[float]:
    """What is kept of a window."""
    figures = [float(getattr(window, field)) for field in FIELDS]
    return [window.seed, *figures, over(window.days, cap), over(window.evenings, cap)]


def measure(made: Scenario, seeds: Sequence[int], jobs: int | None) -> Value:
    """These windows under our policy."""
    windows = simulate_windows(made, OURS, seeds, days=DAYS, threads=jobs)
    return {
        "fields": ["seed", *FIELDS, "days over", "evenings over"],
        "windows": [kept(window, made.cap) for window in windows],
    }


def tasks(level: Level, jobs: int | None) -> Iterable[Task]:
    """Of all teams by turns, so that a run that is ended has as many of each."""
    for first in range(1, max(level.windows) + 1, TOGETHER):
        for team, most in zip(level.window_teams, level.windows, strict=True):
            seeds = list(range(first, min(first + TOGETHER, most + 1)))
            if not seeds:
                continue
            made = scenario("day", team, None, DECIDE)
            what = {
                "stage": "windows",
                "scenario": made.to_toml(),
                "policy": OURS,
                "days": DAYS,
                "seeds": seeds,
            }
            title = f"windows {seeds[0]} to {seeds[-1]} of {DAYS} days, {team} agents"
            yield Task(what, title, partial(measure, made, seeds, jobs))
