"""Which gateway a call goes out by, what limits it, and the second carrier, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callflow.engine import carriers
from callflow.inputs import CarriersTold, LinkDown, LinkUp, SwitchEvent, TimerFired
from esl.events import from_headers
from models.enums import CommandKind, Outcome
from models.records import (
    AttemptClosed,
    AttemptDialed,
    CarrierLegEnded,
    CarrierPlan,
    DialerSnapshot,
    EventRecorded,
    GatewayLimits,
    Route,
)
from tests.unit.engine.bench import CAMPAIGN, WALL, Bench, open_attempt

TWO = CarrierPlan(routes={"c1": (Route(gateway="a"), Route(gateway="b", tier=2))})


def bench(plan: CarrierPlan = TWO, **config: Any) -> Bench:
    made = Bench(DialerSnapshot(campaigns=(CAMPAIGN,), carriers=plan), **config)
    made.log_in()
    return made


def gateways(made: Bench) -> list[str]:
    return [record.gateway for record in made.records(AttemptDialed)]


def fail(made: Bench, leg: str) -> None:
    made.event("CHANNEL_CREATE", leg)
    made.hang_up(leg, "NORMAL_TEMPORARY_FAILURE")


def test_without_routes_the_campaigns_own_gateway() -> None:
    made = bench(CarrierPlan())
    leg = made.dial()
    assert gateways(made) == ["carrier"]
    assert "sofia/gateway/carrier/" in made.commands("originate")[-1]
    fail(made, leg)
    assert made.records(AttemptClosed)[-1].outcome is Outcome.CONGESTION


def test_a_second_carrier_after_a_failure_before_any_ringing() -> None:
    made = bench()
    first = made.dial()
    fail(made, first)
    assert gateways(made) == ["a", "b"]
    (failed,) = made.records(CarrierLegEnded)
    assert (failed.leg_id, failed.cause) == (first, "NORMAL_TEMPORARY_FAILURE")
    second = made.records(AttemptDialed)[-1].leg_id
    assert second != first
    # On record before it is sent.
    assert made.saved.index(failed) < made.saved.index(made.records(AttemptDialed)[-1])
    made.ring(second)
    answered = made.answer(second)
    standing = made.engine.board.agents["a1"].leg_id
    bridged = made.bridge(second, standing)
    made.now += 30
    made.hang_up(second, answered=answered, bridged=bridged)
    (closed,) = made.records(AttemptClosed)
    assert (closed.outcome, closed.leg_id) == (Outcome.CONNECTED, second)


def test_never_a_third() -> None:
    plan = CarrierPlan(routes={"c1": tuple(Route(gateway=name) for name in "abc")})
    made = bench(plan)
    fail(made, made.dial())
    fail(made, made.records(AttemptDialed)[-1].leg_id)
    assert len(set(gateways(made))) == len(gateways(made)) == 2
    assert made.records(AttemptClosed)[-1].outcome is Outcome.CONGESTION


def test_no_second_carrier_once_it_rang() -> None:
    made = bench()
    leg = made.dial()
    made.ring(leg)
    made.hang_up(leg, "NORMAL_TEMPORARY_FAILURE")
    assert gateways(made) == ["a"]


@pytest.mark.parametrize("cause", ["USER_BUSY", "CALL_REJECTED", "UNALLOCATED_NUMBER", "NO_ANSWER"])
def test_no_second_carrier_for_a_word_about_the_person(cause: str) -> None:
    made = bench()
    leg = made.dial()
    made.event("CHANNEL_CREATE", leg)
    made.hang_up(leg, cause)
    assert gateways(made) == ["a"]


def test_no_second_carrier_after_a_lost_link() -> None:
    made = bench()
    leg = made.dial()
    made.event("CHANNEL_CREATE", leg)
    made.give(LinkDown("gone"))
    made.give(LinkUp("core-1"))
    made.reply(f"dump:{leg}", "-ERR No such channel!")
    made.reply(f"hash:{leg}", "NORMAL_TEMPORARY_FAILURE|||||503")
    assert gateways(made) == ["a"]
    assert made.records(AttemptClosed)[-1].outcome is Outcome.CONGESTION


def test_no_second_carrier_for_what_another_dialer_began() -> None:
    snapshot = DialerSnapshot(campaigns=(CAMPAIGN,), carriers=TWO, attempts=(open_attempt(gateway="a"),))
    made = Bench(snapshot)
    made.reply("dump:leg-old", "-ERR No such channel!")
    made.reply("hash:leg-old", "NORMAL_TEMPORARY_FAILURE|||||503")
    assert gateways(made) == []
    assert made.records(AttemptClosed)[-1].outcome is Outcome.CONGESTION


def test_no_second_carrier_when_the_campaign_stands_still() -> None:
    made = bench()
    leg = made.dial()
    made.command(CommandKind.CAMPAIGN_PAUSE, campaign_id="c1")
    fail(made, leg)
    assert gateways(made) == ["a"]


def test_no_second_carrier_when_the_rules_forbid_it_by_now() -> None:
    made = bench()
    leg = made.dial()
    attempt = made.engine.board.attempts[leg]
    never = replace(attempt.rule_inputs.rules, hours=((),) * 7)
    attempt.rule_inputs = replace(attempt.rule_inputs, rules=never)
    fail(made, leg)
    assert gateways(made) == ["a"]


def test_no_second_carrier_too_late() -> None:
    made = bench()
    leg = made.dial()
    made.event("CHANNEL_CREATE", leg)
    made.now += 10.5
    made.hang_up(leg, "RECOVERY_ON_TIMER_EXPIRE")
    assert gateways(made) == ["a"]


def test_a_gateway_that_is_down_is_out_at_once_and_told() -> None:
    made = bench()
    leg = made.dial()
    made.event("BACKGROUND_JOB", "", Job_UUID=leg)
    board = made.engine.board
    board.legs[leg].hooked = False  # the switch said that there was no channel
    made.give(
        SwitchEvent(
            from_headers(
                {"Event-Name": "BACKGROUND_JOB", "Job-UUID": leg, "_body": "-ERR GATEWAY_DOWN\n"},
            )
        )
    )
    assert gateways(made) == ["a", "b"]
    (told,) = made.records(EventRecorded)
    assert (told.topic, told.payload["gateway"], told.payload["standing"]) == ("gateway", "a", "out")
    assert made.engine.status()["gateways"]["a"]["standing"] == "out"


def test_a_gateway_that_may_take_one_call_limits_the_lines() -> None:
    plan = CarrierPlan(gateways=(GatewayLimits(name="a", max_calls=1),), routes={"c1": (Route(gateway="a"),)})
    made = bench(plan)
    for agent in ("a2", "a3", "a4", "a5"):
        made.log_in(agent)
    assert sum(claim.count for claim in made.claims) == 1
    leg = made.dial()
    made.ring(leg)
    assert made.engine.status()["campaigns"]["c1"]["limited_by"] == "gateway_lines"
    assert not made.claims
    made.hang_up(leg, "USER_BUSY")
    assert made.claims


def test_new_calls_per_second_of_a_gateway() -> None:
    plan = CarrierPlan(
        gateways=(GatewayLimits(name="a", calls_per_second=0.5),), routes={"c1": (Route(gateway="a"),)}
    )
    made = bench(plan)
    made.log_in("a2")
    made.ring(made.dial())
    assert made.engine.status()["campaigns"]["c1"]["limited_by"] == "gateway_rate"


def test_disabled_at_run_time() -> None:
    made = bench(CarrierPlan(routes={"c1": (Route(gateway="a"),)}))
    made.dial()
    plan = CarrierPlan(
        gateways=(GatewayLimits(name="a", enabled=False),), routes={"c1": (Route(gateway="a"),)}
    )
    made.give(CarriersTold(plan))
    for agent in ("a2", "a3"):
        made.log_in(agent)
    assert made.engine.status()["campaigns"]["c1"]["limited_by"] == "gateway_down"
    assert not made.claims


def test_a_claim_that_meets_a_closed_gateway_is_not_dialed() -> None:
    made = bench(CarrierPlan(routes={"c1": (Route(gateway="a"),)}))
    made.give(CarriersTold(CarrierPlan(routes={"c1": (Route(gateway="a", weight=0.0),)})))
    with pytest.raises(KeyError):
        made.dial()
    (closed,) = made.records(AttemptClosed)
    assert (closed.outcome, closed.verdict) == (Outcome.NOT_DIALED, "gateway")


def test_below_the_switchs_own_limits() -> None:
    made = bench(legs_per_second=200.0)
    board = made.engine.board
    heartbeat = {"Event-Name": "HEARTBEAT", "Session-Count": "41", "Max-Sessions": "100"}
    made.give(SwitchEvent(from_headers({**heartbeat, "Session-Per-Sec": "30"})))
    assert board.leg_bucket.per_second * 1.25 < 30
    # One of the 41 is ours; a tenth of the hundred is left to agents' phones and to who calls in.
    assert board.sessions_max == 90 - 40
    board.sessions_max = len(board.legs)
    made.dial()
    made.log_in("a2")
    assert made.engine.status()["campaigns"]["c1"]["limited_by"] == "switch_sessions"


def test_the_lot_is_the_attempts_own_and_falls_by_weight() -> None:
    plan = CarrierPlan(routes={"c1": (Route(gateway="a", weight=3.0), Route(gateway="b", weight=1.0))})
    made = bench(plan)
    board = made.engine.board
    campaign = board.campaigns["c1"]
    names = [f"0199f3c4-7a10-7000-8000-{number * 2_654_435_761 % 16**12:012x}" for number in range(4000)]
    first = [carriers.choose(board, campaign, name) for name in names]
    assert first == [carriers.choose(board, campaign, name) for name in names]
    share = sum(one is not None and one.name == "a" for one in first) / len(names)
    assert abs(share - 0.75) < 0.03


def test_a_dial_string_that_names_a_gateway_overrides_routes() -> None:
    from callflow.dial_string import DialString, DialStrings

    made = bench(dial=DialStrings(customers=DialString("only")))
    made.dial()
    assert gateways(made) == ["only"]
    assert "sofia/gateway/only/" in made.commands("originate")[-1]


def test_calls_of_an_earlier_dialer_count_against_the_cap() -> None:
    plan = CarrierPlan(gateways=(GatewayLimits(name="a", max_calls=1),), routes={"c1": (Route(gateway="a"),)})
    snapshot = DialerSnapshot(
        campaigns=(CAMPAIGN,), carriers=plan, attempts=(open_attempt(gateway="a", claimed_at=WALL),)
    )
    made = Bench(snapshot)
    assert made.engine.board.gateways["a"].calls == 1
    made.reply("dump:leg-old", "-ERR No such channel!")
    made.reply("hash:leg-old", "USER_BUSY|||||486")
    assert made.engine.board.gateways["a"].calls == 0


# --- a switch that is late -------------------------------------------------------------------------------


def test_a_late_leg_is_waited_for_while_no_job_says_what_became_of_it() -> None:
    made = bench()
    leg = made.dial()
    for _ in range(3):  # neither the leg nor a word in the hash
        made.fire(f"watch:{leg}")
        made.reply(f"dump:{leg}", "-ERR No such channel!")
        made.reply(f"hash:{leg}", "")
        if f"hash:{leg}" in made.timers:
            made.fire(f"hash:{leg}")
            made.reply(f"hash:{leg}", "")
    assert made.now > 110.0
    assert not made.records(AttemptClosed)
    made.give(TimerFired("tick"))
    assert made.engine.status()["campaigns"]["c1"]["limited_by"] == "switch_lag"
    made.ring(leg)
    made.hang_up(leg, "USER_BUSY", progress=made.us())
    assert made.records(AttemptClosed)[-1].outcome is Outcome.BUSY


def test_a_leg_that_comes_when_it_is_given_up_is_hung_up_before_it_rings() -> None:
    made = bench()
    leg = made.dial()
    made.now += 31.0
    made.give(TimerFired(f"watch:{leg}"))
    for _ in range(2):
        made.reply(f"dump:{leg}", "-ERR No such channel!")
        made.reply(f"hash:{leg}", "")
    assert made.records(AttemptClosed)[-1].outcome is Outcome.UNKNOWN
    made.event("CHANNEL_CREATE", leg, variable_rm_owner="somebody-else")
    assert not made.commands("uuid_kill")
    made.event("CHANNEL_CREATE", leg, variable_rm_owner="rm-test")
    assert [args.split()[0] for args in made.commands("uuid_kill")] == [leg]


def test_a_refusal_is_no_lag() -> None:
    made = bench()
    leg = made.dial()
    made.give(
        SwitchEvent(
            from_headers({"Event-Name": "BACKGROUND_JOB", "Job-UUID": leg, "_body": "-ERR GATEWAY_DOWN\n"})
        )
    )
    made.now += 2.0
    assert made.engine.board.lag.p95(made.now) == 0.0
