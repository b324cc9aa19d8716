"""What a policy in Python costs: benchmarks/policies/careful.py beside `progressive`, which it repeats."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from benchmarks.kept import ROOT, Task, Value, digest, machine
from benchmarks.levels import DECIDE, Level
from benchmarks.stages.simulated import scenario
from callflow.lab_policy import policy_of
from pacing_core import Run, simulate

FILE = ROOT / "benchmarks" / "policies" / "careful.py"
TEAMS = (10, 100)


def timed(team: int, policy: str, answers: int) -> tuple[float, Run]:
    """CPU seconds of the better of three runs, and the run."""
    made = scenario("base", team, answers, DECIDE, "warmup_seconds = 0.0")
    best = float("inf")
    for _ in range(3):
        began = time.process_time()
        (run,) = simulate(made, policy_of(policy), [1], threads=1)
        best = min(best, time.process_time() - began)
    return best, run


def compare(team: int, answers: int) -> Value:
    """Microseconds of a decision with its events, in Rust and in Python, and whether the runs agree."""
    rust, one = timed(team, "progressive", answers)
    python, other = timed(team, f"{FILE}:Careful", answers)
    return {
        "agents": team,
        "decisions": one.decisions,
        "rust": rust / one.decisions * 1e6,
        "python": python / one.decisions * 1e6,
        "same": one == other,
        "answers_per_second": other.total_answered / python,
    }


def tasks(level: Level, jobs: int | None) -> Iterable[Task]:
    """One for each team."""
    for team in TEAMS:
        answers = max(1_000, level.customers // 20)
        what = {
            "stage": "overhead",
            "agents": team,
            "answers": answers,
            "code": digest(FILE.read_bytes()),
            "machine": machine(),
        }
        yield Task(what, f"a policy in Python, {team} agents", partial(compare, team, answers))
