"""How late the dialer is, in virtual milliseconds, and when that means that the demo must run slower.

Lateness is what an input waited in the inbox and how long after its due time a timer was handled. At speed
20 a real millisecond is twenty of the world's, so all figures here are real milliseconds times speed.
"""

from __future__ import annotations

from collections import deque

LIMIT_MS = 200.0
PATIENCE_SECONDS = 2.0
SLOWER = 0.75


class LagMeter:
    """The last `size` lateness samples."""

    __slots__ = ("_samples", "worst_p99_ms")

    def __init__(self, size: int = 1000) -> None:
        self._samples: deque[float] = deque(maxlen=size)
        self.worst_p99_ms = 0.0

    def add(self, milliseconds: float) -> None:
        """One lateness, virtual milliseconds."""
        self._samples.append(milliseconds)

    def percentiles(self) -> tuple[float, float]:
        """(p50, p99) of the samples held, virtual milliseconds; zeros when there are none."""
        if not self._samples:
            return 0.0, 0.0
        ordered = sorted(self._samples)
        last = len(ordered) - 1
        p99 = ordered[round(0.99 * last)]
        self.worst_p99_ms = max(self.worst_p99_ms, p99)
        return ordered[last // 2], p99

    def clear(self) -> None:
        """Forget what was measured at another speed."""
        self._samples.clear()


class SpeedGovernor:
    """Lowers the speed after `PATIENCE_SECONDS` of real time with a p99 above `LIMIT_MS`; never below 1."""

    __slots__ = ("_since",)

    def __init__(self) -> None:
        self._since: float | None = None

    def judge(self, real_now: float, p99_ms: float, speed: float) -> float | None:
        """The lower speed to go to now, or None."""
        if p99_ms <= LIMIT_MS or speed <= 1.0:
            self._since = None
            return None
        if self._since is None:
            self._since = real_now
        if real_now - self._since < PATIENCE_SECONDS:
            return None
        self._since = None
        return max(1.0, speed * SLOWER)
