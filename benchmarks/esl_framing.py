"""Framing plus Event-Name plus Unique-ID, events a second, beside greenswitch's own parser on the same
stream.

    python benchmarks/esl_framing.py [--events 20000] [--rounds 5]

Both read the recorded campaign-like events of tests/fixtures/corpus, repeated, in reads of 64 KiB, from
memory: no socket, so that only the parsing is compared. greenswitch is driven as it drives itself:
`receive_events` on a file object, one `*` handler's worth of work (two header reads) per event. The rounds
alternate, the best of each counts.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from greenswitch.esl import ESLProtocol

from esl.codec import Connection, EventMessage

ROOT = Path(__file__).parents[1]
READ = 64 * 1024


def recorded_events() -> list[bytes]:
    """Every plain event of the recordings, as sent; the hostile ones too."""
    found: list[bytes] = []
    for path in sorted((ROOT / "tests" / "fixtures" / "corpus").glob("*.jsonl*")):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = [json.loads(line) for line in raw.splitlines()]
        messages = (line["data"] for line in lines if line["dir"] == "recv")
        found += [
            data.encode("utf-8", "surrogateescape") for data in messages if "text/event-plain" in data[:64]
        ]
    return found


def ours(stream: bytes) -> tuple[int, float]:
    """Events with a leg, and seconds."""
    connection = Connection("client")
    legs = 0
    start = time.perf_counter()
    for at in range(0, len(stream), READ):
        for message in connection.receive(stream[at : at + READ]):
            if isinstance(message, EventMessage) and message.event.name and message.event.uuid:
                legs += 1
    return legs, time.perf_counter() - start


class Greenswitch(ESLProtocol):  # type: ignore[misc]  # greenswitch is not typed
    """greenswitch's reading, with the queue between its greenlets left out (in its favour)."""

    def __init__(self, stream: bytes) -> None:
        super().__init__()
        self.sock_file = io.BufferedReader(io.BytesIO(stream), READ)
        self.legs = 0
        self._esl_event_queue = self

    def put(self, event: Any) -> None:
        """In place of the queue."""
        if event.headers.get("Event-Name") and event.headers.get("Unique-ID"):
            self.legs += 1


def theirs(stream: bytes) -> tuple[int, float]:
    """The same with greenswitch."""
    reader = Greenswitch(stream)
    start = time.perf_counter()
    reader.receive_events()
    return reader.legs, time.perf_counter() - start


def commit() -> str:
    """The commit this runs from; empty outside a checkout."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()  # noqa: S603 - a constant


def main() -> int:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    recorded = recorded_events()
    events = (recorded * (args.events // len(recorded) + 1))[: args.events]
    stream = b"".join(events)
    best = {"ours": float("inf"), "greenswitch": float("inf")}
    legs = {}
    for _ in range(args.rounds):
        for name, run in (("ours", ours), ("greenswitch", theirs)):
            legs[name], seconds = run(stream)
            best[name] = min(best[name], seconds)
    rates = {name: round(len(events) / seconds) for name, seconds in best.items()}
    result = {
        "events": len(events),
        "mean_bytes": round(len(stream) / len(events)),
        "events_per_second": rates,
        "ratio": round(rates["ours"] / rates["greenswitch"], 1),
        "legs_found": legs,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "commit": commit(),
    }
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
