"""How long to wait before the next try.

Exponential, with jitter, so that many dialers do not come back as one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Try n (from 0) waits between half and all of ``min(longest, first * factor**n)`` seconds ("equal
    jitter").

    After a refusal (password, access list) it waits around `refused`: a switch that says no will not say
    yes by itself, and FreeSWITCH logs every try.
    """

    first: float = 0.25
    factor: float = 2.0
    longest: float = 10.0
    refused: float = 30.0

    def __post_init__(self) -> None:
        if not (0 < self.first <= self.longest and self.factor >= 1 and self.refused > 0):
            raise ValueError(f"A backoff needs 0 < first <= longest, factor >= 1 and refused > 0: {self}")

    def delay(self, tries: int, rng: random.Random, *, refused: bool = False) -> float:
        """Seconds to wait after `tries` failed tries before this one."""
        # The exponent is bounded: 2.0**1100 overflows after a night without the switch.
        full = self.refused if refused else min(self.longest, self.first * self.factor ** min(tries, 64))
        return full / 2 + rng.random() * full / 2
