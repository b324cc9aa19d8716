"""Hold, mute and digits within a call: by command, by the phone's own key, and what is lost on the way."""

from __future__ import annotations

import json

import pytest

from models.enums import AgentState, AttemptState, CommandKind, CommandStatus, Outcome
from models.records import AgentStateChanged, AttemptClosed, CommandFinished, DialerSnapshot, KnownAgent
from tests.unit.engine.bench import CAMPAIGN, WALL, Bench, open_attempt

HOLD, MUTE, DIGITS = CommandKind.AGENT_HOLD, CommandKind.AGENT_MUTE, CommandKind.AGENT_DIGITS


class Talk:
    """Agent a1 in a conversation."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.own = self.bench.log_in()
        self.customer = self.bench.dial()
        self.bench.ring(self.customer)
        self.answered = self.bench.answer(self.customer)
        self.bridged = self.bench.bridge(self.customer, self.own)
        self.attempt = self.bench.engine.board.legs[self.customer].owner_id

    def ask(self, kind: CommandKind, attempt: str | None = None, **payload: object) -> CommandStatus:
        payload["attempt_id"] = self.attempt if attempt is None else attempt
        self.bench.command(kind, agent_id="a1", payload=payload)
        status: CommandStatus = self.bench.records(CommandFinished)[-1].status
        return status

    def state(self) -> AgentState:
        return self.bench.agent("a1")

    def customer_hangs_up(self) -> None:
        self.bench.hang_up(self.customer, answered=self.answered, bridged=self.bridged)

    def dumped(self, **data: str) -> None:
        """The switch's answer about the agent's leg."""
        known = {
            "Channel-State": "CS_EXCHANGE_MEDIA",
            "Caller-Channel-Answered-Time": str(self.answered),
            "variable_bridge_to": self.customer,
        }
        self.bench.reply(f"dump:{self.own}", json.dumps({**known, **data}))


def test_hold_is_when_the_switch_says_so() -> None:
    talk = Talk()
    assert talk.ask(HOLD) is CommandStatus.DONE
    assert talk.bench.commands("uuid_hold") == [talk.own]
    assert talk.state() is AgentState.TALKING
    talk.bench.event("CHANNEL_HOLD", talk.own)
    assert talk.state() is AgentState.ON_HOLD
    assert talk.ask(HOLD, on=True) is CommandStatus.DONE
    assert len(talk.bench.commands("uuid_hold")) == 1, "it is so already"
    assert talk.ask(HOLD, on=False) is CommandStatus.DONE
    assert talk.bench.commands("uuid_hold")[-1] == f"off {talk.own}"
    talk.bench.event("CHANNEL_UNHOLD", talk.own)
    assert talk.state() is AgentState.TALKING
    talk.bench.now += 60
    talk.customer_hangs_up()
    (closed,) = talk.bench.records(AttemptClosed)
    assert (closed.outcome, closed.talk_seconds) == (Outcome.CONNECTED, 60.0)
    states = [(r.state, r.attempt_id) for r in talk.bench.records(AgentStateChanged)][-4:]
    assert states == [
        (AgentState.TALKING, talk.attempt),
        (AgentState.ON_HOLD, talk.attempt),
        (AgentState.TALKING, talk.attempt),
        (AgentState.WRAP_UP, talk.attempt),
    ]


def test_the_phones_own_hold_is_a_hold() -> None:
    talk = Talk()
    talk.bench.event("CHANNEL_HOLD", talk.own)
    assert talk.state() is AgentState.ON_HOLD
    talk.bench.event("CHANNEL_UNHOLD", talk.own)
    assert talk.state() is AgentState.TALKING
    assert not talk.bench.commands("uuid_hold")


def test_a_customer_may_hold_us_as_they_like() -> None:
    talk = Talk()
    talk.bench.event("CHANNEL_HOLD", talk.customer)
    assert talk.state() is AgentState.TALKING


@pytest.mark.parametrize("kind", [HOLD, MUTE, DIGITS])
def test_a_command_of_another_call_is_refused(kind: CommandKind) -> None:
    talk = Talk()
    for named in ("", "t-other"):
        assert talk.ask(kind, named, digits="1") is CommandStatus.REFUSED
    talk.customer_hangs_up()
    before = len(talk.bench.sent)
    assert talk.ask(kind, digits="1") is CommandStatus.REFUSED
    assert len(talk.bench.sent) == before


@pytest.mark.parametrize("kind", [HOLD, MUTE])
def test_on_is_yes_or_no(kind: CommandKind) -> None:
    assert Talk().ask(kind, on="perhaps") is CommandStatus.REFUSED


def test_a_hang_up_in_hold_takes_the_phone_off_hold() -> None:
    talk = Talk()
    talk.bench.event("CHANNEL_HOLD", talk.own)
    talk.customer_hangs_up()
    assert talk.state() is AgentState.WRAP_UP
    assert talk.bench.commands("uuid_hold") == [f"off {talk.own}"]
    talk.bench.event("CHANNEL_UNHOLD", talk.own)
    assert talk.state() is AgentState.WRAP_UP


def test_hang_up_overtakes_hold() -> None:
    """The customer is gone before the hold is: the phone must not stay on hold in the next call."""
    talk = Talk()
    talk.ask(HOLD)
    talk.customer_hangs_up()
    assert talk.bench.commands("uuid_hold") == [talk.own, f"off {talk.own}"]
    talk.bench.event("CHANNEL_HOLD", talk.own)
    assert talk.state() is AgentState.WRAP_UP


def test_the_agents_phone_is_lost_in_hold() -> None:
    talk = Talk()
    talk.bench.event("CHANNEL_HOLD", talk.own)
    talk.bench.hang_up(talk.own)
    assert talk.state() is AgentState.WRAP_UP
    assert not talk.bench.commands("uuid_hold")


def test_the_agent_hangs_up_in_hold() -> None:
    talk = Talk()
    talk.bench.event("CHANNEL_HOLD", talk.own)
    assert talk.ask(CommandKind.AGENT_HANG_UP) is CommandStatus.DONE
    assert talk.bench.commands("uuid_kill") == [f"{talk.customer} NORMAL_CLEARING"]


def test_a_lost_event_of_a_hold_is_made_up_for() -> None:
    talk = Talk()
    talk.ask(HOLD)
    talk.bench.fire(f"watch:{talk.own}")
    assert talk.bench.commands("uuid_dump") == [f"{talk.own} json"]
    talk.dumped(**{"Channel-Call-State": "HELD"})
    assert talk.state() is AgentState.ON_HOLD
    talk.ask(HOLD, on=False)
    talk.bench.fire(f"watch:{talk.own}")
    talk.dumped(**{"Channel-Call-State": "ACTIVE"})
    assert talk.state() is AgentState.TALKING


def test_a_mute_ends_with_its_call() -> None:
    talk = Talk()
    assert talk.ask(MUTE) is CommandStatus.DONE
    assert talk.ask(MUTE) is CommandStatus.DONE
    assert talk.bench.commands("uuid_audio") == [f"{talk.own} start read mute 1"]
    assert talk.bench.commands("uuid_setvar")[-1] == f"{talk.own} rm_muted true"
    assert talk.ask(MUTE, on=False) is CommandStatus.DONE
    assert talk.bench.commands("uuid_audio")[-1] == f"{talk.own} stop"
    assert talk.ask(MUTE) is CommandStatus.DONE
    talk.customer_hangs_up()
    assert talk.bench.commands("uuid_audio")[-1] == f"{talk.own} stop"
    assert talk.bench.commands("uuid_setvar")[-1] == f"{talk.own} rm_muted"
    assert len(talk.bench.commands("uuid_audio")) == 4


def test_the_next_dialer_finds_an_agent_muted_and_on_hold() -> None:
    known = KnownAgent(
        agent_id="a1",
        name="a1",
        extension="1001",
        campaign_id="c1",
        state=AgentState.ON_HOLD,
        since=WALL - 30,
        leg_id="own",
        attempt_id="t-old",
    )
    attempt = open_attempt(state=AttemptState.CONNECTED, answered_at=WALL - 60, agent_id="a1")
    bench = Bench(DialerSnapshot(campaigns=(CAMPAIGN,), agents=(known,), attempts=(attempt,)))
    assert bench.agent("a1") is AgentState.ON_HOLD
    data = {
        "Channel-State": "CS_EXCHANGE_MEDIA",
        "Caller-Channel-Answered-Time": str(bench.us()),
        "Channel-Call-State": "HELD",
        "variable_bridge_to": "leg-old",
        "variable_rm_muted": "true",
    }
    bench.reply("dump:own", json.dumps(data))
    bench.reply("dump:leg-old", json.dumps({**data, "variable_bridge_to": "own"}))
    assert bench.agent("a1") is AgentState.ON_HOLD
    assert not bench.commands("uuid_audio"), "who is muted stays so"
    bench.hang_up("leg-old", answered=bench.us(), bridged=bench.us())
    assert bench.agent("a1") is AgentState.WRAP_UP
    assert bench.commands("uuid_hold") == ["off own"]
    assert bench.commands("uuid_audio") == ["own stop"]


def test_a_mute_left_over_from_a_call_that_is_over_is_taken_away() -> None:
    talk = Talk()
    talk.customer_hangs_up()
    talk.bench.event("CHANNEL_PARK", talk.own)
    talk.bench.fire(f"watch:{talk.own}")
    talk.dumped(variable_bridge_to="", variable_rm_muted="true")
    assert talk.bench.commands("uuid_audio") == [f"{talk.own} stop"]


def test_digits_go_to_the_customers_side() -> None:
    talk = Talk()
    assert talk.ask(DIGITS, digits="12#") is CommandStatus.DONE
    assert talk.bench.commands("uuid_send_dtmf") == [f"{talk.customer} 12#"]
    for wrong in ("", "w", "1 2", "1" * 33):
        assert talk.ask(DIGITS, digits=wrong) is CommandStatus.REFUSED
    assert len(talk.bench.commands("uuid_send_dtmf")) == 1


def test_nothing_is_asked_of_a_switch_that_is_away() -> None:
    from callflow.inputs import LinkDown

    talk = Talk()
    talk.bench.give(LinkDown("test"))
    for kind in (HOLD, MUTE, DIGITS):
        assert talk.ask(kind, digits="1") is CommandStatus.REFUSED
