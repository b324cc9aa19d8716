"""A call centre's floor beyond the recordings: hold, listening, conferences, digits, recordings."""

from __future__ import annotations

import json

import pytest

from esl.simulator import SwitchConfig
from esl.simulator.callees import FarEnd
from esl.simulator.gateways import Gateway, fixed
from tests.unit.simulator.driver import EPOCH_US, Driver


def call() -> Driver:
    """A customer and an agent who talk."""
    d = Driver()
    d.agent()
    d.originate("c1", "ans0/15550001", park_after_bridge="true")
    d.run_until("CHANNEL_PARK", "c1")
    d.api("uuid_bridge c1 agent")
    d.run_until("CHANNEL_BRIDGE", "c1")
    d.run(0.1)
    return d


def test_a_bridge_takes_the_leg_off_hold() -> None:
    d = call()
    d.api("uuid_hold c1")
    assert d.run_until("PLAYBACK_START", "agent").get("Playback-File-Path") == "local_stream://moh"
    d.originate("c2", "ans0/15550002")
    d.run_until("CHANNEL_PARK", "c2")
    d.api("uuid_bridge c1 c2")
    d.run(1)
    assert d.names("c1").count("CHANNEL_UNHOLD") == 1
    assert d.api("uuid_getvar c1 bridge_uuid") == "c2"


def test_hold_twice_and_unhold_of_nobody_do_nothing() -> None:
    d = call()
    for line in ("uuid_hold c1", "uuid_hold c1", "uuid_hold off agent", "uuid_hold off nobody"):
        assert d.api(line) == "+OK Success\n"
    d.run(1)
    assert d.names("c1").count("CHANNEL_HOLD") == 1
    assert "CHANNEL_UNHOLD" not in d.names("agent")


def test_a_listener_ends_with_the_leg_and_stays_while_it_changes_partners() -> None:
    d = call()
    d.originate("boss", "ans0/900", "&eavesdrop(agent)")
    d.run_until("MEDIA_BUG_START", "agent")
    d.api("uuid_kill c1")
    d.run(1)
    assert d.api("uuid_exists boss") == "true"
    assert "<function>eavesdrop</function>" in d.api("uuid_buglist agent")
    d.api("uuid_kill agent")
    d.run(1)
    assert d.switch.live_uuids() == set()


@pytest.mark.parametrize("target", ["", "nobody", "boss"])
def test_who_listens_to_nobody_is_hung_up(target: str) -> None:
    d = Driver()
    d.originate("boss", "ans0/900", f"&eavesdrop({target})")
    d.run(1)
    assert d.api("uuid_exists boss") == "false"


def test_a_conference_names_its_members_by_number_and_ends_with_the_last() -> None:
    d = Driver()
    for name in ("a", "b"):
        d.originate(name, f"ans0/{name}", "&conference(room@default)")
        d.run(0.5)
    shown = json.loads(d.api("conference room json_list"))[0]
    assert [member["uuid"] for member in shown["members"]] == ["b", "a"]
    assert d.api("conference room mute 1") == "+OK mute 1\n"
    assert "hear;" in d.api("conference room list")
    assert d.api("conference room mute 9") == "-ERR Member: 9 not found.\n"
    assert d.api("conference none mute 1") == "-ERR Conference none not found\n"
    assert d.api("conference room hup all") == "+OK hup 2\n+OK hup 1\n"
    d.run(1)
    assert d.api("conference list") == "+OK No active conferences.\n"
    actions = [e.get("Action") for e in d.events(name="CUSTOM")]
    assert (actions[0], actions[-1]) == ("conference-create", "conference-destroy")


def test_custom_events_go_to_who_asked_for_their_subclass() -> None:
    d = Driver(events="CUSTOM conference::maintenance")
    d.originate("a", "audio/1", "'avmd_start,conference:room@default' inline")
    d.run(1)
    assert {e.get("Event-Subclass") for e in d.events(name="CUSTOM")} == {"conference::maintenance"}


def menu(presses: tuple[tuple[float, str], ...]) -> Driver:
    gateways = {"m": Gateway("m", fixed(FarEnd(answer=0.1, presses=presses)))}
    sounds = {"/ask.wav": 1.0, "/no.wav": 0.5}
    d = Driver(
        SwitchConfig(profile="corpus", epoch_offset_us=EPOCH_US, gateways=gateways, sound_seconds=sounds)
    )
    d.originate(
        "c", "m/1", "'m:^:play_and_get_digits:1 3 2 1000 # /ask.wav /no.wav got [0-4]+ 500^park' inline"
    )
    return d


@pytest.mark.parametrize(
    ("presses", "got", "played"),
    [
        (((0.5, "1"), (0.6, "2"), (0.7, "#")), "12", ["/ask.wav"]),  # it answers into the prompt
        (((1.5, "1"), (1.7, "2"), (1.9, "3"), (2.0, "4")), "123", ["/ask.wav"]),  # no more than three
        (((1.5, "1"),), "1", ["/ask.wav"]),  # no terminator: half a second later
        (((1.5, "9"), (1.6, "#"), (3.5, "2"), (3.6, "#")), "2", ["/ask.wav", "/no.wav", "/ask.wav"]),
        ((), "_undef_", ["/ask.wav", "/no.wav", "/ask.wav", "/no.wav"]),
    ],
)
def test_digits_answer_a_prompt(presses: tuple[tuple[float, str], ...], got: str, played: list[str]) -> None:
    d = menu(presses)
    d.run_until("CHANNEL_PARK", "c")
    assert d.api("uuid_getvar c got") == got
    assert d.api("uuid_getvar c read_result") == ("failure" if got == "_undef_" else "success")
    assert [e.get("Playback-File-Path") for e in d.events("c", "PLAYBACK_START")] == played


def test_a_pattern_that_is_none_matches_nothing() -> None:
    d = Driver()
    d.originate("c", "ans0/1", "'m:^:play_and_get_digits:1 1 1 100 # /a.wav /b.wav got ( 100^park' inline")
    d.run(0.2)
    d.api("uuid_recv_dtmf c 1")
    d.run(10)
    assert d.api("uuid_getvar c got") == "_undef_"


def test_a_recording_ends_with_its_limit_and_with_the_leg() -> None:
    d = call()
    assert d.api("uuid_record c1 start /x/one.wav 2") == "+OK Success\n"
    assert d.api("uuid_record c1 start /x/two.wav") == "+OK Success\n"
    assert d.api("uuid_record c1 start /x/three.txt") == "-ERR Cannot record session!\n"
    assert d.api("uuid_record c1 mask /x/three.wav") == "-ERR Cannot mask recording session!\n"
    assert d.api("uuid_record nobody start /x/one.wav") == "-ERR Cannot locate session!\n"
    d.run(3)
    stopped = [e.get("Record-File-Path") for e in d.events("c1", "RECORD_STOP")]
    assert stopped == ["/x/one.wav"]
    d.api("uuid_kill c1")
    d.run(1)
    last = d.events("c1", "RECORD_STOP")[-1]
    assert (last.get("Record-File-Path"), last.get("Record-Completion-Cause")) == (
        "/x/two.wav",
        "success-silence",
    )
    assert int(last.get("variable_record_ms") or 0) > 2500


def test_what_was_scheduled_for_a_leg_is_deleted_with_it() -> None:
    d = call()
    assert d.api("sched_transfer +60 c1 7004 XML default") == "+OK\n"
    assert d.api("sched_api +1 none hash insert/a/b/c") == "+OK Added: 5\n"
    assert d.api("sched_del 99") == "+OK Deleted: 0\n"
    assert d.api("unsched_api 99") == "-ERR No such id\n"
    d.run(3)
    assert d.api("hash select/a/b") == "c"
    d.api("uuid_kill c1")
    d.run(1)
    deleted = [e.get("Task-Desc") for e in d.events(name="DEL_SCHEDULE")]
    assert deleted == ["sched_api_function", "switch_ivr_schedule_transfer"]


def test_a_beep_is_found_by_the_application_only() -> None:
    d = Driver()
    d.originate("a", "audio/1", "'avmd_start,park' inline")
    d.originate("b", "audio/2")
    d.run(0.5)
    assert "started" in d.api("avmd b start")
    d.run(4)
    assert {e.uuid for e in d.events(name="CUSTOM") if e.get("Event-Subclass") == "avmd::beep"} == {"a"}


def test_the_history_of_a_standing_leg_is_bounded() -> None:
    d = Driver(events="BACKGROUND_JOB CHANNEL_PARK CHANNEL_BRIDGE")
    d.agent()
    for n in range(15):
        d.originate(f"c{n}", f"ans0/{n}")
        d.run_until("CHANNEL_PARK", f"c{n}")
        d.api(f"uuid_bridge c{n} agent")
        d.run_until("CHANNEL_BRIDGE", f"c{n}")
        d.api(f"uuid_kill c{n}")
        d.run(0.2)
    history = d.api("uuid_getvar agent transfer_history")
    assert history.startswith("ARRAY::")
    assert [entry.rsplit(":", 1)[1] for entry in history.split("|:")] == [f"c{n}" for n in range(5, 15)]


def consult(to: str) -> Driver:
    """The agent asks `to` while the customer waits."""
    d = call()
    d.api(f"uuid_broadcast agent att_xfer::sofia/gateway/{to} aleg")
    d.run_until("CHANNEL_EXECUTE", "agent")
    return d


def test_the_agent_has_the_customer_back_when_the_expert_is_busy_or_leaves() -> None:
    d = consult("busy486/expert")
    d.run(1)
    assert d.api("uuid_getvar agent bridge_to") == "c1"
    d.api("uuid_broadcast agent att_xfer::sofia/gateway/ans0/expert aleg")
    expert = d.run_until("CHANNEL_BRIDGE", "agent").get("Bridge-B-Unique-ID")
    assert d.api("uuid_getvar agent soft_holding_uuid") == "c1"
    d.api(f"uuid_kill {expert}")
    d.run(1)
    assert d.switch.live_uuids() == {"agent", "c1"}
    assert d.api("uuid_getvar agent bridge_to") == "c1"
    d.api("uuid_kill c1")
    d.run(1)
    assert d.switch.live_uuids() == {"agent"}  # parked, for the next call
    assert d.names("agent")[-1] == "CHANNEL_PARK"


def test_the_agent_hands_over_by_hanging_up() -> None:
    d = consult("ans0/expert")
    expert = d.run_until("CHANNEL_BRIDGE", "agent").get("Bridge-B-Unique-ID") or ""
    d.api("uuid_kill agent")
    assert d.run_until("CHANNEL_BRIDGE", expert).get("Bridge-B-Unique-ID") == "c1"
    d.run(1)
    assert d.switch.live_uuids() == {"c1", expert}
    assert d.api(f"uuid_getvar {expert} att_xfer_result") == "success"


def test_the_customer_leaves_while_the_agent_consults() -> None:
    d = consult("ans0/expert")
    expert = d.run_until("CHANNEL_BRIDGE", "agent").get("Bridge-B-Unique-ID") or ""
    d.api("uuid_kill c1")
    d.run(1)
    assert d.switch.live_uuids() == {"agent", expert}
    assert d.names("c1").count("CHANNEL_UNBRIDGE") == 1
    d.api(f"uuid_kill {expert}")
    d.run(1)
    assert d.switch.live_uuids() == {"agent"}


def test_the_agent_leaves_before_the_expert_answers() -> None:
    d = consult("noans/expert")
    d.api("uuid_kill agent")
    d.run(2)
    assert d.switch.live_uuids() == {"c1"}  # which has park_after_bridge


def test_who_is_not_in_a_call_can_consult_nobody() -> None:
    d = Driver()
    d.originate("a", "ans0/1", "'att_xfer:sofia/gateway/ans0/2,park' inline")
    d.run(1)
    assert d.switch.live_uuids() == {"a"}
    assert d.names("a")[-1] == "CHANNEL_PARK"
