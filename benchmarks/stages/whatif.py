"""What-if from a campaign's own log, beside a longer simulation of it; and the log decided again."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from benchmarks.kept import Task, Value, machine
from benchmarks.levels import DECIDE, Level
from benchmarks.stages.simulated import scenario
from pacing_core import interval, record, replay, simulate, what_if

AGENTS = 100
TARGETS = (0.01, 0.02, 0.03)
HOURS = 4


def measure(hours: int, answers: int, seeds: int, jobs: int | None) -> Value:
    """One log; seconds of a what-if on one core, the best of three; each target beside a simulation of it."""
    campaign = scenario("base", AGENTS, None, DECIDE, "warmup_seconds = 0.0", f"seconds = {hours * 3600.0}")
    log = record(campaign, 1)
    spent = []
    for _ in range(3):
        began = time.process_time()
        what_if(log, threads=1)
        spent.append(time.process_time() - began)
    points = what_if(log, TARGETS, threads=jobs).points
    rows = []
    for point in points:
        made = scenario("base", AGENTS, answers, DECIDE, f"target = {point.target!r}")
        runs = simulate(made, "ringmaster", range(1, seeds + 1), threads=jobs)
        rows.append(
            {
                "target": point.target,
                "talk": point.talk_minutes_per_agent_hour,
                "rate": point.abandon_rate,
                "simulated talk": interval([run.talk_minutes_per_agent_hour for run in runs]),
                "simulated rate": interval([run.abandon_rate for run in runs]),
            }
        )
    again = replay(log)
    return {
        "agents": AGENTS,
        "hours": hours,
        "seconds": min(spent),
        "bytes": len(log),
        "points": rows,
        "decisions": again.decisions,
        "exact": again.exact,
    }


def tasks(level: Level, jobs: int | None) -> Iterable[Task]:
    """One campaign."""
    answers, seeds = level.mixed_answers, max(3, level.seeds)
    what = {"stage": "whatif", "hours": HOURS, "answers": answers, "seeds": seeds, "machine": machine()}
    yield Task(what, f"what-if, {AGENTS} agents", partial(measure, HOURS, answers, seeds, jobs))
