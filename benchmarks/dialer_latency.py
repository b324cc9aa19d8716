"""From the event that allows a bridge, read, to the bridge command, written: the whole dialer.

    python -m benchmarks.dialer_latency [--agents 1000] [--rate 100] [--seconds 60] [--answer-probability P]

The dialer process as in production (link, engine, journal, writer, claims) with a PostgreSQL of its own that
keeps its usual durability, and the simulated switch in another process at real speed. All agents stand before
it begins. Without `--answer-probability` everybody who is called answers and stays for five seconds, so that
`rate` is the number of bridges a second; with it people are the simulator's own, who talk for two minutes.
Wall-clock times: whatever else the machine does is in them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.bridge_times import summary
from models import migrate, postgres
from models.session import sync_engine
from tests.integration.dialer.site import PASSWORD, Site, open_site, wait_for

WARM_UP_SECONDS = 15.0
STANDING = "SELECT count(*) FROM agent WHERE state IN ('ready', 'reserved', 'talking', 'wrap_up')"
DIALED = "SELECT count(*) FROM attempt WHERE dialed_at IS NOT NULL"


def start(site: Site, args: argparse.Namespace, times: Path) -> None:
    """Switch and dialer, and every agent at work."""
    real = args.answer_probability is not None
    seconds = WARM_UP_SECONDS + args.seconds + 120
    site.furnish(
        agent_count=args.agents,
        leads=round(args.rate * seconds),
        wrap_up_limit_seconds=2.0,
        calls_per_second=float(args.rate),
        max_lines=5000,
    )
    people = ("--answer-probability", str(args.answer_probability)) if real else ("--profile", "corpus")
    site.start_switch(options=(*people, "--sps", "5000", "--max-sessions", "100000"))
    (site.folder / "data").mkdir()
    gateways = ("carrier", "agents") if real else ("ans5", "agent")
    arguments = [sys.executable, "-m", "benchmarks.timed_dialer", str(times)]
    arguments += ["--legs-per-second", str(2 * args.rate), "--drain-max", "1"]
    arguments += ["--dial-string", f"sofia/gateway/{gateways[0]}/{{number}}"]
    arguments += ["--agent-dial-string", f"sofia/gateway/{gateways[1]}/{{number}}"]
    environment = {
        "DATABASE_URL": site.url,
        "RINGMASTER_DATA_DIRECTORY": str(site.folder / "data"),
        "RINGMASTER_SWITCH_HOST": "127.0.0.1",
        "RINGMASTER_SWITCH_PORT": str(site.port),
        "RINGMASTER_SWITCH_PASSWORD": PASSWORD,
        "RINGMASTER_LOG_LEVEL": "WARNING",
    }
    site._spawn("dialer", arguments, environment)
    site.log_in()
    wait_for("all agents stand", lambda: site.value(STANDING) == args.agents, 300, after=site.logs)


def processor_seconds(pid: int) -> float:
    """What a process has used so far, of the system's part too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(site: Site, args: argparse.Namespace) -> dict[str, Any]:
    """The figures of `seconds`, after a warm-up."""
    times = site.folder / "times.jsonl"
    start(site, args, times)
    time.sleep(WARM_UP_SECONDS)
    dialer = site.processes[-1]
    dialed, used, begin = site.value(DIALED), processor_seconds(dialer.popen.pid), time.monotonic()
    time.sleep(args.seconds)
    calls, end = site.value(DIALED) - dialed, time.monotonic()
    used = processor_seconds(dialer.popen.pid) - used
    status = site.live()
    dialer.popen.terminate()
    time.sleep(2.0)
    code = dialer.stop(120)  # asked twice it waits for no call
    if code:
        raise RuntimeError(dialer.tail())
    rate = {"calls_per_second": round(calls / (end - begin), 1), "agents": status["agents"]}
    rate |= {"core_of_the_dialer": round(used / (end - begin), 3)}
    rate |= {"limited_by": [one["limited_by"] for one in status["campaigns"].values()]}
    return {**rate, **summary(times, begin, end)}


def main() -> int:
    """Measure and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=100, help="calls per second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--answer-probability", type=float)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rm-bench-") as place:
        Path(place).chmod(0o755)
        server = postgres.start(Path(place) / "database")
        try:
            migrate.upgrade(server.url)
            engine = sync_engine(server.url)
            with open_site(engine, server.url, Path(place), speed=1.0) as site:
                found = measure(site, args)
            engine.dispose()
        finally:
            postgres.stop(Path(place) / "database")
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
