"""A gateway's limits and health, and a lane's answer-seizure ratio, in given time."""

from __future__ import annotations

import random

import pytest

from callflow.engine.gateways import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    MANY,
    PROVEN_CALLS,
    SEIZURES_KEPT,
    TRIAL_CALLS,
    Gateway,
    Lane,
    Standing,
    compare,
)
from models.records import GatewayLimits


def gateway(**limits: object) -> Gateway:
    made = Gateway(GatewayLimits(name="a"))
    made.limit(GatewayLimits(name="a", **limits), 0.0)  # type: ignore[arg-type]
    return made


def fail(one: Gateway, now: float, count: int = 5) -> bool:
    went_out = 0
    for _ in range(count):
        went_out += one.failed_one(now, now)
    return went_out > 0


def test_no_limits_no_bounds() -> None:
    assert (gateway().lines(0.0), gateway().tokens(0.0)) == (MANY, MANY)


def test_calls_at_once_and_per_second() -> None:
    one = gateway(max_calls=2, calls_per_second=4.0)
    assert (one.lines(0.0), one.tokens(0.0)) == (2, 1)
    one.dialed()
    assert (one.lines(0.0), one.tokens(0.0)) == (1, 0)
    assert one.tokens(0.25) == 1
    one.limit(GatewayLimits(name="a", max_calls=1), 1.0)
    assert (one.lines(1.0), one.tokens(1.0)) == (0, MANY)


def test_a_disabled_one_takes_nothing() -> None:
    assert gateway(enabled=False).lines(0.0) == 0


def test_five_failures_and_nothing_else_put_it_out_and_one_call_brings_it_back() -> None:
    one = gateway()
    assert not fail(one, 10.0, 4)
    assert one.failed_one(10.0, 10.0)
    assert (one.standing, one.lines(10.1)) == (Standing.OUT, 0)
    back = 10.0 + FIRST_PAUSE_SECONDS
    assert one.lines(back) == TRIAL_CALLS
    one.dialed()
    assert one.lines(back) == TRIAL_CALLS - 1
    assert one.took(back + 1.0, back)
    assert (one.standing, one.lines(back + 1.0)) == (Standing.UP, MANY)


@pytest.mark.parametrize(("failed", "out"), [(15, False), (16, True)])
def test_four_fifths_of_the_last_twenty(failed: int, out: bool) -> None:
    """In the worst order: what it took came first."""
    one = gateway()
    for _ in range(20 - failed):
        one.took(0.0, 0.0)
    assert fail(one, 1.0, failed) is out


def test_failures_of_long_ago_do_not_count() -> None:
    one = gateway()
    assert not fail(one, 0.0, 4)
    assert not fail(one, 61.0, 4)
    assert fail(one, 61.0, 1)


def test_pauses_double_up_to_a_minute_and_begin_anew_when_it_has_proven_itself() -> None:
    one, now, pauses = gateway(), 0.0, []
    assert fail(one, now)
    for _ in range(6):
        pauses.append(one.back_at - now)
        now = one.back_at
        assert one.look(now) is Standing.TRIAL
        one.dialed()
        assert one.failed_one(now, now)
    assert pauses == [5.0, 10.0, 20.0, 40.0, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]
    now = one.back_at
    one.look(now)
    for _ in range(PROVEN_CALLS):
        one.took(now, now)
    assert fail(one, now, 20 * 4)
    assert one.back_at - now == FIRST_PAUSE_SECONDS


def test_calls_sent_before_it_went_out_say_nothing_of_now() -> None:
    one = gateway()
    fail(one, 10.0)
    assert not one.took(11.0, 9.0)
    assert one.look(11.0) is Standing.OUT
    assert one.look(15.0) is Standing.TRIAL
    assert not one.failed_one(15.5, 9.0)
    assert one.look(15.5) is Standing.TRIAL


def test_a_trial_that_says_nothing_is_made_again() -> None:
    one = gateway()
    fail(one, 0.0)
    for _ in range(10):
        assert one.lines(5.0) > 0
        one.dialed()
        one.spared(5.0)
        one.calls -= 1


def test_the_switch_says_that_it_is_down() -> None:
    one = gateway()
    assert one.failed_one(0.0, 0.0, down=True)


def test_one_call_in_five_failing_puts_no_gateway_out() -> None:
    rng, one = random.Random(7), gateway()
    out = 0
    for call in range(100_000):
        now = call / 10
        out += one.failed_one(now, now) if rng.random() < 0.2 else one.took(now, now)
    assert out == 0


# --- answer-seizure ratio --------------------------------------------------------------------------------


def lane(answered: float, calls: int, seed: int = 1, tier: int = 1) -> Lane:
    rng, made = random.Random(seed), Lane(gateway(), tier=tier)
    for _ in range(calls):
        made.ended(answered=rng.random() < answered)
    return made


def test_the_ratio_is_of_the_last_seizures() -> None:
    made = lane(1.0, SEIZURES_KEPT)
    for _ in range(SEIZURES_KEPT):
        made.ended(answered=False)
    assert (made.seizures, made.answered) == (SEIZURES_KEPT, 0)


@pytest.mark.parametrize(
    ("own", "theirs", "poor"), [(0.03, 0.3, True), (0.0, 0.1, True), (0.2, 0.3, False), (0.14, 0.3, False)]
)
def test_far_fewer_answers_than_the_others(own: float, theirs: float, poor: bool) -> None:
    a, b = lane(own, 500), lane(theirs, 500, seed=2)
    compare(a, (a, b))
    assert a.poor is poor
    assert a.share == (0.25 if poor else 1.0)


def test_too_few_calls_or_another_tier_are_no_comparison() -> None:
    few, other = lane(0.0, 100), lane(0.3, 500)
    compare(few, (few, other))
    late = lane(0.0, 500, tier=2)
    compare(late, (late, other))
    assert not few.poor
    assert not late.poor


def test_of_equals_none_is_poor_by_chance() -> None:
    for seed in range(300):
        a, b = lane(0.1, 300, seed=seed), lane(0.1, 300, seed=seed + 1000)
        compare(a, (a, b))
        assert not a.poor
