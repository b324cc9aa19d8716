"""Calls that come in: the dialplan waits for an engine and falls back, callers give up, nobody is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from esl.simulator import Crash, SwitchConfig
from esl.simulator.dialplan import Extension, waiting_dialplan
from esl.simulator.inbound import Invite
from tests.unit.simulator.driver import EPOCH_US, Driver

WAITS = Extension(
    "^800$",
    (
        ("answer", ""),
        ("sleep", "1500"),
        ("playback", "fallback.wav"),
        ("hangup", "NORMAL_CLEARING"),
    ),
)


def inbound(*extensions: Extension) -> Driver:
    config = SwitchConfig(epoch_offset_us=EPOCH_US, profile="corpus", dialplan=extensions)
    return Driver(config)


def call(driver: Driver, invite: Invite) -> str:
    uuid = driver.switch.call(invite, driver.now)
    assert uuid is not None
    driver.run(0.0)
    return uuid


def test_an_engine_that_comes_in_time_bridges_the_caller_and_the_fallback_is_not_heard() -> None:
    driver = inbound(WAITS)
    agent = "aaaaaaaa-0000-4000-8000-000000000001"
    driver.originate(agent, "agent/1", park_after_bridge="true")
    driver.run(1.0)
    caller = call(driver, Invite("800", "15550001111", "Ann", hangs_up_after=5.0))
    assert driver.events(caller, "CHANNEL_EXECUTE")[-1].get("Application") == "sleep"
    assert driver.api(f"uuid_bridge {caller} {agent}").startswith("+OK")
    bridged = driver.run_until("CHANNEL_BRIDGE", caller)
    assert bridged.get("Other-Leg-Unique-ID") == agent
    assert bridged.get("Caller-Caller-ID-Number") == "15550001111"
    agents_screen = driver.events(agent, "CHANNEL_EXECUTE")[-1]
    assert agents_screen.get("Caller-Caller-ID-Number") == "15550001111"
    driver.run_until("CHANNEL_HANGUP_COMPLETE", caller)
    driver.run(0.1)
    assert driver.names(agent)[-1] == "CHANNEL_PARK"
    assert not driver.events(caller, "PLAYBACK_START")


def test_without_an_engine_the_fallback_plays_and_ends() -> None:
    driver = inbound(WAITS)
    caller = call(driver, Invite("800"))
    ended = driver.run_until("CHANNEL_HANGUP_COMPLETE", caller)
    assert [e.get("Playback-File-Path") for e in driver.events(caller, "PLAYBACK_START")] == ["fallback.wav"]
    assert ended.get("variable_sip_hangup_disposition") == "send_bye"
    truth = driver.switch.truth[-1]
    assert (truth.gateway, truth.outcome, truth.ended_by) == ("inbound", "not_bridged", "application")
    assert truth.message_us > 4_000_000


def test_a_caller_whom_nobody_answers_gives_up() -> None:
    driver = inbound(Extension("^800$", (("ring_ready", ""), ("park", ""))))
    caller = call(driver, Invite("800", gives_up_after=12.0))
    ended = driver.run_until("CHANNEL_HANGUP_COMPLETE", caller)
    assert ended.get("Hangup-Cause") == "ORIGINATOR_CANCEL"
    assert ended.get("variable_sip_hangup_disposition") == "recv_cancel"
    assert ended.get("Caller-Channel-Answered-Time") == "0"
    assert "CHANNEL_PROGRESS" in driver.names(caller)
    assert abs(int(ended.get("variable_duration") or 0) - 12) <= 1


def test_an_extension_that_is_not_there_refuses_the_call() -> None:
    driver = inbound()
    caller = call(driver, Invite("12345"))
    assert driver.events(caller, "CHANNEL_HANGUP_COMPLETE")[0].get("Hangup-Cause") == "NO_ROUTE_DESTINATION"
    assert caller not in driver.switch.live_uuids()


@pytest.mark.parametrize(
    "name", ["a%0AEvent-Name: FAKE", "${hostname}", "x\udcff\udcfe", "tab\there", "y" * 70_000]
)
def test_a_hostile_name_arrives_as_one_value(name: str) -> None:
    driver = inbound(Extension("^800$", (("park", ""),)))
    caller = call(driver, Invite("800", "1555", name, headers=(("X-Note", name), ("Subject", "no"))))
    created = driver.events(caller, "CHANNEL_CREATE")[0]
    shown = created.get("Caller-Caller-ID-Name") or ""
    assert "${" not in shown
    assert "\t" not in shown
    assert len(shown) >= 7 or name.startswith("x")
    assert created.name == "CHANNEL_CREATE"
    assert created.get("variable_sip_h_Subject") is None
    assert (created.get("variable_sip_h_X-Note") or "").startswith(name[:1])


def test_a_full_or_broken_switch_takes_no_call() -> None:
    driver = Driver(SwitchConfig(epoch_offset_us=EPOCH_US, profile="corpus", max_sessions=1))
    assert driver.switch.call(Invite("7004"), driver.now) is not None
    assert driver.switch.call(Invite("7004"), driver.now) is None
    driver.switch.inject(Crash(2.0))
    assert driver.switch.call(Invite("7004"), driver.now + 1.0) is None
    assert driver.switch.call(Invite("7004"), driver.now + 3.0) is not None
    assert driver.switch.truth[0].outcome == "lost"


def test_a_call_by_command_and_its_usage() -> None:
    driver = inbound()
    said = driver.api("ringmaster_call 7004 15550001111 hangs_up_after=2")
    uuid = said.removeprefix("+OK ").strip()
    assert driver.run_until("CHANNEL_HANGUP_COMPLETE", uuid).get("Caller-ANI") == "15550001111"
    for wrong in ("", "7004 1 hangs_up_after=inf", "7004 1 hangs_up_after=-1", "a b c d"):
        assert driver.api(f"ringmaster_call {wrong}").startswith("-USAGE")


DEPLOYED = Path(__file__).parents[3] / "deploy" / "freeswitch"


def test_the_waiting_dialplan_is_the_deployed_one() -> None:
    """deploy/freeswitch/dialplan/waiting.xml, its variables being those of vars.xml."""
    defaults = dict(
        re.findall(r'cmd="set" data="(inbound_\w+)=([^"]*)"', (DEPLOYED / "vars.xml").read_text("utf-8"))
    )
    plan = (DEPLOYED / "dialplan" / "waiting.xml").read_text("utf-8")
    plan = re.sub(r"\$\$\{(\w+)\}", lambda m: defaults[m[1]], plan)
    found = []
    for extension in re.findall(r"<extension .*?</extension>", plan, re.DOTALL):
        pattern = re.search(r'expression="([^"]*)"', extension)
        apps = re.findall(r'<action application="(\w+)"(?: data="([^"]*)")?/>', extension)
        found.append(Extension(pattern[1] if pattern else "", tuple(apps), "waiting"))
    assert tuple(found) == waiting_dialplan()


def waiting(limit: int = 100) -> Driver:
    plan = waiting_dialplan(4000, limit)
    return Driver(SwitchConfig(epoch_offset_us=EPOCH_US, dialplan=plan))


def test_a_call_that_comes_in_rings_for_the_engine_and_gets_the_fallback() -> None:
    driver = waiting()
    caller = call(driver, Invite("15550009999", "15550001111"))
    assert driver.names(caller)[-2:] == ["CHANNEL_EXECUTE_COMPLETE", "CHANNEL_EXECUTE"]
    assert driver.api(f"uuid_getvar {caller} rm_inbound") == "true"
    answered = driver.run_until("CHANNEL_ANSWER", caller)
    created = int(answered.get("Caller-Channel-Created-Time") or 0)
    assert abs(int(answered.get("Caller-Channel-Answered-Time") or 0) - created - 4_000_000) < 100_000
    ended = driver.run_until("CHANNEL_HANGUP_COMPLETE", caller)
    assert driver.events(caller, "PLAYBACK_START")
    assert ended.get("Hangup-Cause") == "NORMAL_CLEARING"


def test_one_call_too_many_and_a_number_that_is_none_are_refused() -> None:
    driver = waiting(limit=2)
    held = [call(driver, Invite("15550009999")) for _ in range(2)]
    third = call(driver, Invite("15550009999"))
    driver.run(0.1)
    ended = driver.events(third, "CHANNEL_HANGUP_COMPLETE")[0]
    assert ended.get("Hangup-Cause") == "NORMAL_TEMPORARY_FAILURE"
    assert ended.get("variable_sip_hangup_disposition") == "send_refuse"
    driver.switch.hang_up(held[0], driver.now)
    driver.run(0.1)
    again = call(driver, Invite("15550009999"))
    driver.run(0.1)
    assert again in driver.switch.live_uuids()
    nobody = call(driver, Invite("sales"))
    assert driver.events(nobody, "CHANNEL_HANGUP_COMPLETE")[0].get("Hangup-Cause") == "UNALLOCATED_NUMBER"
