"""Live figures under load: many wallboards on one api process while the demo dials.

    .venv/bin/python -m benchmarks.live_wallboards [--walls 100] [--seconds 60] [--speed 20] [--agents 50]

Starts `ringmaster demo` with a data directory of its own, signs in by the link that it prints, and connects
the wallboards, all of them in this one process. Delivery is from the row's write on PostgreSQL's clock (an
event's `recorded_at`, which is the begin of its transaction; `updated_at` of live figures) to its receipt
here, so that the wait for its place in the feed, and this process's own slowness, are in it. All on one
machine: one clock. At the end all wallboards must have seen the same events in the same order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import httpx2
import uvloop

from models import postgres

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"(http://\S+)/sign-in#token=(\S+)")
SEQ = re.compile(rb'"seq":(\d+)')
WRITTEN = re.compile(rb'"(?:recorded_at|updated_at)":"([^"]+)"')
COOKIE = "ringmaster_session"


@dataclass
class Seen:
    """What all wallboards saw: seconds of delivery, and how their sockets ended."""

    events: list[float] = field(default_factory=list)
    figures: list[float] = field(default_factory=list)
    walls: list[Wall] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    times: dict[bytes, float] = field(default_factory=dict)

    def since(self, written: bytes, now: float) -> float:
        """Seconds since a time as messages tell it; the same one comes to every wallboard."""
        if written not in self.times:
            self.times[written] = datetime.fromisoformat(written.decode()).timestamp()
        return now - self.times[written]

    def differing(self) -> int:
        """How many wallboards saw not the same events, or not in order, since all of them were there."""
        begin = max(one.first for one in self.walls)
        saw = [[place for place in one.places if place > begin] for one in self.walls]
        return sum(places != sorted(set(saw[0])) for places in saw)


class Wall(asyncio.Protocol):
    """One wallboard, as little of a WebSocket client as will do: a hundred must not be what is measured."""

    def __init__(self, url: str, cookie: str, seen: Seen) -> None:
        self._url, self._cookie, self._seen = url, cookie, seen
        self._rest = b""
        self._open = False
        self.first = 0
        self.places: list[int] = []
        self._code = 1006
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        host = self._url.partition("://")[2]
        self._transport.write(
            f"GET /v1/live HTTP/1.1\r\nHost: {host}\r\nOrigin: {self._url}\r\n"
            f"Cookie: {COOKIE}={self._cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )

    def _say(self, text: bytes) -> None:
        # A client's frame is masked; with a mask of zeros it is the text itself.
        self._transport.write(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)

    def data_received(self, data: bytes) -> None:
        now, rest = time.time(), self._rest + data
        if not self._open:
            head, found, rest = rest.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            if b" 101 " not in head.split(b"\r\n")[0]:
                raise RuntimeError(head.decode())
            self._open = True
            self._say(b'{"resume": null}')
        at = 0
        while (frame := _frame(rest, at)) is not None:
            kind, begin, at = frame
            self._hear(kind, rest[begin:at], now)
        self._rest = rest[at:]

    def _hear(self, kind: int, body: bytes, now: float) -> None:
        seen = self._seen
        if kind == 8:
            self._code = int.from_bytes(body[:2], "big")
        elif body.startswith(b'{"type":"event"'):
            self.places.append(int(_match(SEQ, body)))
            seen.events.append(seen.since(_match(WRITTEN, body), now))
        elif body.startswith(b'{"type":"live"'):
            seen.figures.append(seen.since(_match(WRITTEN, body), now))
        elif body.startswith(b'{"type":"snapshot"'):
            self.first = int(_match(SEQ, body))
        else:
            self._say(b'{"type":"pong"}')

    def connection_lost(self, exc: Exception | None) -> None:
        self._seen.codes[self._code] += 1
        self.over.set_result(None)


def _frame(data: bytes, at: int) -> tuple[int, int, int] | None:
    """(kind, begin, end) of the frame at `at`; None while it is not all there."""
    if len(data) < at + 2:
        return None
    length, begin = data[at + 1] & 0x7F, at + 2
    if length >= 126:
        size = 2 if length == 126 else 8
        length, begin = int.from_bytes(data[begin : begin + size], "big"), begin + size
    end = begin + length
    return None if begin > len(data) or end > len(data) else (data[at] & 0x0F, begin, end)


def _match(pattern: re.Pattern[bytes], body: bytes) -> bytes:
    found = pattern.search(body)
    if found is None:
        raise ValueError(f"a message without what it needs: {body[:200]!r}")
    return found[1]


def start_demo(data_dir: Path, *, seconds: float, speed: float, agents: int) -> subprocess.Popen[str]:
    """The demo; its figures come on standard output, the rest on standard error."""
    arguments = ["--data-dir", str(data_dir), "--seconds", f"{seconds:g}", "--speed", f"{speed:g}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("RINGMASTER_", "DATABASE_"))}
    return subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "models.command", "demo", *arguments, "--agents", str(agents), "--json"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def sign_in(demo: subprocess.Popen[str]) -> tuple[str, str]:
    """(address, cookie), by the link that the demo prints."""
    said = []
    for line in demo.stderr or ():
        said.append(line)
        found = LINK.search(line)
        if found:
            answer = httpx2.post(f"{found[1]}/v1/session/link", json={"token": found[2]}, timeout=30)
            answer.raise_for_status()
            return found[1], answer.cookies[COOKIE]
    raise RuntimeError("the demo ended before it printed its link:\n" + "".join(said))


async def watch(url: str, cookie: str, walls: int, *, seconds: float) -> Seen:
    """All wallboards, until the server ends."""
    seen, loop = Seen(), asyncio.get_running_loop()
    host, _, port = url.partition("://")[2].rpartition(":")
    for _ in range(walls):
        _, one = await loop.create_connection(lambda: Wall(url, cookie, seen), host, int(port))
        seen.walls.append(one)
    async with asyncio.timeout(seconds):
        await asyncio.gather(*(one.over for one in seen.walls))
    return seen


def percentile(values: list[float], share: float) -> float:
    """In milliseconds."""
    ordered = sorted(values)
    return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else 0.0


def measure(data_dir: Path, *, walls: int, seconds: float, speed: float, agents: int) -> dict[str, Any]:
    """Run it once: delivery of events and of live figures, and the demo's own figures."""
    demo = start_demo(data_dir, seconds=seconds, speed=speed, agents=agents)
    try:
        url, cookie = sign_in(demo)
        seen = uvloop.run(watch(url, cookie, walls, seconds=seconds + 120))
        out, _ = demo.communicate(timeout=120)
    finally:
        if demo.poll() is None:
            demo.terminate()
            demo.communicate(timeout=60)
    return {
        "walls": walls,
        "messages": len(seen.events) + len(seen.figures),
        "event_p50_ms": percentile(seen.events, 0.5),
        "event_p99_ms": percentile(seen.events, 0.99),
        "event_max_ms": percentile(seen.events, 1.0),
        "live_p50_ms": percentile(seen.figures, 0.5),
        "live_p99_ms": percentile(seen.figures, 0.99),
        "live_max_ms": percentile(seen.figures, 1.0),
        "all_p99_ms": percentile(seen.events + seen.figures, 0.99),
        "events_of_one": len(seen.walls[0].places),
        "walls_that_differ": seen.differing(),
        "codes": dict(seen.codes),
        "demo": json.loads(out) if out.strip() else {},
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--speed", type=float, default=20.0)
    parser.add_argument("--agents", type=int, default=50)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rm-walls-") as place:
        Path(place).chmod(0o755)
        data_dir = Path(place) / "data"
        try:
            found = measure(data_dir, **vars(asked))
        finally:
            if data_dir.exists():
                postgres.stop(data_dir)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
