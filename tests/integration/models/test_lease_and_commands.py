"""One commander per switch; commands taken once, durably; live snapshots; the start's clock."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from psycopg import connect
from sqlalchemy import Engine

from models.enums import AgentState, CampaignState, CommandKind, DialMode, Outcome
from models.errors import InvalidValue, NotFound
from models.ids import new_id
from models.records import AgentLegOpened, AttemptDialed, CampaignSettings
from models.repository import agents, campaigns, clock, commands, lease, live, setup, snapshot
from models.session import conninfo
from tests.integration.models.world import NOON, World


def test_the_token_grows_with_each_holder_and_never_otherwise(engine: Engine) -> None:
    with engine.begin() as db:
        switch = setup.switch(db, "main")
        first = lease.acquire(db, switch, "a", 60.0)
        assert first is not None
        again = lease.acquire(db, switch, "a", 60.0)
        assert again is not None
        assert again.token == first.token
        assert lease.acquire(db, switch, "b", 60.0) is None
        assert lease.renew(db, first)
        assert lease.release(db, first)
        assert not lease.release(db, first)
        second = lease.acquire(db, switch, "b", 60.0)
        assert second is not None
        assert second.token == first.token + 1
        assert not lease.renew(db, first)


def test_an_expired_lease_is_taken_over_and_the_old_holder_knows(engine: Engine) -> None:
    with engine.begin() as db:
        switch = setup.switch(db, "main")
        old = lease.acquire(db, switch, "a", 0.0)
        assert old is not None
        new = lease.acquire(db, switch, "b", 60.0)
        assert new is not None
        assert new.token == old.token + 1
        assert not lease.renew(db, old)
        assert not lease.release(db, old)
        assert lease.acquire(db, switch, "a", 60.0) is None
        assert lease.acquire(db, new_id(), "a", 60.0) is None


def test_a_late_renewal_is_good_while_nobody_took_the_lease(engine: Engine) -> None:
    with engine.begin() as db:
        switch = setup.switch(db, "main")
        held = lease.acquire(db, switch, "a", 0.0)
        assert held is not None
        assert lease.renew(db, held)


def test_a_command_is_asked_once_and_taken_once(world: World, database_url: str) -> None:
    with connect(conninfo(database_url), autocommit=True) as listener:
        listener.execute("LISTEN ringmaster_command")
        with world.engine.begin() as db:
            first = commands.insert(
                db,
                switch_id=world.switch,
                kind=CommandKind.CAMPAIGN_TARGET,
                campaign_id=world.campaign,
                payload={"target": 0.02},
                idempotency_key="k1",
            )
            assert (
                commands.insert(db, switch_id=world.switch, kind=CommandKind.STOP_ALL, idempotency_key="k1")
                == first
            )
            second = commands.insert(db, switch_id=world.switch, kind=CommandKind.STOP_ALL)
        assert len(list(listener.notifies(timeout=5, stop_after=1))) == 1
    with world.engine.begin() as db:
        taken = commands.take(db, world.switch)
    assert [command.command_id for command in taken] == [first, second]
    assert taken[0].payload == {"target": 0.02}
    with world.engine.begin() as db:
        assert commands.take(db, world.switch) == []
        assert set(commands.mark_unknown_after_crash(db, world.switch)) == {first, second}
        assert commands.status(db, first) == ("unknown", "the dialer ended before its outcome was known")
        assert commands.status(db, new_id()) is None


def test_a_command_that_nobody_took_in_time_expires(world: World) -> None:
    with world.engine.begin() as db:
        asked = commands.insert(db, switch_id=world.switch, kind=CommandKind.STOP_ALL, expires_in_seconds=0.0)
    with world.engine.begin() as db:
        assert commands.take(db, world.switch) == []
        assert commands.status(db, asked) == ("expired", "no dialer took it in time")


def test_the_newest_live_snapshot_stands(world: World) -> None:
    with world.engine.begin() as db:
        live.put(db, "campaign", {"attempts": 2}, NOON + 1)
        live.put(db, "campaign", {"attempts": 1}, NOON)
        shown = live.get(db, "campaign")
        assert live.get(db, "nothing") is None
    assert shown is not None
    assert (shown.payload, shown.at) == ({"attempts": 2}, NOON + 1)
    assert shown.age_seconds < 60


def test_figures_of_a_dialer_that_is_gone_are_stale_and_give_way_to_any(world: World) -> None:
    with world.engine.begin() as db:
        live.put(db, "dialer", {}, NOON + 60, campaigns={world.campaign: {"lines": 1}})
    world.execute("UPDATE live_snapshot SET updated_at = now() - interval '6 seconds'")
    with world.engine.begin() as db:
        assert [figures.stale for figures in live.campaigns(db)] == [True]
        live.put(db, "dialer", {}, NOON, campaigns={world.campaign: {"lines": 2}})
        (shown,) = live.campaigns(db, tenant_id=world.tenant)
        assert live.campaigns(db, tenant_id=new_id()) == ()
    assert (shown.payload, shown.stale) == ({"lines": 2}, False)


def test_the_snapshot_holds_all_that_a_dialer_needs(world: World) -> None:
    world.add_leads(3)
    agent = world.add_agent().agent_id
    one, two, three = world.claim(3).attempts
    leg, standing = new_id(), new_id()
    world.apply(
        AgentLegOpened(leg_id=standing, agent_id=agent, switch_id=world.switch, at=NOON),
        *world.states(agent, (AgentState.CONNECTING, NOON), (AgentState.READY, NOON + 1)),
        *world.story(one, Outcome.ABANDONED),
        AttemptDialed(attempt_id=two.attempt_id, leg_id=leg, switch_id=world.switch, at=NOON + 2),
    )
    with world.engine.connect() as db:
        found = snapshot(db, world.switch, NOON + 5)
        later = snapshot(db, world.switch, NOON + 31 * 86_400)
    assert [campaign.campaign_id for campaign in found.campaigns] == [world.campaign]
    assert [(a.attempt_id, a.state, a.leg_id) for a in found.attempts] == [
        (two.attempt_id, "dialing", leg),
        (three.attempt_id, "claimed", None),
    ]
    assert found.ledger == {world.campaign: (1, 1)}
    assert later.ledger == {world.campaign: (0, 0)}
    (known,) = found.agents
    assert (known.state, known.since, known.leg_id) == (AgentState.READY, NOON + 1, standing)
    assert known.campaign_id == world.campaign


def test_a_dialer_never_starts_before_what_is_written(world: World) -> None:
    with world.engine.connect() as db:
        assert abs(clock.wall_start(db) - time.time()) < 60
        assert abs(clock.database_time(db) - time.time()) < 60
    ahead = time.time() + 9_999
    world.add_leads(1)
    world.claim(1, ahead)
    with world.engine.connect() as db:
        assert clock.wall_start(db) == pytest.approx(ahead)


def test_campaigns_are_made_valid_and_found(world: World) -> None:
    with world.engine.begin() as db:
        made = campaigns.find(db, "spring")
        assert made is not None
        assert made.mode is DialMode.PREDICTIVE
        assert campaigns.find(db, "nothing") is None
        assert campaigns.switch_of(db, made.campaign_id) == world.switch
        assert campaigns.list_all(db, switch_id=new_id()) == ()
        assert campaigns.lead_counts(db, [made.campaign_id]) == {made.campaign_id: {}}
        with pytest.raises(NotFound):
            campaigns.get(db, new_id())
        with pytest.raises(NotFound):
            campaigns.rules(db, new_id())
        other = setup.tenant(db, "other")
        twin = campaigns.create(db, replace(made, campaign_id=""), switch_id=world.switch, tenant_id=other)
        with pytest.raises(InvalidValue, match="give its id"):
            campaigns.find(db, "spring")
        assert campaigns.find(db, "spring", tenant_id=other) == twin == campaigns.find(db, twin.campaign_id)
        with pytest.raises(InvalidValue, match="choose another name"):
            campaigns.create(db, made, switch_id=world.switch)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"target": 0.05},
        {"target": 0.0},
        {"grace_seconds": 0.0},
        {"ring_seconds": 15.0},
        {"max_lines": 0},
        {"gateway": "a/b"},
        {"gateway": ""},
        {"caller_id": "me"},
    ],
)
def test_what_no_campaign_may_have_is_refused(wrong: dict[str, object]) -> None:
    fields: dict[str, object] = {"campaign_id": "", "name": "x", "state": CampaignState.DRAFT, **wrong}
    with pytest.raises(InvalidValue):
        campaigns.validate(CampaignSettings(**fields))  # type: ignore[arg-type]


def test_agents_are_made_once(world: World) -> None:
    made = world.add_agent()
    assert made.state is AgentState.LOGGED_OUT
    with world.engine.begin() as db:
        assert agents.homed_on(db, world.switch) == (made,)
        for name, extension in (("ada", "9"), ("bob", "ada"), ("", "8"), ("bob", "a b")):
            with pytest.raises(InvalidValue):
                agents.create(
                    db, name=name, extension=extension, switch_id=world.switch, tenant_id=world.tenant
                )
        with pytest.raises(NotFound):
            agents.get(db, new_id())
