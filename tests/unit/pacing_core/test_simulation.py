"""The pacer in the base scenario: abandon rate in bounds, agents busy, everything learned from nothing."""

from concurrent.futures import ThreadPoolExecutor
from statistics import mean

import pytest

from pacing_core import PacingValueError, SimulationResult, simulate_base

SEEDS = range(20)


def runs(p: float, **options: float) -> list[SimulationResult]:
    with ThreadPoolExecutor(2) as pool:  # the simulation releases the GIL
        return list(pool.map(lambda seed: simulate_base(50, p, 1200.0, seed, **options), SEEDS))  # type: ignore[arg-type]


@pytest.mark.parametrize("p", [0.1, 0.3, 0.6])
def test_short_runs_from_cold(p: float) -> None:
    results = runs(p)
    # One cold start in a hundred sees two answers where nine were due, dials for that, and pays it back.
    lucky = [r for r in results if r.abandon_rate <= 0.03]
    assert len(lucky) >= 19
    assert mean(r.occupancy for r in results) >= 0.85
    assert all(r.attempts >= 400 and r.live_answers >= 250 for r in lucky)


def test_delays_of_a_live_system_stay_in_bounds() -> None:
    results = runs(0.3, dial_latency=0.5, bridge_latency=0.1)
    assert sum(r.abandon_rate <= 0.03 for r in results) >= 19
    assert mean(r.occupancy for r in results) >= 0.85


@pytest.mark.parametrize(
    ("agents", "p", "limit"), [(10, 0.3, 0.833), (50, 0.3, 0.936), (50, 0.6, 0.946), (100, 0.3, 0.963)]
)
def test_long_runs_come_near_the_limit(agents: int, p: float, limit: float) -> None:
    result = simulate_base(agents, p, 9000.0 * 135.0 / agents, 7)
    assert result.abandon_rate <= 0.03
    assert result.occupancy == pytest.approx(limit, abs=0.02)


def test_progressive_is_where_theory_puts_it() -> None:
    result = simulate_base(50, 0.3, 30_000.0, 3, policy="progressive")
    assert result.abandoned == 0
    assert result.occupancy == pytest.approx(0.653, abs=0.01)


def test_littles_law() -> None:
    """Agents busy on average = conversations begun per second x time each takes."""
    seconds, agents = 40_000.0, 20
    result = simulate_base(agents, 0.3, seconds, 11)
    busy = result.connected / seconds * result.handle_mean
    assert busy == pytest.approx(result.occupancy * agents, rel=0.01)


def test_a_jump_of_the_answer_rate_is_paid_back() -> None:
    result = simulate_base(50, 0.1, 14_400.0, 5, change_at=3600.0, changed_probability=0.5)
    assert result.abandon_rate <= 0.03
    assert result.occupancy >= 0.85


def test_small_teams_hardly_abandon_anybody() -> None:
    for agents in (3, 5, 8):
        results = [simulate_base(agents, 0.3, 1800.0, seed) for seed in range(8)]
        assert sum(r.abandoned for r in results) <= 0.03 * sum(r.live_answers for r in results)


def test_same_seed_same_result() -> None:
    first, again, other = (simulate_base(20, 0.3, 900.0, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert "abandon_rate" in repr(first)


def test_lines_bind() -> None:
    narrow = simulate_base(50, 0.3, 900.0, 1, lines=10)
    assert narrow.occupancy < 0.6


def test_a_senseless_scenario_is_refused() -> None:
    with pytest.raises(PacingValueError, match="agents"):
        simulate_base(0, 0.3, 900.0, 1)
    with pytest.raises(PacingValueError, match="answer_probability"):
        simulate_base(5, 1.3, 900.0, 1)
    with pytest.raises(PacingValueError, match="policy"):
        simulate_base(5, 0.3, 900.0, 1, policy="magic")  # type: ignore[arg-type]
