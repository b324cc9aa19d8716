"""What a dialer finds when it starts or the link is back: adopted, closed by the switch's word, hung up."""

from __future__ import annotations

import json

import pytest

from callflow.inputs import Claimed, LinkDown, LinkUp
from models.enums import AgentState, AttemptState, CommandKind, Outcome
from models.records import (
    AttemptClosed,
    AttemptDialed,
    DialerSnapshot,
    KnownAgent,
)
from tests.unit.engine.bench import CAMPAIGN, WALL, Bench, open_attempt


def claimed_by_another() -> Bench:
    return Bench(
        DialerSnapshot(
            campaigns=(CAMPAIGN,), attempts=(open_attempt(state=AttemptState.CLAIMED, leg_id=None),)
        )
    )


def test_claimed_and_never_sent_is_closed_not_dialed() -> None:
    bench = claimed_by_another()
    bench.reply("dump:t-old", "-ERR No such channel!\n")
    bench.reply("hash:t-old", "-ERR no reply\n")
    bench.fire("hash:t-old")
    bench.reply("hash:t-old", "-ERR no reply\n")
    assert [r.outcome for r in bench.records(AttemptClosed)] == [Outcome.NOT_DIALED]
    assert not bench.records(AttemptDialed)


def test_claimed_and_sent_by_a_dialer_whose_journal_is_elsewhere_is_found_on_the_switch() -> None:
    bench = claimed_by_another()
    bench.reply("dump:t-old", "-ERR No such channel!\n")
    bench.reply("hash:t-old", "USER_BUSY|0|0|0|1795471790991938|486")
    assert [r.outcome for r in bench.records(AttemptClosed)] == [Outcome.BUSY]
    assert [r.leg_id for r in bench.records(AttemptDialed)] == ["t-old"]


def test_claimed_by_another_and_ringing_now_is_adopted() -> None:
    bench = claimed_by_another()
    bench.event("CHANNEL_PROGRESS", "t-old")
    assert bench.engine.board.attempts["t-old"].state is AttemptState.RINGING
    assert len(bench.records(AttemptDialed)) == 1


def test_what_ended_meanwhile_is_read_from_the_hook() -> None:
    bench = Bench(DialerSnapshot(campaigns=(CAMPAIGN,), attempts=(open_attempt(),)))
    assert bench.engine.status()["campaigns"]["c1"]["limited_by"] == "recovering"
    bench.reply("dump:leg-old", "-ERR No such channel!\n")
    start = bench.us()
    bench.reply(
        "hash:leg-old", f"NORMAL_CLEARING|{start}|{start + 5}|{start + 100_000}|{start + 9_100_000}|200"
    )
    (closed,) = bench.records(AttemptClosed)
    assert (closed.outcome, closed.talk_seconds, closed.recovered) == (Outcome.CONNECTED, 9.0, True)
    assert bench.commands("hash")[-1] == "delete/rm_outcome/leg-old"
    assert not bench.engine.status()["recovering"]


def test_gone_without_a_word_is_unknown_after_a_second_look() -> None:
    bench = Bench(DialerSnapshot(campaigns=(CAMPAIGN,), attempts=(open_attempt(),)))
    bench.reply("dump:leg-old", "-ERR No such channel!\n")
    bench.reply("hash:leg-old", "")
    assert not bench.records(AttemptClosed)
    bench.fire("hash:leg-old")
    bench.reply("hash:leg-old", "-ERR no reply\n")
    assert [r.outcome for r in bench.records(AttemptClosed)] == [Outcome.UNKNOWN]


def test_a_ringing_leg_is_adopted_and_rings_no_longer_than_it_should() -> None:
    bench = Bench(DialerSnapshot(campaigns=(CAMPAIGN,), attempts=(open_attempt(),)))
    rang = bench.us() - 10_000_000
    bench.reply(
        "dump:leg-old",
        json.dumps(
            {
                "Event-Date-Timestamp": str(bench.us()),
                "Channel-State": "CS_CONSUME_MEDIA",
                "Caller-Channel-Progress-Time": str(rang),
            }
        ),
    )
    assert bench.engine.board.attempts["t-old"].state is AttemptState.RINGING
    assert abs(bench.timers["ring:leg-old"] - (bench.now + 20.0)) < 0.1
    assert any("api_hangup_hook" in args for args in bench.commands("uuid_setvar"))


def test_a_conversation_goes_on_over_a_restart() -> None:
    snapshot = DialerSnapshot(
        campaigns=(CAMPAIGN,),
        agents=(
            KnownAgent(
                agent_id="a1",
                name="a1",
                extension="1001",
                campaign_id="c1",
                state=AgentState.TALKING,
                since=WALL - 20,
                leg_id="leg-agent",
                attempt_id="t-old",
            ),
        ),
        attempts=(open_attempt(state=AttemptState.CONNECTED, answered_at=WALL - 21, bridged_at=WALL - 20),),
    )
    bench = Bench(snapshot)
    assert bench.agent("a1") is AgentState.TALKING
    bond = {"Channel-State": "CS_EXCHANGE_MEDIA", "Event-Date-Timestamp": str(bench.us())}
    talk = bench.us() - 20_000_000
    times = {"Caller-Channel-Answered-Time": str(talk), "Caller-Channel-Bridged-Time": str(talk)}
    bench.reply("dump:leg-agent", json.dumps({**bond, **times, "variable_signal_bond": "leg-old"}))
    bench.reply("dump:leg-old", json.dumps({**bond, **times, "variable_signal_bond": "leg-agent"}))
    assert bench.agent("a1") is AgentState.TALKING
    bench.now += 10
    bench.hang_up("leg-old", answered=talk, bridged=talk)
    (closed,) = bench.records(AttemptClosed)
    assert (closed.outcome, closed.talk_seconds, closed.agent_id) == (Outcome.CONNECTED, 30.0, "a1")
    assert bench.agent("a1") is AgentState.WRAP_UP


def test_a_new_core_means_that_every_leg_is_gone() -> None:
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    bench.give(LinkDown("cut"))
    bench.now += 3
    bench.give(LinkUp("core-2"))
    assert [r.outcome for r in bench.records(AttemptClosed)] == [Outcome.SWITCH_LOST]
    assert bench.agent("a1") is AgentState.CONNECTING
    assert bench.engine.board.agents["a1"].leg_id != standing
    assert not bench.engine.board.attempts


def test_a_conversation_lost_with_the_switch_keeps_its_talk_time() -> None:
    bench = Bench()
    standing = bench.log_in()
    leg = bench.dial()
    bench.ring(leg)
    bench.answer(leg)
    bench.bridge(leg, standing)
    bench.now += 30
    bench.give(LinkDown("cut"))
    bench.now += 2
    bench.give(LinkUp("core-2"))
    (closed,) = bench.records(AttemptClosed)
    assert (closed.outcome, closed.cause, closed.agent_id) == (Outcome.CONNECTED, "SWITCH_LOST", "a1")
    assert abs(closed.talk_seconds - 32.0) < 0.01, "as long as the agent was seen talking"
    assert bench.agent("a1") is AgentState.WRAP_UP


def restarted_after_a_reservation() -> Bench:
    snapshot = DialerSnapshot(
        campaigns=(CAMPAIGN,),
        agents=(
            KnownAgent(
                agent_id="a1",
                name="a1",
                extension="1001",
                campaign_id="c1",
                state=AgentState.RESERVED,
                since=WALL - 1,
                leg_id="leg-agent",
                attempt_id="t-old",
            ),
        ),
        attempts=(open_attempt(state=AttemptState.ANSWERED, answered_at=WALL - 1),),
    )
    bench = Bench(snapshot)
    bench.command(CommandKind.AGENT_LOGOUT, agent_id="a1")
    return bench


def dump(bench: Bench, leg: str, peer: str = "") -> None:
    data = {
        "Event-Date-Timestamp": str(bench.us()),
        "Caller-Channel-Answered-Time": str(bench.us() - 900_000),
    }
    if peer:
        data |= {"variable_bridge_to": peer, "Caller-Channel-Bridged-Time": str(bench.us() - 800_000)}
    bench.reply(f"dump:{leg}", json.dumps(data))


def test_a_logout_during_recovery_does_not_cut_a_conversation() -> None:
    bench = restarted_after_a_reservation()
    assert not bench.commands("uuid_kill")
    dump(bench, "leg-agent", "leg-old")
    dump(bench, "leg-old", "leg-agent")
    assert bench.agent("a1") is AgentState.TALKING
    assert not bench.commands("uuid_kill")
    bench.hang_up("leg-old", answered=bench.us() - 900_000, bridged=bench.us() - 800_000)
    bench.fire("wrap:a1")
    assert bench.agent("a1") is AgentState.LOGGED_OUT


def test_a_logout_during_recovery_of_an_idle_agent_is_done_when_that_is_known() -> None:
    bench = restarted_after_a_reservation()
    dump(bench, "leg-agent")
    assert bench.agent("a1") is AgentState.READY
    bench.reply("dump:leg-old", "-ERR No such channel!\n")
    bench.reply("hash:leg-old", "NORMAL_CLEARING|1|2|0|3|200")
    assert bench.agent("a1") is AgentState.LOGGED_OUT
    assert bench.commands("uuid_kill")[-1].startswith("leg-agent")


def test_a_claim_that_gives_nothing_is_not_asked_again_at_once() -> None:
    bench = Bench()
    bench.log_in()
    claim = bench.claims.pop(0)
    bench.give(Claimed(claim.batch, (), "hours"))
    assert not bench.claims
    assert bench.engine.status()["campaigns"]["c1"]["limited_by"] == "hours"
    bench.now += 2.5
    bench.fire("tick")
    assert bench.claims


def test_a_leg_that_its_agent_let_go_while_the_link_was_down_is_hung_up() -> None:
    bench = Bench()
    standing = bench.log_in()
    bench.give(LinkDown("cut"))
    bench.command(CommandKind.AGENT_LOGOUT, agent_id="a1")
    sent = len(bench.sent)
    bench.give(LinkUp("core-1"))
    bench.reply(f"dump:{standing}", json.dumps({"Channel-State": "CS_EXECUTE"}))
    assert any(getattr(s.command, "args", "").startswith(standing) for s in bench.sent[sent:])
    assert bench.commands("uuid_kill")[-1].startswith(standing)


def test_legs_of_ours_that_nobody_knows_are_hung_up() -> None:
    bench = Bench()
    rows = json.dumps({"row_count": 2, "rows": [{"uuid": "orphan"}, {"uuid": "stranger"}]})
    bench.fire("census")
    bench.reply("census", rows)
    bench.fire("census")
    bench.reply("census", rows)
    bench.reply("owner:orphan", "rm-test")
    bench.reply("owner:stranger", "_undef_")
    assert bench.commands("uuid_kill") == ["orphan NORMAL_CLEARING"]


@pytest.mark.parametrize(("window", "budget"), [((1000, 3), (100, 3)), ((50, 3), (50, 3)), ((0, 0), (0, 0))])
def test_a_debt_of_the_legal_window_is_carried_over_a_surplus_is_not_spent(
    window: tuple[int, int], budget: tuple[int, int]
) -> None:
    bench = Bench(DialerSnapshot(campaigns=(CAMPAIGN,), ledger={"c1": window}))
    assert bench.engine.board.campaigns["c1"].pacer.ledger() == budget
    assert bench.engine.status()["campaigns"]["c1"]["ledger"] == list(window)
