"""Facts and their events in one transaction: whose they are, what they say, and never twice."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from models.enums import AgentState, CampaignState, CommandKind, CommandStatus, Outcome
from models.ids import new_id
from models.records import AttemptClosed, CampaignChanged, CommandFinished, NoteAdded, Record
from models.repository import commands
from models.repository.events import fact_id
from tests.integration.models.world import NOON, World

CALL = {
    "attempt_id",
    "campaign_id",
    "agent_id",
    "person_id",
    "number",
    "outcome",
    "started_at",
    "ringing_at",
    "answered_at",
    "bridged_at",
    "ended_at",
    "talk_seconds",
    "wait_seconds",
    "abandoned",
    "cause",
    "sip_status",
    "recovered",
}


def told(world: World, topic: str) -> list[dict[str, Any]]:
    """The data of a topic's events in the order of their ids; every one must be the tenant's."""
    with world.engine.connect() as db:
        rows = db.execute(
            text("SELECT tenant_id::text, payload FROM event WHERE topic = :t ORDER BY id"), {"t": topic}
        )
        found = rows.all()
    assert {row.tenant_id for row in found} <= {world.tenant}
    return [row.payload for row in found]


def _command(world: World) -> str:
    with world.engine.begin() as db:
        command_id = commands.insert(db, switch_id=world.switch, kind=CommandKind.STOP_ALL)
        db.execute(text("UPDATE command SET tenant_id = CAST(:t AS uuid)"), {"t": world.tenant})
        commands.take(db, world.switch)
    return command_id


def _day(world: World) -> list[Record]:
    world.add_leads(3)
    agent = world.add_agent().agent_id
    first, second, third = world.claim(3).attempts
    return [
        *world.states(agent, (AgentState.CONNECTING, NOON - 5), (AgentState.READY, NOON - 4)),
        *world.story(first, Outcome.CONNECTED, agent=agent, talk=60.0),
        *world.states(agent, (AgentState.TALKING, NOON + 10.5), (AgentState.WRAP_UP, NOON + 70.5)),
        NoteAdded(id=new_id(), attempt_id=first.attempt_id, agent_id=agent, disposition="sale", at=NOON + 72),
        *world.story(second, Outcome.ABANDONED),
        AttemptClosed(attempt_id=third.attempt_id, outcome=Outcome.NOT_DIALED, at=NOON, verdict="stale"),
        CampaignChanged(campaign_id=world.campaign, state=CampaignState.PAUSED, target=0.02, at=NOON + 81),
        CommandFinished(command_id=_command(world), status=CommandStatus.DONE, at=NOON + 81),
    ]


def test_every_fact_that_matters_is_told_with_its_tenant(world: World) -> None:
    world.apply(*_day(world))
    assert [data["state"] for data in told(world, "agent")] == ["connecting", "ready", "talking", "wrap_up"]
    assert ["next" in data for data in told(world, "agent")] == [True, True, False, False]
    (agent, *_), calls = told(world, "agent"), told(world, "call")
    assert (agent["name"], agent["campaign_id"], agent["next"]) == ("ada", world.campaign, "")
    assert agent["state_since"] == "2026-01-05T13:59:55.000000Z"
    assert [call["outcome"] for call in calls] == ["connected", "abandoned"], "not what was never dialed"
    assert all(set(call) == CALL for call in calls)
    assert calls[0]["bridged_at"] == "2026-01-05T14:00:10.500000Z"
    assert told(world, "campaign") == [{"id": world.campaign, "state": "paused", "target": 0.02}]
    (note,) = told(world, "note")
    assert (note["disposition"], note["campaign_id"]) == ("sale", world.campaign)
    assert "text" not in note, "what was said is read with the call"
    (command,) = told(world, "command")
    assert (command["kind"], command["status"]) == ("stop_all", "done")


def test_a_command_that_ends_without_a_dialer_s_word_is_told_too(world: World) -> None:
    taken = _command(world)
    with world.engine.begin() as db:
        late = commands.insert(
            db,
            switch_id=world.switch,
            kind=CommandKind.CAMPAIGN_PAUSE,
            campaign_id=world.campaign,
            tenant_id=world.tenant,
            expires_in_seconds=-1.0,
        )
        assert commands.take(db, world.switch) == []
        assert commands.mark_unknown_after_crash(db, world.switch) == [taken]
    assert {data["id"]: data["status"] for data in told(world, "command")} == {
        taken: "unknown",
        late: "expired",
    }


def test_a_journal_applied_twice_tells_nothing_twice(world: World) -> None:
    day = _day(world)
    world.apply(*day)
    once = world.value("SELECT array_agg(id ORDER BY id) FROM event")
    world.apply(*day)
    for record in day:
        world.apply(record, record)
    assert world.value("SELECT array_agg(id ORDER BY id) FROM event") == once


def test_facts_that_are_taken_back_are_not_told(world: World) -> None:
    day = _day(world)

    def fail() -> None:
        with world.engine.begin() as db:
            from models.repository import records

            records.apply(db, day)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()
    assert world.value("SELECT count(*) FROM event") == 0


def test_what_is_older_than_what_is_known_is_not_told(world: World) -> None:
    agent = world.add_agent().agent_id
    old, new = world.states(agent, (AgentState.CONNECTING, NOON - 5), (AgentState.READY, NOON - 4))
    world.apply(new)
    world.apply(old)
    assert [data["state"] for data in told(world, "agent")] == ["ready"]
    stopped = CampaignChanged(
        campaign_id=world.campaign, state=CampaignState.STOPPED, target=0.03, at=NOON + 5
    )
    running = CampaignChanged(campaign_id=world.campaign, state=CampaignState.RUNNING, target=0.03, at=NOON)
    world.apply(stopped)
    world.apply(running)
    assert [data["state"] for data in told(world, "campaign")] == ["stopped"]


def test_ids_of_facts_without_one_sort_by_time_and_differ_by_what_they_say() -> None:
    ids = [fact_id(NOON + n * 1e-6, "campaign", n) for n in range(2000)]
    assert ids == sorted(ids)
    assert fact_id(NOON, "a") != fact_id(NOON, "b")
    assert fact_id(NOON, "a") == fact_id(NOON, "a")
    assert fact_id(NOON - 1, "a") < new_id()
    for value in ids:
        assert (value[14], value[19] in "89ab") == ("8", True)
