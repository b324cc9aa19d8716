"""Leads of two lists in virtual time: what their calls teach reaches the pacer, and outlives the dialer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from statistics import fmean
from typing import Any

from callflow.effects import Effect
from callflow.engine import Engine, EngineConfig
from callflow.inputs import Input
from pacing_core import Pacer
from pacing_core import replay as replay_log
from tests.simulation.faults import KillDialer, Mercy
from tests.simulation.scenario import Scenario, base, with_faults
from tests.simulation.world import CAMPAIGN, World

SELDOM, OFTEN = 0.1, 0.6
SCENARIO = replace(base(5, agents=80, seconds=700.0), lists=(SELDOM, OFTEN), leads=5000)


class Overheard:
    """A pacer whose dials are listened to."""

    def __init__(self, pacer: Pacer) -> None:
        self.pacer = pacer
        self.given: dict[int, float | None] = {}

    def dialed(self, now: float, call_id: int, p: float | None = None) -> None:
        self.given[call_id] = p
        self.pacer.dialed(now, call_id, p)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pacer, name)


class Listening(Engine):
    """Overhears its campaign's pacer, keeps its log, and remembers which call was to which number."""

    def __init__(self, config: EngineConfig, new_id: Callable[[], str]) -> None:
        super().__init__(config, new_id)
        self.log = b""
        self.numbers: dict[int, str] = {}
        self.overheard: Overheard | None = None

    def handle(self, given: Input, now: float) -> list[Effect]:
        effects = super().handle(given, now)
        campaign = self.board.campaigns.get(CAMPAIGN)
        if campaign is not None:
            if self.overheard is None:
                self.overheard = Overheard(campaign.pacer)
                campaign.pacer = self.overheard  # type: ignore[assignment]
                campaign.pacer.start_log(CAMPAIGN)
            self.log += campaign.pacer.drain_log()
        self.numbers.update((attempt.call_id, attempt.number) for attempt in self.board.attempts.values())
        return effects

    def given(self) -> list[tuple[int, float | None]]:
        """(list, probability) of each dial, in order."""
        assert self.overheard is not None
        return [(int(self.numbers[call][-7:]) % 2, p) for call, p in self.overheard.given.items()]


def play(scenario: Scenario) -> list[Listening]:
    made: list[Listening] = []

    def make(config: EngineConfig, new_id: Callable[[], str]) -> Engine:
        made.append(Listening(config, new_id))
        return made[-1]

    result = World(scenario, make_engine=make).run()
    assert not result.violations, result.report()
    return made


def means(given: list[tuple[int, float | None]]) -> list[float]:
    """Mean probability by list; every dial had one."""
    return [fmean(p for which, p in given if which == one and p is not None) for one in (0, 1)]


def test_likely_and_unlikely_leads_are_told_apart_and_the_log_replays() -> None:
    (engine,) = play(SCENARIO)
    given = engine.given()
    assert len(given) > 900
    assert all(p is None for _, p in given[:500]), "nothing is believed that was not learned"
    assert all(p is not None for _, p in given[-200:])
    seldom, often = means(given[-200:])
    assert abs(seldom - SELDOM) < 0.08, seldom
    assert abs(often - OFTEN) < 0.12, often
    seen = replay_log(engine.log)
    assert seen.exact, seen.first_difference


def test_a_successor_knows_what_was_learned() -> None:
    kill = KillDialer(at=450.0, mercy=Mercy.ALL, restart_after=1.0)
    first, second = play(with_faults(SCENARIO, kill))
    assert all(p is not None for _, p in first.given()[-50:])
    given = second.given()
    assert (
        second.board.campaigns[CAMPAIGN].leads.model.calls()
        > first.board.campaigns[CAMPAIGN].leads.model.calls()
    )
    assert len(given) > 150
    seldom, often = means(given[110:])
    assert all(p is not None for _, p in given[110:])
    assert often - seldom > 0.3, (seldom, often)


def test_a_small_team_dials_alike_leads_together() -> None:
    scenario = replace(base(5, agents=30, seconds=1500.0), lists=(SELDOM, OFTEN), leads=5000)
    (engine,) = play(scenario)
    given = engine.given()
    known = [which for which, p in given if p is not None]
    alike = [a == b for a, b in pairwise(known[100:])]
    assert len(alike) > 250
    # The lists' leads are due by turns.
    assert fmean(a == b for a, b in pairwise(which for which, _ in given[:400])) < 0.2
    assert fmean(alike) > 0.8, fmean(alike)
    seen = replay_log(engine.log)
    assert seen.exact, seen.first_difference
