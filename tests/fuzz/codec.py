"""What any bytes may do to the codec and to the events it makes, whoever thought of the bytes."""

from __future__ import annotations

import random
from collections.abc import Sequence

from esl.codec import CommandReply, Connection, DisconnectNotice, EventMessage, Message, Request
from esl.errors import ProtocolError

HEADER_BOUND = 512
BODY_BOUND = 2048


def chew(data: bytes, step: int) -> int:
    """Feed both ends with `data`, `step` bytes at a time; how many messages came out whole.

    Nothing but ProtocolError may be raised, never more may be kept than one unfinished message and one read,
    and a connection that has failed stays failed.
    """
    found = 0
    client: Connection[Message] = Connection("client", HEADER_BOUND, BODY_BOUND)
    server: Connection[Request] = Connection("server", HEADER_BOUND, BODY_BOUND)
    for connection in (client, server):
        for at in range(0, len(data), step):
            piece = data[at : at + step]
            try:
                messages: Sequence[Message | Request] = connection.receive(piece)
            except ProtocolError as error:
                messages = error.received
                _stays_failed(connection)
                found += sum(map(_read_all, messages))
                break
            assert connection.kept_bytes <= HEADER_BOUND + BODY_BOUND + step
            found += sum(map(_read_all, messages))
    return found


def _stays_failed(connection: Connection[Message] | Connection[Request]) -> None:
    try:
        connection.receive(b"\n")
    except ProtocolError:
        return
    raise AssertionError("a failed connection went on")


def _read_all(message: Message | Request) -> int:
    """Every property of a message, whatever it holds."""
    match message:
        case EventMessage(event):
            headers = event.headers()
            assert event.name == headers.get("Event-Name", "")
            assert event.uuid == headers.get("Unique-ID", "")
            for name in headers:
                event.get(name)
            for attribute in dir(type(event)):
                if not attribute.startswith("_") and isinstance(getattr(type(event), attribute), property):
                    getattr(event, attribute)
            assert event == event
            hash(event)
        case CommandReply() | DisconnectNotice():
            message.get("Job-UUID") if isinstance(message, CommandReply) else message.lingers
    assert repr(message)
    return 1


SPLICES = (
    b"Content-Length: 99999999999999999999\n",
    b"Content-Length: -1\n",
    b"Content-Length: 5\nContent-Length: 6\n",
    b"Content-Length:\n",
    b"content-length: 07\n",
    b"Content-Type: text/event-json\n\n",
    b"\n\n",
    b"\r\n\r\n",
    b"\xff\xfe\x80",
    b"\x00",
    b"[" * 300,
    b'{"a":' * 200,
    b'{"Event-Name":"CHANNEL_CREATE","Event-Name":["a",{"b":null}]}',
    b"Event-Name: CHANNEL_HANGUP_COMPLETE\n",
    b"%0AUnique-ID: evil",
    b"%",
)


def mutated(seed: bytes, rng: random.Random) -> bytes:
    """`seed` with some bytes turned, cut out, doubled, or replaced by what a parser may stumble over."""
    data = bytearray(seed)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(data))
        match rng.randint(0, 4):
            case 0 if data:
                data[at % len(data)] = rng.randint(0, 255)
            case 1:
                del data[at : at + rng.randint(1, 40)]
            case 2:
                data[at:at] = data[at : at + rng.randint(1, 200)]
            case 3:
                data[at:at] = rng.choice(SPLICES)
            case _:
                del data[at:]
    return bytes(data)
