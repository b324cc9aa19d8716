"""What the tests of esl share: the recordings, and a small scripted switch on a real socket."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gevent
from gevent import socket
from gevent.event import AsyncResult
from gevent.event import Event as Flag
from gevent.server import StreamServer

from esl.codec import Connection, Request
from esl.events import Event
from esl.wire import auth_request, encode_api_response, encode_event, encode_reply

CORPUS = Path(__file__).parents[2] / "fixtures" / "corpus"
CORE = "7e87b4d4-2e3b-4d79-b9cb-adbae524865d"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a recording."""

    file: str
    direction: str
    raw: bytes
    connection: int


@cache
def recording(name: str) -> tuple[Line, ...]:
    """The lines of one recording."""
    path = CORPUS / name
    text = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    lines = (json.loads(line) for line in text.splitlines())
    return tuple(
        Line(name, line["dir"], line["data"].encode("utf-8", "surrogateescape"), line.get("conn", 0))
        for line in lines
    )


def recordings() -> list[str]:
    """The names of all recordings, but for i01: 26 MB of what the others have."""
    names = (path.name for path in CORPUS.iterdir() if ".jsonl" in path.name)
    return sorted(name for name in names if not name.startswith("i01"))


def received(names: list[str] | None = None) -> Iterator[Line]:
    """Every message of the switch in the recordings."""
    for name in names or recordings():
        yield from (line for line in recording(name) if line.direction == "recv")


def wire_event(name: str, uuid: str = "", **headers: str) -> bytes:
    """An event message as the switch would send it."""
    pairs = [("Event-Name", name), ("Core-UUID", CORE), *([("Unique-ID", uuid)] if uuid else [])]
    return encode_event(
        [*pairs, *((key.replace("_", "-"), value) for key, value in headers.items())], "plain"
    )


Answer = Callable[["Caller", Request], None]


class Caller:
    """One client of the scripted switch."""

    def __init__(self, sock: Any) -> None:
        self.sock = sock
        self.requests: list[Request] = []

    def write(self, *parts: bytes) -> None:
        self.sock.sendall(b"".join(parts))

    def close(self) -> None:
        self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


def friendly(caller: Caller, request: Request) -> None:
    """Answers as a switch does: the password, subscriptions, core_uuid, status, bgapi."""
    match request.text.split(" "):
        case ["auth", "ClueCon"]:
            caller.write(encode_reply("+OK accepted"))
        case ["auth", _]:
            caller.write(encode_reply("-ERR invalid"))
            caller.close()
        case ["event", fmt, *_]:
            caller.write(encode_reply(f"+OK event listener enabled {fmt}"))
        case ["api", "global_getvar", "core_uuid"]:
            caller.write(encode_api_response(CORE))
        case ["api", *words]:
            caller.write(encode_api_response(f"+OK {' '.join(words)}\n"))
        case ["bgapi", *_]:
            uuid = request.get("Job-UUID") or ""
            caller.write(encode_reply(f"+OK Job-UUID: {uuid}", [("Job-UUID", uuid)]))
        case _:
            caller.write(encode_reply("-ERR command not found"))


class ScriptedSwitch:
    """A switch of few words: greets, then gives every request to `answer`."""

    def __init__(self, answer: Answer = friendly, greeting: bytes = auth_request()) -> None:
        self.answer = answer
        self.greeting = greeting
        self.callers: list[Caller] = []
        self._arrivals: list[tuple[bytes, AsyncResult[Caller]]] = []
        self._server = StreamServer(("127.0.0.1", 0), self._serve)
        self._server.start()
        self.port: int = self._server.server_port

    def __enter__(self) -> ScriptedSwitch:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(timeout=1)

    def expect(self, line: bytes) -> AsyncResult[Caller]:
        """Set when a request with this line comes next."""
        result: AsyncResult[Caller] = AsyncResult()
        self._arrivals.append((line, result))
        return result

    def _serve(self, sock: Any, _: object) -> None:
        caller = Caller(sock)
        self.callers.append(caller)
        codec = Connection("server")
        try:
            caller.write(self.greeting)
            while data := sock.recv(65536):
                for request in codec.receive(data):
                    caller.requests.append(request)
                    self.answer(caller, request)
                    for arrival in [each for each in self._arrivals if each[0] == request.line]:
                        self._arrivals.remove(arrival)
                        arrival[1].set(caller)
        except OSError:
            return  # the client is gone, or the script closed the connection


class Inbox:
    """Takes what callbacks bring, and lets a test wait for the n-th of it."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._more = Flag()

    def __call__(self, item: Any) -> None:
        self.items.append(item)
        self._more.set()

    def wait(self, count: int, seconds: float = 5.0) -> list[Any]:
        """The items, once there are `count`."""
        with gevent.Timeout(seconds, AssertionError(f"only {len(self.items)} of {count}: {self.items}")):
            while len(self.items) < count:
                self._more.clear()
                self._more.wait()
        return self.items

    def events(self) -> list[Event]:
        return [item for item in self.items if isinstance(item, Event)]
