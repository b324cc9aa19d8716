"""One direction of a TCP connection in virtual time: late, whole and in order, or the rest never comes."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.simulation.clock import Clock


class Pipe:
    """Carries bytes with a seeded delay; `None` is the end of the stream."""

    __slots__ = ("_broken", "_clock", "_deliver", "_extra", "_high", "_last", "_low", "_rng")

    def __init__(
        self,
        clock: Clock,
        rng: random.Random,
        deliver: Callable[[bytes | None], None],
        extra: Callable[[], float] = lambda: 0.0,
        low: float = 0.001,
        high: float = 0.003,
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._deliver = deliver
        self._extra = extra
        self._low = low
        self._high = high
        self._last = 0.0
        self._broken = False

    def send(self, data: bytes | None) -> None:
        """Hand over bytes; what was handed over earlier arrives earlier."""
        if self._broken:
            return
        delay = self._rng.uniform(self._low, self._high) + self._extra()
        due = max(self._last, self._clock.now + delay)
        self._last = due
        self._clock.at(due, lambda: self._arrive(data))

    def _arrive(self, data: bytes | None) -> None:
        if not self._broken:
            self._deliver(data)

    def break_off(self) -> None:
        """A reset: what is still on its way is lost, and nothing more gets in."""
        self._broken = True
