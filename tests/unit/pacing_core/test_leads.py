"""What is learned about leads, and how good the probabilities turn out."""

import math
from typing import Any

import numpy as np
import pytest

from pacing_core import (
    Event,
    Lead,
    LeadModel,
    Pacer,
    PacingValueError,
    PolicyDecision,
    Scenario,
    Snapshot,
    calibration,
    dial_order,
    foretell,
    simulate,
)


def test_features_are_learned_and_survive_a_restart() -> None:
    model = LeadModel()
    morning, evening = Lead(hour=9, list="spring"), Lead(hour=19, list="spring")
    assert model.probability(morning) == model.probability(evening)
    for n in range(600):
        model.learn(morning, n % 10 == 0)
        model.learn(evening, n % 10 < 6)
    assert model.probability(morning) == pytest.approx(0.1, abs=0.03)
    assert model.probability(evening) == pytest.approx(0.6, abs=0.05)
    other = LeadModel()
    other.restore(model.snapshot())
    assert (other.calls(), other.snapshot()) == (1200, model.snapshot())
    assert other.probability(evening) == model.probability(evening)


@pytest.mark.parametrize("data", [b"", b"garbage", b"RMLEADS\x09" + b"\0" * 100])
def test_a_snapshot_of_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(PacingValueError, match="snapshot"):
        LeadModel().restore(data)


@pytest.mark.parametrize(
    ("features", "name"),
    [
        ({"hour": 24}, "hour"),
        ({"hour": -1}, "hour"),
        ({"weekday": 7}, "weekday"),
        ({"attempt": 0}, "attempt"),
        ({"attempt": 10**30}, "attempt"),
        ({"attempt": float("nan")}, "attempt"),
    ],
)
def test_senseless_features_are_refused_by_name(features: dict[str, Any], name: str) -> None:
    with pytest.raises(PacingValueError, match=name):
        Lead(**features)


def test_a_calibration_curve_and_its_score() -> None:
    c = calibration([0.2] * 10 + [0.7] * 10, [True] * 2 + [False] * 8 + [True] * 7 + [False] * 3, groups=2)
    assert [group[0] for group in c.curve] == [10, 10]
    assert np.allclose(c.curve, [(10, 0.2, 0.2), (10, 0.7, 0.7)])
    assert c.reliability == pytest.approx(0.0, abs=1e-12)
    assert c.brier == pytest.approx(c.reliability - c.resolution + c.uncertainty)
    for predicted, answered in [([], []), ([0.5], []), ([1.5], [True]), ([float("nan")], [True])]:
        with pytest.raises(PacingValueError):
            calibration(predicted, answered)


def test_what_is_foretold_of_a_scenarios_people_is_calibrated() -> None:
    predicted, answered, truth = foretell(Scenario.named("mixed-features"), 3, 20_000)
    assert truth.mean() == pytest.approx(0.3, abs=0.01)
    learned = calibration(list(predicted[5000:]), list(answered[5000:]))
    known = calibration(list(truth[5000:]), list(answered[5000:]))
    assert learned.reliability < 0.0005
    assert known.brier < learned.brier < known.brier + 0.003
    with pytest.raises(PacingValueError, match="dials"):
        foretell(Scenario.named("base"), 3, 10**9)


def test_likely_leads_are_dialed_fewer_at_a_time() -> None:
    def dials(p: float) -> float:
        pacer = Pacer()
        for agent in range(20):
            pacer.agent(0.0, agent, "idle")
        for call in range(8):
            pacer.dialed(1.0, call, p)
        return pacer.decide(1.0, lines_free=10**9, rate_tokens=10**9, leads=10**9).expected_answers

    assert dials(0.9) > dials(0.1)


def test_a_policy_that_learns_about_leads_beats_one_that_does_not() -> None:
    scenario = Scenario.named("mixed-features", "agents = 10\nseconds = 30000.0\ndecide_seconds = 0.5")
    seeds = [1, 2]
    learned = simulate(scenario, "ringmaster", seeds)
    alike = simulate(scenario, "ringmaster(leads=0)", seeds)
    gains = [a.occupancy - b.occupancy for a, b in zip(learned, alike, strict=True)]
    assert np.mean(gains) > 0.005
    assert all(run.total_abandoned <= 0.03 * run.total_answered for run in learned)


def test_leads_that_are_alike_together_keep_small_teams_busier() -> None:
    scenario = Scenario.named("mixed", "agents = 5\nseconds = 20000.0\ndecide_seconds = 0.5")
    seeds = list(range(1, 7))
    together = simulate(scenario, "ringmaster", seeds)
    in_order = simulate(scenario, "ringmaster(mix=0)", seeds)
    gains = [a.occupancy - b.occupancy for a, b in zip(together, in_order, strict=True)]
    assert np.mean(gains) > 0.004
    assert all(run.total_abandoned <= 0.03 * run.total_answered for run in together)


def test_likely_leads_are_dialed_more_carefully() -> None:
    def dials(*next_leads: float | None) -> int:
        pacer = Pacer(budget_answered=1000, budget_abandoned=15)
        for agent in range(10):
            pacer.agent(0.0, agent, "idle")
        pacer.next_leads(next_leads)
        return pacer.decide(0.0, lines_free=50, rate_tokens=50, leads=50).dials

    usual = dials()
    assert dials(*[None] * 40) == usual
    assert dials(*[0.9] * 40) < usual < dials(*[0.05] * 60)
    # A few unlikely ones first, then usual ones.
    assert usual < dials(*[0.01] * 5) <= usual + 5


def test_next_leads_are_those_asked_for_and_then_dialed() -> None:
    pacer = Pacer(budget_answered=1000, budget_abandoned=15)
    for agent in range(10):
        pacer.agent(0.0, agent, "idle")
    room = {"lines_free": 50, "rate_tokens": 50, "leads": 50}
    pacer.next_leads([0.9] * 4 + [0.05] * 60)
    asked_for = pacer.decide(0.0, **room, pending=4)
    for call in range(4):
        pacer.dialed(0.0, call, 0.9)
    assert pacer.decide(0.0, **room).dials == asked_for.dials > 10
    pacer.next_leads([])
    assert pacer.decide(0.0, **room).dials < asked_for.dials


def test_the_order_of_dials() -> None:
    assert dial_order([0.3, 0.9, None, 0.1, 0.3]) == [1, 2, 0, 4, 3]
    assert dial_order([0.3, 0.9, 0.1], last=0.2) == [2, 0, 1]
    assert dial_order([], last=math.nan) == []
    with pytest.raises(TypeError):
        dial_order(["likely"])  # type: ignore[list-item]


def test_a_policy_of_ones_own_may_choose_among_the_next_leads() -> None:
    class Likeliest:
        name, version = "likeliest", "1"
        seen: list[float]

        def reset(self, scenario: Scenario, seed: int) -> None:
            self.seen, self.wanted = [], 0

        def on_event(self, event: Event) -> None:
            if event.kind == "dialed":
                assert event.p is not None
                self.seen.append(event.p)

        def decide(self, snapshot: Snapshot) -> PolicyDecision:
            assert len(snapshot.next) == 128
            best = sorted(snapshot.next, key=lambda lead: lead.p or 0.0, reverse=True)
            # A number that is none of them counts as the first in the list.
            leads = [lead.number for lead in best[:2]] + [0]
            return PolicyDecision(3 if snapshot.in_flight < 3 else 0, leads=leads)

    policy = Likeliest()
    simulate(Scenario.named("mixed", "agents = 5\nseconds = 4000.0"), policy, [1])
    first = policy.seen[::3]
    assert min(first[:20]) > 0.3
    assert np.mean(first) > np.mean(policy.seen[2::3]) + 0.2
