"""What was learned, kept in PostgreSQL between two dialers."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from callflow.budgets import COUNTED_SECONDS, Budgets
from callflow.engine.board import Campaign
from callflow.engine.throttle import TokenBucket
from callflow.inputs import ClientsTold, Input
from callflow.learned import Keeper, readable
from models.enums import CampaignState
from models.ids import new_id
from models.records import CampaignSettings, DialerSnapshot, Learned
from models.repository import campaigns, clients, recovery, setup
from models.session import sessions
from pacing_core import Lead, Pacer
from tests.integration.dialer.site import Site

ABANDONED = text(
    """
    INSERT INTO attempt (id, tenant_id, campaign_id, lead_id, person_id, switch_id, number, state, outcome,
                         lease_token, rule_inputs, rule_verdict, claimed_at, dialed_at, answered_at,
                         closed_at, abandoned)
    SELECT :id, tenant_id, :far, id, person_id, (SELECT id FROM switch WHERE name = 'far'), number, 'closed',
           'abandoned', 1, '{}', '{}', to_timestamp(:at), to_timestamp(:at), to_timestamp(:at),
           to_timestamp(:at), true
      FROM lead LIMIT 1
    """
)


def campaign(site: Site) -> Campaign:
    with site.engine.begin() as db:
        settings = campaigns.get(db, site.campaign_id)
    return Campaign(settings, Pacer(), TokenBucket(10.0, 0.0))


def snapshot(site: Site) -> DialerSnapshot:
    with site.engine.begin() as db:
        return readable(recovery.snapshot(db, site.switch_id))


def rows(site: Site) -> int:
    with site.engine.begin() as db:
        return int(db.execute(text("SELECT count(*) FROM learned")).scalar_one())


def test_what_changed_is_kept_and_read_again(site: Site) -> None:
    site.furnish(agent_count=0, leads=1)
    dialed = campaign(site)
    keeper = Keeper(sessions(site.engine).begin, lambda: {site.campaign_id: dialed})
    for number in range(100):
        dialed.leads.learn(Lead(attempt=1), answered=number % 4 == 0)
    keeper.keep()
    kept = Learned(pacer=dialed.pacer.snapshot(), leads=dialed.leads.snapshot())
    assert snapshot(site).learned == {site.campaign_id: kept}
    with site.engine.begin() as db:
        db.execute(text("UPDATE learned SET leads = 'as it was'"))
    keeper.keep()  # nothing has changed since: nothing is written
    with site.engine.begin() as db:
        assert bytes(db.execute(text("SELECT leads FROM learned")).scalar_one()) == b"as it was"
    dialed.leads.learn(Lead(attempt=1), answered=True)
    keeper.keep()
    assert snapshot(site).learned[site.campaign_id].leads == dialed.leads.snapshot()


def test_what_cannot_be_read_is_refused_with_a_warning(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.furnish(agent_count=0, leads=1)
    dialed = campaign(site)
    Keeper(sessions(site.engine).begin, lambda: {site.campaign_id: dialed}).keep()
    with site.engine.begin() as db:
        db.execute(text("UPDATE learned SET leads = 'of another version'"))
    with caplog.at_level(logging.WARNING, "callflow.learned"):
        found = snapshot(site).learned[site.campaign_id]
    assert found == Learned(pacer=dialed.pacer.snapshot(), leads=b"")
    (warning,) = caplog.records
    assert "learned anew" in warning.getMessage()
    assert warning.__dict__["campaign_id"] == site.campaign_id


def test_without_a_database_nothing_is_kept_and_nothing_breaks(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.furnish(agent_count=0, leads=1)
    dialed, away = campaign(site), True
    begin = sessions(site.engine).begin

    def maybe() -> object:
        if away:
            raise OperationalError("SELECT 1", {}, Exception("gone"))
        return begin()

    keeper = Keeper(maybe, lambda: {site.campaign_id: dialed})  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING, "callflow.learned"):
        keeper.keep()
    assert "tried again" in caplog.text
    assert rows(site) == 0
    away = False
    keeper.keep()
    assert rows(site) == 1


def test_the_engine_is_told_the_clients_budgets(site: Site) -> None:
    site.furnish(agent_count=0, leads=1)
    told: list[Input] = []
    failures: list[BaseException] = []
    now = [0.0]
    budgets = Budgets(
        sessions(site.engine).begin,
        site.switch_id,
        wall=lambda: 1.8e9,
        tell=told.append,
        failed=failures.append,
        real=lambda: now[0],
    )
    with site.engine.begin() as db:
        client_id = campaigns.get(db, site.campaign_id).client_id
        clients.set_abandon_target(db, client_id, 0.02)
        settings = CampaignSettings(campaign_id="", name="far", state=CampaignState.RUNNING)
        far = campaigns.create(
            db, settings, switch_id=setup.switch(db, "far"), window_start=1_799_990_000.0
        ).campaign_id

    def abandon() -> None:
        with site.engine.begin() as db:
            db.execute(ABANDONED, {"id": new_id(), "far": far, "at": 1_799_995_000.0})

    def elsewhere() -> list[tuple[str, int, int]]:
        budgets.tell_once()
        last = next(one for one in reversed(told) if isinstance(one, ClientsTold))
        (budget,) = last.budgets
        assert (budget.client_id, budget.target) == (client_id, 0.02)
        return [(one.campaign_id, one.answered, one.abandoned) for one in budget.elsewhere]

    abandon()
    assert elsewhere() == [(far, 1, 1)]
    abandon()
    assert elsewhere() == [(far, 1, 1)], "counted a moment ago, and no dialer is at it"
    now[0] += COUNTED_SECONDS
    assert elsewhere() == [(far, 2, 2)]
    assert not failures
