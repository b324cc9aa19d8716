"""SIPp, started on the loopback ports that the switch's gateways point to, and what it logged."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.freeswitch.switch import LOOPBACK
from tests.integration.dialer.site import wait_for

SCENARIOS = Path(__file__).parent / "scenarios"
OVER = frozenset({"left", "let_go", "cancelled", "refused_404", "refused_486", "refused_503", "refused_603"})


@dataclass
class Call:
    """One call as the far end lived it: `steps` maps each step to SIPp's own clock, in seconds."""

    call_id: str
    number: str
    steps: dict[str, float] = field(default_factory=dict)

    @property
    def over(self) -> str:
        """How it ended; empty while it goes on."""
        return next((step for step in self.steps if step in OVER), "")

    def seconds(self, begin: str, end: str) -> float:
        return self.steps[end] - self.steps[begin]


def read_calls(log: Path) -> dict[str, Call]:
    """Every call of a log by its Call-ID, which is the leg's uuid (outbound-use-uuid-as-callid)."""
    calls: dict[str, Call] = {}
    for line in log.read_text().splitlines() if log.exists() else ():
        words = line.split()
        if len(words) != 4:  # the last line may be half written
            continue
        call_id, number, step, tick = words
        call = calls.setdefault(call_id, Call(call_id, number))
        call.steps.setdefault(step, int(tick) / 1000)
    return calls


@dataclass
class Sipp:
    """One process with its log of steps."""

    log: Path
    popen: subprocess.Popen[bytes]

    def calls(self) -> dict[str, Call]:
        return read_calls(self.log)

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None


def taken(port: int) -> bool:
    """Whether somebody has the UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return True
        return False


@contextmanager
def deaf(port: int) -> Iterator[None]:
    """A far end that takes what comes and never says a word."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((LOOPBACK, port))
        yield


@contextmanager
def sipp(scenario: Path, port: int, folder: Path, *, media_port: int) -> Iterator[Sipp]:
    """SIPp as a far end that plays a scenario at `port`; ended with the block."""
    assert not taken(port), f"UDP port {port} is taken: end what has it, a SIPp of an earlier run perhaps"
    log, screen = (folder / f"{scenario.stem}-{port}.{end}" for end in ("log", "out"))
    arguments = ["sipp", "-sf", str(scenario), "-t", "u1", "-nostdin", "-aa"]
    # The media port must lie outside the range of the switch (deploy/freeswitch: 16384 to 32768).
    arguments += ["-i", LOOPBACK, "-p", str(port), "-mi", LOOPBACK, "-mp", str(media_port)]
    arguments += ["-trace_logs", "-log_file", str(log)]
    # It ends itself when its timers are late, which a busy machine makes them.
    arguments += ["-watchdog_minor_maxtriggers", "1000000", "-watchdog_major_maxtriggers", "1000000"]
    with screen.open("wb") as output:
        popen = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder
        )
    process = Sipp(log, popen)
    try:
        wait_for(f"SIPp at port {port}", lambda: taken(port) or not process.alive, 10)
        assert process.alive, screen.read_text(errors="replace")[-2000:]
        yield process
        assert process.alive, f"SIPp ({scenario.stem}) ended in the middle of the test"
    finally:
        popen.terminate()
        popen.wait(10)
