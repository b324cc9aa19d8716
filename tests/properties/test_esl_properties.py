"""Properties of the Event Socket codec, events and commands, for texts and cuts that nobody thought of."""

from __future__ import annotations

import json
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl import commands
from esl.codec import ApiResponse, CommandReply, Connection, EventMessage, Message, Request
from esl.commands import Api, BgApi, SendEvent, encode
from esl.errors import ProtocolError, UnencodableValue
from esl.events import Event, from_json, from_plain
from esl.wire import (
    encode_api_response,
    encode_event,
    encode_reply,
    json_block,
    percent_decode,
    percent_encode,
    plain_block,
    to_bytes,
    to_text,
)


def canonical(text: str) -> str:
    """Surrogates of two halves may be UTF-8 together."""
    return to_text(to_bytes(text))


# Any bytes a switch may hold in a value, as text: UTF-8 where it is, lone surrogates where it is not.
values = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary().map(to_text))
hostile = st.sampled_from(
    ["\nUnique-ID: evil\n", "\n\n", "%0AEvent-Name: FAKE", '","Unique-ID":"evil', "\\", "\x00", "%", "{}"]
)
nasty = (
    st.lists(st.one_of(values, hostile), max_size=4)
    .map("".join)
    .map(canonical)
    .filter(lambda text: "%" not in text and text != "")
)
names = st.from_regex(r"variable_[A-Za-z0-9_%+-]{1,20}", fullmatch=True)
pairs = st.lists(st.tuples(names, nasty), max_size=8)
formats = st.sampled_from(["plain", "json"])


@given(values)
def test_an_encoded_value_is_ascii_without_a_line_end_and_decodes(value: str) -> None:
    wire = percent_encode(value)
    assert all(0x20 < byte < 0x7F for byte in wire)
    if "%" not in value and value:
        assert percent_decode(wire) == value
    assert percent_encode(wire.decode()) == wire  # what is encoded already is left alone: not reversible


@given(pairs, formats, st.one_of(st.none(), nasty))
def test_events_survive_the_wire(headers: list[tuple[str, str]], fmt: str, body: str | None) -> None:
    core = [("Event-Name", "CHANNEL_HANGUP_COMPLETE"), ("Unique-ID", "true-uuid"), ("Core-UUID", "core")]
    (message,) = Connection("client").receive(encode_event([*core, *headers], fmt, body))
    assert isinstance(message, EventMessage)
    event = message.event
    assert (event.name, event.uuid, event.core_uuid) == ("CHANNEL_HANGUP_COMPLETE", "true-uuid", "core")
    assert event.get("Hangup-Cause") is None
    assert event.body == body
    assert list(event.items())[: 3 + len(headers)] == [*core, *headers]
    for name, value in headers:
        assert event.get(name) == next(first for key, first in headers if key == name), value


@given(pairs, st.integers(0, 10), formats)
def test_no_value_moves_the_name_or_the_uuid(headers: list[tuple[str, str]], place: int, fmt: str) -> None:
    core = [("Event-Name", "CHANNEL_CREATE"), ("Unique-ID", "true-uuid")]
    mixed = headers[:place] + core + headers[place:]
    event = from_plain(plain_block(mixed)) if fmt == "plain" else from_json(json_block(mixed))
    assert (event.name, event.uuid) == ("CHANNEL_CREATE", "true-uuid")
    assert event.items() == tuple(mixed)


messages = st.one_of(
    st.tuples(st.just("api"), values),
    st.tuples(st.just("reply"), st.from_regex(r"\+OK [a-z]{0,20}", fullmatch=True)),
    st.tuples(st.just("event"), nasty),
    st.tuples(st.just("json"), nasty),
    st.tuples(st.just("blank"), st.sampled_from(["\n", "\r\n", "\n\n\n"])),
)


def on_the_wire(kind: str, text: str) -> bytes:
    match kind:
        case "api":
            return encode_api_response(text)
        case "reply":
            return encode_reply(text)
        case "event":
            return encode_event([("Event-Name", "CUSTOM"), ("x", text)], "plain")
        case "json":
            return encode_event([("Event-Name", "CUSTOM"), ("x", text)], "json")
        case _:
            return text.encode()


def said(message: Message) -> str:
    match message:
        case ApiResponse(text) | CommandReply(text):
            return text
        case EventMessage(event):
            return event.get("x", "")
        case _:
            raise AssertionError(message)


@given(st.lists(messages, max_size=6), st.lists(st.integers(1, 200), min_size=1, max_size=20))
def test_a_stream_cut_anywhere_says_the_same(script: list[tuple[str, str]], cuts: list[int]) -> None:
    stream = b"".join(on_the_wire(kind, text) for kind, text in script)
    connection = Connection("client")
    found: list[Message] = []
    at = turn = 0
    while at < len(stream):
        step = cuts[turn % len(cuts)]
        found += connection.receive(stream[at : at + step])
        at, turn = at + step, turn + 1
    assert [said(message) for message in found] == [text for kind, text in script if kind != "blank"]
    assert connection.kept_bytes == 0


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from([b"Content-Length: 9\n", b"\n\n", b"Content-Type: text/event-json\n\n"]),
        ),
        max_size=12,
    )
)
def test_garbage_is_bounded_and_ends_in_nothing_but_a_protocol_error(chunks: list[bytes]) -> None:
    for role in ("client", "server"):
        connection: Connection[Message] | Connection[Request]
        connection = Connection("client", 100, 100) if role == "client" else Connection("server", 100, 100)
        try:
            for chunk in chunks:
                connection.receive(chunk)
                assert connection.kept_bytes <= 200 + len(chunk)
        except ProtocolError:
            continue


@given(st.binary())
def test_any_block_is_an_event(block: bytes) -> None:
    event = from_plain(block)
    assert isinstance(event, Event)
    assert event.headers().get("Unique-ID", "") == event.uuid
    assert repr(event)


arguments = st.text(max_size=40)


@given(arguments)
def test_a_command_is_one_command_or_none(text: str) -> None:
    builders = (
        lambda: Api("echo", text),
        lambda: BgApi("echo", text, "job-1"),
        lambda: commands.uuid_setvar("u", "name", text),
        lambda: commands.uuid_kill("u", text),
        lambda: commands.uuid_transfer("u", text),
        lambda: commands.global_setvar("name", text),
        lambda: commands.originate("u", "sofia/gateway/gw/15550100", "&park()", {"v": text}),
        lambda: commands.originate("u", text, "&park()", {}, expand=True),
        lambda: commands.originate("u", "null/1", text, {}),
        lambda: commands.originate("u", "null/1", "&park()", {text: "v"}),
        lambda: commands.Filter("Unique-ID", text),
        lambda: commands.Auth(text),
    )
    for build in builders:
        try:
            raw = encode(build())
        except UnencodableValue:
            continue
        (request,) = Connection("server").receive(raw)
        assert raw.count(b"\n\n") == 1
        assert {name for name, _ in request.headers} <= {"Job-UUID"}


awkward = st.text(st.sampled_from(list("ab'\\\", ,$:_ntrs{}=")), min_size=1, max_size=12)


@given(st.one_of(awkward, st.text(min_size=1)), awkward)
def test_an_originate_s_variables_read_back_as_freeswitch_would(value: str, other: str) -> None:
    try:
        command = commands.originate(
            "u", "null/1", "&park()", {"first": "1", "v": value, "w": other, "last": "9"}
        )
    except UnencodableValue:
        return
    words = separated(command.args, " ")
    assert words[1:] == ["&park()"]
    listed = words[0][1 : words[0].index("}")]
    assert words[0][len(listed) + 2 :] == "null/1"
    assert separated(listed, ",") == ["origination_uuid=u", "first=1", f"v={value}", f"w={other}", "last=9"]


def separated(text: str, delimiter: str) -> list[str]:
    """A model of switch_separate_string: cut outside quotes, then clean each part of quotes and escapes."""
    parts, quoted, at = [""], False, 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            parts[-1] += text[at : at + 2]
            at += 2
            continue
        # At spaces every quote counts; at another character only one that has a partner.
        if char == "'" and (quoted or delimiter == " " or "'" in text[at + 1 :]):
            quoted = not quoted
        if char == delimiter and not quoted:
            parts.append("")
        else:
            parts[-1] += char
        at += 1
    return [cleaned(part, delimiter) for part in parts]


def cleaned(part: str, delimiter: str) -> str:
    meant = {"n": "\n", "r": "\r", "t": "\t", "s": " ", "'": "'", '"': '"', "\\": "\\", delimiter: delimiter}
    out, kept, quoted, at = "", 0, False, 0
    part = part.lstrip(" ")
    while at < len(part):
        char, following = part[at], part[at + 1 : at + 2]
        if char == "\\" and following in meant:
            out += meant[following]
            kept, at = len(out), at + 1
        elif char == "'" and (quoted or "'" in part[at + 1 :]):
            quoted = not quoted
            kept = len(out) if quoted else kept
        else:
            out += char
            kept = len(out) if char != " " or quoted else kept
        at += 1
    return out[:kept]


@pytest.mark.parametrize(
    ("written", "arrived"),
    [
        ("'a b'", "a b"),
        ("'a,b'", "a"),
        ("a\\,b", "a,b"),
        ("'a\\,b'", "a,b"),
        ("'it\\'s'", "it's"),
        ("a\\b", "a\\b"),
        ("a\\\\b", "a\\b"),
    ],
)
def test_the_model_agrees_with_the_recording(written: str, arrived: str) -> None:
    """d41: what was sent, and what uuid_getvar gave back."""
    listed = separated(f"{{x=1,v={written}}}null/1 &park()", " ")[0]
    assert separated(listed[1 : listed.index("}")], ",")[1] == f"v={arrived}"


@given(
    st.from_regex(r"[A-Za-z-]{1,20}", fullmatch=True),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)
def test_a_body_of_ours_arrives_whole(header: str, body: str) -> None:
    try:
        raw = encode(SendEvent("CUSTOM", ((header, "v"),), body))
    except UnencodableValue:
        assert header.lower() == "content-length" or "\0" in body  # the switch reads a body up to a NUL
        return
    (request,) = Connection("server").receive(raw)
    assert request.body == body.encode()
    assert request.get(header) == "v"


@given(values)
def test_our_json_is_json(value: str) -> None:
    raw = json_block([("k", value)])
    assert json.loads(raw.decode("utf-8", "surrogateescape")) == {"k": value}
    if "%" not in value and value:
        assert unquote_to_bytes(percent_encode(value)) == to_bytes(value)
