"""Lateness in virtual milliseconds, and the speed that follows from it."""

from __future__ import annotations

import pytest

from callflow.lag import LagMeter, SpeedGovernor


def test_percentiles_of_nothing_are_zero() -> None:
    assert LagMeter().percentiles() == (0.0, 0.0)


def test_percentiles_and_the_worst_ever() -> None:
    meter = LagMeter()
    for value in range(1, 101):
        meter.add(float(value))
    assert meter.percentiles() == (50.0, 99.0)
    meter.clear()
    assert meter.percentiles() == (0.0, 0.0)
    assert meter.worst_p99_ms == 99.0


def test_only_the_newest_samples_count() -> None:
    meter = LagMeter(size=10)
    for value in [1000.0] * 10 + [1.0] * 10:
        meter.add(value)
    assert meter.percentiles() == (1.0, 1.0)


def test_speed_is_lowered_after_two_seconds_above_the_limit() -> None:
    governor = SpeedGovernor()
    assert governor.judge(0.0, 250.0, 20.0) is None
    assert governor.judge(1.9, 250.0, 20.0) is None
    assert governor.judge(2.0, 250.0, 20.0) == 15.0
    assert governor.judge(2.1, 250.0, 15.0) is None


def test_a_good_second_in_between_begins_the_count_again() -> None:
    governor = SpeedGovernor()
    governor.judge(0.0, 250.0, 20.0)
    governor.judge(1.0, 10.0, 20.0)
    assert governor.judge(2.5, 250.0, 20.0) is None


@pytest.mark.parametrize(("speed", "after"), [(1.2, 1.0), (1.0, None)])
def test_never_below_real_time(speed: float, after: float | None) -> None:
    governor = SpeedGovernor()
    governor.judge(0.0, 999.0, speed)
    assert governor.judge(3.0, 999.0, speed) == after
