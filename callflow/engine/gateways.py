"""A carrier gateway as the engine knows it: what it takes, and how it has fared lately.

**Standing.** UP: dialed. OUT: not dialed until `back_at`, as the carrier failed nearly all of its last calls,
or the switch says that the gateway is down. TRIAL: its time out is over, a few calls may show that it works;
the first that the carrier takes brings it UP, the first that it fails puts it OUT for twice as long.

A call counts for the carrier as taken when it rings, or ends by a word about the person; as failed when it
ends without ringing by the network's fault (`outcomes`). Calls sent before the gateway went OUT say nothing
about what it does now.

**Lane.** A gateway as one campaign uses it: weight, tier, and the share of its calls that were answered. The
gateways of one tier all get the same kind of people, drawn by lot, so one with far fewer answers than the
others together brings the calls somewhere else, or nowhere: it keeps a quarter of its weight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from math import sqrt

from callflow.engine.throttle import TokenBucket
from models.records import GatewayLimits

LOOKED_AT = 20
"""The last calls that count, if they ended within `LOOKED_BACK_SECONDS`."""
LOOKED_BACK_SECONDS = 60.0
FEWEST = 5
FAILED_SHARE = 0.8
"""So many of them failed: out. By chance that is one series in 10^8 where the carrier fails a fifth."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5.0, 60.0
TRIAL_CALLS = 3
PROVEN_CALLS = 20
"""Calls taken in a row after a return: the next pause is a first one again."""
MANY = 1_000_000

SEIZURES_KEPT = 500
SEIZURES_NEEDED = 200
POOR_RATIO = 0.5
POOR_WEIGHT = 0.25
_SURE = 3.0
"""Standard errors."""


class Standing(StrEnum):
    UP = "up"
    OUT = "out"
    TRIAL = "trial"


@dataclass(slots=True)
class Gateway:
    """One gateway of the switch, over all campaigns. `calls`: legs that are up by it."""

    limits: GatewayLimits
    bucket: TokenBucket | None = None
    calls: int = 0
    standing: Standing = Standing.UP
    back_at: float = -1.0
    taken: int = 0
    failed: int = 0
    """Calls that it took, and that it failed, since the engine started."""
    _ends: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=LOOKED_AT))
    _pauses: int = 0
    _tried: int = 0
    _taken_since: int = 0

    @property
    def name(self) -> str:
        return self.limits.name

    def limit(self, limits: GatewayLimits, now: float) -> None:
        """Take over what it may be given; how it has fared stays."""
        rate = limits.calls_per_second
        if rate is None:
            self.bucket = None
        elif self.bucket is None or self.bucket.per_second != rate:
            self.bucket = TokenBucket(rate, now)
        self.limits = limits

    # --- may it be dialed --------------------------------------------------------------------------------

    def look(self, now: float) -> Standing:
        """Its standing now: a pause that is over becomes a trial."""
        if self.standing is Standing.OUT and now >= self.back_at:
            self.standing, self._tried = Standing.TRIAL, 0
        return self.standing

    def works(self, now: float) -> bool:
        """Whether it may be dialed at all."""
        return self.limits.enabled and self.look(now) is not Standing.OUT

    def lines(self, now: float) -> int:
        """Calls that it can take beside those that it has."""
        if not self.works(now):
            return 0
        free = MANY if self.limits.max_calls is None else max(0, self.limits.max_calls - self.calls)
        return free if self.standing is Standing.UP else min(free, max(0, TRIAL_CALLS - self._tried))

    def tokens(self, now: float) -> int:
        """Calls that may be begun by it now."""
        return MANY if self.bucket is None else max(0, self.bucket.available(now))

    def dialed(self) -> None:
        """A call goes out by it."""
        self.calls += 1
        if self.bucket is not None:
            self.bucket.take()
        if self.standing is Standing.TRIAL:
            self._tried += 1

    # --- what became of its calls ------------------------------------------------------------------------

    def took(self, now: float, sent_at: float) -> bool:
        """The carrier took a call; True if that brings the gateway back."""
        self.taken += 1
        if sent_at < self.back_at:
            return False
        self._ends.append((now, False))
        self._taken_since += 1
        if self._taken_since >= PROVEN_CALLS:
            self._pauses = 0
        if self.standing is not Standing.TRIAL:
            return False
        self.standing = Standing.UP
        return True

    def failed_one(self, now: float, sent_at: float, *, down: bool = False) -> bool:
        """The carrier failed a call; True if the gateway goes out. `down`: the switch itself says that it is
        down."""
        self.failed += 1
        if sent_at < self.back_at:
            return False
        self._ends.append((now, True))
        self._taken_since = 0
        if not (down or self.standing is Standing.TRIAL or self._fails(now)):
            return False
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self._pauses, 10))
        self.standing, self.back_at = Standing.OUT, now + pause
        self._pauses += 1
        self._ends.clear()
        return True

    def spared(self, sent_at: float) -> None:
        """A call ended that says nothing of the carrier: another may be tried for it."""
        if self.standing is Standing.TRIAL and sent_at >= self.back_at:
            self._tried = max(0, self._tried - 1)

    def _fails(self, now: float) -> bool:
        late = [failed for at, failed in self._ends if now - at <= LOOKED_BACK_SECONDS]
        return len(late) >= FEWEST and sum(late) >= FAILED_SHARE * len(late)


@dataclass(slots=True)
class Lane:
    """A gateway as one campaign uses it."""

    gateway: Gateway
    weight: float = 1.0
    tier: int = 1
    poor: bool = False
    answered: int = 0
    """Of the last seizures, those that a person answered."""
    _seizures: deque[bool] = field(default_factory=lambda: deque(maxlen=SEIZURES_KEPT))

    @property
    def seizures(self) -> int:
        """Calls that are in the ratio: the last ones, at most `SEIZURES_KEPT`."""
        return len(self._seizures)

    @property
    def share(self) -> float:
        """Its weight in the draw."""
        return self.weight * (POOR_WEIGHT if self.poor else 1.0)

    def ended(self, *, answered: bool) -> None:
        """A call by it is over."""
        if len(self._seizures) == SEIZURES_KEPT:
            self.answered -= self._seizures[0]
        self._seizures.append(answered)
        self.answered += answered


def compare(lane: Lane, others: Iterable[Lane]) -> None:
    """Set `lane.poor`: whether its answer-seizure ratio is surely under half of the others' of its tier."""
    beside = [other for other in others if other is not lane and other.tier == lane.tier]
    n, m = lane.seizures, sum(other.seizures for other in beside)
    if min(n, m) < SEIZURES_NEEDED:
        lane.poor = False
        return
    own, theirs = lane.answered / n, sum(other.answered for other in beside) / m
    wanted = POOR_RATIO * theirs
    error = sqrt(max(own * (1 - own), 1 / n) / n + POOR_RATIO**2 * theirs * (1 - theirs) / m)
    # Once poor, it is so until the difference is gone, not until it is no longer sure.
    lane.poor = wanted - own > (0.0 if lane.poor else _SURE * error)
