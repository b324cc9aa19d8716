"""The legs' bucket and the governor of the switch's lag, in given time."""

from __future__ import annotations

import pytest

from callflow.engine.throttle import LagGovernor, TokenBucket


def test_never_more_than_the_rate_and_its_burst() -> None:
    bucket = TokenBucket(40.0, 0.0)
    spent = 0
    for step in range(1001):
        available = bucket.available(step / 100)
        bucket.take(available)
        spent += available
    assert 400 <= spent <= 400 + bucket.capacity


def test_a_share_slows_the_filling() -> None:
    bucket = TokenBucket(40.0, 0.0)
    bucket.take(bucket.available(0.0))
    assert bucket.available(0.25, share=0.5) == 5
    assert bucket.available(0.25, share=0.0) == 5


def test_time_that_stands_still_gives_nothing() -> None:
    bucket = TokenBucket(1.0, 5.0)
    bucket.take(bucket.available(5.0))
    assert bucket.available(4.0) == 0


def test_a_rate_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        TokenBucket(0.0, 0.0)


def test_lag_halves_then_stops_then_recovers() -> None:
    governor = LagGovernor(0.15, 0.5)
    for _ in range(50):
        governor.saw(0.5, 0.2)
    governor.judge(1.0)
    assert governor.factor == 0.5
    for _ in range(100):
        governor.saw(1.5, 0.9)
    governor.judge(2.0)
    assert governor.factor == 0.0
    factors = []
    for second in range(7, 30):
        governor.judge(float(second) + 0.5)
        factors.append(governor.factor)
    assert factors == sorted(factors)
    assert factors[0] > 0.0
    assert factors[-1] == 1.0
