"""Lengths, cuts and JSON that a switch would not send, and what bounds them. `tests/fuzz` tries any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from esl.codec import Connection, EventMessage, Message, Request
from esl.errors import ProtocolError
from esl.wire import encode_api_response, encode_event, encode_reply

HEADERS = [("Event-Name", "CHANNEL_CREATE"), ("Unique-ID", "u-1"), ("variable_x", "caf\u00e9 \udcff,%")]
STREAM = b"".join(
    [
        encode_reply("+OK accepted"),
        encode_event(HEADERS, "plain"),
        encode_event(HEADERS, "json", "+OK body\n"),
        encode_api_response("\u00e9\n\n"),
        b"\r\n\n",
        encode_event(HEADERS, "plain", "-ERR NO_ANSWER\n"),
    ]
)


def messages(*pieces: bytes) -> list[Message]:
    connection = Connection("client")
    found = [message for piece in pieces for message in connection.receive(piece)]
    assert connection.kept_bytes == 0
    return found


def test_a_cut_at_every_byte_and_bytes_one_by_one() -> None:
    whole = messages(STREAM)
    assert len(whole) == 5
    for at in range(len(STREAM)):
        assert messages(STREAM[:at], STREAM[at:]) == whole
    assert messages(*(STREAM[at : at + 1] for at in range(len(STREAM)))) == whole


@given(st.sampled_from(["client", "server"]), st.integers(1, 5000), st.binary(max_size=40))
def test_a_block_without_an_end_is_refused_at_the_bound(role: str, step: int, unit: bytes) -> None:
    """However slowly it grows, and never more is kept than the bound and one read."""
    piece = (b"X-Header: " + unit.replace(b"\n", b"").replace(b"\r", b"") + b"\n") * (step // 10 + 1)
    for text in (piece, b"x" * step):
        connection = Connection("client", 4096, 100) if role == "client" else Connection("server", 4096, 100)
        with pytest.raises(ProtocolError, match="no end"):
            feed_for_ever(connection, text)


def feed_for_ever(connection: Connection[Message] | Connection[Request], text: bytes) -> None:
    for _ in range(5000):
        connection.receive(text)
        assert connection.kept_bytes <= 4096 + len(text)


lengths = st.one_of(
    st.integers(max_value=-1).map(str),
    st.integers(min_value=101).map(str),
    st.sampled_from(
        ["", " ", "+5", "5 5", "0x5", "5.0", "\u0665", "1e2", "nan", "5\x00", "5,5", "99999999999"]
    ),
)


@given(lengths, st.sampled_from(["api/response", "text/event-plain", "text/event-json", "command/reply"]))
def test_a_length_that_is_none_or_too_long_is_refused_before_a_byte_of_it(length: str, kind: str) -> None:
    connection = Connection("client", 4096, 100)
    for order in (
        f"Content-Length: {length}\nContent-Type: {kind}",
        f"Content-Type: {kind}\ncontent-length:{length}",
    ):
        connection = Connection("client", 4096, 100)
        with pytest.raises(ProtocolError):
            connection.receive(order.encode() + b"\n\n")
        with pytest.raises(ProtocolError):
            connection.receive(encode_reply("+OK"))
        assert connection.kept_bytes == 0


@given(st.integers(0, 50), st.integers(0, 50))
def test_a_length_given_twice_must_agree(first: int, second: int) -> None:
    raw = f"Content-Type: api/response\nContent-Length: {first}\ncontent-length: {second}\n\n".encode()
    connection = Connection("client")
    if first == second:
        assert len(connection.receive(raw + b"x" * first)) == 1
    else:
        with pytest.raises(ProtocolError, match="twice"):
            connection.receive(raw)


def test_without_a_length_there_is_no_body() -> None:
    found = messages(b"Content-Type: text/event-plain\n\n" + encode_reply("+OK"))
    assert isinstance(found[0], EventMessage)
    assert found[0].event.headers() == {}
    assert len(found) == 2


@given(st.binary(max_size=200))
def test_a_json_body_of_any_bytes(body: bytes) -> None:
    raw = b"Content-Length: %d\nContent-Type: text/event-json\n\n%b" % (len(body), body)
    connection = Connection("client")
    try:
        (message,) = connection.receive(raw)
    except ProtocolError:
        return
    assert isinstance(message, EventMessage)
    assert message.event.items() is not None


@given(st.binary(max_size=30).filter(lambda raw: not set(raw) & set(b'"\\') and min(raw, default=32) >= 32))
def test_json_values_that_are_not_utf_8_keep_their_bytes(value: bytes) -> None:
    body = b'{"Event-Name":"CUSTOM","x":"%b"}' % value
    (message,) = messages(b"Content-Length: %d\nContent-Type: text/event-json\n\n%b" % (len(body), body))
    assert isinstance(message, EventMessage)
    assert message.event.get("x", "").encode("utf-8", "surrogateescape") == value


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"a":[{"b":'])
@pytest.mark.parametrize("depth", [10, 990, 200_000])
def test_json_nested_as_deep_as_one_likes(opening: bytes, depth: int) -> None:
    body = opening * depth
    with pytest.raises(ProtocolError):
        messages(b"Content-Length: %d\nContent-Type: text/event-json\n\n%b" % (len(body), body))
    body = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    try:
        (message,) = messages(b"Content-Length: %d\nContent-Type: text/event-json\n\n%b" % (len(body), body))
    except ProtocolError:
        return
    assert isinstance(message, EventMessage)
    assert message.event.get("a")
