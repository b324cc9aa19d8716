"""The demo's child processes: started in groups of their own, watched, ended with the demo whatever happens.

Ctrl-C reaches the demo alone. A child that dies is reported with the tail of its log.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from callflow.errors import CallflowError

TAIL_LINES = 15


class ChildDied(CallflowError):
    """A process of the demo ended by itself; the message holds the tail of its log."""

    code = "child_died"


@dataclass(slots=True)
class Child:
    """One process with its log; `name` is for people."""

    name: str
    process: subprocess.Popen[str]
    log: Path

    def tail(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:]) or "  (its log is empty)"

    def died(self) -> ChildDied:
        """What to raise about it."""
        code = self.process.returncode
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return ChildDied(f"The {self.name} {how}. The end of its log ({self.log}):\n{self.tail()}")


@dataclass(slots=True)
class Family:
    """All children, and the guard that outlives a demo that is killed."""

    logs: Path
    environment: Mapping[str, str]
    children: list[Child] = field(default_factory=list)
    _guard: subprocess.Popen[str] | None = None

    def start_guard(self) -> None:
        """Before anything else is started."""
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "callflow.demo_guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            env=dict(self.environment),
        )

    def tell_guard(self, line: str) -> None:
        """Add to the last will."""
        if self._guard is None or self._guard.stdin is None:
            return
        with suppress(BrokenPipeError):  # a guard that was killed: the demo still ends its children itself
            self._guard.stdin.write(line + "\n")
            self._guard.stdin.flush()

    def start(self, name: str, arguments: Sequence[str], *, first_line: bool = False) -> tuple[Child, str]:
        """Start `python -m …`; with `first_line`, wait for the first line it writes and return that.

        Raises:
            ChildDied: it ended before it wrote a line.
        """
        log = self.logs / f"{name}.log"
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if first_line else output,
                stderr=output,
                text=True,
                process_group=0,
                env=dict(self.environment),
            )
        child = Child(name, process, log)
        self.children.append(child)
        self.tell_guard(f"group {process.pid}")
        if not first_line:
            return child, ""
        pipe: IO[str] | None = process.stdout
        line = pipe.readline() if pipe is not None else ""
        if not line:
            process.wait(10)
            raise child.died()
        return child, line

    def check(self, but: Child | None = None) -> None:
        """Raises ChildDied if one of them ended; `but` may."""
        for child in self.children:
            if child is not but and child.process.poll() is not None:
                raise child.died()

    def end(self, child: Child, timeout_seconds: float = 15.0) -> int:
        """SIGTERM, wait, SIGKILL if it does not end; its exit code."""
        self._signal(child, signal.SIGTERM)
        try:
            child.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._signal(child, signal.SIGKILL)
            child.process.wait()
        self._signal(child, signal.SIGKILL)  # what it may have started and left behind
        if child.process.stdout is not None:
            child.process.stdout.close()
        self.children.remove(child)
        self.tell_guard(f"gone {child.process.pid}")
        return child.process.returncode

    def kill_all(self) -> None:
        """At once, the youngest first."""
        for child in reversed(list(self.children)):
            self._signal(child, signal.SIGKILL)
        for child in list(self.children):
            self.end(child)

    def end_all(self, timeout_seconds: float = 10.0) -> None:
        """SIGTERM to all, then as `end`."""
        for child in self.children:
            self._signal(child, signal.SIGTERM)
        until = time.monotonic() + timeout_seconds
        for child in reversed(list(self.children)):
            self.end(child, max(0.1, until - time.monotonic()))

    def dismiss_guard(self) -> None:
        """Everything is ended: the will is void."""
        self.tell_guard("done")
        if self._guard is not None:
            if self._guard.stdin is not None:
                with suppress(BrokenPipeError):
                    self._guard.stdin.close()
            self._guard.wait(10)
            self._guard = None

    @staticmethod
    def _signal(child: Child, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, number)
