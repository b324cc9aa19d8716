"""Events: typed, decoded on access, and not to be fooled."""

from __future__ import annotations

import pytest

from esl.codec import Connection, EventMessage
from esl.events import (
    CLASSES,
    BackgroundJob,
    ChannelBridge,
    ChannelCreate,
    ChannelExecute,
    ChannelExecuteComplete,
    ChannelHangup,
    ChannelHangupComplete,
    ChannelUnbridge,
    Custom,
    Event,
    Heartbeat,
    from_headers,
    from_json,
    from_plain,
)
from esl.wire import json_block, percent_decode, percent_encode, plain_block
from tests.unit.esl.support import CORE, received


def events_of(name: str) -> list[Event]:
    messages = (Connection("client").receive(line.raw)[0] for line in received([name]))
    return [message.event for message in messages if isinstance(message, EventMessage)]


HOSTILE = (
    "Alice%0AUnique-ID: 00000000-dead-beef-0000-000000000000"
    "%0AEvent-Name: CHANNEL_HANGUP_COMPLETE%0AHangup-Cause: FAKE\nUnique-ID: evil\n\nUnique-ID: worse"
)


@pytest.mark.parametrize("read", [lambda p: from_plain(plain_block(p)), lambda p: from_json(json_block(p))])
def test_the_caller_that_fools_greenswitch_does_not_fool_us(read: object) -> None:
    pairs = [("Caller-Caller-ID-Name", HOSTILE), ("Event-Name", "CHANNEL_CREATE"), ("Unique-ID", "true-1")]
    event = read([*pairs, ("variable_sip_h_X-A%0AHangup-Cause", "v1"), ("Unique-ID", "late")])  # type: ignore[operator]
    assert type(event) is ChannelCreate
    assert (event.name, event.uuid) == ("CHANNEL_CREATE", "true-1")
    assert event.get("Hangup-Cause") is None
    assert event.get("Caller-Caller-ID-Name", "").startswith("Alice")
    assert event.get("variable_sip_h_X-A%0AHangup-Cause") == "v1"
    assert event.body is None


def test_the_recorded_attack() -> None:
    found = events_of("j01_hostile_input_plain_and_json.jsonl.gz")
    attacked = [event for event in found if "dead-beef" in str(event.headers())]
    assert attacked
    for event in found:
        assert type(event) is CLASSES[event.name]
        assert "dead-beef" not in event.uuid
        assert "FAKE" not in event.get("Hangup-Cause", "")
        assert event.core_uuid == CORE


def test_an_inner_body_is_no_header() -> None:
    block = plain_block(
        [("Event-Name", "BACKGROUND_JOB"), ("Job-UUID", "j")], "+OK x\nUnique-ID: evil\nCore-UUID: evil\n"
    )
    event = from_plain(block)
    assert isinstance(event, BackgroundJob)
    assert (event.uuid, event.core_uuid, event.job_uuid, event.ok) == ("", "", "j", True)
    assert event.text == "+OK x\nUnique-ID: evil\nCore-UUID: evil\n"


def test_the_end_of_a_call() -> None:
    ends = [
        event
        for event in events_of("e06_customer_bye_agent_stays.jsonl.gz")
        if event.name == "CHANNEL_HANGUP_COMPLETE"
    ]
    end = ends[0]
    assert isinstance(end, ChannelHangupComplete)
    assert (end.cause, end.q850, end.sip_status) == ("NORMAL_CLEARING", 16, 200)
    assert (end.created_us, end.progress_us, end.progress_media_us) == (1795384689601790, 1795384689601790, 0)
    assert (end.answered_us, end.bridged_us, end.hangup_us) == (
        1795384690121771,
        1795384690181791,
        1795384691161798,
    )
    assert (end.uuid, end.sequence) == ("f5fdeea7-de4f-4f26-b48b-3a675b3ded28", 7270)
    assert end.timestamp_us == 1795384691161798
    assert end.variable("sip_hangup_disposition") == "recv_bye"
    assert end.variable("no_such") is None
    assert end.variable("no_such", "x") == "x"
    assert [name for name, _ in end.items()].count("Hangup-Cause") == 2


@pytest.mark.parametrize(
    ("name", "cause", "q850", "sip"),
    [
        ("d05_busy_486.jsonl", "USER_BUSY", 17, 486),
        ("d05_busy_486_json.jsonl", "USER_BUSY", 17, 486),
        ("d07_not_found_404.jsonl", "UNALLOCATED_NUMBER", 1, 404),
        ("d20_480_reason_q850_20.jsonl", "SUBSCRIBER_ABSENT", 20, 480),
        ("d14_180_no_answer_default_timeout.jsonl", "NO_ANSWER", 19, None),
    ],
)
def test_failed_calls(name: str, cause: str, q850: int, sip: int | None) -> None:
    found = events_of(name)
    (end,) = [event for event in found if isinstance(event, ChannelHangupComplete)]
    (job,) = [event for event in found if isinstance(event, BackgroundJob)]
    assert (end.cause, end.q850, end.sip_status, end.answered_us) == (cause, q850, sip, 0)
    assert (job.ok, job.cause, job.text) == (False, cause, f"-ERR {cause}\n")


def test_a_bridge_and_its_end() -> None:
    found = events_of("e06_customer_bye_agent_stays.jsonl.gz")
    (bridge,) = [event for event in found if type(event) is ChannelBridge]
    (unbridge,) = [event for event in found if isinstance(event, ChannelUnbridge)]
    legs = ("f5fdeea7-de4f-4f26-b48b-3a675b3ded28", "474d389a-495c-4685-b28b-2917cba9ffac")
    assert (bridge.a_uuid, bridge.b_uuid) == (unbridge.a_uuid, unbridge.b_uuid) == legs
    assert not isinstance(bridge, ChannelUnbridge)


def test_an_application() -> None:
    found = events_of("d32_inline_app_playback.jsonl")
    begun = [event for event in found if type(event) is ChannelExecute]
    done = [event for event in found if isinstance(event, ChannelExecuteComplete)]
    assert [event.application for event in begun] == [event.application for event in done]
    assert begun[0].application == "playback"
    assert begun[0].application_data == "tone_stream://%(500,0,440"  # the switch cuts at a parenthesis (d32)
    assert begun[0].application_uuid == done[0].application_uuid
    assert done[0].application_response == "FILE PLAYED"


def test_the_heartbeat_and_custom() -> None:
    beat = next(event for event in events_of("c08_heartbeat.jsonl") if isinstance(event, Heartbeat))
    assert (beat.session_count, beat.max_sessions, beat.idle_cpu) == (0, 1000, 0.033333)
    custom = next(event for event in events_of("c09_sendevent.jsonl") if isinstance(event, Custom))
    assert custom.subclass == "my::event"
    assert custom.get("X-Two") == "caf\u00e9"


def test_made_by_hand() -> None:
    event = from_headers({"Event-Name": "CHANNEL_HANGUP", "Unique-ID": "u", "Hangup-Cause": "USER_BUSY"})
    assert isinstance(event, ChannelHangup)
    assert (event.uuid, event.cause, event.body) == ("u", "USER_BUSY", None)
    job = from_headers({"Event-Name": "BACKGROUND_JOB", "Job-UUID": "j"}, "+OK u\n")
    assert isinstance(job, BackgroundJob)
    assert job.ok
    assert job.text == "+OK u\n"
    assert job.items() == (("Event-Name", "BACKGROUND_JOB"), ("Job-UUID", "j"))


def test_an_event_is_frozen_and_compares_by_what_it_says() -> None:
    event = from_plain(b"Event-Name: CHANNEL_CREATE\nUnique-ID: u\nEvent-Sequence: 7\n\n")
    again = from_headers({"Event-Name": "CHANNEL_CREATE", "Unique-ID": "u", "Event-Sequence": "7"})
    assert event == again
    assert hash(event) == hash(again)
    assert event != from_headers({"Event-Name": "CHANNEL_CREATE"})
    assert event != "CHANNEL_CREATE"
    assert repr(event) == "<ChannelCreate CHANNEL_CREATE u #7>"
    with pytest.raises(AttributeError):
        event.uuid = "other"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        event.extra = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "block",
    [b"", b"\n", b"\n\n", b"x", b"x\n\n", b"Event-Name", b"Event-Name: ", b": \n\n", b"\xff: \xfe\n\n"],
)
def test_blocks_that_make_no_sense(block: bytes) -> None:
    event = from_plain(block)
    assert event.uuid == ""
    assert event.sequence == 0
    assert isinstance(event.items(), tuple)


@pytest.mark.parametrize("value", ["", "x", "1.5", "9" * 5000, "\u0663", "0x10", "--1", "1_000", " "])
def test_a_number_that_is_none_reads_as_never(value: str) -> None:
    end = from_headers(
        {
            "Event-Name": "CHANNEL_HANGUP_COMPLETE",
            "Caller-Channel-Answered-Time": value,
            "variable_sip_term_status": value,
        }
    )
    assert isinstance(end, ChannelHangupComplete)
    assert end.answered_us == 0
    assert end.sip_status is None
    beat = from_headers({"Event-Name": "HEARTBEAT", "Idle-CPU": "idle"})
    assert isinstance(beat, Heartbeat)
    assert beat.idle_cpu == 0.0


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        ("caf\u00e9", b"caf%C3%A9"),
        ("\udce9\udcff", b"%E9%FF"),
        ("a b", b"a%20b"),
        ("a%20b%2C", b"a%20b%2C"),
        ("a%0Ab", b"a%0Ab"),
        ("100%", b"100%25"),
        ("%zz%2", b"%25zz%252"),
        ("%c3", b"%25c3"),
        (",/'().-_!$*~", b",/'().-_!$*~"),
        (':=@&+|[]{}<>";#?^`\\', b"%3A%3D%40%26%2B%7C%5B%5D%7B%7D%3C%3E%22%3B%23%3F%5E%60%5C"),
        ("\x01\n\t\x7f", b"%01%0A%09%7F"),
        ("", b"_undef_"),
    ],
)
def test_the_percent_encoding_is_the_switch_s(value: str, wire: bytes) -> None:
    assert percent_encode(value) == wire
    if "%2" not in value and "%0A" not in value and value:
        assert percent_decode(wire) == value
