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


def test_few_tokens_wait_for_more_but_not_long() -> None:
    bucket = TokenBucket(100.0, 0.0)
    assert bucket.gathered(3, since_last=0.01) == 0
    assert bucket.gathered(3, since_last=0.04) == 3
    assert bucket.gathered(4, since_last=0.0) == 4
    assert TokenBucket(25.0, 0.0).gathered(1, since_last=0.0) == 1


def test_a_rate_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above 0"):
        TokenBucket(0.0, 0.0)


def lag(governor: LagGovernor, now: float, seconds: float, count: int = 50) -> None:
    """So many legs are made at `now`, each so late."""
    for leg in range(count):
        governor.asked(f"{now}-{leg}", now - seconds)
        governor.made(f"{now}-{leg}", now)


def test_lag_halves_then_stops_then_recovers() -> None:
    governor = LagGovernor(0.15, 0.5)
    lag(governor, 0.5, 0.2)
    governor.judge(1.0)
    assert governor.factor == 0.5
    lag(governor, 1.7, 0.8)
    governor.judge(2.0)
    assert governor.factor == 0.5, "they were asked for before the cut"
    lag(governor, 2.9, 0.8)
    governor.judge(3.0)
    assert governor.factor == 0.0
    factors = []
    for second in range(7, 60):
        governor.judge(float(second) + 0.5)
        factors.append(governor.factor)
    assert factors == sorted(factors)
    assert factors[0] > 0.0
    assert factors[-1] == 1.0
    quick = [f for f in factors if f < 0.375]
    assert len(quick) < 10, "soon near where the trouble began"
    assert sum(0.375 <= f < 0.75 for f in factors) > 15, "and carefully on from there"


def test_legs_that_do_not_come_are_a_lag_too() -> None:
    governor = LagGovernor(0.15, 0.5)
    for leg in range(20):
        governor.asked(f"leg-{leg}", 1.0)
    governor.judge(1.1)
    assert governor.factor == 1.0
    governor.judge(2.2)
    assert governor.factor == 0.0
    governor.judge(9.0)
    assert governor.factor == 0.0, "a switch that says nothing has not recovered"
    for leg in range(20):
        governor.made(f"leg-{leg}", 10.0)
    governor.judge(13.0)
    assert governor.factor > 0.0


def test_legs_that_will_not_come_are_none() -> None:
    governor = LagGovernor(0.15, 0.5)
    for leg in range(20):
        governor.asked(f"leg-{leg}", 1.0)
        governor.forget(f"leg-{leg}")
    governor.asked("other", 1.0)
    governor.lost()
    governor.judge(5.0)
    assert governor.factor == 1.0


def test_what_was_saved_meanwhile_does_not_meet_a_switch_that_recovers() -> None:
    bucket = TokenBucket(200.0, 0.0)
    assert bucket.available(0.0) == 50
    assert bucket.available(5.0, share=0.05) == 2
