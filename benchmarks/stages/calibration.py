"""How good the learned answer probabilities of leads are: Brier's score and the calibration curve."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from benchmarks.kept import Task, Value
from benchmarks.levels import Level
from pacing_core import Calibration, Scenario, calibration, foretell

SCENARIO = "mixed-features"
DIALS = 20_000


def told(made: Calibration) -> Value:
    """What is kept of a comparison."""
    return {
        "brier": made.brier,
        "reliability": made.reliability,
        "resolution": made.resolution,
        "curve": [list(group) for group in made.curve],
    }


def measure(made: Scenario, seed: int) -> Value:
    """Of one seed's first people, from the first dial on: learned, true, and one probability for all."""
    learned, answered, true = foretell(made, seed, DIALS)
    outcomes = answered.tolist()
    return {
        "learned": told(calibration(learned.tolist(), outcomes)),
        "true": told(calibration(true.tolist(), outcomes)),
        "one for all": told(calibration([float(np.mean(answered))] * DIALS, outcomes)),
    }


def tasks(level: Level, jobs: int | None) -> Iterable[Task]:
    """One for each seed."""
    made = Scenario.named(SCENARIO)
    for seed in range(1, level.seeds + 1):
        what = {"stage": "calibration", "scenario": made.to_toml(), "dials": DIALS, "seed": seed}
        yield Task(what, f"calibration, seed {seed}", partial(measure, made, seed))
