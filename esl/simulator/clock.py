"""Time of the switch: 20 ms ticks, and the agenda of what is due.

FreeSWITCH's event and call timestamps move in 20 ms steps (FACTS section 2), so the model counts in whole
ticks of epoch time. Callers pass `now` in seconds of any clock; `epoch_offset_us` puts that clock on the
epoch.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import UTC, datetime

TICK_US = 20_000
TICKS_PER_SECOND = 1_000_000 // TICK_US


def ticks(seconds: float) -> int:
    """Whole ticks nearest to `seconds`, at least one: nothing that takes time ends in the same tick."""
    return max(1, round(seconds * TICKS_PER_SECOND))


class Clock:
    """Maps the caller's `now` (seconds) to epoch microseconds and ticks, and back."""

    __slots__ = ("_offset_us",)

    def __init__(self, epoch_offset_us: int) -> None:
        self._offset_us = epoch_offset_us

    def epoch_us(self, now: float) -> int:
        return round(now * 1e6) + self._offset_us

    def tick(self, now: float) -> int:
        return self.epoch_us(now) // TICK_US

    def now(self, tick: int) -> float:
        return (tick * TICK_US - self._offset_us) / 1e6


class Timer:
    """One entry of the agenda; `cancel()` makes it never run."""

    __slots__ = ("action", "tick")

    def __init__(self, tick: int, action: Callable[[], None]) -> None:
        self.tick = tick
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        self.action = None


class Agenda:
    """Actions by tick; equal ticks run in the order they were asked for."""

    __slots__ = ("_count", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = 0

    def at(self, tick: int, action: Callable[[], None]) -> Timer:
        timer = Timer(tick, action)
        self._count += 1
        heapq.heappush(self._heap, (tick, self._count, timer))
        return timer

    def next_tick(self) -> int | None:
        while self._heap:
            if self._heap[0][2].action is not None:
                return self._heap[0][0]
            heapq.heappop(self._heap)
        return None

    def pop(self, tick: int) -> Timer | None:
        """The first timer due at `tick` or before, or None."""
        due = self.next_tick()
        if due is None or due > tick:
            return None
        return heapq.heappop(self._heap)[2]

    def clear(self) -> None:
        self._heap.clear()


class Stamps:
    """Date texts of a tick, kept for the second they are true."""

    __slots__ = ("_second", "gmt", "local")

    def __init__(self) -> None:
        self._second = -1
        self.local = ""
        self.gmt = ""

    def at(self, epoch_us: int) -> Stamps:
        second = epoch_us // 1_000_000
        if second != self._second:
            moment = datetime.fromtimestamp(second, UTC)
            self._second = second
            self.local = moment.strftime("%Y-%m-%d %H:%M:%S")
            self.gmt = moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
        return self


def stamp(epoch_us: int) -> str:
    """`2026-11-22 21:50:40`, as in `variable_start_stamp`; the switch's zone is UTC."""
    return datetime.fromtimestamp(epoch_us // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
