"""Clients' abandon budgets and what dialers have learned, as a dialer reads them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.enums import CampaignState, Outcome
from models.errors import InvalidValue, NotFound
from models.ids import new_id
from models.records import CampaignSettings, ClientBudget, Learned, OtherLedger
from models.repository import campaigns, clients, learned, live, recovery, setup
from tests.integration.models.world import NOON, World

NEAR = {"ledger": [700, 20], "expected_abandons": 1.5}


def budgets(world: World) -> tuple[ClientBudget, ...]:
    with world.engine.begin() as db:
        return recovery.snapshot(db, world.switch, NOON + 60).clients


def elsewhere(world: World, *, client: str = setup.DEFAULT_CLIENT, cap: float = 0.03) -> str:
    """A campaign of the same tenant that another switch dials."""
    with world.engine.begin() as db:
        settings = CampaignSettings(
            campaign_id="", name=new_id(), state=CampaignState.RUNNING, target=0.01, cap=cap
        )
        made = campaigns.create(
            db,
            settings,
            switch_id=setup.switch(db, "far"),
            tenant_id=world.tenant,
            client_id=setup.client(db, world.tenant, client),
            window_start=NOON - 86_400,
        )
        return made.campaign_id


def show(world: World, campaign_id: str, figures: dict[str, object]) -> None:
    with world.engine.begin() as db:
        live.put(db, "dialer", {}, NOON, campaigns={campaign_id: figures})


def test_a_campaign_knows_its_client_and_the_client_its_target(world: World) -> None:
    (budget,) = budgets(world)
    with world.engine.begin() as db:
        assert campaigns.get(db, world.campaign).client_id == budget.client_id
        clients.set_abandon_target(db, budget.client_id, 0.02)
    assert budgets(world) == (replace(budget, target=0.02),)
    with world.engine.begin() as db:
        clients.set_abandon_target(db, budget.client_id, None)
        for wrong in (0.0, 1.1, float("nan")):
            with pytest.raises(InvalidValue):
                clients.set_abandon_target(db, budget.client_id, wrong)
        with pytest.raises(NotFound):
            clients.set_abandon_target(db, new_id(), 0.02)
    assert budgets(world) == (budget,)


def test_other_switches_count_by_their_dialer_s_figures_or_else_by_their_rows(world: World) -> None:
    far, guest = elsewhere(world, cap=0.05), elsewhere(world, client="guest")
    show(world, guest, NEAR)
    show(world, far, NEAR)
    shown = OtherLedger(campaign_id=far, cap=0.05, answered=700, abandoned=20, expected=1.5)
    (budget,) = budgets(world)
    assert budget.elsewhere == (shown,)
    # Its dialer went away; the rows say what it had done in this legal window.
    world.execute("UPDATE live_snapshot SET updated_at = updated_at - interval '1 minute'")
    world.add_leads(3)
    for attempt, outcome in zip(world.claim(3).attempts, Outcome, strict=False):
        world.apply(*world.story(attempt, outcome, agent=world.add_agent(outcome).agent_id))
    world.execute("UPDATE attempt SET campaign_id = CAST(:far AS uuid)", far=far)
    (budget,) = budgets(world)
    assert budget.elsewhere == (replace(shown, answered=3, abandoned=1, expected=0.0),)


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"ledger": "many"},
        {"ledger": [1]},
        {"ledger": [-1, 0]},
        {"ledger": [1.5, 0]},
        {"ledger": [True, 0]},
        {"ledger": [9, 1], "expected_abandons": "x"},
    ],
)
def test_figures_of_another_version_are_not_believed(world: World, figures: dict[str, object]) -> None:
    far = elsewhere(world)
    show(world, far, figures)
    (budget,) = budgets(world)
    assert budget.elsewhere == (OtherLedger(campaign_id=far, cap=0.03, answered=0, abandoned=0),)


def test_what_was_learned_is_there_for_the_next_dialer_of_the_switch(world: World) -> None:
    kept, far = Learned(pacer=b"\x00p", leads=b"l\xff"), elsewhere(world)
    with world.engine.begin() as db:
        assert learned.of_switch(db, world.switch) == {}
        learned.keep(db, {world.campaign: Learned(pacer=b"old", leads=b"older"), far: kept})
        learned.keep(db, {world.campaign: kept, new_id(): kept})
        assert recovery.snapshot(db, world.switch, NOON).learned == {world.campaign: kept}
    assert world.value("SELECT count(*) FROM learned") == 2
