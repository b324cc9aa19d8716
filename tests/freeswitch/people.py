"""Whom the campaign calls: the first digit after +1212555 says what becomes of a call."""

from __future__ import annotations

import random

PREFIX = "+1212555"
WEIGHTS = {
    "0": 17,  # answers after 0.6 s, leaves after 6 s
    "1": 12,  # the same after 10 s
    "2": 8,  # answers after 2.5 s, leaves after 15 s
    "3": 4,  # answers and is gone at once
    "4": 14,  # busy
    "5": 15,  # rings, never answers
    "6": 8,  # no such number
    "7": 6,  # 503
    "8": 8,  # declines after half a second
    "9": 8,  # early media, then as 0
}
LEAVES_AFTER_SECONDS = {"0": 6.0, "1": 10.0, "2": 15.0, "3": 0.02, "9": 6.0}
REFUSALS = {"4": "refused_486", "6": "refused_404", "7": "refused_503", "8": "refused_603"}


def kind(number: str) -> str:
    """The digit that chooses."""
    return number.removeprefix(PREFIX)[0]


def draw(count: int, seed: int) -> list[str]:
    """`count` different numbers in a mixed order, the same for the same seed."""
    rng = random.Random(seed)
    of_kind = {digit: iter(range(1000)) for digit in WEIGHTS}  # three digits are left for each
    kinds = rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)
    return [f"{PREFIX}{digit}{next(of_kind[digit]):03d}" for digit in kinds]
