"""The codec at its edges: bounds, nonsense, stray bytes, and the server's side."""

from __future__ import annotations

import pytest

from esl.codec import (
    ApiResponse,
    AuthRequest,
    CommandReply,
    Connection,
    DisconnectNotice,
    EventMessage,
    OtherMessage,
    Request,
    RudeRejection,
)
from esl.errors import ProtocolError, UnencodableValue
from esl.events import from_headers
from esl.wire import (
    auth_request,
    disconnect_notice,
    encode_api_response,
    encode_event,
    encode_reply,
    rude_rejection,
)


def test_every_kind_of_message() -> None:
    stream = b"".join(
        [
            auth_request(),
            encode_reply("+OK Job-UUID: j", [("Job-UUID", "j")]),
            encode_api_response("+OK caf\u00e9\n"),
            encode_event([("Event-Name", "HEARTBEAT")], "plain"),
            encode_event([("Event-Name", "HEARTBEAT")], "json"),
            b"Content-Type: log/data\nContent-Length: 2\nLog-Level: 7\n\nhi",
            rude_rejection(),
            disconnect_notice([("Content-Disposition", "linger")], ""),
            disconnect_notice(),
        ]
    )
    greeting, reply, api, plain, as_json, other, rude, linger, goodbye = Connection("client").receive(stream)
    assert greeting == AuthRequest()
    assert isinstance(reply, CommandReply)
    assert (reply.ok, reply.text, reply.get("Job-UUID")) == (True, "+OK Job-UUID: j", "j")
    assert isinstance(api, ApiResponse)
    assert (api.body, api.ok) == ("+OK caf\u00e9\n", True)
    assert plain == as_json == EventMessage(from_headers({"Event-Name": "HEARTBEAT"}))
    assert other == OtherMessage(
        "log/data", (("Content-Type", "log/data"), ("Content-Length", "2"), ("Log-Level", "7")), b"hi"
    )
    assert rude == RudeRejection("Access Denied, go away.\n")
    assert isinstance(linger, DisconnectNotice)
    assert linger.lingers
    assert isinstance(goodbye, DisconnectNotice)
    assert not goodbye.lingers


@pytest.mark.parametrize("text", ["-ERR invalid", "-ERR command not found"])
def test_a_refusal_is_not_ok(text: str) -> None:
    assert not CommandReply(text).ok
    assert not ApiResponse(text).ok
    assert not ApiResponse("-USAGE: <uuid>\n").ok
    assert CommandReply("bare value of getvar").ok


def test_stray_blank_lines_and_carriage_returns() -> None:
    stream = (
        b"\n\n\r\n" + auth_request() + b"\n\n" + b"Content-Type: command/reply\r\nReply-Text: +OK x\r\n\r\n\n"
    )
    for cut in range(len(stream)):
        connection = Connection("client")
        messages = connection.receive(stream[:cut]) + connection.receive(stream[cut:])
        assert [type(message) for message in messages] == [AuthRequest, CommandReply]
        assert messages[1].text == "+OK x"  # type: ignore[union-attr]
        assert connection.kept_bytes == 0


def test_bytes_that_are_not_utf8_are_kept() -> None:
    (message,) = Connection("client").receive(b"Content-Type: api/response\nContent-Length: 3\n\n\xe9\xff\n")
    assert isinstance(message, ApiResponse)
    assert message.body.encode("utf-8", "surrogateescape") == b"\xe9\xff\n"


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (b"Content-Type: api/response\nContent-Length: -1\n\n", "not a number"),
        (b"Content-Type: api/response\nContent-Length: 0x10\n\n", "not a number"),
        (b"Content-Type: api/response\nContent-Length: \xd9\xa3\n\n", "not a number"),
        (b"Content-Type: api/response\nContent-Length: 99999999999999999999\n\n", "not a number"),
        (b"Content-Type: api/response\nContent-Length: 5\nContent-Length: 6\n\n", "given twice"),
        (b"Content-Type: api/response\nContent-Length: 1001\n\n", "over the bound"),
        (b"Content-Length: 1001\nContent-Type: text/event-plain\n\n", "over the bound"),
        (b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", "no Content-Type"),
        (b"no colon at all\n\n", "no Content-Type"),
        (b"x" * 201, "no end"),
        (b"Content-Type: auth/request\n" + b"a: b\n" * 40 + b"\n", "no end"),
        (b"Content-Length: 5\nContent-Type: text/event-json\n\n[1,2]", "not an object"),
        (b"Content-Length: 5\nContent-Type: text/event-json\n\n{'a'}", "can't be read"),
    ],
)
def test_nonsense_ends_the_connection_wherever_it_is_cut(stream: bytes, says: str) -> None:
    for cut in (0, 1, len(stream) // 2, len(stream) - 1):
        connection = Connection("client", max_header_bytes=200, max_body_bytes=1000)
        messages = connection.receive(auth_request())
        with pytest.raises(ProtocolError, match=says) as caught:  # noqa: PT012 - which half it is depends
            messages += connection.receive(stream[:cut])
            messages += connection.receive(stream[cut:])
        assert messages == [AuthRequest()]
        assert caught.value.code == "protocol_error"
        with pytest.raises(ProtocolError, match=says):
            connection.receive(b"more")


def test_deep_json_is_refused_not_fatal() -> None:
    body = b'{"a":' + b"[" * 200_000
    with pytest.raises(ProtocolError):
        Connection("client").receive(
            b"Content-Length: %d\nContent-Type: text/event-json\n\n%b" % (len(body), body)
        )


def test_what_came_before_the_offence_is_handed_out() -> None:
    with pytest.raises(ProtocolError) as caught:
        Connection("client").receive(auth_request() + b"Content-Type: api/response\nContent-Length: x\n\n")
    assert caught.value.received == (AuthRequest(),)


def test_no_more_is_kept_than_one_message() -> None:
    connection = Connection("client", max_header_bytes=100, max_body_bytes=1000)
    most = 0
    body = encode_api_response("x" * 1000)
    for at in range(0, len(body) * 3, 7):
        connection.receive((body * 3)[at : at + 7])
        most = max(most, connection.kept_bytes)
    assert most <= 100 + 1000 + 7


def test_a_large_body_in_single_bytes_is_framed_once() -> None:
    connection = Connection("client")
    stream = encode_api_response("y" * 300_000)
    messages = [
        message for byte in range(len(stream)) for message in connection.receive(stream[byte : byte + 1])
    ]
    assert messages == [ApiResponse("y" * 300_000)]


def test_the_server_reads_commands_headers_and_bodies() -> None:
    stream = (
        b"\n\nauth ClueCon\r\n\r\n"
        b"bgapi originate {a=b}null/1 &park()\nJob-UUID: j-1\n\n"
        b"sendevent CUSTOM\nEvent-Subclass: my::event\ncontent-length: 5\n\nhello\n\n"
        b"sendmsg u-1\ncall-command: execute\nno colon\nexecute-app-name:  park\n\n"
        b"api echo caf\xc3\xa9 \xff\n\n\n"
    )
    expected = [
        Request(b"auth ClueCon"),
        Request(b"bgapi originate {a=b}null/1 &park()", (("Job-UUID", "j-1"),)),
        Request(b"sendevent CUSTOM", (("Event-Subclass", "my::event"), ("content-length", "5")), b"hello"),
        Request(b"sendmsg u-1", (("call-command", "execute"), ("execute-app-name", "park"))),
        Request(b"api echo caf\xc3\xa9 \xff"),
    ]
    for cut in range(len(stream)):
        connection = Connection("server")
        assert connection.receive(stream[:cut]) + connection.receive(stream[cut:]) == expected
        assert connection.kept_bytes == 0
    assert expected[1].get("job-uuid") == "j-1"
    assert expected[4].text.encode("utf-8", "surrogateescape") == expected[4].line


def test_the_server_refuses_a_line_without_end() -> None:
    connection = Connection("server", max_header_bytes=50)
    with pytest.raises(ProtocolError, match="no end"):
        connection.receive(b"api " + b"x" * 60)


def test_what_can_not_be_written() -> None:
    with pytest.raises(UnencodableValue):
        encode_reply("+OK\nReply-Text: -ERR")
    with pytest.raises(UnencodableValue):
        encode_event([("a\nb", "c")], "plain")
    with pytest.raises(UnencodableValue):
        encode_event([], "xml")


def test_an_event_with_an_inner_body() -> None:
    pairs = [("Event-Name", "BACKGROUND_JOB"), ("Job-UUID", "j")]
    plain = encode_event(pairs, "plain", "-ERR USER_BUSY\n")
    assert plain == (
        b"Content-Length: 74\nContent-Type: text/event-plain\n\n"
        b"Event-Name: BACKGROUND_JOB\nJob-UUID: j\nContent-Length: 15\n\n-ERR USER_BUSY\n"
    )
    as_json = encode_event(pairs, "json", "-ERR USER_BUSY\n")
    assert as_json.endswith(
        b'{"Event-Name":"BACKGROUND_JOB","Job-UUID":"j","Content-Length":"15","_body":"-ERR USER_BUSY\\n"}'
    )
    first, second = Connection("client").receive(plain + as_json)
    assert first == second
