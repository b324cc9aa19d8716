"""Two campaigns of one client in virtual time: what the one has abandoned stops the other's dialing ahead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from callflow.effects import Effect
from callflow.engine import Engine, EngineConfig
from callflow.inputs import Input
from models.enums import CampaignState
from models.records import DialerSnapshot
from pacing_core import replay as replay_log
from tests.simulation.scenario import base
from tests.simulation.world import CAMPAIGN, Result, World

SIBLING = "campaign-2"
SCENARIO = replace(base(4, agents=20, seconds=420.0))


class Watched(Engine):
    """Keeps the log of the campaign that dials, and how often what limited it."""

    def __init__(self, config: EngineConfig, new_id: Callable[[], str]) -> None:
        super().__init__(config, new_id)
        self.log = b""
        self.limits: Counter[str] = Counter()

    def handle(self, given: Input, now: float) -> list[Effect]:
        effects = super().handle(given, now)
        campaign = self.board.campaigns.get(CAMPAIGN)
        if campaign is not None:
            if campaign.pacer.log_state() == "off":
                campaign.pacer.start_log(CAMPAIGN)
            self.log += campaign.pacer.drain_log()
            self.limits[campaign.limited_by] += 1
        return effects


def play(sibling_client: str) -> tuple[Watched, Result]:
    """One campaign dials; its sibling of this client rests, with a tenth of its answers abandoned."""
    made: list[Watched] = []

    def make(config: EngineConfig, new_id: Callable[[], str]) -> Engine:
        made.append(Watched(config, new_id))
        return made[-1]

    world = World(SCENARIO, make_engine=make)
    world.store.campaign = replace(world.store.campaign, client_id="house")
    own = world.store.snapshot

    def snapshot() -> DialerSnapshot:
        sibling = replace(
            world.store.campaign,
            campaign_id=SIBLING,
            name="Sibling",
            state=CampaignState.PAUSED,
            client_id=sibling_client,
        )
        found = own()
        ledger = {**found.ledger, SIBLING: (600, 60)}
        return replace(found, campaigns=(*found.campaigns, sibling), ledger=ledger)

    world.store.snapshot = snapshot  # type: ignore[method-assign]
    result = world.run()
    assert not result.violations, result.report()
    (engine,) = made
    return engine, result


def test_a_sibling_s_abandons_stop_dialing_ahead_and_the_log_replays() -> None:
    free, before = play("guest")
    held, after = play("house")
    assert free.board.campaigns[CAMPAIGN].group is None
    ledger = held.board.campaigns[CAMPAIGN].pacer.group_ledger()
    assert ledger == (600 + after.figures.live_answers, 60 + after.figures.abandoned)
    # Never for the forecast's sake again: with so large a debt every dial holds an idle agent of its own.
    assert free.limits["agents"] > 1000
    assert free.limits["none"] > 50
    assert held.limits["abandon_budget"] > 3000
    assert held.limits["none"] == 0
    assert after.figures.occupancy < before.figures.occupancy - 0.05
    for engine in (free, held):
        seen = replay_log(engine.log)
        assert seen.exact, seen.first_difference
        assert seen.decisions > 500
