"""Timers: one per key, replaced, stopped, in order of their due times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from callflow.timers import Timers


def test_fires_in_order_of_due_times_and_once() -> None:
    timers = Timers()
    timers.start("b", 2.0)
    timers.start("a", 1.0)
    assert timers.pop_due(0.5) is None
    assert timers.pop_due(5.0) == ("a", 1.0)
    assert timers.pop_due(5.0) == ("b", 2.0)
    assert timers.pop_due(5.0) is None


def test_a_later_start_replaces_the_earlier() -> None:
    timers = Timers()
    timers.start("a", 1.0)
    timers.start("a", 3.0)
    assert timers.next_due() == 3.0
    assert timers.pop_due(2.0) is None
    assert len(timers) == 1


def test_a_stopped_timer_never_fires() -> None:
    timers = Timers()
    timers.start("a", 1.0)
    timers.stop("a")
    timers.stop("never started")
    assert timers.next_due() is None
    assert timers.pop_due(9.0) is None


def test_the_heap_does_not_grow_with_restarts() -> None:
    timers = Timers()
    for step in range(10_000):
        timers.start("tick", float(step))
    assert len(timers._heap) < 200
    assert timers.pop_due(1e9) == ("tick", 9999.0)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9), st.booleans())))
def test_agrees_with_a_dictionary(steps: list[tuple[str, int, bool]]) -> None:
    timers, plain = Timers(), dict[str, float]()
    for key, due, stop in steps:
        if stop:
            timers.stop(key)
            plain.pop(key, None)
        else:
            timers.start(key, float(due))
            plain[key] = float(due)
    fired = {}
    while (pair := timers.pop_due(100.0)) is not None:
        fired[pair[0]] = pair[1]
    assert fired == plain
    assert list(fired.values()) == sorted(fired.values())
