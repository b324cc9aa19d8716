"""The base scenario of PACING.md in virtual time: 50 agents, 1,200 s, nothing told in advance."""

from __future__ import annotations

import time

import pytest

from tests.simulation.scenario import base
from tests.simulation.world import Result, World

MIN_MEAN_OCCUPANCY = 0.85
TARGET = 0.03


def play(probability: float, seeds: range) -> list[Result]:
    results = []
    for seed in seeds:
        result = World(base(seed, answer_probability=probability)).run()
        assert not result.violations, result.report()
        results.append(result)
    return results


def table(probability: float, results: list[Result]) -> tuple[int, float]:
    """Print it; (runs over the target, mean occupancy)."""
    print(f"\np = {probability}: 50 agents, 1,200 s")  # noqa: T201
    for result in results:
        print(f"  seed {result.scenario.seed:3d}  {result.figures.line()}")  # noqa: T201
    over = sum(result.figures.abandon_rate > TARGET for result in results)
    mean = sum(result.figures.occupancy for result in results) / len(results)
    rate = sum(r.figures.abandoned for r in results) / sum(r.figures.live_answers for r in results)
    print(f"  over the target {over} of {len(results)}, mean occupancy {mean:.3f}, pooled rate {rate:.4f}")  # noqa: T201
    return over, mean


@pytest.mark.parametrize("probability", [0.1, 0.3, 0.6])
def test_base_scenario(probability: float, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.process_time()
    results = play(probability, range(1, 3))
    assert time.process_time() - began < 80.0, "1,200 s with 50 agents should take a few seconds"
    with capsys.disabled():
        over, mean = table(probability, results)
    assert over == 0
    assert mean >= MIN_MEAN_OCCUPANCY


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("probability", [0.1, 0.3, 0.6])
def test_base_scenario_twenty_seeds(probability: float, capsys: pytest.CaptureFixture[str]) -> None:
    results = play(probability, range(1, 21))
    with capsys.disabled():
        over, mean = table(probability, results)
    assert over <= 1
    assert mean >= MIN_MEAN_OCCUPANCY
