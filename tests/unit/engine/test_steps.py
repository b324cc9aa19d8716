"""One call at a time, event by event: the orders that matter, and the events that are lost."""

from __future__ import annotations

import json
from dataclasses import replace

from callflow.effects import Save, Send
from callflow.inputs import Claimed, DialingAllowed, SwitchEvent
from esl.events import from_headers
from models.enums import AgentState, AttemptState, CampaignState, CommandKind, CommandStatus, Outcome
from models.records import (
    AgentStateChanged,
    AttemptAnswered,
    AttemptBridged,
    AttemptClosed,
    AttemptDialed,
    CampaignChanged,
    CommandFinished,
    DialerSnapshot,
    NoteAdded,
)
from tests.unit.engine.bench import CAMPAIGN, WALL, Bench


def test_a_call_from_claim_to_wrap_up() -> None:
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    bench.now += 8.0
    answered = bench.answer(leg)
    assert bench.commands("uuid_bridge") == [f"{leg} {standing}"]
    assert bench.agent("a1") is AgentState.RESERVED
    bridged = bench.bridge(leg, standing)
    assert bench.agent("a1") is AgentState.TALKING
    bench.now += 60.0
    bench.hang_up(leg, answered=answered, bridged=bridged)
    assert bench.agent("a1") is AgentState.WRAP_UP
    (closed,) = bench.records(AttemptClosed)
    assert (closed.outcome, closed.agent_id, closed.abandoned) == (Outcome.CONNECTED, "a1", False)
    assert closed.talk_seconds == 60.0
    assert abs(closed.wait_seconds - 0.07) < 1e-6
    assert len(bench.records(AttemptDialed)) == len(bench.records(AttemptAnswered)) == 1
    assert len(bench.records(AttemptBridged)) == 1
    bench.event("CHANNEL_PARK", standing)
    bench.command(
        CommandKind.DISPOSITION,
        agent_id="a1",
        payload={"disposition": "sale", "attempt_id": closed.attempt_id},
    )
    assert bench.agent("a1") is AgentState.READY
    assert bench.records(NoteAdded)[0].disposition == "sale"
    states = [r.state for r in bench.records(AgentStateChanged)]
    assert states == [
        AgentState.CONNECTING,
        AgentState.READY,
        AgentState.RESERVED,
        AgentState.TALKING,
        AgentState.WRAP_UP,
        AgentState.READY,
    ]


def test_the_attempt_is_saved_before_the_originate_is_sent() -> None:
    bench = Bench()
    bench.log_in()
    claim = bench.claims[0]
    assert claim.count == 1
    before = len(bench.saved)
    bench.dial()
    order = [r for r in bench.saved[before:] if isinstance(r, AttemptDialed)]
    assert len(order) == 1
    assert "sofia/gateway/carrier/+15551230001" in bench.commands("originate")[-1]
    assert "'sleep:1900,hangup:NORMAL_CLEARING' inline" in bench.commands("originate")[-1]


def test_within_one_step_saves_come_before_the_sends_of_their_attempt() -> None:
    bench = Bench()
    bench.log_in()
    claim = bench.claims.pop(0)
    from models.records import ClaimedAttempt
    from models.rules import RuleInputs
    from tests.unit.engine.bench import ALWAYS

    attempt = ClaimedAttempt(
        attempt_id="t-x",
        campaign_id="c1",
        lead_id="l",
        number="+15551230001",
        claimed_at=WALL,
        rule_inputs=RuleInputs(number="+15551230001", rules=ALWAYS, timezones=("UTC",)),
    )
    effects = bench.give(Claimed(claim.batch, (attempt,)))
    kinds = [type(e) for e in effects if isinstance(e, Save | Send)]
    assert kinds == [Save, Send, Send]


def test_the_fence_is_in_every_originate() -> None:
    bench = Bench(fence="rm_fence_7")
    bench.log_in()
    bench.dial()
    originates = bench.commands("expand")
    assert len(originates) == 2
    assert all("sofia/${rm_fence_7}/" in args for args in originates)
    assert not bench.commands("originate")


def test_no_agent_in_time_is_abandoned_by_the_switch_times() -> None:
    bench = Bench()
    bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    bench.command(CommandKind.AGENT_PAUSE, agent_id="a1")
    answered = bench.answer(leg)
    assert not bench.commands("uuid_bridge")
    bench.now += 1.9
    bench.event("CHANNEL_EXECUTE", leg, Application="hangup", Caller_Channel_Answered_Time=answered)
    bench.command(CommandKind.AGENT_READY, agent_id="a1")
    assert not bench.commands("uuid_bridge"), "never once the message has begun"
    bench.hang_up(leg, answered=answered)
    (closed,) = bench.records(AttemptClosed)
    assert (closed.outcome, closed.abandoned) == (Outcome.ABANDONED, True)


def test_an_agent_hangs_up_and_keeps_their_phone() -> None:
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    attempt = next(iter(bench.engine.board.attempts))

    def hang_up(named: str) -> CommandStatus:
        bench.command(CommandKind.AGENT_HANG_UP, agent_id="a1", payload={"attempt_id": named})
        status: CommandStatus = bench.records(CommandFinished)[-1].status
        return status

    bench.ring(leg)
    answered = bench.answer(leg)
    assert hang_up(attempt) is CommandStatus.REFUSED, "not in the call yet"
    bridged = bench.bridge(leg, standing)
    bench.now += 5
    assert hang_up("") is CommandStatus.REFUSED
    assert hang_up("t-other") is CommandStatus.REFUSED, "a command that is late must not cut the next call"
    assert hang_up(attempt) is CommandStatus.DONE
    assert bench.commands("uuid_kill") == [f"{leg} NORMAL_CLEARING"]
    assert bench.agent("a1") is AgentState.TALKING, "it is over when the switch says so"
    bench.hang_up(leg, answered=answered, bridged=bridged)
    assert bench.agent("a1") is AgentState.WRAP_UP
    assert bench.records(AttemptClosed)[0].outcome is Outcome.CONNECTED
    assert hang_up(attempt) is CommandStatus.DONE, "the other side was first"
    assert len(bench.commands("uuid_kill")) == 1


def test_who_hangs_up_before_the_deadline_is_not_abandoned() -> None:
    bench = Bench()
    bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    bench.command(CommandKind.AGENT_PAUSE, agent_id="a1")
    answered = bench.answer(leg)
    bench.now += 0.5
    bench.hang_up(leg, answered=answered)
    (closed,) = bench.records(AttemptClosed)
    assert (closed.outcome, closed.abandoned) == (Outcome.ENDED_BEFORE_AGENT, False)


def test_an_agent_who_becomes_free_in_time_gets_the_waiting_person() -> None:
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    bench.command(CommandKind.AGENT_PAUSE, agent_id="a1")
    bench.answer(leg)
    bench.now += 1.0
    bench.command(CommandKind.AGENT_READY, agent_id="a1")
    assert bench.commands("uuid_bridge") == [f"{leg} {standing}"]


def test_a_bridge_later_than_the_grace_counts_as_abandoned_and_connected() -> None:
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    answered = bench.answer(leg)
    bench.now += 2.1
    bridged = bench.bridge(leg, standing)
    bench.now += 30
    bench.hang_up(leg, answered=answered, bridged=bridged)
    (closed,) = bench.records(AttemptClosed)
    assert (closed.outcome, closed.abandoned) == (Outcome.CONNECTED, True)


def test_customer_gone_between_match_and_bridge_frees_the_agent() -> None:
    bench = Bench()
    bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    answered = bench.answer(leg)
    bench.hang_up(leg, answered=answered)
    assert bench.agent("a1") is AgentState.READY
    assert bench.records(AttemptClosed)[0].outcome is Outcome.ENDED_BEFORE_AGENT


def test_a_dead_agent_leg_gives_the_person_to_the_next_agent() -> None:
    bench = Bench()
    first, second = bench.log_in("a1"), bench.log_in("a2")
    leg = bench.dial()
    bench.ring(leg)
    bench.answer(leg)
    assert bench.commands("uuid_bridge") == [f"{leg} {first}"]
    bench.reply(bench.tokens("bridge")[0], "-ERR Invalid uuid\n")
    bench.reply(f"exists:{leg}", "true")
    assert bench.commands("uuid_bridge")[-1] == f"{leg} {second}"
    bench.reply(f"exists:{first}", "false")
    bench.reply(f"dump:{first}", "-ERR No such channel!\n")
    assert bench.agent("a1") is AgentState.CONNECTING
    assert bench.agent("a2") is AgentState.RESERVED


def test_agent_leg_that_ends_while_reserved_sends_the_person_back() -> None:
    bench = Bench()
    first, second = bench.log_in("a1"), bench.log_in("a2")
    leg = bench.dial()
    bench.ring(leg)
    bench.answer(leg)
    bench.hang_up(first)
    bench.reply(f"exists:{leg}", "true")
    assert bench.commands("uuid_bridge")[-1] == f"{leg} {second}"


def test_a_lost_bridge_event_is_made_up_for_by_the_end() -> None:
    bench = Bench()
    bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    answered = bench.answer(leg)
    bridged = bench.us()
    bench.now += 40
    bench.hang_up(leg, answered=answered, bridged=bridged)
    (closed,) = bench.records(AttemptClosed)
    assert (closed.outcome, closed.agent_id, closed.talk_seconds) == (Outcome.CONNECTED, "a1", 40.0)
    assert bench.agent("a1") is AgentState.WRAP_UP


def test_a_silent_bridge_is_asked_for() -> None:
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    answered = bench.answer(leg)
    attempt_id = bench.engine.board.legs[leg].owner_id
    bench.fire(f"bridge:{attempt_id}")
    data = {
        "Channel-State": "CS_SOFT_EXECUTE",
        "Caller-Channel-Answered-Time": str(answered),
        "Caller-Channel-Bridged-Time": str(answered + 60_000),
        "variable_signal_bond": standing,
    }
    bench.reply(f"dump:{leg}", json.dumps(data))
    assert bench.agent("a1") is AgentState.TALKING
    assert bench.engine.board.attempts[attempt_id].state is AttemptState.CONNECTED


def test_two_ends_of_one_leg_are_one_record() -> None:
    bench = Bench()
    bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    bench.hang_up(leg, cause="USER_BUSY")
    bench.hang_up(leg, cause="USER_BUSY")
    assert [r.outcome for r in bench.records(AttemptClosed)] == [Outcome.BUSY]
    assert bench.engine.status()["counters"]["event_of_unknown_leg"] == 1


def refuse(bench: Bench, leg: str, cause: str) -> None:
    headers = {"Event-Name": "BACKGROUND_JOB", "Job-UUID": leg}
    bench.give(SwitchEvent(from_headers(headers, body=f"-ERR {cause}\n")))


def test_refused_without_a_channel_is_the_switches_doing() -> None:
    bench = Bench()
    bench.log_in()
    leg = bench.dial()
    bench.reply(f"hook:{leg}", "-ERR No such channel!")
    refuse(bench, leg, "DESTINATION_OUT_OF_ORDER")
    assert [r.outcome for r in bench.records(AttemptClosed)] == [Outcome.SWITCH_REFUSED]


def test_refused_where_there_may_have_been_a_channel_is_looked_up() -> None:
    bench = Bench()
    bench.log_in()
    leg = bench.dial()
    refuse(bench, leg, "DESTINATION_OUT_OF_ORDER")
    assert not bench.records(AttemptClosed), "all its events may have been lost"
    bench.reply(f"hash:{leg}", "")
    bench.fire(f"hash:{leg}")
    bench.reply(f"hash:{leg}", "")
    assert [r.outcome for r in bench.records(AttemptClosed)] == [Outcome.SWITCH_REFUSED]


def test_ringing_is_given_up_after_the_lawful_time_only() -> None:
    bench = Bench()
    bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    assert bench.timers[f"ring:{leg}"] - bench.now >= 16.0
    bench.fire(f"ring:{leg}")
    assert bench.commands("uuid_kill") == [f"{leg} NO_ANSWER"]
    bench.hang_up(leg, cause="NO_ANSWER")
    assert bench.records(AttemptClosed)[0].outcome is Outcome.NO_ANSWER


def test_a_stale_claim_is_not_dialed() -> None:
    bench = Bench()
    bench.log_in()
    bench.now += 1.0
    claim = bench.claims.pop(0)
    bench.claims.insert(0, claim)
    from models.records import ClaimedAttempt
    from models.rules import RuleInputs
    from tests.unit.engine.bench import ALWAYS

    attempt = ClaimedAttempt(
        attempt_id="t-x",
        campaign_id="c1",
        lead_id="l",
        number="+15551230001",
        claimed_at=WALL,
        rule_inputs=RuleInputs(number="+15551230001", rules=ALWAYS, timezones=("UTC",)),
    )
    bench.give(Claimed(claim.batch, (attempt,)))
    (closed,) = bench.records(AttemptClosed)
    assert (closed.outcome, closed.verdict) == (Outcome.NOT_DIALED, "stale")
    assert len(bench.commands("originate")) == 1, "the agent's own leg only"


def test_nothing_is_claimed_while_dialing_is_not_allowed() -> None:
    bench = Bench()
    bench.give(DialingAllowed(False, "database_away"))
    bench.log_in()
    assert not bench.claims
    assert bench.engine.status()["campaigns"]["c1"]["limited_by"] == "database_away"
    bench.give(DialingAllowed(True, "database_away"))
    assert bench.claims


def test_a_pause_asked_for_in_a_call_comes_after_it() -> None:
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    answered = bench.answer(leg)
    bridged = bench.bridge(leg, standing)
    bench.command(CommandKind.AGENT_PAUSE, agent_id="a1", payload={"reason": "lunch"})
    assert bench.agent("a1") is AgentState.TALKING
    bench.now += 10
    bench.hang_up(leg, answered=answered, bridged=bridged)
    assert bench.agent("a1") is AgentState.WRAP_UP
    bench.fire("wrap:a1")
    assert bench.agent("a1") is AgentState.PAUSED
    assert bench.records(AgentStateChanged)[-1].reason == "lunch"


def test_wind_down_stops_when_the_last_call_has_ended() -> None:
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    answered = bench.answer(leg)
    bridged = bench.bridge(leg, standing)
    bench.command(CommandKind.CAMPAIGN_STOP, campaign_id="c1")
    assert bench.records(CampaignChanged)[-1].state is CampaignState.WINDING_DOWN
    bench.now += 5
    bench.hang_up(leg, answered=answered, bridged=bridged)
    assert bench.records(CampaignChanged)[-1].state is CampaignState.STOPPED
    assert not bench.claims


def test_commands_that_cannot_be_done_say_why() -> None:
    bench = Bench()
    bench.command(CommandKind.CAMPAIGN_TARGET, campaign_id="c1", payload={"target": 0.2})
    bench.command(CommandKind.CAMPAIGN_TARGET, campaign_id="c1", payload={"target": "x"})
    bench.command(CommandKind.AGENT_LOGIN, agent_id="nobody", campaign_id="c1")
    bench.command(CommandKind.CAMPAIGN_START, campaign_id="none")
    finished = bench.records(CommandFinished)
    assert [r.status for r in finished] == [CommandStatus.REFUSED] * 4
    assert all(r.detail for r in finished)


def test_stop_all_stops_the_campaigns_that_it_names() -> None:
    bench = Bench(DialerSnapshot(campaigns=(CAMPAIGN, replace(CAMPAIGN, campaign_id="c2"))))
    bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    bench.now += 20.0
    bench.command(CommandKind.STOP_ALL, payload={"campaigns": ["c2"]})
    states = {key: str(c.settings.state) for key, c in bench.engine.board.campaigns.items()}
    assert states == {"c1": "running", "c2": "paused"}
    assert bench.commands("uuid_kill") == [], "a call of another campaign goes on ringing"
    bench.command(CommandKind.STOP_ALL, payload={"campaigns": ["c1"]})
    assert bench.commands("uuid_kill") == [f"{leg} NO_ANSWER"]
    bench.command(CommandKind.CAMPAIGN_START, campaign_id="c2")
    bench.command(CommandKind.STOP_ALL)
    assert {str(c.settings.state) for c in bench.engine.board.campaigns.values()} == {"paused"}
