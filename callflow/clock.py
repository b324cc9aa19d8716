"""Engine time: the monotonic clock, `speed` times as fast against the simulator, and wall times made of it.

Engine seconds start at 0 with the process. Wall time is anchored once, at the dialer's start, in
PostgreSQL's clock (never before the newest attempt in the database, so that a scaled run can be resumed) and
runs with engine time. Only leases use real time.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class ScaledClock:
    """Monotonic seconds at a speed that can change without a jump.

    A speed other than 1 is for the simulator only.
    """

    __slots__ = ("_at", "_real", "_real_at", "_speed", "_wall_offset")

    def __init__(self, speed: float = 1.0, *, real: Callable[[], float] = time.monotonic) -> None:
        self._real = real
        self._real_at = real()
        self._at = 0.0
        self._speed = _checked(speed)
        self._wall_offset = 0.0

    @property
    def speed(self) -> float:
        """Engine seconds per real second."""
        return self._speed

    def now(self) -> float:
        """Engine seconds since the start."""
        return self._at + (self._real() - self._real_at) * self._speed

    def set_speed(self, speed: float) -> None:
        """From this moment on; `now()` does not jump."""
        checked = _checked(speed)
        real = self._real()
        self._at += (real - self._real_at) * self._speed
        self._real_at = real
        self._speed = checked

    def real_seconds(self, engine_seconds: float) -> float:
        """How long a wait of so many engine seconds lasts at the present speed; never negative."""
        return max(0.0, engine_seconds / self._speed)

    def anchor(self, wall: float) -> float:
        """Make `wall` (epoch seconds) the wall time of now; returns now."""
        now = self.now()
        self._wall_offset = wall - now
        return now

    def wall(self, now: float | None = None) -> float:
        """Epoch seconds of an engine time, by default of now."""
        return (self.now() if now is None else now) + self._wall_offset


def _checked(speed: float) -> float:
    if not 0 < speed <= 1000:
        raise ValueError(f"speed must be above 0 and at most 1000, not {speed}")
    return float(speed)
