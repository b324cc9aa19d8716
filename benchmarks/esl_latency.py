"""From the event that allows a bridge, read, to the bridge command, written: esl alone, over TCP loopback.

    python -m benchmarks.esl_latency [--rate 100] [--seconds 20]

A feeder in a process of its own sends `rate` calls a second, ten events each as they were recorded, the
last a CHANNEL_PARK; the client writes uuid_bridge from its callback. Measured in the client: from when the
bytes with the park were read off the socket to when the command was handed to the socket. Wall-clock time,
so whatever else the machine does is in it.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import time
from typing import Any

from gevent import socket as green
from gevent.event import Event

from benchmarks.esl_framing import ROOT, recorded_events
from esl.client import Client
from esl.commands import SubscribeEvents, uuid_bridge
from esl.events import ChannelPark
from esl.wire import auth_request, encode_api_response, encode_reply

AGENT = "0190b3a8-0000-7000-8000-000000000002"
EVENTS_A_CALL = 10


class Noting:
    """A socket that notes when bytes came."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self.read_at = 0.0

    def recv(self, size: int) -> bytes:
        data: bytes = self._sock.recv(size)
        self.read_at = time.perf_counter()
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class Measured(Client):
    """A client whose connection was accepted from the feeder, not made."""

    def __init__(self, sock: Any, on_event: Any, on_lost: Any) -> None:
        super().__init__("127.0.0.1", 0, "ClueCon", on_event=on_event, on_lost=on_lost)
        self.noting = Noting(sock)
        self._start_reading(self.noting)
        self._wait_for_greeting()
        self.authenticate()


def feed(port: int, rate: float, seconds: float) -> None:
    """The switch's side: greets, answers everything, and sends the calls."""
    events = [raw for raw in recorded_events() if b"\nUnique-ID: " in raw]
    park = next(raw for raw in events if b"Event-Name: CHANNEL_PARK" in raw)
    others = [raw for raw in events if b"CHANNEL_PARK" not in raw]
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(auth_request())
    sock.recv(4096)
    sock.sendall(encode_reply("+OK accepted"))
    sock.recv(4096)
    sock.sendall(encode_reply("+OK event listener enabled plain"))
    began, calls = time.perf_counter(), round(rate * seconds)
    for call in range(calls):
        time.sleep(max(0.0, began + call / rate - time.perf_counter()))
        first = call * (EVENTS_A_CALL - 1) % (len(others) - EVENTS_A_CALL)
        sock.sendall(b"".join(others[first : first + EVENTS_A_CALL - 1]) + park)
        sock.recv(65536)
        sock.sendall(encode_api_response("+OK " + AGENT + "\n"))
    sock.close()


def measure(rate: float, seconds: float) -> dict[str, Any]:
    """Milliseconds, median and p99."""
    taken: list[float] = []
    over = Event()

    def on_event(event: Any) -> None:
        if isinstance(event, ChannelPark):
            client.send(uuid_bridge(event.uuid, AGENT))
            taken.append(time.perf_counter() - client.noting.read_at)

    with green.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "benchmarks.esl_latency", "--feed", str(port)]
        child = subprocess.Popen([*command, "--rate", str(rate), "--seconds", str(seconds)], cwd=ROOT)  # noqa: S603
        sock, _ = listener.accept()
    client = Measured(sock, on_event, lambda error: over.set())
    client.call(SubscribeEvents(("ALL",)))
    over.wait()
    child.wait()
    taken.sort()
    return {
        "calls": len(taken),
        "median_ms": round(taken[len(taken) // 2] * 1e3, 3),
        "p99_ms": round(taken[len(taken) * 99 // 100] * 1e3, 3),
        "max_ms": round(taken[-1] * 1e3, 3),
    }


def main() -> int:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--feed", type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.feed:
        feed(args.feed, args.rate, args.seconds)
    else:
        sys.stdout.write(json.dumps(measure(args.rate, args.seconds)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
