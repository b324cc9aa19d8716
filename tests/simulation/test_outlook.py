"""Leads' probabilities as the dialer gives them, in the laboratory: what they gain, and that they harm
nobody."""

from __future__ import annotations

from typing import Any

import pytest

from callflow.engine.outlook import Outlook
from pacing_core import Event, Lead, Pacer, Scenario, Snapshot, simulate

LEVELS = 16
MANY = 1_000_000


class AsDialed:
    """The pacer, and the leads' differences as the dialer gives them; all alike if it `knows` nothing.

    What is known of a lead is a word for its own probability, which the scenario tells; what the word means
    is learned.
    """

    name, version = "as-dialed", "1"

    def __init__(self, *, knows: bool) -> None:
        self.knows = knows

    def reset(self, scenario: Scenario, seed: int) -> None:
        self.pacer, self.outlook = Pacer(target=scenario.target, cap=scenario.cap), Outlook()
        self.leads: dict[Any, Lead] = {}

    def on_event(self, event: Event) -> None:
        pacer, now, call, agent = self.pacer, event.now, event.call or 0, event.agent or 0
        match event.kind:
            case "dialed":
                pacer.dialed(now, call, self.given(call, event.p or 0.0))
            case "answered":
                self.learn(call, answered=True)
                pacer.answered(now, call)
            case "connected":
                pacer.connected(now, call, agent)
            case "abandoned":
                pacer.abandoned(now, call)
            case "ended":
                self.learn(call, answered=False)
                pacer.ended(now, call, event.outcome or "unknown")
            case "agent":
                pacer.agent(now, agent, event.state or "away", leaving=event.leaving)
            case "agent_gone":
                pacer.agent_gone(now, agent)

    def given(self, call: int, p: float) -> float | None:
        lead = self.leads[call] = Lead(area=f"area {int(p * LEVELS)}")
        return self.outlook.probability(lead, self.pacer) if self.knows else None

    def learn(self, call: int, *, answered: bool) -> None:
        lead = self.leads.pop(call, None)
        if lead is not None:
            self.outlook.learn(lead, answered=answered)

    def decide(self, snapshot: Snapshot) -> int:
        return self.pacer.decide(
            snapshot.now,
            lines_free=min(snapshot.lines_free, MANY),
            rate_tokens=min(snapshot.rate_tokens, MANY),
            leads=min(snapshot.hopper, MANY),
            pending=snapshot.pending,
        ).dials


def occupancies(overrides: str, seeds: range) -> tuple[float, float]:
    """Without and with what is known of leads; both within the cap."""
    scenario, found = Scenario.named("mixed", overrides), []
    for knows in (False, True):
        runs = simulate(scenario, AsDialed(knows=knows), seeds)
        assert sum(run.abandoned for run in runs) <= 0.03 * sum(run.answered for run in runs)
        found.append(sum(run.occupancy for run in runs) / len(runs))
    return found[0], found[1]


def test_what_is_learned_of_leads_keeps_agents_busier() -> None:
    alike, known = occupancies("agents = 10\nseconds = 32400.0\nwarmup_seconds = 1800.0", range(1, 5))
    assert known > alike + 0.006


@pytest.mark.parametrize("probability", [0.1, 0.6])
def test_from_cold_the_pacer_s_own_learning_is_not_disturbed(probability: float) -> None:
    """The model's own level would: it falls from its prior while the pacer's correction falls too."""
    overrides = f"agents = 50\nseconds = 3600.0\nwarmup_seconds = 0.0\nanswer_probability = {probability}\n"
    alike, known = occupancies(overrides, range(1, 5))
    assert known > alike - 0.006
