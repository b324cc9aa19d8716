"""Virtual time: one heap of things to do. Equal times run in the order they were asked for."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count

Action = Callable[[], None]


class Clock:
    """Seconds since the start of the run; nothing moves it but `run_next`."""

    __slots__ = ("_heap", "_order", "now")

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Action]] = []
        self._order = count()

    def at(self, due: float, action: Action) -> None:
        """Run `action` at `due`; a time that has passed means as soon as possible."""
        heapq.heappush(self._heap, (max(due, self.now), next(self._order), action))

    def after(self, delay: float, action: Action) -> None:
        """Run `action` `delay` seconds from now."""
        self.at(self.now + delay, action)

    def next_due(self) -> float:
        """When something happens next; infinity if never."""
        return self._heap[0][0] if self._heap else float("inf")

    def run_next(self) -> None:
        """Move to the next thing and do it."""
        due, _, action = heapq.heappop(self._heap)
        self.now = max(self.now, due)
        action()


class Timers:
    """The engine's timers: one per key, replaced by a later start, forgotten by a stop."""

    __slots__ = ("_clock", "_fire", "_live")

    def __init__(self, clock: Clock, fire: Callable[[str], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._live: dict[str, tuple[float, object]] = {}

    def start(self, key: str, due: float) -> None:
        """Fire `key` at `due`, instead of whenever it was to fire before."""
        marker = object()
        self._live[key] = (due, marker)

        def fire() -> None:
            running = self._live.get(key)
            if running is not None and running[1] is marker:
                del self._live[key]
                self._fire(key)

        self._clock.at(due, fire)

    def stop(self, key: str) -> None:
        """Forget the timer if it runs."""
        self._live.pop(key, None)

    def clear(self) -> None:
        """Forget all: the process is gone."""
        self._live.clear()

    def running(self) -> dict[str, float]:
        """What would fire, and when."""
        return {key: due for key, (due, _) in self._live.items()}
