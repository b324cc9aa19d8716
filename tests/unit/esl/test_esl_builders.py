"""Builders for call control: golden text, much of it as it was recorded, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from esl import commands as c
from esl.commands import Api, BgApi, Connect, DivertEvents, Linger, MyEvents, NoLinger, SendEvent, encode
from esl.errors import UnencodableValue
from tests.unit.esl.support import recording

U = "0190b3a8-0000-7000-8000-000000000001"
W = "0190b3a8-0000-7000-8000-000000000002"
FATAL = "please reLOAD the Mod_Event_Socket"


def message(application: str, argument: str = "", uuid: str = U) -> str:
    tail = f"\nexecute-app-arg: {argument}" if argument else ""
    return f"sendmsg {uuid}".rstrip() + f"\ncall-command: execute\nexecute-app-name: {application}{tail}"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Connect(), "connect"),
        (MyEvents(), "myevents"),
        (MyEvents(fmt="json"), "myevents json"),
        (MyEvents(U), f"myevents {U} plain"),
        (Linger(), "linger"),
        (Linger(3), "linger 3"),
        (NoLinger(), "nolinger"),
        (DivertEvents(), "divert_events on"),
        (DivertEvents(False), "divert_events off"),
        (c.uuid_setvar(U, "v", " a "), f"api uuid_setvar {U} v ' a '"),
        (c.uuid_setvar(U, "v", "a\\nb"), f"api uuid_setvar {U} v 'a\\\\nb'"),
        (c.uuid_setvar_multi(U, {"a": "1", "b": "two words"}), f"api uuid_setvar_multi {U} a=1;b=two words"),
        (
            c.uuid_setvar_multi(U, {"a": "x;y", "b": " it's", "c": ""}),
            f"api uuid_setvar_multi {U} a=x\\;y;b=' it\\'s';c=",
        ),
        (c.uuid_hold(U), f"api uuid_hold {U}"),
        (c.uuid_hold(U, on=False), f"api uuid_hold off {U}"),
        (c.uuid_answer(U), f"api uuid_answer {U}"),
        (c.uuid_park(U), f"api uuid_park {U}"),
        (c.hangup("", "USER_BUSY"), "sendmsg\ncall-command: hangup\nhangup-cause: USER_BUSY"),
        (c.bridge(U, "sofia/gateway/agents/7001"), message("bridge", "sofia/gateway/agents/7001")),
        (
            c.bridge(U, "null/1", {"note": "a, b c", "origination_uuid": W}),
            message("bridge", f"{{note='a\\, b c',origination_uuid={W}}}null/1"),
        ),
        (
            c.att_xfer(U, "sofia/gateway/ans0/expert"),
            f"api uuid_broadcast {U} att_xfer::sofia/gateway/ans0/expert aleg",
        ),
        (c.uuid_broadcast(U, "/snd/a b.wav", "both"), f"api uuid_broadcast {U} '/snd/a b.wav' both"),
        (
            c.broadcast_application(U, "playback", "/snd/a.wav", then_hang_up="NORMAL_CLEARING"),
            f"api uuid_broadcast {U} playback!normal_clearing::/snd/a.wav aleg",
        ),
        (c.uuid_break(U, both=True), f"api uuid_break {U} all both"),
        (c.playback(U, "tone_stream://%(400,0,400)"), message("playback", "tone_stream://%(400,0,400)")),
        (c.playback("", "/snd/a b.wav", loops=2), message("playback", "/snd/a b.wav", "") + "\nloops: 2"),
        (c.execute(U, "sleep", "200", lock=True), message("sleep", "200") + "\nevent-lock: true"),
        (
            c.play_and_get_digits(
                U, "/s/p q.wav", "d1", most=3, tries=2, timeout_ms=3000, digit_timeout_ms=1500
            ),
            message("play_and_get_digits", "1 3 2 3000 # '/s/p q.wav' silence_stream://250 d1 \\d+ 1500"),
        ),
        (c.uuid_displace(U, "/a.wav", mix=True), f"api uuid_displace {U} start /a.wav 0 mux"),
        (c.uuid_displace(U, "/a.wav", stop=True), f"api uuid_displace {U} stop /a.wav"),
        (c.uuid_record(U, "/rec/a b.wav", limit_seconds=60), f"api uuid_record {U} start '/rec/a b.wav' 60"),
        (c.uuid_record(U, "/rec/a.wav", "mask"), f"api uuid_record {U} mask /rec/a.wav"),
        (c.uuid_record(U, "all", "stop"), f"api uuid_record {U} stop all"),
        (c.uuid_send_dtmf(U, "1w2W3@200"), f"api uuid_send_dtmf {U} 1w2W3@200"),
        (c.uuid_recv_dtmf(U, "42#"), f"api uuid_recv_dtmf {U} 42#"),
        (c.uuid_mute(U, "read"), f"api uuid_audio {U} start read mute 1"),
        (c.uuid_mute(U, "read", on=False), f"api uuid_audio {U} stop"),
        (c.avmd_start(U), message("avmd_start")),
        (c.avmd_stop(U), message("avmd_stop")),
        (c.eavesdrop(U, W), message("eavesdrop", W)),
        (c.three_way(U, W), message("three_way", W)),
        (c.supervise(U, "whisper"), f"api uuid_recv_dtmf {U} 2"),
        (c.supervise(U, "barge"), f"api uuid_recv_dtmf {U} 3"),
        (c.supervise(U, "listen"), f"api uuid_recv_dtmf {U} 0"),
        (
            c.conference(U, "room1", flags=("mute", "moderator")),
            message("conference", "room1@default+flags{mute|moderator}"),
        ),
        (
            c.conference_dial("room1", "null/1", "5550000", "Ann O'Hara"),
            "api conference room1 bgdial null/1 5550000 'Ann O\\'Hara'",
        ),
        (c.conference_dial("room1", "null/1", "5550000"), "api conference room1 bgdial null/1 5550000"),
        (c.conference_member("conf1", "mute", 4), "api conference conf1 mute 4"),
        (c.conference_member("conf1", "kick", "all"), "api conference conf1 kick all"),
        (c.conference_list("conf1"), "api conference conf1 json_list"),
        (c.conference_list(), "api conference json_list"),
        (
            c.conference_play("conf1", "tone_stream://%(200,0,400)"),
            "api conference conf1 play tone_stream://%(200,0,400)",
        ),
        (c.conference_play("conf1", "/a b.wav", 4), "api conference conf1 play '/a b.wav' 4"),
        (c.conference_record("conf1", "/rec/conf.wav"), "api conference conf1 record /rec/conf.wav"),
        (c.conference_record("conf1", "all", stop=True), "api conference conf1 norecord all"),
        (c.sched_transfer(U, 30, "7004 XML default"), f"api sched_transfer +30 {U} 7004 XML default"),
        (
            c.sched_broadcast(U, 1, "tone_stream://%(200,0,400)"),
            f"api sched_broadcast +1 {U} tone_stream://%(200,0,400) aleg",
        ),
    ],
)
def test_golden_text(command: c.Command, text: str) -> None:
    assert encode(command) == text.encode() + b"\n\n"


def test_the_recorded_client_s_messages() -> None:
    """g01: the outbound socket's client."""
    sent = [line.raw for line in recording("g01_outbound_async_full.jsonl.gz") if line.direction == "send"]
    digits = c.play_and_get_digits(
        "",
        "tone_stream://%(200,0,400)",
        "d1",
        most=3,
        timeout_ms=1500,
        digit_timeout_ms=800,
        invalid_path="silence_stream://100",
        event_uuid="949d0414-1238-4890-8fb5-76da62b43189",
    )
    ours: list[c.Command] = [
        Connect(),
        Linger(),
        DivertEvents(),
        c.execute("", "answer", event_uuid="4b05b838-5f71-4366-a805-ea26c755223f"),
        c.execute("", "set", "foo=bar baz", event_uuid="202da697-3dbb-4783-81a9-df8564de1972"),
        c.playback(
            "", "/var/lib/freeswitch/sounds/prompt.wav", event_uuid="d3438255-7c59-4025-8495-40b89907ab2f"
        ),
        digits,
        c.execute("", "sleep", "200", event_uuid="eb48f6f3-193b-4fc0-b7a0-c0f0ef28e739", lock=True),
        c.bridge("", "sofia/gateway/agent/a1", event_uuid="e27f130d-584d-483c-834a-e06a912b6da5"),
    ]
    for command in ours:
        assert encode(command) in sent


def test_supervisors_variables_say_who_hears_them() -> None:
    assert c.eavesdrop_variables() == {"eavesdrop_enable_dtmf": "true"}
    assert c.eavesdrop_variables("whisper", keys=False) == {
        "eavesdrop_enable_dtmf": "false",
        "eavesdrop_whisper_bleg": "true",
    }
    assert set(c.eavesdrop_variables("barge")) == {
        "eavesdrop_enable_dtmf",
        "eavesdrop_whisper_aleg",
        "eavesdrop_whisper_bleg",
    }


@pytest.mark.parametrize(
    "build",
    [
        lambda: Api("echo", FATAL),
        lambda: BgApi("echo", FATAL, "j"),
        lambda: BgApi("unload", "mod_x", "mod_event_socket"),
        lambda: c.uuid_setvar("unload", "mod_event_socket", "x"),
        lambda: c.uuid_setvar(U, "note", FATAL),
        lambda: c.uuid_setvar_multi(U, {"a": "unload", "b": "mod_event_socket"}),
        lambda: c.originate(U, "null/1", "&park()", {"note": FATAL}),
        lambda: c.execute(U, "set", f"x={FATAL}"),
        lambda: SendEvent("CUSTOM", (("Note", FATAL),)),
        lambda: c.Filter("x", FATAL),
        lambda: c.FilterDelete("x", FATAL),
        lambda: c.Auth(FATAL),
    ],
)
def test_no_value_unloads_the_event_socket(build: Callable[[], object]) -> None:
    """Tried: FreeSWITCH 1.11.1 unloads it for `api echo` with such a text."""
    with pytest.raises(UnencodableValue, match="mod_event_socket"):
        build()


def test_reloading_it_on_purpose_and_speaking_of_it_is_allowed() -> None:
    assert encode(Api("reload", "mod_event_socket")) == b"api reload mod_event_socket\n\n"
    assert Api("echo", "mod_event_socket is up").args


PATHS = (
    "",
    " a",
    "a\nb",
    "a\0b",
    "a'b",
    'a"b',
    "a\\b",
    "${x}",
    "$${x}",
    "{a=b}c",
    "system::rm",
    "-x",
    "%[a]b",
    "x" * 9000,
    "\udcff",
    "a\tb",
    "(a",
    "[a]b",
)


@pytest.mark.parametrize("path", PATHS)
def test_paths_that_are_something_else_to_the_switch(path: str) -> None:
    for build in (
        lambda: c.playback(U, path),
        lambda: c.uuid_broadcast(U, path),
        lambda: c.uuid_record(U, path),
        lambda: c.uuid_displace(U, path),
        lambda: c.play_and_get_digits(U, path, "d"),
        lambda: c.play_and_get_digits(U, "/a.wav", "d", invalid_path=path),
        lambda: c.conference_play("room", path),
        lambda: c.conference_record("room", path),
        lambda: c.sched_broadcast(U, 1, path),
    ):
        with pytest.raises(UnencodableValue) as caught:
            build()
        assert caught.value.what_to_do


@pytest.mark.parametrize(
    "build",
    [
        lambda: MyEvents(U, "json"),
        lambda: MyEvents("a b"),
        lambda: MyEvents(fmt="xml"),  # type: ignore[arg-type]
        lambda: c.SubscribeEvents(("ALL",), "xml"),  # type: ignore[arg-type]
        lambda: Linger(0),
        lambda: Linger(-1),
        lambda: c.Filter("delete", "all"),
        lambda: c.Filter("add", "x y"),
        lambda: c.Filter("x", " y"),
        lambda: c.uuid_setvar(U, "v", "a\nb"),
        lambda: c.uuid_setvar(U, "v", "a\0b"),
        lambda: c.uuid_setvar(U, "v", "x" * 65_536),
        lambda: c.uuid_setvar_multi(U, {}),
        lambda: c.uuid_setvar_multi(U, {f"v{i}": "x" for i in range(65)}),
        lambda: c.uuid_setvar_multi(U, {"a": "${b}"}),
        lambda: c.uuid_setvar_multi(U, {"a": "$\\{b}"}),
        lambda: c.uuid_setvar_multi(U, {"a;b": "c"}),
        lambda: c.uuid_hold("off"),
        lambda: c.uuid_hold("toggle", on=False),
        lambda: c.hangup(U, "no cause"),
        lambda: c.bridge(U, "a,b"),
        lambda: c.bridge(U, "a:_:b"),
        lambda: c.bridge(U, "null/1", {"note": "it's"}),
        lambda: c.bridge(U, "null/1", {"note": "${x}"}),
        lambda: c.att_xfer(U, "a b"),
        lambda: c.broadcast_application(U, "a b", "x"),
        lambda: c.broadcast_application(U, "set", "a='b'"),
        lambda: c.broadcast_application(U, "set", "a=${b}"),
        lambda: c.uuid_broadcast(U, "/a.wav", "cleg"),  # type: ignore[arg-type]
        lambda: c.execute(U, "playback", "x", loops=0),
        lambda: c.execute(U, "playback", " x"),
        lambda: c.execute(U, "play back", "x"),
        lambda: c.play_and_get_digits(U, "/a.wav", "d", least=3, most=2),
        lambda: c.play_and_get_digits(U, "/a.wav", "d", pattern="a b"),
        lambda: c.play_and_get_digits(U, "/a.wav", "d", pattern="[\\s]"),
        lambda: c.play_and_get_digits(U, "/a.wav", "d", pattern="a${b}"),
        lambda: c.play_and_get_digits(U, "/a.wav", "d", terminators="# x"),
        lambda: c.play_and_get_digits(U, "/a.wav", "d", timeout_ms=10),
        lambda: c.play_and_get_digits(U, "/a.wav", "d e"),
        lambda: c.uuid_record(U, "/a.wav", "erase"),  # type: ignore[arg-type]
        lambda: c.uuid_record(U, "/a.wav", limit_seconds=-1),
        lambda: c.uuid_send_dtmf(U, "12 3"),
        lambda: c.uuid_send_dtmf(U, ""),
        lambda: c.uuid_recv_dtmf(U, "1@0"),
        lambda: c.uuid_mute(U, "both"),  # type: ignore[arg-type]
        lambda: c.eavesdrop(U, "all"),
        lambda: c.three_way(U, "a b"),
        lambda: c.supervise(U, "shout"),  # type: ignore[arg-type]
        lambda: c.conference(U, "a b"),
        lambda: c.conference(U, "list"),
        lambda: c.conference(U, "room", flags=("x",)),
        lambda: c.conference(U, "room", "a+b"),
        lambda: c.conference_dial("room", "null/1", "55 5"),
        lambda: c.conference_dial("room", "null/1", "555", "a\nb"),
        lambda: c.conference_member("room", "eject", 1),  # type: ignore[arg-type]
        lambda: c.conference_member("room", "kick", 0),
        lambda: c.conference_member("room", "kick", True),
        lambda: c.conference_member("room", "kick", "some"),  # type: ignore[arg-type]
        lambda: c.sched_transfer(U, 0, "7001"),
        lambda: c.sched_transfer(U, 1, "&park()"),
        lambda: c.sched_hangup(U, 10_000_000),
        lambda: c.sched_broadcast(U, 1, "/a.wav", "holdb"),  # type: ignore[arg-type]
        lambda: SendEvent("CUSTOM", (("A", " b"),)),
        lambda: SendEvent("CUSTOM", (), "a\0b"),
        lambda: SendEvent("CUSTOM", (), "x" * 2_000_000),
    ],
)
def test_refused(build: Callable[[], object]) -> None:
    with pytest.raises(UnencodableValue) as caught:
        build()
    assert caught.value.code == "unencodable_value"
    assert caught.value.what_to_do
