"""A conversation handed to a number outside: who hears what, who owns the legs, and every failure."""

from __future__ import annotations

import json

import pytest

from callflow.inputs import Commanded, DialingAllowed, LinkUp
from models.enums import AgentState, AttemptState, CommandKind, CommandStatus, LegKind
from models.records import (
    AttemptClosed,
    CommandFinished,
    DialerSnapshot,
    KnownAgent,
    OpenThirdLeg,
    OperatorCommand,
    ThirdLegEnded,
    ThirdLegJoined,
    ThirdLegOpened,
)
from tests.unit.engine.bench import CAMPAIGN, WALL, Bench, open_attempt

S = AgentState
NUMBER = "+15559990001"


class Call:
    """a1 talks with the customer."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.own = self.bench.log_in("a1")
        self.customer = self.bench.dial()
        self.bench.ring(self.customer)
        self.answered = self.bench.answer(self.customer)
        self.bridged = self.bench.bridge(self.customer, self.own)
        self.attempt = self.bench.engine.board.legs[self.customer].owner_id

    def ask(self, number: str = NUMBER, verdict: str = "") -> CommandStatus:
        command = OperatorCommand(
            command_id=f"x-{len(self.bench.saved)}",
            kind=CommandKind.AGENT_TRANSFER,
            agent_id="a1",
            payload={"attempt_id": self.attempt, "number": number},
        )
        self.bench.give(Commanded(command, verdict=verdict))
        status: CommandStatus = self.bench.records(CommandFinished)[-1].status
        return status

    @property
    def third(self) -> str:
        leg_id: str = self.bench.records(ThirdLegOpened)[-1].leg_id
        return leg_id

    def dialing(self) -> str:
        """Asked for, on hold, and it rings; the third leg's id."""
        assert self.ask() is CommandStatus.DONE
        self.bench.event("CHANNEL_HOLD", self.own)
        self.bench.ring(self.third)
        return self.third

    def out(self) -> str:
        """The third party has answered and the customer is with them."""
        third = self.dialing()
        self.bench.now += 5.0
        self.bench.answer(third)
        self.bench.bridge(self.customer, third)
        self.bench.event("CHANNEL_UNHOLD", self.own)
        self.bench.event("CHANNEL_PARK", self.own)
        return third

    def state(self) -> AgentState:
        return self.bench.agent("a1")

    def customer_hangs_up(self) -> None:
        self.bench.hang_up(self.customer, answered=self.answered, bridged=self.bridged)

    def open_legs(self) -> set[LegKind]:
        return {leg.kind for leg in self.bench.engine.board.legs.values()}


def test_a_call_goes_to_a_number() -> None:
    call = Call()
    third = call.dialing()
    assert call.bench.commands("uuid_hold") == [call.own], "music, in the bridge that is there"
    originate = call.bench.commands("originate")[-1]
    assert f"sofia/gateway/carrier/{NUMBER} 'sleep:2000,hangup:NORMAL_CLEARING' inline" in originate
    assert "hangup_after_bridge=true" in originate
    assert "originate_timeout=30" in originate
    assert call.state() is S.ON_HOLD
    call.bench.now += 5.0
    call.bench.answer(third)
    ends = call.bench.commands("sched_hangup")[-2:]
    assert ends == [f"+3600 {leg} ALLOTTED_TIMEOUT" for leg in (call.customer, third)]
    assert call.bench.commands("uuid_bridge")[-1] == f"{call.customer} {third}"
    call.bench.bridge(call.customer, third)
    assert call.state() is S.WRAP_UP
    (joined,) = call.bench.records(ThirdLegJoined)
    call.bench.now += 100.0
    call.customer_hangs_up()
    call.bench.hang_up(third, answered=call.bench.us())
    (closed,) = call.bench.records(AttemptClosed)
    assert closed.agent_id == "a1"
    assert abs(closed.talk_seconds - (joined.at - closed.bridged_at)) < 1e-6, "the agent's part alone"
    assert closed.talk_seconds < 10.0
    (ended,) = call.bench.records(ThirdLegEnded)
    assert (ended.leg_id, ended.cause) == (third, "NORMAL_CLEARING")
    assert call.open_legs() == {LegKind.AGENT}


@pytest.mark.parametrize("cause", ["USER_BUSY", "NO_ANSWER", "NORMAL_TEMPORARY_FAILURE"])
def test_who_does_not_answer_gives_the_customer_back(cause: str) -> None:
    call = Call()
    third = call.dialing()
    call.bench.hang_up(third, cause=cause)
    assert call.bench.commands("uuid_hold")[-1] == f"off {call.own}"
    call.bench.event("CHANNEL_UNHOLD", call.own)
    assert call.state() is S.TALKING
    assert call.bench.engine.board.agents["a1"].reason == f"not transferred: {cause}"
    assert [r.cause for r in call.bench.records(ThirdLegEnded)] == [cause]
    assert call.ask() is CommandStatus.DONE, "and may be tried again"


def test_a_refused_originate_gives_the_customer_back() -> None:
    call = Call()
    call.ask()
    call.bench.reply(f"orig:{call.third}", "-ERR DESTINATION_OUT_OF_ORDER")
    assert call.bench.commands("uuid_hold")[-1] == f"off {call.own}"
    assert LegKind.THIRD_PARTY not in call.open_legs()


@pytest.mark.parametrize("number", ["", "5551234", "+0123456789", "+1555\n", "+15551230001", "1;hangup"])
def test_a_number_that_can_not_be_dialed_is_refused(number: str) -> None:
    call = Call()
    assert call.ask(number) is CommandStatus.REFUSED
    assert not call.bench.records(ThirdLegOpened)


def test_do_not_call_is_obeyed() -> None:
    call = Call()
    assert call.ask(verdict="on the do-not-call list") is CommandStatus.REFUSED
    assert "on the do-not-call list" in call.bench.records(CommandFinished)[-1].detail


def test_without_the_lease_nothing_is_dialed() -> None:
    call = Call()
    call.bench.give(DialingAllowed(False, "lease"))
    assert call.ask() is CommandStatus.REFUSED
    assert not call.bench.records(ThirdLegOpened)


def test_asked_for_twice_it_is_one_and_not_two() -> None:
    call = Call()
    call.dialing()
    assert call.ask() is CommandStatus.DONE
    assert call.ask("+15559990002") is CommandStatus.REFUSED
    assert len(call.bench.records(ThirdLegOpened)) == 1


def test_the_customer_hangs_up_while_it_rings() -> None:
    call = Call()
    third = call.dialing()
    call.customer_hangs_up()
    assert call.bench.commands("uuid_kill") == [f"{third} NORMAL_CLEARING"]
    assert call.state() is S.WRAP_UP
    call.bench.hang_up(third, cause="ORIGINATOR_CANCEL")
    assert call.open_legs() == {LegKind.AGENT}
    assert len(call.bench.records(ThirdLegEnded)) == 1


def test_answer_and_hang_up_of_the_customer() -> None:
    """The third party answers when nobody is there any more."""
    call = Call()
    third = call.dialing()
    call.customer_hangs_up()
    bridges = len(call.bench.commands("uuid_bridge"))
    call.bench.answer(third)
    assert len(call.bench.commands("uuid_bridge")) == bridges
    assert call.bench.commands("uuid_kill")[-1] == f"{third} NORMAL_CLEARING"


def test_off_hold_means_no_transfer() -> None:
    call = Call()
    third = call.dialing()
    payload = {"attempt_id": call.attempt, "on": False}
    call.bench.command(CommandKind.AGENT_HOLD, agent_id="a1", payload=payload)
    assert call.bench.commands("uuid_kill") == [f"{third} NORMAL_CLEARING"]
    call.bench.event("CHANNEL_UNHOLD", call.own)
    call.bench.hang_up(third, cause="NORMAL_CLEARING")
    assert call.state() is S.TALKING


def test_the_agents_phone_is_lost_while_it_rings() -> None:
    call = Call()
    third = call.dialing()
    call.bench.hang_up(call.own)
    assert call.state() is S.WRAP_UP
    call.customer_hangs_up()
    assert call.bench.commands("uuid_kill") == [f"{third} NORMAL_CLEARING"]


def test_the_third_party_hangs_up() -> None:
    call = Call()
    third = call.out()
    call.bench.hang_up(third)
    assert not call.bench.records(AttemptClosed), "the customer's leg ends by itself"
    call.bench.fire(f"watch:{call.customer}")
    assert call.bench.commands("uuid_dump")[-1] == f"{call.customer} json", "and is asked for if it does not"
    call.customer_hangs_up()
    assert len(call.bench.records(AttemptClosed)) == 1
    assert call.state() is S.WRAP_UP


def test_a_refused_bridge_leaves_nobody_alone() -> None:
    call = Call()
    third = call.dialing()
    call.bench.answer(third)
    call.bench.reply(f"out:{third}", "-ERR Invalid uuid\n")
    assert call.bench.commands("uuid_kill") == [f"{third} NORMAL_CLEARING"]
    call.bench.hang_up(third)
    assert call.bench.commands("uuid_hold")[-1] == f"off {call.own}"


def test_a_silent_bridge_is_asked_for() -> None:
    call = Call()
    third = call.dialing()
    answered = call.bench.answer(third)
    call.bench.fire(f"out:{third}")
    data = {
        "Channel-State": "CS_EXCHANGE_MEDIA",
        "Caller-Channel-Answered-Time": str(answered),
        "Caller-Channel-Bridged-Time": str(call.bench.us()),
        "variable_bridge_to": call.customer,
    }
    call.bench.reply(f"dump:{third}", json.dumps(data))
    assert call.state() is S.WRAP_UP
    assert len(call.bench.records(ThirdLegJoined)) == 1


def test_a_switch_that_was_restarted_ends_every_leg_once() -> None:
    call = Call()
    call.out()
    call.bench.give(LinkUp("core-2"))
    assert [r.cause for r in call.bench.records(ThirdLegEnded)] == ["SWITCH_LOST"]
    assert len(call.bench.records(AttemptClosed)) == 1


def _next_dialer(*, joined: bool, agent: AgentState) -> Bench:
    known = KnownAgent(
        agent_id="a1",
        name="a1",
        extension="1001",
        campaign_id="c1",
        state=agent,
        since=WALL - 30,
        leg_id="own",
        attempt_id="t-old",
    )
    attempt = open_attempt(
        state=AttemptState.CONNECTED, answered_at=WALL - 61, bridged_at=WALL - 60, agent_id="a1", moved=joined
    )
    third = OpenThirdLeg(
        leg_id="third",
        attempt_id="t-old",
        agent_id="a1",
        number=NUMBER,
        joined_at=WALL - 20 if joined else None,
    )
    return Bench(DialerSnapshot(campaigns=(CAMPAIGN,), agents=(known,), attempts=(attempt,), thirds=(third,)))


def _dump(bench: Bench, leg: str, peer: str, **more: str) -> None:
    data = {"Channel-State": "CS_EXCHANGE_MEDIA", "Caller-Channel-Answered-Time": str(bench.us())}
    data |= {"variable_bridge_to": peer} if peer else {}
    bench.reply(f"dump:{leg}", json.dumps({**data, **more}))


@pytest.mark.parametrize("joined", [True, False])
def test_the_next_dialer_owns_the_legs_that_are_left(joined: bool) -> None:
    """Also where the one before died between the bridge and its record."""
    bench = _next_dialer(joined=joined, agent=S.WRAP_UP)
    _dump(bench, "own", "")
    _dump(bench, "leg-old", "third")
    _dump(bench, "third", "leg-old")
    assert not bench.commands("uuid_kill"), "they talk on"
    assert not bench.commands("uuid_bridge")
    bench.now += 10
    bench.hang_up("leg-old", answered=bench.us() - 71_000_000, bridged=bench.us() - 30_000_000)
    bench.hang_up("third")
    (closed,) = bench.records(AttemptClosed)
    assert not closed.abandoned
    if joined:
        assert abs(closed.talk_seconds - 40.0) < 0.1
    assert len(bench.records(ThirdLegEnded)) == 1


def test_a_third_leg_whose_dialer_died_while_it_rang_is_let_go() -> None:
    bench = _next_dialer(joined=False, agent=S.ON_HOLD)
    _dump(bench, "own", "leg-old", **{"Channel-Call-State": "HELD"})
    _dump(bench, "leg-old", "own")
    _dump(bench, "third", "")
    assert bench.commands("uuid_kill") == ["third NORMAL_CLEARING"]
    bench.hang_up("third")
    assert bench.commands("uuid_hold") == ["off own"], "the agent has the customer back"
