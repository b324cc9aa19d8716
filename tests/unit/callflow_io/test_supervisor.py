"""The supervisor: what ends is started again, later and later; what was refused ends all.

All end in order.
"""

from __future__ import annotations

import random
import signal

import pytest

from callflow.supervisor import ChildRefused, Program, Supervisor


class Fake:
    """A process that does what the test says."""

    def __init__(self, pid: int, *, stubborn: bool = False) -> None:
        self.pid = pid
        self.code: int | None = None
        self.signals: list[int] = []
        self.stubborn = stubborn

    def poll(self) -> int | None:
        return self.code

    def wait(self, timeout: float | None = None) -> int:
        assert self.code is not None
        return self.code

    def send_signal(self, sig: int) -> None:
        self.signals.append(sig)
        if not self.stubborn:
            self.code = 0

    def kill(self) -> None:
        self.code = -9


class World:
    def __init__(self, names: tuple[str, ...] = ("dialer", "worker"), *, stubborn: bool = False) -> None:
        self.now = 0.0
        self.started: list[str] = []
        self.fakes: list[Fake] = []
        self.stubborn = stubborn
        programs = [Program(name, ("run",), {}, stop_seconds=5.0) for name in names]
        self.supervisor = Supervisor(programs, self._start, lambda: self.now, random.Random(1))

    def _start(self, program: Program) -> Fake:
        self.started.append(program.name)
        self.fakes.append(Fake(len(self.fakes), stubborn=self.stubborn))
        return self.fakes[-1]

    def pass_time(self, seconds: float) -> None:
        self.now += seconds


def test_starts_everything_once() -> None:
    world = World()
    world.supervisor.look()
    world.supervisor.look()
    assert world.started == ["dialer", "worker"]


def test_what_dies_is_started_again_at_once_and_then_later_and_later() -> None:
    world = World(("dialer",))
    world.supervisor.look()
    pauses = []
    for _ in range(8):
        world.fakes[-1].code = 1
        died_at, count = world.now, len(world.fakes)
        while len(world.fakes) == count:
            world.supervisor.look()
            world.pass_time(0.1)
        pauses.append(world.now - died_at)
    assert pauses[0] < 0.3
    assert pauses[2] < pauses[4] < pauses[5]
    assert max(pauses) <= 31.0


def test_after_a_steady_minute_the_count_begins_again() -> None:
    world = World(("dialer",))
    world.supervisor.look()
    for _ in range(5):
        world.fakes[-1].code = 1
        world.pass_time(61.0)
        world.supervisor.look()
        world.supervisor.look()
    assert len(world.fakes) == 6


def test_a_child_that_cannot_run_as_told_ends_all() -> None:
    world = World()
    world.supervisor.look()
    world.fakes[1].code = 2
    with pytest.raises(ChildRefused, match="worker"):
        world.supervisor.look()


def test_all_end_in_order_by_sigterm() -> None:
    world = World()
    world.supervisor.look()
    assert world.supervisor.stop(world.pass_time)
    assert [fake.signals for fake in world.fakes] == [[signal.SIGTERM], [signal.SIGTERM]]


def test_who_does_not_end_in_time_is_killed_and_that_is_not_clean() -> None:
    world = World(("dialer",), stubborn=True)
    world.supervisor.look()
    assert not world.supervisor.stop(world.pass_time)
    assert world.fakes[0].code == -9
    assert 5.0 <= world.now < 6.0


def test_a_second_wish_is_passed_on() -> None:
    world = World(("dialer",), stubborn=True)
    world.supervisor.look()

    def poll(seconds: float) -> None:
        world.pass_time(seconds)
        world.supervisor.hurry()

    world.supervisor.stop(poll)
    assert len(world.fakes[0].signals) > 2
