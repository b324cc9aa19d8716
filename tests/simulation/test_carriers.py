"""Gateways that fail, over many seeds: caps, weights, second carriers, and what becomes of the leads.

Every invariant of the other simulations holds beside these (tests/simulation/invariants.py): of an attempt's
two legs the first has ended before any ringing, by another gateway and not before a lost link; no gateway has
more calls at once, or in a second, than it may.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest

from models.enums import Outcome
from tests.simulation.scenario import Carrier, Scenario, base, carriers
from tests.simulation.world import Result, World

QUICK_SEEDS = 24
SLOW_SEEDS = int(os.environ.get("RINGMASTER_SIM_SEEDS", "1200"))


def play(scenario: Scenario) -> tuple[World, Result]:
    world = World(scenario)
    result = world.run()
    assert not result.violations, result.report()
    board = world.processes[-1].engine.board
    for kept in (board.legs, board.attempts, board.batches):
        assert not kept, "memory at rest is empty"
    assert all(gateway.calls == 0 for gateway in board.gateways.values())
    assert board.lag.p95(world.clock.now + 60.0) == 0.0, "no leg is waited for any more"
    return world, result


def test_carriers_that_fail() -> None:
    told: Counter[str] = Counter()
    for seed in range(1, QUICK_SEEDS + 1):
        world, result = play(carriers(seed))
        told.update(result.counters)
        told.update(limited_by_caps(world))
    for shown in ("second_carrier", "gateway_out", "at its cap", "connected by the second"):
        assert told[shown] >= 12, f"{shown}: {told}"


def limited_by_caps(world: World) -> Counter[str]:
    """What a seed has shown."""
    told: Counter[str] = Counter()
    for carrier in world.scenario.carriers:
        told["at its cap"] += world.checker.peaks[carrier.name] == carrier.max_calls
    for row in world.store.attempts.values():
        closed = row.closed
        told["connected by the second"] += bool(
            row.failed_legs and closed and closed.outcome is Outcome.CONNECTED
        )
    return told


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(SLOW_SEEDS // 40))
def test_more_carriers_that_fail(chunk: int) -> None:
    for seed in range(1000 + chunk * 40, 1040 + chunk * 40):
        play(carriers(seed))


def three(*carriers: Carrier, seed: int = 1, seconds: float = 500.0) -> Scenario:
    """50 agents, people who answer three times in ten, nothing else goes wrong."""
    return replace(base(seed, seconds=seconds), kind="three", carriers=carriers)


def legs_by(world: World) -> Counter[str]:
    return Counter(leg.gateway for leg in world.switch.truth if leg.kind == "customer")


def test_weights_are_met() -> None:
    world, _ = play(three(Carrier(name="a", weight=5.0), Carrier(name="b", weight=3.0), Carrier(name="c")))
    made = legs_by(world)
    total = made.total()
    assert total > 600
    for name, share in (("a", 5 / 9), ("b", 3 / 9), ("c", 1 / 9)):
        spread = (share * (1 - share) / total) ** 0.5
        assert abs(made[name] / total - share) < 4 * spread, made


def test_a_higher_tier_gets_what_the_lower_one_can_not_take() -> None:
    world, _ = play(three(Carrier(name="a", max_calls=30), Carrier(name="b", tier=2)))
    made = legs_by(world)
    assert world.checker.peaks["a"] == 30
    assert made["a"] > 300
    assert made["b"] > 50


def test_an_outage_costs_no_leads_and_little_time() -> None:
    """A carrier out for four of ten minutes: the other takes over; the first is tried with few calls and gets
    its share again."""
    a = Carrier(name="a", weight=9.0, outages=((120.0, 360.0),))
    world, result = play(three(a, Carrier(name="b"), seconds=600.0))
    during = [
        leg
        for leg in world.switch.truth
        if leg.gateway == "a" and 121.0 <= world.checker.engine_time(leg.created) < 360.0
    ]
    late = Counter(
        leg.gateway
        for leg in world.switch.truth
        if leg.kind == "customer" and 500.0 <= world.checker.engine_time(leg.created) < 600.0
    )
    assert result.counters["gateway_out"] >= 3
    assert len(during) <= 60, "what is dialed to find out that it still fails"
    assert late["a"] > 3 * late["b"] > 0
    assert result.figures.occupancy > 0.8
    for row in world.store.attempts.values():
        # Where the second carrier was tried, the first one's failure has cost nothing.
        if row.failed_legs and row.closed is not None:
            assert row.closed.outcome not in (Outcome.CONGESTION, Outcome.CARRIER_FAILURE)


def test_all_carriers_out_stops_dialing_and_uses_up_no_lead() -> None:
    scenario = three(Carrier(name="a", outages=((100.0, 300.0),)), seconds=450.0)
    world, _ = play(scenario)
    begun = [world.checker.engine_time(leg.created) for leg in world.switch.truth if leg.gateway == "a"]
    during = sum(101.0 <= at < 300.0 for at in begun)
    assert during < 60, "not the thousand that 50 agents would want"
    assert sum(at >= 370.0 for at in begun) > 100, "dialing goes on when it is back"
    failed = [
        row.lead
        for row in world.store.attempts.values()
        if row.closed is not None and row.closed.outcome is Outcome.CONGESTION
    ]
    assert failed
    assert all(lead.tries < lead.attempts for lead in failed)
