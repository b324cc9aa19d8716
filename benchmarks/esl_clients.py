"""One client of `esl_framing.py`, in a process of its own: `python -m benchmarks.esl_clients NAME PORT`.

It reads until the event named by LAST and prints one JSON line: how many events, seconds of processor time of
this process (system calls too, so that waiting for the feeder costs nothing) and its memory, early and late.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

LAST = "BENCH_END"
HANGUP = ("cause", "sip_status", "created_us", "progress_us", "progress_media_us", "answered_us",
          "bridged_us", "hangup_us")  # fmt: skip
WARM = 5_000  # events until memory is looked at first


class Count:
    """What a client has seen since it was made, which is just before it subscribes."""

    def __init__(self) -> None:
        self.events = 0
        self.legs = 0
        self.early = 0
        self.start = time.process_time()

    def one(self, is_leg: bool) -> None:
        self.events += 1
        self.legs += is_leg
        if self.events == WARM:
            self.early = resident()

    def result(self) -> str:
        seconds = time.process_time() - self.start
        return json.dumps(
            {"events": self.events, "legs": self.legs, "cpu_seconds": seconds,
             "rss_early": self.early, "rss_late": resident()}
        )  # fmt: skip


def resident() -> int:
    """Resident memory of this process, bytes (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def bare(port: int) -> str:
    """A socket and nothing else: read the length, step over the body."""
    sock = socket.create_connection(("127.0.0.1", port))
    for line in (b"", b"auth ClueCon\n\n", b"event plain all\n\n"):
        sock.sendall(line)
    count, kept, replies = Count(), b"", 3
    while True:
        data = sock.recv(65536)
        if not data:
            raise SystemExit("the feeder went away")
        kept += data
        at = 0
        while (end := kept.find(b"\n\n", at)) >= 0:
            length = 0
            if kept.startswith(b"Content-Length: ", at):
                length = int(kept[at + 16 : kept.index(b"\n", at)])
            if len(kept) < end + 2 + length:
                break
            if replies:
                replies -= 1
            else:
                body = kept[end + 2 : end + 2 + length]
                if LAST.encode() in body[:200]:
                    return count.result()
                count.one(False)
            at = end + 2 + length
        kept = kept[at:]


def greenswitch(port: int) -> str:
    from gevent.event import Event
    from greenswitch import InboundESL

    done = Event()
    client = InboundESL("127.0.0.1", port, "ClueCon")

    def handler(event: Any) -> None:
        if event.headers.get("Event-Name") == LAST:
            done.set()
        else:
            count.one(bool(event.headers.get("Unique-ID")))

    client.register_handle("*", handler)
    client.connect()
    count = Count()
    client.send("event plain all")
    done.wait()
    return count.result()


def genesis(port: int) -> str:
    import asyncio
    import logging

    from genesis import Inbound

    logging.disable(logging.CRITICAL)

    async def run() -> str:
        done = asyncio.Event()

        async def handler(event: Any) -> None:
            if event.get("Event-Name") == LAST:
                done.set()
            else:
                count.one(bool(event.get("Unique-ID")))

        async with Inbound("127.0.0.1", port, "ClueCon") as client:
            client.on("*", handler)
            count = Count()
            await client.send("event plain all")
            await done.wait()
        return count.result()

    return asyncio.run(run())


def ours(port: int, reader: Callable[[Any], bool]) -> str:
    from gevent.event import Event

    from esl.client import Client
    from esl.commands import SubscribeEvents

    done = Event()

    def on_event(event: Any) -> None:
        if event.name == LAST:
            done.set()
        else:
            count.one(reader(event))

    client = Client("127.0.0.1", port, "ClueCon", on_event=on_event)
    client.connect()
    count = Count()
    client.call(SubscribeEvents(("ALL",)))
    done.wait()
    return count.result()


def ours_framing(port: int) -> str:
    return ours(port, lambda event: bool(event.name and event.uuid))


def ours_engine(port: int) -> str:
    """Dispatched by class as `callflow.engine.legs.on_event` does, and read as it reads each kind."""
    from esl import events as e

    def answered(event: Any) -> object:
        return event.integer("Caller-Channel-Answered-Time") or event.timestamp_us

    readers: tuple[tuple[type, Callable[[Any], object]], ...] = (
        (e.BackgroundJob, lambda event: (event.job_uuid, event.ok, event.cause)),
        (e.Heartbeat, lambda event: (event.session_count, event.max_sessions, event.sessions_per_second)),
        (e.ChannelUnbridge, lambda event: None),
        (e.ChannelBridge, lambda event: (event.a_uuid, event.b_uuid)),
        (
            e.ChannelHangupComplete,
            lambda event: [getattr(event, name) for name in HANGUP],
        ),
        (e.ChannelAnswer, answered),
        (e.ChannelExecuteComplete, lambda event: None),
        (e.ChannelExecute, lambda event: (event.application, answered(event))),
        (e.ChannelPark, answered),
    )  # fmt: skip

    def reader(event: Any) -> bool:
        _ = event.timestamp_us
        for kind, read in readers:
            if isinstance(event, kind):
                read(event)
                break
        return bool(event.name and event.uuid)

    return ours(port, reader)


CLIENTS: dict[str, Callable[[int], str]] = {
    "bare socket": bare,
    "greenswitch": greenswitch,
    "genesis": genesis,
    "ours, name and leg": ours_framing,
    "ours, as the engine reads": ours_engine,
}


if __name__ == "__main__":
    sys.stdout.write(CLIENTS[sys.argv[1]](int(sys.argv[2])) + "\n")
