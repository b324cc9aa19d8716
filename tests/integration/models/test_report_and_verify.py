"""The report's figures by hand; the independent checker agrees; and it finds every planted violation."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from models import verify
from models.enums import AgentState, CampaignState, CommandKind, CommandStatus, Outcome
from models.ids import new_id
from models.records import AgentLegOpened, AttemptClosed, CampaignChanged, CommandFinished, NoteAdded
from models.repository import commands, recovery, report, reporting
from models.repository.measures import wilson_interval
from tests.integration.models.world import NOON, World

S = AgentState


def _day(world: World, name: str = "ada", *, first: int = 0, at: float = NOON) -> str:
    """One agent, four attempts: connected (90 s), abandoned, ended early, no answer. Ends logged out at +200
    s."""
    world.add_leads(4, first=first, due=NOON - 3600)
    agent = world.add_agent(name).agent_id
    one, two, three, four = world.claim(4, at).attempts
    leg = new_id()
    world.apply(
        AgentLegOpened(leg_id=leg, agent_id=agent, switch_id=world.switch, at=at - 20),
        *world.states(agent, (S.CONNECTING, at - 20), (S.READY, at), (S.RESERVED, at + 10)),
        *world.story(one, Outcome.CONNECTED, agent=agent, talk=90.0, at=at),
        *world.story(two, Outcome.ABANDONED, at=at),
        *world.story(three, Outcome.ENDED_BEFORE_AGENT, at=at),
        *world.story(four, Outcome.NO_ANSWER, at=at),
        *world.states(agent, (S.WRAP_UP, at + 100.5), (S.READY, at + 110.5), (S.PAUSED, at + 150.5)),
        *world.states(agent, (S.LOGGED_OUT, at + 200)),
    )
    (talking,) = world.states(agent, (S.TALKING, at + 10.5))
    world.apply(replace(talking, attempt_id=one.attempt_id))
    world.execute("UPDATE leg SET ended_at = opened_at WHERE kind = 'agent'")
    return agent


def _violations(world: World, *, at_rest: bool = True) -> set[str]:
    with world.engine.connect() as db:
        return {violation.code for violation in verify.check(db, at_rest=at_rest).violations}


def test_the_figures_by_hand(world: World) -> None:
    _day(world)
    with world.engine.connect() as db:
        found = report(db, world.campaign, NOON, NOON + 1000)
        assert reporting.dialing_window(db, world.campaign) == (NOON, NOON)
        assert reporting.dialing_window(db, world.campaign, NOON + 1) is None
    assert (found.attempts, found.live_answers, found.abandoned, found.ended_before_agent) == (4, 3, 1, 1)
    assert found.abandon_rate == pytest.approx(1 / 3)
    assert found.contact_rate == pytest.approx(3 / 4)
    # Logged in and not paused from 0 to 150.5 s; talking 90 s, wrap-up 10 s.
    assert found.available_seconds == pytest.approx(150.5)
    assert found.occupancy == pytest.approx(100 / 150.5)
    assert found.talk_seconds == pytest.approx(90)
    assert found.talk_minutes_per_agent_hour == pytest.approx(90 / 60 / (150.5 / 3600))
    assert (found.abandon_low, found.abandon_high) == pytest.approx((0.0615, 0.7923), abs=1e-3)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (("answering_machine",), 2),
        (("answering_machine", "success"), 3),
        (("refusal", "answering_machine"), 2),
    ],
)
def test_an_answering_machine_is_nobody_by_the_last_word_on_it(
    world: World, before: bool, words: tuple[str, ...], answers: int
) -> None:
    world.add_leads(4)
    agent = world.add_agent().agent_id
    one, two, three, _ = world.claim(4).attempts
    said = [
        NoteAdded(id=new_id(), attempt_id=one.attempt_id, agent_id=agent, disposition=word, at=NOON + 30 + n)
        for n, word in enumerate(words)
    ]
    # Of whom was dropped nobody can know.
    dropped = NoteAdded(
        id=new_id(), attempt_id=two.attempt_id, agent_id=agent, disposition="answering_machine", at=NOON + 60
    )
    calls = (
        *world.story(one, Outcome.CONNECTED, agent=agent, talk=30.0),
        *world.story(two, Outcome.ABANDONED),
        *world.story(three, Outcome.ENDED_BEFORE_AGENT),
    )
    world.apply(*(said if before else calls))
    world.apply(*(calls if before else said), dropped)
    for note in said:  # a journal that is brought in twice says nothing new
        world.apply(note)
    with world.engine.connect() as db:
        found = report(db, world.campaign, NOON, NOON + 1000)
        ledger = recovery.ledgers(db, [world.campaign], NOON + 1000)[world.campaign]
        checked = verify.figures(db)[world.campaign]
    assert (found.live_answers, found.abandoned) == ledger == (answers, 1)
    assert (checked.live_answers, checked.abandoned) == ledger


def test_a_span_cuts_time_and_counts_calls_by_their_dial(world: World) -> None:
    _day(world)
    with world.engine.connect() as db:
        found = report(db, world.campaign, NOON + 50, NOON + 105)
    assert found.attempts == 0
    assert found.talk_seconds == pytest.approx(50.5)
    assert found.busy_seconds == pytest.approx(55)
    assert found.occupancy == pytest.approx(1.0)
    assert found.abandon_rate == found.contact_rate == 0.0


def test_a_call_that_goes_on_counts_until_the_end_of_the_span(world: World) -> None:
    world.add_leads(1)
    agent = world.add_agent().agent_id
    (attempt,) = world.claim(1).attempts
    world.apply(*world.story(attempt, Outcome.CONNECTED, agent=agent, talk=500.0)[:-1])
    with world.engine.connect() as db:
        found = report(db, world.campaign, NOON, NOON + 100)
        again = verify.figures(db, since=NOON, until=NOON + 100)[world.campaign]
    assert found.talk_seconds == pytest.approx(89.5)
    assert again.talk_seconds == pytest.approx(89.5)
    assert (found.attempts, found.live_answers) == (1, 1)


def test_an_empty_campaign_reports_zeros(world: World) -> None:
    with world.engine.connect() as db:
        found = report(db, world.campaign, NOON, NOON + 10)
        assert verify.check(db) == verify.Findings((), {})
    assert (found.attempts, found.occupancy, found.abandon_high) == (0, 0.0, 1.0)
    assert found.to_json()["talk_minutes_per_agent_hour"] == 0.0


def test_the_checker_agrees_with_the_report_on_any_span(world: World) -> None:
    for index in range(3):
        _day(world, f"agent{index}", first=index * 4, at=NOON + 37 * index)
    chance = random.Random(7)
    for _ in range(12):
        since = NOON + chance.uniform(-50, 200)
        until = since + chance.uniform(1, 300)
        with world.engine.connect() as db:
            told = report(db, world.campaign, since, until)
            found = verify.figures(db, since=since, until=until).get(world.campaign, verify.Figures())
        counts = (told.attempts, told.live_answers, told.abandoned, told.ended_before_agent)
        assert (found.attempts, found.live_answers, found.abandoned, found.ended_before_agent) == counts
        for name in ("abandon_rate", "occupancy", "talk_seconds", "talk_minutes_per_agent_hour"):
            assert getattr(found, name) == pytest.approx(getattr(told, name), abs=1e-6), name


def test_a_day_without_faults_has_no_violation(world: World) -> None:
    _day(world)
    with world.engine.connect() as db:
        assert verify.check(db).violations == ()


def test_open_calls_are_a_violation_only_at_rest(world: World) -> None:
    world.add_leads(1)
    world.claim(1)
    assert _violations(world) == {"attempt_left_open"}
    assert _violations(world, at_rest=False) == set()


# --- planted violations --------------------------------------------------------

Plant = Callable[[World], None]
CONNECTED = "(SELECT id FROM attempt WHERE outcome = 'connected')"
NO_ANSWER = "(SELECT id FROM attempt WHERE outcome = 'no_answer')"


def _sql(*statements: str) -> Plant:
    def plant(world: World) -> None:
        for statement in statements:
            world.execute(statement)

    return plant


def _stopped(world: World) -> None:
    with world.engine.begin() as db:
        asked = commands.insert(db, switch_id=world.switch, kind=CommandKind.STOP_ALL)
        commands.take(db, world.switch)
    world.apply(CommandFinished(command_id=asked, status=CommandStatus.DONE, at=NOON - 5))


def _second_talk(world: World) -> None:
    """The abandoned attempt becomes a conversation of the same agent at the same time."""
    world.execute(
        f"""UPDATE attempt SET (agent_id, bridged_at, talk_seconds, wait_seconds) =
            (SELECT agent_id, bridged_at + interval '10 seconds', 30, 0.5 FROM attempt WHERE id = {CONNECTED})
            WHERE outcome = 'abandoned'"""
    )


PLANTED: dict[str, Plant] = {
    "number_twice_at_once": _sql(
        "UPDATE attempt SET number = (SELECT number FROM attempt WHERE outcome = 'connected')"
        " WHERE outcome = 'no_answer'"
    ),
    "person_twice_at_once": _sql(
        "UPDATE attempt SET person_id = (SELECT person_id FROM attempt WHERE outcome = 'connected')"
        " WHERE outcome = 'no_answer'"
    ),
    "agent_in_two_calls": _second_talk,
    "outcome_missing": _sql(
        "ALTER TABLE attempt DROP CONSTRAINT ck_attempt_one_outcome",
        f"UPDATE attempt SET outcome = NULL WHERE id = {NO_ANSWER}",
    ),
    "outcome_early": _sql(
        "ALTER TABLE attempt DROP CONSTRAINT ck_attempt_one_outcome",
        "ALTER TABLE attempt DROP CONSTRAINT ck_attempt_closed_at",
        f"UPDATE attempt SET state = 'ringing' WHERE id = {NO_ANSWER}",
    ),
    "call_missing": _sql(f"DELETE FROM call WHERE attempt_id = {CONNECTED}"),
    "call_too_many": _sql(
        f"UPDATE attempt SET outcome = 'not_dialed', answered_at = NULL WHERE id = {NO_ANSWER}"
    ),
    "call_differs": _sql(f"UPDATE call SET talk_seconds = talk_seconds + 1 WHERE attempt_id = {CONNECTED}"),
    "answer_unresolved": _sql(f"UPDATE attempt SET answered_at = closed_at WHERE id = {NO_ANSWER}"),
    "connected_unbridged": _sql(f"UPDATE attempt SET agent_id = NULL WHERE id = {CONNECTED}"),
    "late_bridge_not_counted": _sql(f"UPDATE attempt SET wait_seconds = 2.5 WHERE id = {CONNECTED}"),
    "abandoned_not_flagged": _sql("UPDATE attempt SET abandoned = false WHERE outcome = 'abandoned'"),
    "talk_wrong": _sql(f"UPDATE attempt SET talk_seconds = 900 WHERE id = {CONNECTED}"),
    "times_out_of_order": _sql(
        f"UPDATE attempt SET bridged_at = answered_at - interval '1 s' WHERE id = {CONNECTED}"
    ),
    "leg_times_out_of_order": _sql(
        "UPDATE leg SET ended_at = opened_at - interval '10 s' WHERE kind = 'agent'"
    ),
    "leg_left_open": _sql(f"UPDATE leg SET ended_at = NULL WHERE attempt_id = {CONNECTED}"),
    "dialed_without_leg": _sql(f"DELETE FROM leg WHERE attempt_id = {CONNECTED}"),
    "dialed_not_dialed": _sql(f"UPDATE attempt SET outcome = 'not_dialed' WHERE id = {CONNECTED}"),
    "dialed_against_verdict": _sql(f"UPDATE attempt SET rule_verdict = '{{}}' WHERE id = {NO_ANSWER}"),
    "dialed_after_stop": _stopped,
    "dialed_while_stopped": _sql(
        f"UPDATE campaign SET state = 'stopped', changed_at = to_timestamp({NOON - 2})"
    ),
    "token_from_nowhere": _sql("UPDATE attempt SET lease_token = 99"),
    "cap_exceeded": _sql(
        """UPDATE attempt SET number = '+12125550100', claimed_at = claimed_at + n * interval '1 h',
                  rule_inputs = jsonb_set(rule_inputs, '{rules,per_number}', '{"day": 3}')
             FROM (SELECT id AS i, row_number() OVER (ORDER BY id) AS n FROM attempt) AS x WHERE id = i"""
    ),
    "lockout_broken": _sql(
        f"""UPDATE attempt SET number = (SELECT number FROM attempt WHERE outcome = 'abandoned'),
                  claimed_at = claimed_at + interval '1 h' WHERE id = {NO_ANSWER}"""
    ),
    "lead_stuck": _sql("UPDATE lead SET state = 'dialing' WHERE reason = 'no_answer'"),
    "lead_dialed_again": _sql(
        f"""UPDATE attempt SET lead_id = (SELECT lead_id FROM attempt WHERE id = {CONNECTED}),
                  claimed_at = claimed_at + interval '1 h' WHERE id = {NO_ANSWER}"""
    ),
    "event_places": _sql(
        "INSERT INTO event (id, seq, topic, at, payload) SELECT gen_random_uuid(), n, 'x', now(), '{}'"
        " FROM unnest(ARRAY[1, 2, 4]) n"
    ),
    "agent_leg_left_open": _sql("UPDATE leg SET ended_at = NULL WHERE kind = 'agent'"),
    "agent_left_in_call": _sql("UPDATE agent SET state = 'talking'"),
    "agent_log_gap": _sql("DELETE FROM agent_state_log WHERE state = 'connecting'"),
    "agent_log_illegal": _sql("DELETE FROM agent_state_log WHERE state = 'wrap_up'"),
    "talk_without_agent": _sql("UPDATE agent_state_log SET attempt_id = NULL WHERE state = 'talking'"),
    "talk_differs": _sql("UPDATE agent_state_log SET at = at + interval '20 s' WHERE state = 'talking'"),
    "rules_not_judged": _sql(f"UPDATE attempt SET rule_inputs = '{{}}' WHERE id = {NO_ANSWER}"),
    "dialed_against_rules": _sql(
        """UPDATE attempt SET rule_inputs = jsonb_set(rule_inputs, '{do_not_call}', '"asked"')
            WHERE outcome = 'no_answer'"""
    ),
}


@pytest.mark.parametrize("code", list(PLANTED))
def test_each_planted_violation_is_found(world: World, code: str) -> None:
    _day(world)
    PLANTED[code](world)
    assert code in _violations(world)


def test_a_command_without_outcome_and_a_note_without_a_call_are_found(world: World) -> None:
    agent = _day(world)
    with world.engine.begin() as db:
        commands.insert(db, switch_id=world.switch, kind=CommandKind.AGENT_PAUSE)
        commands.take(db, world.switch)
    attempt = str(world.value(f"SELECT id::text FROM attempt WHERE id = {NO_ANSWER}"))
    world.apply(NoteAdded(id=new_id(), attempt_id=attempt, agent_id=agent, disposition="sale", at=NOON))
    assert _violations(world) == {"command_left_open", "note_without_call"}


def test_every_invariant_has_a_plant() -> None:
    from models.verify.invariants import ALWAYS, AT_REST

    elsewhere = {"attempt_left_open", "command_left_open", "note_without_call"}
    assert set(ALWAYS) | set(AT_REST) <= set(PLANTED) | elsewhere


def test_a_start_after_a_stop_makes_dialing_lawful_again(world: World) -> None:
    _stopped(world)
    with world.engine.begin() as db:
        asked = commands.insert(
            db, switch_id=world.switch, kind=CommandKind.CAMPAIGN_START, campaign_id=world.campaign
        )
        commands.take(db, world.switch)
    world.apply(CommandFinished(command_id=asked, status=CommandStatus.DONE, at=NOON - 1))
    _day(world)
    assert _violations(world) == set()


def test_an_answered_call_with_an_unknown_end_counts_as_abandoned(world: World) -> None:
    world.add_leads(1)
    (attempt,) = world.claim(1).attempts
    dialed, answered, *_ = world.story(attempt, Outcome.ABANDONED)
    unknown = AttemptClosed(
        attempt_id=attempt.attempt_id, outcome=Outcome.UNKNOWN, at=NOON + 60, recovered=True
    )
    world.apply(dialed, answered, unknown)
    with world.engine.connect() as db:
        told = report(db, world.campaign, NOON, NOON + 100)
        assert verify.figures(db)[world.campaign].abandoned == 1
    assert (told.live_answers, told.abandoned) == (1, 1)
    assert world.one("SELECT lead.state, counted FROM lead, attempt") == ("cooling", True)


def test_a_target_above_the_cap_is_cut_to_it(world: World) -> None:
    running = CampaignState.RUNNING
    world.apply(CampaignChanged(campaign_id=world.campaign, state=running, target=0.5, at=NOON))
    assert world.value("SELECT target FROM campaign") == 0.03


def test_wilson_interval_against_published_values() -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson_interval(0, 0) == (0.0, 1.0)
