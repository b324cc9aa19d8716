"""Rates: a token bucket for legs, and the governor that slows dialing when the switch lags.

FreeSWITCH never answers overload with an error (FACTS §12): it shows as late CREATE events, so that is
watched.
"""

from __future__ import annotations

from collections import deque

_BURST_SECONDS = 0.25
_GATHER_SECONDS = 0.04
_LAG_SECONDS = 2.0
_LAGS_KEPT = 500
_LEAST = 0.05


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
        """Whole tokens at `now`; `share` slows the filling (the switch lags, or the legs are not urgent) and
        makes the burst smaller, so that a switch that recovers is not met by what was saved meanwhile."""
        if now > self._at:
            most = max(1.0, self.capacity * share)
            self._tokens = min(most, self._tokens + (now - self._at) * self.per_second * share)
            self._at = now
        return int(self._tokens)

    def gathered(self, count: int, since_last: float) -> int:
        """`count` tokens, or none for a moment while they are few and the last were spent just now: a claim
        is a transaction, and takes several as well as one. Below 50 legs a second nothing waits."""
        few = count < int(self.per_second * _GATHER_SECONDS)
        return 0 if few and since_last < _GATHER_SECONDS else count

    def take(self, count: int = 1) -> None:
        """Spend; may go below zero when the switch was asked for a leg that could not wait."""
        self._tokens -= count


class LagGovernor:
    """How much of its rate the switch is given, from how late it makes the legs that it is asked for.

    The lag of a leg is bgapi → CREATE; of one that is asked for and not there yet, what it has waited so far:
    a switch that has collapsed sends no CREATE at all. p95 over `slow` halves the rate, over `stop` stops it.
    Each clean second raises it again, by a quarter up to three quarters of where the last trouble began, and
    from there by a fiftieth of the whole: so that it stays below what the switch can do instead of finding
    out again and again. Legs that were asked for before a cut don't speak against the rate after it.
    """

    __slots__ = ("_asked", "_ceiling", "_cut_at", "_judged_at", "_lags", "_late_at", "factor", "slow", "stop")

    def __init__(self, slow: float, stop: float) -> None:
        self.slow, self.stop = slow, stop
        self.factor = 1.0
        self._asked: dict[str, float] = {}
        self._ceiling = 1.0
        self._lags: deque[tuple[float, float]] = deque(maxlen=_LAGS_KEPT)
        self._judged_at = 0.0
        self._cut_at = 0.0
        self._late_at = float("-inf")

    def asked(self, leg_id: str, now: float) -> None:
        """The switch was asked for a leg."""
        self._asked[leg_id] = now

    def made(self, leg_id: str, now: float) -> None:
        """The leg is there."""
        sent = self._asked.pop(leg_id, None)
        if sent is None:
            return
        if now - sent > self.slow:
            self._late_at = now
        if sent >= self._cut_at:
            self._lags.append((now, max(0.0, now - sent)))

    def forget(self, leg_id: str) -> None:
        """The leg will not come: it was refused, or nobody knows."""
        self._asked.pop(leg_id, None)

    def lost(self) -> None:
        """The link is gone: nothing is known of what was asked for."""
        self._asked.clear()

    def p95(self, now: float) -> float:
        """Of the last legs made, and of those that have waited longer than `slow` already; seconds.

        Legs of before a cut count once they have waited longer than `stop`: then the switch is stuck.
        """
        lags = [lag for _, lag in self._lags]
        for sent in self._asked.values():  # the oldest first
            if now - sent <= self.slow:
                break
            if sent >= self._cut_at or now - sent > self.stop:
                lags.append(now - sent)
        lags.sort()
        return lags[int(0.95 * (len(lags) - 1))] if lags else 0.0

    def judge(self, now: float) -> None:
        """Call on every tick; acts once a second."""
        if now - self._judged_at < 1.0:
            return
        self._judged_at = now
        while self._lags and now - self._lags[0][0] > _LAG_SECONDS:
            self._lags.popleft()
        p95 = self.p95(now)
        if p95 > self.slow:
            if self.factor > 0.0:
                self._ceiling = max(_LEAST, 0.75 * self.factor)
                self._cut_at = now
                self._lags.clear()
            self.factor = 0.0 if p95 > self.stop else max(_LEAST, self.factor / 2)
        elif not self._clean(now):
            return
        elif self.factor < self._ceiling:
            self.factor = min(self._ceiling, max(_LEAST, self.factor) * 1.25)
        else:
            self.factor = min(1.0, self.factor + 0.02)

    def _clean(self, now: float) -> bool:
        """Whether no leg at all was late in the last second."""
        oldest = next(iter(self._asked.values()), now)
        return now - self._late_at >= 1.0 and now - oldest <= self.slow
