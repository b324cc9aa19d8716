"""A switch on a machine that is no faster than a real one: work queues, so legs are made late.

The figures are FACTS §12's, of FreeSWITCH on two cores: 7 ms of processor time for a call that is answered,
3.7 ms for one that is refused, 0.2 % of a core for each leg that is up (20 ms media timers). What the legs
that are up leave over serves the queue. It never refuses for overload; the more legs are up the slower it
gets, and past some 850 it hardly moves until they are gone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from esl.simulator.clock import TICKS_PER_SECOND

if TYPE_CHECKING:
    from esl.simulator.core import Core

_LEAST_SHARE = 0.02
"""Of its cores, for work beside the legs that are up, however many these are."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the machine has, and what things cost. `cores`: processor time that FreeSWITCH gets a second."""

    cores: float = 1.75
    originate_seconds: float = 0.0037
    answer_seconds: float = 0.0033
    leg_share: float = 0.002

    def __post_init__(self) -> None:
        if not (self.cores > 0 and min(self.originate_seconds, self.answer_seconds, self.leg_share) >= 0):
            raise ValueError("a capacity has cores, and costs that are not negative")


class Load:
    """The queue of a switch's work; None as capacity is a switch that is never busy."""

    __slots__ = ("_queue", "_spare", "_tick", "capacity")

    def __init__(self, capacity: Capacity | None) -> None:
        self.capacity = capacity
        self._queue: deque[tuple[float, Callable[[], None]]] = deque()
        self._spare = 0.0
        self._tick = -1

    def originate(self, core: Core, action: Callable[[], None]) -> None:
        """Make a leg, now or when its turn comes."""
        self._do(core, self.capacity.originate_seconds if self.capacity else 0.0, action)

    def answer(self, core: Core, action: Callable[[], None]) -> None:
        """Take an answer, now or when its turn comes."""
        self._do(core, self.capacity.answer_seconds if self.capacity else 0.0, action)

    def _do(self, core: Core, seconds: float, action: Callable[[], None]) -> None:
        if self.capacity is None:
            action()
            return
        if not self._queue:
            # Time in which there was nothing to do is not saved up.
            self._earn(core, 1 if core.tick > self._tick else 0)
            if self._spare > 0.0:
                self._spare -= seconds
                action()
                return
            core.after(1, lambda: self._serve(core))
        self._queue.append((seconds, action))

    def _serve(self, core: Core) -> None:
        self._earn(core, 1)
        while self._queue and self._spare > 0.0:
            seconds, action = self._queue.popleft()
            self._spare -= seconds
            action()
        if self._queue:
            core.after(1, lambda: self._serve(core))

    def _earn(self, core: Core, ticks: int) -> None:
        assert self.capacity is not None
        self._tick = core.tick
        free = self.capacity.cores - self.capacity.leg_share * len(core.channels)
        tick = max(_LEAST_SHARE * self.capacity.cores, free) / TICKS_PER_SECOND
        self._spare = min(tick, self._spare + ticks * tick)
