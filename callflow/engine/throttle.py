"""Rates: a token bucket for legs, and the governor that slows dialing when the switch lags.

FreeSWITCH never answers overload with an error (FACTS §12): it shows as late CREATE events, so that is
watched.
"""

from __future__ import annotations

from collections import deque

_BURST_SECONDS = 0.25


class TokenBucket:
    """Legs per second with a burst of a quarter second: FreeSWITCH counts whole seconds (FACTS §8)."""

    __slots__ = ("_at", "_tokens", "per_second")

    def __init__(self, per_second: float, now: float) -> None:
        if not per_second > 0:
            raise ValueError("a rate must be above 0 per second")
        self.per_second = per_second
        self._tokens = self.capacity
        self._at = now

    @property
    def capacity(self) -> float:
        return max(1.0, self.per_second * _BURST_SECONDS)

    def available(self, now: float, share: float = 1.0) -> int:
        """Whole tokens at `now`; `share` slows the filling (the switch lags, or the legs are not urgent)."""
        if now > self._at:
            self._tokens = min(self.capacity, self._tokens + (now - self._at) * self.per_second * share)
            self._at = now
        return int(self._tokens)

    def take(self, count: int = 1) -> None:
        """Spend; may go below zero when the switch was asked for a leg that could not wait."""
        self._tokens -= count


class LagGovernor:
    """bgapi → CREATE p95 over `slow` halves the rate, over `stop` stops it; each clean second raises it
    again."""

    __slots__ = ("_judged_at", "_lags", "factor", "slow", "stop")

    def __init__(self, slow: float, stop: float) -> None:
        self.slow, self.stop = slow, stop
        self.factor = 1.0
        self._lags: deque[tuple[float, float]] = deque(maxlen=100)
        self._judged_at = 0.0

    def saw(self, now: float, seconds: float) -> None:
        self._lags.append((now, seconds))

    @property
    def p95(self) -> float:
        lags = sorted(lag for _, lag in self._lags)
        return lags[int(0.95 * (len(lags) - 1))] if lags else 0.0

    def judge(self, now: float) -> None:
        """Call on every tick; acts once a second."""
        if now - self._judged_at < 1.0:
            return
        self._judged_at = now
        while self._lags and now - self._lags[0][0] > 5.0:
            self._lags.popleft()
        p95 = self.p95
        if p95 > self.stop:
            self.factor = 0.0
        elif p95 > self.slow:
            self.factor = max(0.05, self.factor / 2)
        else:
            self.factor = min(1.0, max(0.05, self.factor) * 1.25)
