from __future__ import annotations

import pytest

from api.cli import database_url
from api.worker import Pace, Worker
from models.settings import Settings


@pytest.mark.parametrize(("draw", "expected"), [(0.0, 0.7), (0.5, 1.0), (1.0, 1.3)])
def test_waits_are_spread_around_their_length(draw: float, expected: float) -> None:
    worker = Worker("", Pace(jitter=0.3), draw=lambda: draw)
    assert worker._spread(1.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    "wrong", [{"poll_seconds": 0.0}, {"standby_seconds": -1.0}, {"retry_seconds": 0.0}, {"jitter": 1.0}]
)
def test_a_pace_that_would_spin_cannot_be_built(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Pace(**wrong)


def test_the_address_given_wins() -> None:
    assert database_url(Settings(database_url="postgresql://h/d")) == "postgresql://h/d"
