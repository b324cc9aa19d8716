"""The engine's timers: one per key, replaced by a later start, forgotten by a stop.

A heap that never grows stale.
"""

from __future__ import annotations

import heapq
from itertools import count


class Timers:
    """Due times in engine seconds. Whoever owns the engine asks `pop_due` and waits until `next_due`."""

    __slots__ = ("_heap", "_live", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str]] = []
        self._live: dict[str, int] = {}
        self._order = count()

    def __len__(self) -> int:
        return len(self._live)

    def start(self, key: str, due: float) -> None:
        """Fire `key` at `due`, instead of whenever it was to fire before."""
        order = next(self._order)
        self._live[key] = order
        heapq.heappush(self._heap, (due, order, key))
        if len(self._heap) > 64 + 4 * len(self._live):
            self._heap = [entry for entry in self._heap if self._live.get(entry[2]) == entry[1]]
            heapq.heapify(self._heap)

    def stop(self, key: str) -> None:
        """Forget the timer if it runs."""
        self._live.pop(key, None)

    def next_due(self) -> float | None:
        """When the next one is due; None if none runs."""
        while self._heap and self._live.get(self._heap[0][2]) != self._heap[0][1]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop_due(self, now: float) -> tuple[str, float] | None:
        """The key and due time of the earliest timer that is due; it no longer runs."""
        due = self.next_due()
        if due is None or due > now:
            return None
        _, _, key = heapq.heappop(self._heap)
        del self._live[key]
        return key, due
