"""The `bridge` application and forked dial strings beyond the recordings: failures, and who goes first."""

from __future__ import annotations

import pytest

from esl.simulator import SwitchConfig
from esl.simulator.dialplan import Extension
from esl.simulator.inbound import Invite
from tests.unit.simulator.driver import EPOCH_US, Driver

LEG = "11111111-0000-4000-8000-000000000001"


def called(to: str, *before: tuple[str, str]) -> tuple[Driver, str]:
    """Somebody calls 800, which dials `to` and then plays a message."""
    plan = Extension("^800$", (*before, ("bridge", to), ("playback", "after.wav")))
    driver = Driver(SwitchConfig(epoch_offset_us=EPOCH_US, profile="corpus", dialplan=(plan,)))
    uuid = driver.switch.call(Invite("800", "15550001111", "Ann"), driver.now)
    assert uuid is not None
    driver.run(0.0)
    return driver, uuid


def partner_of(driver: Driver, uuid: str) -> str:
    made = [e for e in driver.events(name="CHANNEL_CREATE") if e.get("variable_originator") == uuid]
    return made[-1].uuid


def test_the_caller_hears_it_ring_and_is_answered_with_the_agent() -> None:
    driver, caller = called("sofia/gateway/ring2/100")
    bridged = driver.run_until("CHANNEL_BRIDGE", caller)
    assert driver.names(caller)[:5] == [
        "CHANNEL_CREATE",
        "CHANNEL_CALLSTATE",
        "CHANNEL_EXECUTE",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
    ]
    agent = partner_of(driver, caller)
    assert bridged.get("variable_DIALSTATUS") == "SUCCESS"
    assert driver.events(agent, "CHANNEL_CREATE")[0].get("Caller-Caller-ID-Number") == "15550001111"
    assert int(bridged.get("Caller-Channel-Answered-Time") or 0) > 0


@pytest.mark.parametrize(
    ("rule", "cause"), [("", "USER_BUSY"), ("NO_ANSWER", "USER_BUSY"), ("USER_BUSY", ""), ("true", "")]
)
def test_a_busy_partner_ends_the_caller_unless_it_may_go_on(rule: str, cause: str) -> None:
    driver, caller = called("sofia/gateway/busy486/100", ("set", f"continue_on_fail={rule}"))
    ended = driver.run_until("CHANNEL_HANGUP_COMPLETE", caller)
    assert ended.get("Hangup-Cause") == (cause or "NORMAL_CLEARING")
    assert ended.get("variable_originate_disposition") == "USER_BUSY"
    assert ended.get("variable_DIALSTATUS") == "BUSY"
    assert bool(driver.events(caller, "PLAYBACK_START")) is (not cause)


@pytest.mark.parametrize(("variable", "last"), [("", "after.wav"), ("hangup_after_bridge", "")])
def test_what_follows_when_the_partner_hangs_up(variable: str, last: str) -> None:
    driver, caller = called("sofia/gateway/bye1/100", ("set", f"{variable or 'x'}=true"))
    driver.run_until("CHANNEL_UNBRIDGE", caller)
    driver.run(0.2)
    assert [e.get("Playback-File-Path") for e in driver.events(caller, "PLAYBACK_START")] == [last][
        : len(last)
    ]
    assert (caller in driver.switch.live_uuids()) is bool(last)


def test_park_after_bridge_keeps_the_caller() -> None:
    driver, caller = called("sofia/gateway/bye1/100", ("set", "park_after_bridge=true"))
    driver.run_until("CHANNEL_UNBRIDGE", caller)
    driver.run(0.2)
    assert driver.names(caller)[-2:] == ["CHANNEL_EXECUTE_COMPLETE", "CHANNEL_PARK"]


def test_a_caller_that_leaves_before_the_answer_cancels_the_partner() -> None:
    driver, caller = called("sofia/gateway/noans/100")
    driver.run(1.0)
    driver.switch.hang_up(caller, driver.now)
    driver.run(0.5)
    ended = driver.events(partner_of(driver, caller), "CHANNEL_HANGUP_COMPLETE")[0]
    assert ended.get("Hangup-Cause") == "ORIGINATOR_CANCEL"
    assert ended.get("variable_sip_hangup_disposition") == "send_cancel"
    assert driver.switch.live_uuids() == set()


def test_a_transfer_takes_the_caller_out_of_its_bridge() -> None:
    driver, caller = called("sofia/gateway/agent/100")
    driver.run_until("CHANNEL_BRIDGE", caller)
    assert driver.api(f"uuid_transfer {caller} park: inline") == "+OK\n"
    driver.run(0.3)
    assert driver.names(caller)[-1] == "CHANNEL_PARK"
    assert driver.events(partner_of(driver, caller), "CHANNEL_HANGUP_COMPLETE")


def test_a_dial_string_that_cannot_be_read_fails_as_a_call_does() -> None:
    for to in ("{a=b", "nosuch/1", "sofia/nosuch/1", "sofia/gateway/nosuch/1"):
        driver, caller = called(to)
        ended = driver.events(caller, "CHANNEL_HANGUP_COMPLETE")[0]  # at once
        assert ended.get("Hangup-Cause") not in (None, "NORMAL_CLEARING")


def test_failover_tries_the_next_with_the_same_uuid() -> None:
    driver = Driver()
    both = f"{{origination_uuid={LEG}}}sofia/gateway/busy486/1|sofia/gateway/ans0/2"
    driver.write(f"bgapi originate {both} &park()\nJob-UUID: j\n\n")
    driver.run(1.0)
    assert driver.job("j") == f"+OK {LEG}\n"
    assert driver.names(LEG).count("CHANNEL_CREATE") == 2
    assert driver.names(LEG)[-1] == "CHANNEL_PARK"


def test_of_a_fork_nobody_is_left_when_the_command_is_over() -> None:
    driver = Driver()
    fork = "[origination_uuid=a]sofia/gateway/busy486/1,[origination_uuid=b]sofia/gateway/nf404/2,nosuch/3"
    driver.write(f"bgapi originate {{originate_retries=2}}{fork} &park()\nJob-UUID: j\n\n")
    driver.run(3.0)
    assert driver.job("j").startswith("-ERR ")
    assert [driver.names(leg).count("CHANNEL_DESTROY") for leg in "ab"] == [2, 2]
    assert driver.switch.live_uuids() == set()


def test_a_loopback_ends_from_either_side_and_needs_an_extension() -> None:
    for side in ("a", "b"):
        driver = Driver()
        driver.write(
            f"bgapi originate {{origination_uuid={LEG}}}loopback/7007/default &park()\nJob-UUID: j\n\n"
        )
        driver.run(0.2)
        assert driver.job("j") == f"+OK {LEG}\n"
        far = driver.events(LEG, "CHANNEL_CREATE")[0].get("variable_other_loopback_leg_uuid") or ""
        driver.api(f"uuid_kill {LEG if side == 'a' else far}")
        driver.run(0.2)
        assert driver.switch.live_uuids() == set()
        assert [driver.names(leg)[-1] for leg in (LEG, far)] == ["CHANNEL_DESTROY", "CHANNEL_DESTROY"]
    driver = Driver()
    driver.write("bgapi originate loopback/nosuch &park()\nJob-UUID: k\n\n")
    driver.run(1.0)
    assert driver.job("k") == "-ERR NO_ROUTE_DESTINATION\n"
    assert driver.switch.live_uuids() == set()
