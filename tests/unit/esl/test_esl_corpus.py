"""Golden files: what FreeSWITCH really sent is read, and written again, byte for byte."""

from __future__ import annotations

import json
import random
import re
from urllib.parse import unquote_to_bytes

import pytest

from esl import commands
from esl.codec import (
    ApiResponse,
    AuthRequest,
    CommandReply,
    Connection,
    DisconnectNotice,
    EventMessage,
    Message,
    OtherMessage,
    RudeRejection,
)
from esl.commands import Api, Auth, BgApi, Command, Exit, Filter, NixEvent, NoEvents, SubscribeEvents, encode
from esl.wire import (
    auth_request,
    disconnect_notice,
    encode_api_response,
    encode_event,
    encode_reply,
    rude_rejection,
)
from tests.unit.esl.support import Line, received, recording, recordings

# An escape that FreeSWITCH never writes of itself (a safe character, encoded): it was in the value.
LITERAL = re.compile(rb"%(25[0-9A-F]{2}|2[14789ACDEF]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])")


def whole(line: Line) -> Message:
    """The one message of a line."""
    (message,) = Connection("client").receive(line.raw)
    return message


def naive_headers(line: Line) -> list[tuple[str, str]]:
    """The headers of an event, read by other code than ours: line by line, then unquoted; or by json."""
    body = line.raw.split(b"\n\n", 1)[1]
    if b"text/event-json" in line.raw[:64]:
        pairs = json.loads(body.decode("utf-8", "surrogateescape"), object_pairs_hook=list)
        joined = (
            (name, value if isinstance(value, str) else "ARRAY::" + "|:".join(value)) for name, value in pairs
        )
        return [(name, value) for name, value in joined if name != "_body"]
    lines = [each.split(b": ", 1) for each in body.split(b"\n\n", 1)[0].split(b"\n")]
    return [
        (name.decode(), unquote_to_bytes(value).decode("utf-8", "surrogateescape")) for name, value in lines
    ]


@pytest.mark.parametrize("name", recordings())
def test_cut_anywhere_the_same_messages_come_out(name: str) -> None:
    lines = list(received([name]))
    stream = b"".join(line.raw for line in lines)
    expected = [whole(line) for line in lines]
    rng = random.Random(name)
    for typical in (3, 700, 5000):
        connection = Connection("client")
        found: list[Message] = []
        at = 0
        while at < len(stream):
            step = rng.randint(1, 2 * typical) if typical > 3 or len(stream) < 50_000 else rng.randint(1, 300)
            found += connection.receive(stream[at : at + step])
            at += step
        assert found == expected
        assert connection.kept_bytes == 0


@pytest.mark.parametrize("name", recordings())
def test_headers_agree_with_a_naive_parse(name: str) -> None:
    for line in received([name]):
        message = whole(line)
        if not isinstance(message, EventMessage):
            continue
        event, pairs = message.event, naive_headers(line)
        assert list(event.items()) == pairs
        firsts = dict(reversed(pairs))
        assert event.headers() == firsts
        assert event.name == firsts.get("Event-Name", "")
        assert event.uuid == firsts.get("Unique-ID", "")
        assert all(event.get(header) == value for header, value in firsts.items())


@pytest.mark.parametrize("name", recordings())
def test_written_again_byte_for_byte(name: str) -> None:
    for line in received([name]):
        if b'":["' in line.raw:  # a repeated header in json: a list, which we read as the text that plain has
            continue
        again = rewrite(line, whole(line))
        if again != line.raw:
            only_literal_percents_differ(line.raw, again)


def only_literal_percents_differ(recorded: bytes, again: bytes) -> None:
    """A `%XX` that the caller himself wrote is decoded by us, as by every client (FACTS section 2)."""
    assert b"text/event-plain" in recorded[:64]
    assert b"%" in recorded
    for old, new in zip(recorded.split(b"\n")[2:], again.split(b"\n")[2:], strict=True):
        if old != new:
            assert LITERAL.search(old), old
            assert unquote_to_bytes(unquote_to_bytes(old)) == unquote_to_bytes(unquote_to_bytes(new))


def rewrite(line: Line, message: Message) -> bytes:
    match message:
        case EventMessage(event):
            pairs = list(event.items())
            if event.body is not None:
                assert pairs.pop() == ("Content-Length", str(len(event.body.encode())))
            return encode_event(pairs, "json" if b"event-json" in line.raw[:64] else "plain", event.body)
        case CommandReply(text, headers) if len(headers) < 10:
            return encode_reply(text, headers[2:])
        case CommandReply():
            return line.raw  # `connect` of an outbound socket: all channel data, which we never write
        case ApiResponse(body):
            return encode_api_response(body)
        case AuthRequest():
            return auth_request()
        case RudeRejection():
            return rude_rejection()
        case DisconnectNotice(text, headers):
            return disconnect_notice(headers[1:-1], text)
        case OtherMessage(content_type, headers, body):  # xml events, which we keep whole
            assert content_type == "text/event-xml"
            return b"".join(f"{name}: {value}\n".encode() for name, value in headers) + b"\n" + body
        case other:
            raise AssertionError(other)


def test_the_literal_percent_is_what_the_switch_can_not_tell() -> None:
    line = next(each for each in received(["d41_variable_escaping.jsonl.gz"]) if b"%20b%2C" in each.raw)
    message = whole(line)
    assert isinstance(message, EventMessage)
    raw = encode_event([("variable_v", "a%20b%2C")], "plain")
    assert raw.endswith(b"\n\nvariable_v: a%20b%2C\n\n")
    assert message.event.get("variable_v", "a b,") == "a b,"


def test_an_event_without_a_name_survives() -> None:
    nameless = [
        message.event
        for message in map(whole, received(["d31_exec_on_answer_and_inline.jsonl"]))
        if isinstance(message, EventMessage) and not message.event.name
    ]
    assert len(nameless) == 1
    assert nameless[0].get("session_in_hangup_hook") == "true"


def express(text: str) -> Command | None:
    """The command that we would build for a recorded line; None where we have none."""
    first, _, rest = text.removesuffix("\n\n").partition("\n")
    job = re.fullmatch(r"Job-UUID: (\S+)", rest)
    match first.split(" "):
        case ["auth", password]:
            return Auth(password)
        case ["exit"]:
            return Exit()
        case ["noevents"]:
            return NoEvents()
        case ["nixevent", *names] if names:
            return NixEvent(tuple(names))
        case ["event", ("plain" | "json") as fmt, *names] if names:
            return SubscribeEvents(tuple(names), "json" if fmt == "json" else "plain")
        case ["filter", header, *value] if value and header[0].isalpha() and header != "delete":
            return Filter(header, " ".join(value))
        case ["api", name, *args]:
            return Api(name, " ".join(args))
        case ["bgapi", "originate", *_] if job:
            return originate(first, job[1])
        case ["bgapi", name, *args] if job:
            return BgApi(name, " ".join(args), job[1])
    return None


def originate(line: str, job_uuid: str) -> BgApi | None:
    """The recorded originate from its parts, by our builder; its Job-UUID is put back."""
    parts = re.fullmatch(
        r"bgapi originate \{origination_uuid=([^,}]+)((?:,\w+=[^,'{}\\]*)*)\}([^\s{}]+) (&\w+\([^\s()]*\))",
        line,
    )
    if parts is None or "|" in parts[3] or "," in parts[3] or "[" in parts[3] or "{" in parts[3]:
        return None
    variables = dict(pair.split("=", 1) for pair in parts[2].split(",")[1:])
    if any(not value or " " in value for value in variables.values()):
        return None
    return BgApi("originate", commands.originate(parts[1], parts[3], parts[4], variables).args, job_uuid)


def test_every_command_that_we_can_express_is_the_recorded_text() -> None:
    expressed = 0
    for name in recordings():
        for line in recording(name):
            if line.direction != "send" or line.raw.count(b"\n\n") != 1 or b"\r" in line.raw:
                continue
            command = express(line.raw.decode())
            if command is not None:
                assert encode(command) == line.raw
                expressed += 1
    assert expressed > 500


def test_the_server_reads_every_recorded_command() -> None:
    for name in recordings():
        for line in recording(name):
            if line.direction != "send" or not line.raw.strip():
                continue
            requests = Connection("server").receive(line.raw)
            assert requests
            assert requests[0].line == line.raw.split(b"\n")[0].rstrip(b"\r")
