"""Records from claim to call record: applied twice is as good as once, in any order that the journal can
hold."""

from __future__ import annotations

import random
from typing import Any

import pytest

from models.enums import AgentState, CampaignState, CommandKind, CommandStatus, Outcome
from models.ids import new_id
from models.records import (
    AgentLegEnded,
    AgentLegOpened,
    AttemptAnswered,
    AttemptBridged,
    AttemptClosed,
    AttemptDialed,
    AttemptMoved,
    CampaignChanged,
    CommandFinished,
    DialerSnapshot,
    EventRecorded,
    NoteAdded,
    OpenThirdLeg,
    Record,
    ThirdLegEnded,
    ThirdLegJoined,
    ThirdLegOpened,
)
from models.repository import commands, hopper, recovery
from tests.integration.models.world import NOON, World

EVERYTHING = """
    SELECT (SELECT jsonb_agg(to_jsonb(x) ORDER BY id) FROM attempt x),
           (SELECT jsonb_agg(to_jsonb(x) ORDER BY id) FROM leg x),
           (SELECT jsonb_agg(to_jsonb(x) - 'created_at' ORDER BY attempt_id) FROM call x),
           (SELECT jsonb_agg(to_jsonb(x) ORDER BY id) FROM lead x),
           (SELECT jsonb_agg(to_jsonb(x) ORDER BY id) FROM agent x),
           (SELECT jsonb_agg(to_jsonb(x) ORDER BY id) FROM agent_state_log x),
           (SELECT jsonb_agg(to_jsonb(x) ORDER BY id) FROM call_note x),
           (SELECT jsonb_agg(to_jsonb(x) - 'recorded_at' ORDER BY id) FROM event x),
           (SELECT jsonb_agg(to_jsonb(x) ORDER BY id) FROM campaign x)
"""


def _day(world: World) -> list[Record]:
    """A connected, an abandoned and a busy attempt, an agent's day, a note, an event, a campaign change."""
    world.add_leads(3)
    agent = world.add_agent().agent_id
    first, second, third = world.claim(3).attempts
    leg = new_id()
    return [
        AgentLegOpened(leg_id=leg, agent_id=agent, switch_id=world.switch, at=NOON - 5),
        *world.states(agent, (AgentState.CONNECTING, NOON - 5), (AgentState.READY, NOON - 4)),
        *world.story(first, Outcome.CONNECTED, agent=agent, talk=60.0),
        *world.states(agent, (AgentState.TALKING, NOON + 10.5), (AgentState.WRAP_UP, NOON + 70.5)),
        NoteAdded(
            id=new_id(),
            attempt_id=first.attempt_id,
            agent_id=agent,
            disposition="sale",
            at=NOON + 72,
            text="a\0b",
        ),
        *world.states(agent, (AgentState.LOGGED_OUT, NOON + 80)),
        AgentLegEnded(leg_id=leg, cause="NORMAL_CLEARING", at=NOON + 80),
        *world.story(second, Outcome.ABANDONED),
        *world.story(third, Outcome.BUSY),
        CampaignChanged(campaign_id=world.campaign, state=CampaignState.PAUSED, target=0.02, at=NOON + 81),
        EventRecorded(id=new_id(), topic="call", at=NOON, payload={"text": "x\0y", "deep": ["\ud800"]}),
    ]


def test_a_whole_day_lands_in_its_rows(world: World) -> None:
    applied = world.apply(*_day(world))
    assert applied.ignored == ()
    assert world.value("SELECT count(*) FROM call") == 3
    assert world.value("SELECT count(*) FROM attempt WHERE state <> 'closed'") == 0
    assert world.value("SELECT count(*) FROM leg WHERE ended_at IS NULL") == 0
    row = world.one(
        "SELECT talk_seconds, wait_seconds, agent_id IS NOT NULL FROM call WHERE outcome = 'connected'"
    )
    assert row == (60.0, 0.5, True)
    assert world.one("SELECT state, state_log_id IS NOT NULL FROM agent") == ("logged_out", True)
    assert world.one("SELECT state, target FROM campaign") == ("paused", 0.02)
    assert world.value("SELECT payload->>'text' FROM event WHERE tenant_id IS NULL") == "x\ufffdy"
    leads = world.value(
        "SELECT string_agg(state || ' ' || tries || ' ' || reason, ', ' ORDER BY reason) FROM lead"
    )
    assert leads == "cooling 1 abandoned, retry 1 busy, closed 1 connected"


def test_twice_is_once(world: World) -> None:
    day = _day(world)
    world.apply(*day)
    once = world.one(EVERYTHING)
    world.apply(*day)
    assert world.one(EVERYTHING) == once
    world.apply(*(record for record in day for _ in range(2)))
    assert world.one(EVERYTHING) == once


@pytest.mark.parametrize("seed", range(6))
def test_any_cut_into_batches_and_any_order_within_them_end_alike(world: World, seed: int) -> None:
    chance, day = random.Random(seed), _day(world)
    cut = chance.randrange(len(day))
    for part in (day[:cut], day[cut:]):
        mixed = list(part)
        chance.shuffle(mixed)
        world.apply(*mixed)
    mixed_rows = world.one(EVERYTHING)
    world.apply(*day)
    assert world.one(EVERYTHING) == mixed_rows
    assert world.value("SELECT count(*) FROM call") == 3


def test_one_record_at_a_time_is_the_same_as_one_batch(world: World) -> None:
    day = _day(world)
    for record in day:
        world.apply(record)
    singly = world.one(EVERYTHING)
    world.apply(*day)
    assert world.one(EVERYTHING) == singly


def test_a_close_before_its_dial_still_ends_the_leg(world: World) -> None:
    world.add_leads(1)
    (attempt,) = world.claim(1).attempts
    dialed, closed = world.story(attempt, Outcome.NO_ANSWER)
    world.apply(closed)
    world.apply(dialed)
    assert world.value("SELECT count(*) FROM leg WHERE ended_at IS NULL") == 0
    assert world.value("SELECT state FROM attempt") == "closed"


def test_the_first_of_two_closes_stands(world: World) -> None:
    world.add_leads(1)
    (attempt,) = world.claim(1).attempts
    *_, closed = world.story(attempt, Outcome.NO_ANSWER)
    other = AttemptClosed(
        attempt_id=attempt.attempt_id, outcome=Outcome.UNKNOWN, at=NOON + 99, recovered=True
    )
    world.apply(closed, other)
    world.apply(other)
    assert world.one("SELECT outcome, count(*) OVER () FROM call") == ("no_answer", 1)
    assert world.one("SELECT tries, reason FROM lead") == (1, "no_answer")


def test_what_was_not_dialed_makes_no_call_and_uses_nothing_up(world: World) -> None:
    world.add_leads(1)
    (attempt,) = world.claim(1).attempts
    world.apply(
        AttemptClosed(attempt_id=attempt.attempt_id, outcome=Outcome.NOT_DIALED, at=NOON + 1, verdict="stale")
    )
    assert world.value("SELECT count(*) FROM call") == 0
    assert world.one("SELECT counted, dialed_at, refused_code FROM attempt") == (False, None, "stale")
    assert world.one("SELECT state, tries FROM lead") == ("retry", 0)
    assert len(world.claim(1, NOON + 2).attempts) == 1


def test_records_of_another_database_are_named_not_applied(world: World) -> None:
    stranger = new_id()
    applied = world.apply(
        AttemptDialed(attempt_id=stranger, leg_id=new_id(), switch_id=world.switch, at=NOON),
        AttemptClosed(attempt_id=stranger, outcome=Outcome.BUSY, at=NOON),
        NoteAdded(id=new_id(), attempt_id=stranger, agent_id=new_id(), disposition="x", at=NOON),
        EventRecorded(id=new_id(), topic="fine", at=NOON),
    )
    assert applied.records == 1
    assert {kind for kind, _ in applied.ignored} == {"attempt_dialed", "attempt_closed", "note_added"}
    assert world.value("SELECT count(*) FROM event") == 1


def test_a_command_ends_once(world: World) -> None:
    with world.engine.begin() as db:
        command_id = commands.insert(db, switch_id=world.switch, kind=CommandKind.STOP_ALL)
        commands.take(db, world.switch)
    world.apply(CommandFinished(command_id=command_id, status=CommandStatus.DONE, at=NOON))
    world.apply(
        CommandFinished(command_id=command_id, status=CommandStatus.REFUSED, at=NOON + 1, detail="late")
    )
    assert world.one("SELECT status, detail FROM command") == ("done", "")


def test_an_older_campaign_change_does_not_undo_a_newer_one(world: World) -> None:
    stopped = CampaignChanged(
        campaign_id=world.campaign, state=CampaignState.STOPPED, target=0.03, at=NOON + 5
    )
    running = CampaignChanged(campaign_id=world.campaign, state=CampaignState.RUNNING, target=0.03, at=NOON)
    world.apply(stopped)
    world.apply(running)
    assert world.value("SELECT state FROM campaign") == "stopped"


def test_who_asks_in_a_call_is_never_called_again(world: World) -> None:
    (lead,) = world.add_leads(1)
    agent = world.add_agent().agent_id
    (attempt,) = world.claim(1).attempts
    note = NoteAdded(
        id=new_id(), attempt_id=attempt.attempt_id, agent_id=agent, disposition="do_not_call", at=NOON + 20
    )
    world.apply(*world.story(attempt, Outcome.CONNECTED, agent=agent, talk=5.0), note)
    world.apply(note)
    assert world.one("SELECT number, count(*) OVER () FROM do_not_call") == (attempt.number, 1)
    world.execute("UPDATE lead SET state = 'retry' WHERE id::text = :id", id=lead)
    assert world.claim(1, NOON + 9 * 86_400).refusal == "rules"
    assert world.value("SELECT code FROM rule_refusal") == "do_not_call"


def test_a_call_that_is_handed_over_is_the_last_agents(world: World) -> None:
    """Twice is as good as once, in any order of a batch; the end stays what it was."""
    ada, bo = (world.add_agent(name).agent_id for name in ("ada", "bo"))
    world.add_numbers(["+12125550177"])
    (attempt,) = world.claim(1).attempts
    key = attempt.attempt_id
    there = AttemptMoved(attempt_id=key, agent_id=bo, at=NOON + 30)
    back = AttemptMoved(attempt_id=key, agent_id=ada, at=NOON + 40)
    world.apply(
        AttemptDialed(attempt_id=key, leg_id=new_id(), switch_id=world.switch, at=NOON),
        AttemptAnswered(attempt_id=key, at=NOON + 10),
        AttemptBridged(attempt_id=key, agent_id=ada, at=NOON + 11),
        there,
    )
    shown = "SELECT agent_id::text FROM attempt WHERE id = :id"
    assert world.value(shown, id=key) == bo
    world.apply(back, there)
    assert world.value(shown, id=key) == ada
    assert world.value("SELECT moved FROM attempt WHERE id = :id", id=key)
    world.apply(
        AttemptClosed(attempt_id=key, outcome=Outcome.CONNECTED, at=NOON + 60, agent_id=ada, talk_seconds=49)
    )
    world.apply(there)
    assert world.value(shown, id=key) == ada


def _snapshot(world: World) -> DialerSnapshot:
    with world.engine.begin() as db:
        return recovery.snapshot(db, world.switch, NOON)


def test_a_third_party_s_leg_has_one_row_from_its_dial_to_its_end(world: World) -> None:
    ada = world.add_agent().agent_id
    world.add_numbers(["+12125550178"])
    (attempt,) = world.claim(1).attempts
    key, leg, customer = attempt.attempt_id, new_id(), new_id()
    opened = ThirdLegOpened(
        leg_id=leg,
        attempt_id=key,
        agent_id=ada,
        switch_id=world.switch,
        number="+12125550188",
        gateway="carrier",
        at=NOON + 20,
    )
    ended = ThirdLegEnded(
        leg_id=leg,
        cause="NORMAL_CLEARING",
        at=NOON + 90,
        sip_status=200,
        ringing_at=NOON + 21,
        answered_at=NOON + 25,
    )
    world.apply(
        AttemptDialed(attempt_id=key, leg_id=customer, switch_id=world.switch, at=NOON),
        AttemptAnswered(attempt_id=key, at=NOON + 10),
        AttemptBridged(attempt_id=key, agent_id=ada, at=NOON + 11),
        opened,
    )
    (open_leg,) = _snapshot(world).thirds
    assert open_leg == OpenThirdLeg(
        leg_id=leg, attempt_id=key, agent_id=ada, number="+12125550188", gateway="carrier"
    )
    joined = ThirdLegJoined(leg_id=leg, attempt_id=key, at=NOON + 26)
    world.apply(joined, opened)
    snapshot = _snapshot(world)
    assert [third.joined_at for third in snapshot.thirds] == [NOON + 26]
    assert [(one.leg_id, one.moved) for one in snapshot.attempts] == [(customer, True)]
    world.apply(ended, joined, opened, ended)
    assert not _snapshot(world).thirds
    row: Any = world.value(
        "SELECT to_jsonb(leg) - 'id' FROM leg WHERE id = :id AND transfer_of = :attempt", id=leg, attempt=key
    )
    assert (row["kind"], row["number"], row["cause"]) == ("third_party", "+12125550188", "NORMAL_CLEARING")
    assert all(row[name] for name in ("opened_at", "ringing_at", "answered_at", "bridged_at", "ended_at"))


def test_do_not_call_holds_for_a_transfer_too(world: World) -> None:
    world.add_numbers(["+12125550179"])
    (attempt,) = world.claim(1).attempts

    def verdict(number: str) -> str:
        with world.engine.begin() as db:
            return hopper.forbidden(db, attempt.attempt_id, number)

    assert verdict("+12125550188") == ""
    for number, prefix in (("+12125550188", False), ("+1212556", True)):
        world.execute(
            "INSERT INTO do_not_call (id, tenant_id, number, is_prefix, reason)"
            " VALUES (:id, :tenant, :number, :prefix, 'asked for')",
            id=new_id(),
            tenant=world.tenant,
            number=number,
            prefix=prefix,
        )
    assert verdict("+12125550188") == "asked for"
    assert verdict("+12125560000") == "asked for"
    assert verdict("+12125550189") == verdict("no number") == verdict("") == ""
