"""Events a second on one core: a bare socket reader, greenswitch, genesis and ours on the same stream.

    python -m benchmarks.esl_framing [--events 50000] [--rounds 3] [--genesis-events 50000]

The recorded plain events of tests/fixtures/corpus, repeated, are sent over TCP loopback to each client in
a process of its own (`esl_clients.py`), one after the other, in rounds; the best round of each counts.
Rates are events for each second of the client's processor time: feeder and other work cost nothing. A peer
that can't be imported is left out (how to get genesis stands in benchmarks/results/esl_framing.md).
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.esl_clients import CLIENTS, LAST
from esl.wire import auth_request, encode_event, encode_reply

ROOT = Path(__file__).parents[1]
NEEDS = {"genesis": "genesis", "greenswitch": "greenswitch"}


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


def served(name: str, events: list[bytes], count: int) -> dict[str, Any]:
    """What one client says of `count` events."""
    stream = b"".join(events)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        child = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "benchmarks.esl_clients", name, str(port)],
            stdout=subprocess.PIPE,
            cwd=ROOT,
        )
        sock, _ = listener.accept()
        with sock:
            sock.sendall(auth_request())
            _command(sock)
            sock.sendall(encode_reply("+OK accepted"))
            while not _command(sock).startswith(b"event"):
                sock.sendall(encode_reply("+OK"))
            sock.sendall(encode_reply("+OK event listener enabled plain"))
            whole, rest = divmod(count, len(events))
            for _ in range(whole):
                sock.sendall(stream)
            sock.sendall(b"".join(events[:rest]) + encode_event([("Event-Name", LAST)], "plain"))
            output, _ = child.communicate(timeout=600)
    result: dict[str, Any] = json.loads(output)
    return result


def _command(sock: socket.socket) -> bytes:
    """One command, without its blank line; the reads are byte by byte, for clients pipeline."""
    line = b""
    while not line.endswith(b"\n\n"):
        byte = sock.recv(1)
        if not byte:
            raise SystemExit("the client went away")
        line = (line + byte).lstrip(b"\n")
    return line.strip()


def commit() -> str:
    """The commit this runs from; empty outside a checkout."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()  # noqa: S603 - a constant


def main() -> int:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--genesis-events", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    events = recorded_events()
    clients = [
        name for name in CLIENTS if name not in NEEDS or importlib.util.find_spec(NEEDS[name]) is not None
    ]
    best: dict[str, dict[str, Any]] = {}
    for _ in range(args.rounds):
        for name in clients:
            count = args.genesis_events if name == "genesis" else args.events
            said = served(name, events, count)
            said["rate"] = round(said["events"] / said["cpu_seconds"])
            if name not in best or said["rate"] > best[name]["rate"]:
                best[name] = said
    result = {
        "mean_bytes": round(sum(map(len, events)) / len(events)),
        "clients": best,
        "ratios_to_greenswitch": {
            name: round(said["rate"] / best["greenswitch"]["rate"], 2) for name, said in best.items()
        },
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "commit": commit(),
    }
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
