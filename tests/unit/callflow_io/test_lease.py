"""The trust window: open while a renewal is young enough, closed before anyone else may command."""

from __future__ import annotations

import gevent
import pytest
from sqlalchemy.exc import OperationalError

from callflow.errors import LeaseLost
from callflow.lease import Lease


class Store:
    """A lease's row without a database."""

    def __init__(self) -> None:
        self.answer: bool | Exception = True
        self.token: int | None = 7
        self.released: list[int] = []

    def acquire(self) -> int | None:
        return self.token

    def renew(self, token: int) -> bool:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def release(self, token: int) -> None:
        self.released.append(token)


class World:
    def __init__(self) -> None:
        self.now = 100.0
        self.store = Store()
        self.trust: list[bool] = []
        self.losses = 0
        self.lease = Lease(
            self.store, ttl_seconds=6.0, on_trust=self.trust.append, on_lost=self._lost, real=lambda: self.now
        )

    def _lost(self) -> None:
        self.losses += 1


AWAY = OperationalError("renew", {}, Exception("no connection"))


def test_the_window_closes_two_seconds_before_the_lease_runs_out() -> None:
    world = World()
    assert not world.lease.trusted()
    assert world.lease.acquire()
    world.now += 3.99
    assert world.lease.trusted()
    world.now += 0.01
    assert not world.lease.trusted()


def test_a_renewal_moves_the_window_from_before_it_was_asked_for() -> None:
    world = World()
    world.lease.acquire()
    renew = world.store.renew

    def slow(token: int) -> bool:
        world.now += (
            1.5  # the database takes its time; its clock began when the row was written, at the latest
        )
        return renew(token)

    world.store.renew = slow  # type: ignore[method-assign]
    world.now = 102.0
    world.lease.renew_once()
    world.now = 105.99
    assert world.lease.trusted()
    world.now = 106.0
    assert not world.lease.trusted()


def test_held_by_another() -> None:
    world = World()
    world.store.token = None
    assert not world.lease.acquire()
    assert not world.lease.trusted()


def test_a_refused_renewal_is_the_end() -> None:
    world = World()
    world.lease.acquire()
    world.store.answer = False
    world.lease.renew_once()
    assert world.losses == 1
    assert not world.lease.trusted()
    with pytest.raises(LeaseLost, match="given up"):
        world.lease.settle()
    world.lease.release()
    assert world.store.released == []


def test_without_the_database_trust_ends_and_calls_go_on() -> None:
    world = World()
    world.lease.acquire()
    world.store.answer = AWAY
    world.now += 2.0
    world.lease.renew_once()
    assert world.trust == [True]
    world.now += 2.0
    world.lease.renew_once()
    assert world.trust == [True, False]
    world.lease.settle()  # known to be away: nobody is kept waiting
    world.store.answer = True
    world.lease.renew_once()
    assert world.trust == [True, False, True]
    assert world.losses == 0


@pytest.mark.parametrize("taken", [True, False])
def test_after_a_pause_nothing_is_done_before_the_database_has_said_who_commands(taken: bool) -> None:
    world = World()
    world.lease.acquire()
    renewing = gevent.spawn(world.lease.run)
    gevent.sleep(0)
    world.now += 60.0  # the process was stopped
    world.store.answer = not taken
    with gevent.Timeout(10):
        if taken:
            with pytest.raises(LeaseLost):
                world.lease.settle()
        else:
            world.lease.settle()
            assert world.lease.trusted()
        world.lease.stop()
        renewing.join()


def test_release_lets_another_have_it_at_once() -> None:
    world = World()
    world.lease.acquire()
    world.lease.release()
    assert world.store.released == [7]
    assert not world.lease.trusted()


def test_a_lease_shorter_than_its_margin_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="longer"):
        Lease(Store(), ttl_seconds=2.0)
