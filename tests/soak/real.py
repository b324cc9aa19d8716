"""The soak over TCP in real time: `esl.link` as the dialer uses it, and a softswitch process with faults."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import gevent

from esl.commands import Command
from esl.errors import EslError, LinkLost
from esl.link import Down, Link, LinkSettings, Up
from esl.pending import Reply
from tests.soak.memory import GIVE_BACK, Curve, rss_bytes
from tests.soak.work import EVENTS, Work

STEP = 0.02
FAULT_EVERY_SECONDS = 30.0
SAMPLE_SECONDS = 5.0
DRAIN_SECONDS = 60.0
STOP_SECONDS = 30.0


def faults(seconds: float, seed: int) -> list[tuple[float, str]]:
    """When, and what, as the command line of the softswitch takes it. The worst for memory comes first, in
    the warm-up: what it takes to hold three seconds of output is no growth."""
    rng = random.Random(f"{seed}:faults")
    found: list[tuple[float, str]] = []
    at = FAULT_EVERY_SECONDS
    while at < seconds - FAULT_EVERY_SECONDS / 2:
        kinds = ("cut", f"stall={rng.uniform(0.5, 3):.1f}", f"dropevents={rng.randint(1, 20)}", "delay=0.05")
        drawn = rng.choice((*kinds, "crash=1.5"))
        found.append((at, drawn if found else "stall=3"))
        at += FAULT_EVERY_SECONDS
    return [*found, (at, "delay=0")]


@contextlib.contextmanager
def softswitch(plan: list[tuple[float, str]]) -> Iterator[tuple[int, int]]:
    """(its port, its pid)."""
    arguments = [sys.executable, "-m", "models.command", "softswitch", "--port", "0", "--json"]
    arguments += ["--profile", "corpus", "--sps", "5000", "--max-sessions", "100000"]
    for at, fault in plan:
        arguments += ["--fault", f"{fault}@{at:g}"]
    environment = {**os.environ, **GIVE_BACK}
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    try:
        yield int(json.loads(process.stdout.readline())["port"]), process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:  # a machine that is busy with other things
            process.kill()
            process.wait()


@dataclass(slots=True)
class RealSoak:
    """`seconds` at `rate` calls a second."""

    seconds: float
    rate: float
    seed: int
    gateway: str = "load"
    client_memory: Curve = field(default_factory=Curve)
    switch_memory: Curve = field(default_factory=Curve)
    work: Work = field(init=False)
    _link: Link = field(init=False)

    def __post_init__(self) -> None:
        self.work = Work(self.rate, self._send, gateway=self.gateway)

    def _send(self, command: Command, replied: Callable[[str], None]) -> None:
        def settled(reply: Reply | None, error: EslError | None) -> None:
            if reply is not None:
                replied(reply.text)  # without one it is lost with its link, which `down` counts

        with contextlib.suppress(LinkLost):  # `down` follows
            self._link.send(command, settled)

    def _up(self, up: Up) -> None:
        self.work.link(up=True)

    def _down(self, down: Down) -> None:
        self.work.link(up=False)

    def run(self) -> list[str]:
        """What was wrong."""
        plan = faults(self.seconds, self.seed)
        with softswitch(plan) as (port, pid):
            self._link = Link(
                LinkSettings("127.0.0.1", port, "ClueCon", events=EVENTS),
                on_event=self.work.heard,
                on_up=self._up,
                on_down=self._down,
            )
            self._link.start()
            try:
                self._go_on(plan, pid)
            finally:
                self._link.stop()
        return self.work.finish()

    def _go_on(self, plan: list[tuple[float, str]], pid: int) -> None:
        began, sampled, left = time.monotonic(), 0.0, list(plan)
        while (now := time.monotonic() - began) < self.seconds:
            self.work.step(now)
            while left and left[0][0] <= now + 1.0:
                left.pop(0)
                self.work.fault()
            if now - sampled >= SAMPLE_SECONDS:
                sampled = now
                self.client_memory.samples.append(rss_bytes())
                self.switch_memory.samples.append(rss_bytes(pid))
            gevent.sleep(STEP)
        while time.monotonic() - began < self.seconds + DRAIN_SECONDS:
            if not self.work.outstanding and not self.work.calls:
                break
            gevent.sleep(STEP)
