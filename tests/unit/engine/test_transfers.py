"""A conversation handed to another agent: what the two are meanwhile, and every way in which it fails."""

from __future__ import annotations

import json

from models.enums import AgentState, CommandKind, CommandStatus, Outcome
from models.records import AttemptClosed, AttemptMoved, CommandFinished
from tests.unit.engine.bench import Bench

S = AgentState


class Call:
    """a1 talks with the customer; a2 is ready."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.first = self.bench.log_in("a1")
        self.other = self.bench.log_in("a2")
        self.customer = self.bench.dial()
        self.bench.ring(self.customer)
        self.answered = self.bench.answer(self.customer)
        self.bridged = self.bench.bridge(self.customer, self.first)
        self.attempt = self.bench.engine.board.legs[self.customer].owner_id

    def hand_over(self, to: str = "a2", by: str = "a1") -> CommandStatus:
        self.bench.command(
            CommandKind.AGENT_TRANSFER,
            agent_id=by,
            payload={"attempt_id": self.attempt, "to_agent_id": to},
        )
        status: CommandStatus = self.bench.records(CommandFinished)[-1].status
        return status

    def moves(self) -> None:
        self.bench.bridge(self.customer, self.other)
        self.bench.event("CHANNEL_PARK", self.first)

    def states(self) -> tuple[AgentState, AgentState]:
        return self.bench.agent("a1"), self.bench.agent("a2")

    def customer_hangs_up(self, **headers: str | int) -> None:
        self.bench.event(
            "CHANNEL_HANGUP_COMPLETE",
            self.customer,
            Hangup_Cause="NORMAL_CLEARING",
            Caller_Channel_Answered_Time=self.answered,
            Caller_Channel_Bridged_Time=self.bridged,
            Caller_Channel_Hangup_Time=self.bench.us(),
            **headers,
        )

    def dumped(self, with_whom: str) -> None:
        data = {
            "Channel-State": "CS_SOFT_EXECUTE",
            "Caller-Channel-Answered-Time": str(self.answered),
            "Caller-Channel-Bridged-Time": str(self.bench.us()),
        }
        if with_whom:
            data["variable_bridge_to"] = with_whom
        self.bench.reply(f"dump:{self.customer}", json.dumps(data))


def test_a_call_goes_from_agent_to_agent() -> None:
    call = Call()
    assert call.hand_over() is CommandStatus.DONE
    assert call.bench.commands("uuid_bridge")[-1] == f"{call.customer} {call.other}"
    assert call.states() == (S.TALKING, S.RESERVED), "it is the first one's until the switch says otherwise"
    call.bench.now += 20
    call.moves()
    assert call.states() == (S.WRAP_UP, S.TALKING)
    assert [(r.attempt_id, r.agent_id) for r in call.bench.records(AttemptMoved)] == [(call.attempt, "a2")]
    call.bench.now += 30
    call.bridged = call.bench.us() - 30_000_000  # the switch tells its last bridge
    call.customer_hangs_up()
    assert call.states() == (S.WRAP_UP, S.WRAP_UP)
    (closed,) = call.bench.records(AttemptClosed)
    assert (closed.outcome, closed.agent_id, closed.abandoned) == (Outcome.CONNECTED, "a2", False)
    assert 50.0 <= closed.talk_seconds < 50.2, "from the first bridge on"


def test_only_a_ready_agent_of_the_campaign_takes_a_call() -> None:
    call = Call()
    for nobody in ("", "a1", "a9"):
        assert call.hand_over(nobody) is CommandStatus.REFUSED
    call.bench.command(CommandKind.AGENT_PAUSE, agent_id="a2")
    assert call.hand_over() is CommandStatus.REFUSED
    assert len(call.bench.commands("uuid_bridge")) == 1


def test_a_transfer_asked_for_twice_is_one() -> None:
    call = Call()
    call.bench.log_in("a3")
    assert [call.hand_over(), call.hand_over()] == [CommandStatus.DONE] * 2
    assert call.hand_over("a3") is CommandStatus.REFUSED
    assert len(call.bench.commands("uuid_bridge")) == 2


def test_hang_up_overtakes_the_transfer() -> None:
    call = Call()
    call.hand_over()
    call.customer_hangs_up(variable_last_bridge_to=call.first)
    assert call.states() == (S.WRAP_UP, S.READY)
    assert call.bench.records(AttemptClosed)[0].agent_id == "a1"
    assert not call.bench.records(AttemptMoved)


def test_a_transfer_whose_bridge_event_is_lost_is_seen_in_the_hang_up() -> None:
    call = Call()
    call.hand_over()
    call.bench.now += 10
    call.customer_hangs_up(variable_last_bridge_to=call.other)
    assert call.states() == (S.WRAP_UP, S.WRAP_UP)
    assert call.bench.records(AttemptClosed)[0].agent_id == "a2"


def test_a_refused_transfer_leaves_the_call_where_it_was() -> None:
    call = Call()
    call.hand_over()
    call.bench.reply(f"move:{call.attempt}:a2", "-ERR Invalid uuid\n")
    assert call.states() == (S.TALKING, S.READY)
    call.bench.hang_up(call.other)
    assert call.states() == (S.TALKING, S.CONNECTING)


def test_the_other_agents_phone_is_lost_on_the_way() -> None:
    call = Call()
    call.hand_over()
    call.bench.hang_up(call.other)
    assert call.states() == (S.TALKING, S.CONNECTING)
    call.bench.event("CHANNEL_PARK", call.first)
    for _ in range(2):  # the customer's leg was on its way and is with nobody now
        call.bench.fire(f"watch:{call.customer}")
        call.dumped("")
    assert call.bench.commands("uuid_kill") == [f"{call.customer} NORMAL_CLEARING"]
    call.customer_hangs_up()
    assert call.states() == (S.WRAP_UP, S.CONNECTING)


def test_the_first_agents_phone_is_lost_on_the_way() -> None:
    call = Call()
    call.hand_over()
    call.bench.hang_up(call.first)
    assert call.states() == (S.WRAP_UP, S.RESERVED)
    call.bench.bridge(call.customer, call.other)
    assert call.states() == (S.WRAP_UP, S.TALKING)


def test_a_silent_transfer_is_asked_for() -> None:
    call = Call()
    call.hand_over()
    call.bench.fire(f"move:{call.attempt}")
    call.dumped(call.other)
    assert call.states() == (S.WRAP_UP, S.TALKING)
    again = Call()
    again.hand_over()
    for _ in range(2):
        again.bench.fire(f"move:{again.attempt}")
    again.dumped(again.first)
    assert again.states() == (S.TALKING, S.READY)


def test_a_wish_of_the_other_agent_waits_for_the_calls_end() -> None:
    call = Call()
    call.hand_over()
    call.bench.command(CommandKind.AGENT_LOGOUT, agent_id="a2")
    call.moves()
    assert call.states() == (S.WRAP_UP, S.TALKING)
    call.customer_hangs_up()
    assert call.states()[1] is S.WRAP_UP
    call.bench.fire("wrap:a2")
    assert call.states()[1] is S.LOGGED_OUT


def test_a_call_moves_on_hold_too() -> None:
    call = Call()
    call.bench.command(CommandKind.AGENT_HOLD, agent_id="a1", payload={"attempt_id": call.attempt})
    call.bench.event("CHANNEL_HOLD", call.first)
    assert call.hand_over() is CommandStatus.DONE
    call.moves()
    assert call.states() == (S.WRAP_UP, S.TALKING)
    assert call.bench.commands("uuid_hold")[-1] == f"off {call.first}"
