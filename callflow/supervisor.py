"""Keeps child processes running: restarts what ends, later and later, and stops all of them in order.

A child that ends with `REFUSED` (2) was told something impossible; starting it again would not help, so that
ends the whole with the child's own sentence.
"""

from __future__ import annotations

import ctypes
import logging
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from callflow.errors import CallflowError

log = logging.getLogger(__name__)

REFUSED = 2
STEADY_SECONDS = 60.0
MAX_PAUSE_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1


class ChildRefused(CallflowError):
    """A child says that it can't run as it was told to."""

    code = "child_refused"


class Running(Protocol):
    """The part of subprocess.Popen that is used."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Program:
    """What is kept running; `stop_seconds` is how long it may take to end after SIGTERM."""

    name: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    stop_seconds: float = 15.0


@dataclass(slots=True)
class _Child:
    program: Program
    running: Running | None = None
    started_at: float = 0.0
    failures: int = 0
    due: float = 0.0


def start_process(program: Program) -> Running:
    """Start it in a group of its own, so that Ctrl-C reaches only us; if we die it gets SIGTERM (Linux)."""
    return subprocess.Popen(  # noqa: S603 - our own interpreter and modules
        program.arguments,
        stdin=subprocess.DEVNULL,
        env=dict(program.environment),
        process_group=0,
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,
    )


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Supervisor:
    """`look` as often as you like; it starts what is to be running.

    `stop` ends everything, the first child first.
    """

    programs: Sequence[Program]
    start: Callable[[Program], Running] = start_process
    clock: Callable[[], float] = time.monotonic
    rng: random.Random = field(default_factory=random.Random)
    _children: list[_Child] = field(init=False)

    def __post_init__(self) -> None:
        self._children = [_Child(program) for program in self.programs]

    def look(self) -> None:
        """Start what does not run and is due.

        Raises:
            ChildRefused: a child ended with `REFUSED`.
        """
        now = self.clock()
        for child in self._children:
            if child.running is not None:
                self._look_at(child, child.running, now)
            if child.running is None and now >= child.due:
                child.running = self.start(child.program)
                child.started_at = now
                log.info("started", extra={"program": child.program.name, "pid": child.running.pid})

    def _look_at(self, child: _Child, running: Running, now: float) -> None:
        code = running.poll()
        if code is None:
            return
        child.running = None
        if code == REFUSED:
            raise ChildRefused(f"The {child.program.name} can't run like this: its last words above say why.")
        if now - child.started_at >= STEADY_SECONDS:
            child.failures = 0
        pause = min(MAX_PAUSE_SECONDS, 2.0**child.failures - 1.0) * self.rng.uniform(0.5, 1.0)
        child.failures += 1
        child.due = now + pause
        log.error(
            "a process ended and is started again",
            extra={"program": child.program.name, "exit_code": code, "in_seconds": round(pause, 1)},
        )

    def hurry(self) -> None:
        """Send SIGTERM once more to whatever runs."""
        self._signal_all()

    def stop(self, poll: Callable[[float], object]) -> bool:
        """End the children in their order. True if each ended by itself, with 0, in its time.

        `poll(seconds)` is every wait, and may look at other things.
        """
        clean = True
        for child in self._children:
            if child.running is not None:
                clean &= self._end(child.program, child.running, poll)
                child.running = None
        return clean

    def _end(self, program: Program, running: Running, poll: Callable[[float], object]) -> bool:
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
        deadline = self.clock() + program.stop_seconds
        while running.poll() is None and self.clock() < deadline:
            poll(0.1)
        if running.poll() is None:
            log.error("a process did not end and is killed", extra={"program": program.name})
            running.kill()
            running.wait(10.0)
        log.info("ended", extra={"program": program.name, "exit_code": running.poll()})
        return running.poll() == 0

    def _signal_all(self) -> None:
        for child in self._children:
            if child.running is not None and child.running.poll() is None:
                child.running.send_signal(signal.SIGTERM)
