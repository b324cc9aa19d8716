"""Erlang B, C and A by other ways than the core's, at 50 digits."""

from __future__ import annotations

from dataclasses import dataclass

import mpmath  # type: ignore[import-untyped]

DIGITS = 50
NEGLIGIBLE = mpmath.mpf(10) ** -40


def free_weight(servers: float, load: float) -> mpmath.mpf:
    """1/B - 1: the plain sum for many servers, an incomplete gamma function for few.

    Terms of the sum are cut when they no longer count, so that a fraction needs no end.
    """
    n, a = mpmath.mpf(servers), mpmath.mpf(load)
    if servers < 200:
        return n * mpmath.exp(a) * a ** (-n) * mpmath.gammainc(n, a)
    term, total, left = mpmath.mpf(1), mpmath.mpf(0), n
    while left >= 1:
        term *= left / a
        left -= 1
        total += term
        if left < a and term < NEGLIGIBLE * total:
            return total
    if left == 0:
        return total
    return total + term * free_weight(float(left), load)


def blocking(servers: float, load: float) -> mpmath.mpf:
    """Erlang B."""
    with mpmath.workdps(DIGITS):
        return 1 / (1 + free_weight(servers, load))


@dataclass(frozen=True)
class Truth:
    """What a queue with patience comes to."""

    wait: mpmath.mpf
    lost: mpmath.mpf
    mean_queue: mpmath.mpf
    speed_of_answer: mpmath.mpf
    answered_within: mpmath.mpf
    ended_within: mpmath.mpf


def with_patience(servers: float, load: float, aht: float, patience: float, seconds: float) -> Truth:
    """Erlang A by the states' probabilities; a caller who finds j in the queue sees j + 1 departures.

    In units of the patience that takes a sum of exponentials with the rates x, x + 1, ..., x + j: the time of
    event j + 1 of a Yule process, of which a negative binomial number of events happens within t:
    (x)_i/i! (1 - g)^x g^i, g = 1 - e^(-t). Among callers who stay to be answered the rates are higher by 1.
    """
    with mpmath.workdps(DIGITS):
        n, a, ratio = mpmath.mpf(servers), mpmath.mpf(load), mpmath.mpf(patience) / mpmath.mpf(aht)
        x, y = n * ratio, a * ratio
        gone = 1 - mpmath.exp(-mpmath.mpf(seconds) / mpmath.mpf(patience))
        weight, j = mpmath.mpf(1), 0
        states = queue = answered = waited = in_time = still = clock = mpmath.mpf(0)
        term, late = (1 - gone) ** x, mpmath.mpf(0)
        answered_term, answered_late = (1 - gone) ** (x + 1), mpmath.mpf(0)
        while True:
            late += term
            answered_late += answered_term
            clock += 1 / (x + j + 1)
            kept = weight * x / (x + j + 1)
            states += weight
            queue += j * weight
            answered += kept
            waited += kept * clock
            in_time += kept * (1 - answered_late)
            still += weight * late
            if j > y - x and weight * max(1, j) < NEGLIGIBLE * states:
                break
            term *= gone * (x + j) / (j + 1)
            answered_term *= gone * (x + j + 1) / (j + 1)
            j += 1
            weight *= y / (x + j)
        free = free_weight(servers, load)
        whole = free + states
        return Truth(
            wait=states / whole,
            lost=(states - answered) / whole,
            mean_queue=queue / whole,
            speed_of_answer=waited / (free + answered) * patience,
            answered_within=(free + in_time) / whole,
            ended_within=1 - still / whole * (1 - gone),
        )
