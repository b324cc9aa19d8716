"""The scaled clock: seconds that run faster, a speed that changes without a jump, wall times."""

from __future__ import annotations

import pytest

from callflow.clock import ScaledClock


class Real:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_runs_speed_times_as_fast_from_zero() -> None:
    real = Real()
    clock = ScaledClock(20.0, real=real)
    assert clock.now() == 0.0
    real.now += 3.0
    assert clock.now() == pytest.approx(60.0)


def test_a_new_speed_does_not_jump() -> None:
    real = Real()
    clock = ScaledClock(20.0, real=real)
    real.now += 1.0
    clock.set_speed(5.0)
    assert clock.now() == pytest.approx(20.0)
    real.now += 1.0
    assert clock.now() == pytest.approx(25.0)
    assert clock.speed == 5.0


def test_waits_are_real_seconds_and_never_negative() -> None:
    clock = ScaledClock(20.0, real=Real())
    assert clock.real_seconds(10.0) == pytest.approx(0.5)
    assert clock.real_seconds(-1.0) == 0.0


def test_wall_time_runs_with_engine_time_from_its_anchor() -> None:
    real = Real()
    clock = ScaledClock(10.0, real=real)
    real.now += 1.0
    now = clock.anchor(1_700_000_000.0)
    assert now == pytest.approx(10.0)
    real.now += 1.0
    assert clock.wall() == pytest.approx(1_700_000_010.0)
    assert clock.wall(now) == pytest.approx(1_700_000_000.0)


@pytest.mark.parametrize("speed", [0.0, -1.0, 1001.0, float("nan")])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        ScaledClock(speed)
