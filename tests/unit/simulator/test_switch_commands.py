"""Commands of the switch itself: fence, hash, hang-up hook, schedule, listing, limits."""

from __future__ import annotations

import json

import pytest

from esl.simulator import SwitchConfig
from tests.unit.simulator.driver import EPOCH_US, Driver

FENCED = (
    "bgapi expand originate {{origination_uuid={0}}}sofia/gateway/${{fence}}/1 &park()\nJob-UUID: {0}\n\n"
)


def test_a_fence_opens_only_while_its_global_variable_is_set() -> None:
    d = Driver()
    d.write(FENCED.format("a"))
    assert d.job("a") == "-ERR INVALID_GATEWAY\n"
    assert [e.name for e in d.events("a")] == ["CHANNEL_DESTROY", "CHANNEL_STATE"]
    assert d.api("global_setvar fence=ans0") == "+OK"
    d.write(FENCED.format("b"))
    d.run(0.2)
    assert d.job("b") == "+OK b\n"
    job = next(e for e in d.events(name="BACKGROUND_JOB") if e.get("Job-UUID") == "b")
    assert job.get("Job-Command") == "expand"
    assert d.api("global_getvar fence") == "ans0"
    d.api("global_setvar fence=")
    d.write(FENCED.format("c"))
    assert d.job("c") == "-ERR INVALID_GATEWAY\n"


def test_the_hangup_hook_keeps_an_outcome_in_the_hash() -> None:
    d = Driver()
    d.originate("c1", "busy486/1")
    fields = "|".join(
        f"${{{name}}}"
        for name in (
            "hangup_cause",
            "Caller-Channel-Answered-Time",
            "Caller-Channel-Hangup-Time",
            "sip_term_status",
        )
    )
    assert d.api(f"uuid_setvar c1 api_hangup_hook hash insert/rm_outcome/c1/{fields}") == "+OK\n"
    end = d.run_until("CHANNEL_HANGUP_COMPLETE", "c1")
    hung_up = end.get("Caller-Channel-Hangup-Time")
    assert d.api("hash select/rm_outcome/c1") == f"USER_BUSY|0|{hung_up}|486"
    assert d.api("hash delete/rm_outcome/c1") == "+OK\n"
    assert d.api("hash delete/rm_outcome/c1") == "-ERR Not found\n"
    assert d.api("hash select/rm_outcome/c1") == "-ERR no reply\n"


def test_sched_hangup_and_its_deletion() -> None:
    d = Driver()
    for name in ("a", "b"):
        d.originate(name, "ans0/1")
    d.run(0.2)
    assert d.api("sched_hangup +2 a NORMAL_TEMPORARY_FAILURE") == "+OK\n"
    assert d.api("sched_hangup +2 b") == "+OK\n"
    d.api("sched_del b")
    d.run(3)
    assert d.api("uuid_exists a") == "false"
    assert d.api("uuid_exists b") == "true"
    assert d.api("sched_hangup +2 a") == "-ERR No such channel!\n"


def test_show_channels_lags_both_ways_and_uuid_exists_does_not() -> None:
    d = Driver()
    d.originate("a", "ans0/1")
    assert d.api("uuid_exists a") == "true"
    assert d.api("show channels as json") == '{"row_count": 0}\n'
    d.run(0.3)
    table = json.loads(d.api("show channels as json"))
    assert [row["uuid"] for row in table["rows"]] == ["a"]
    assert d.api("show calls count") == "\n1 total.\n"
    d.api("uuid_kill a")
    d.run(0.06)
    assert d.api("uuid_exists a") == "false"
    assert json.loads(d.api("show channels as json"))["row_count"] == 1
    d.run(0.3)
    assert d.api("show channels as json") == '{"row_count": 0}\n'


def test_dump_txt_and_json_say_the_same() -> None:
    d = Driver()
    d.originate("a", "ans0/1", camp="c1")
    d.run(0.2)
    as_json = json.loads(d.api("uuid_dump a json"))
    assert as_json["Event-Name"] == "CHANNEL_DATA"
    assert as_json["variable_camp"] == "c1"
    assert "variable_camp: c1\n" in d.api("uuid_dump a")


def test_limits_refuse_without_any_channel_event() -> None:
    d = Driver(SwitchConfig(profile="corpus", epoch_offset_us=EPOCH_US, sessions_per_second=4))
    for n in range(5):
        d.originate(f"a{n}", f"ans0/{n}")
    d.run(0.2)
    assert [d.job(f"a{n}")[:4] for n in range(5)] == ["+OK ", "+OK ", "+OK ", "-ERR", "-ERR"]
    assert d.job("a3") == "-ERR DESTINATION_OUT_OF_ORDER\n"
    assert d.events("a3") == []
    d.run(1)
    assert d.api("fsctl max_sessions 3") == "+OK max sessions: 3\n"
    d.originate("b", "ans0/9")
    assert d.job("b") == "-ERR DESTINATION_OUT_OF_ORDER\n"
    assert d.api("fsctl pause") == "+OK\n"
    assert d.api("fsctl pause_check") == "true"


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("uuid_bridge a b", "-ERR Invalid uuid\n"),
        ("uuid_broadcast a f", "-ERR invalid uuid\n"),
        ("uuid_hold a", "+OK Success\n"),
        ("uuid_break a", "-ERR No such channel!\n"),
        ("nosuch", "-ERR nosuch Command not found!\n"),
        ("echo %0A ü", "%0A ü"),
        ("ringmaster_speed 2", "-ERR this switch's clock is its caller's\n"),
    ],
)
def test_replies(command: str, reply: str) -> None:
    assert Driver().api(command) == reply


def test_the_clock_command_gives_the_switch_time() -> None:
    d = Driver()
    d.run(1.234567)
    assert int(d.api("ringmaster_clock")) == EPOCH_US + 1_234_567


def test_heartbeat_every_twenty_seconds() -> None:
    d = Driver(events="HEARTBEAT")
    d.run(65)
    beats = d.events(name="HEARTBEAT")
    assert [(e.timestamp_us - EPOCH_US) / 1e6 for e in beats] == [20.0, 40.0, 60.0]
    assert beats[0].get("Max-Sessions") == "1000"


def test_a_leg_is_muted_by_one_bug_whatever_is_asked_for() -> None:
    """As tried on FreeSWITCH 1.11.1."""
    d = Driver()
    d.originate("a", "ans0/1")
    d.run(0.2)
    for command in ("start read mute 1", "start read mute 1"):
        assert d.api(f"uuid_audio a {command}") == "+OK\n"
        assert d.api("uuid_buglist a").count("<function>audio</function>") == 1
    assert [d.api("uuid_audio a stop") for _ in range(2)] == ["+OK\n"] * 2
    assert "audio" not in d.api("uuid_buglist a")
    usage = "-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n"
    for wrong in ("", "a", "a start foo mute 1", "a start read", "a start read shout 1"):
        assert d.api(f"uuid_audio {wrong}") == usage
    assert d.api("uuid_audio b stop") == "-ERR No such channel!\n"


def test_hold_music_is_part_of_the_talk() -> None:
    d = Driver()
    for name, number in (("c", "carrier/1"), ("a", "ans0/1")):
        d.originate(name, number)
    d.run_until("CHANNEL_PARK", "c")
    d.api("uuid_bridge c a")
    d.run_until("CHANNEL_BRIDGE", "c")
    d.api("uuid_hold a")
    d.run(5.0)
    d.api("uuid_hold off a")
    d.run(5.0)
    d.api("uuid_kill c")
    d.run(0.2)
    (leg,) = (leg for leg in d.switch.truth if leg.uuid == "c")
    assert abs(leg.talk_us / 1e6 - 10.0) < 0.1
