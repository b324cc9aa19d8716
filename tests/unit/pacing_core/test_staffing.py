"""Queues and numbers of servers against reference values, tables and closed forms."""

import math
from typing import Any

import pytest

import pacing_core
from pacing_core import PacingValueError
from tests.unit.pacing_core.test_erlang import REFERENCE

# Columns of the reference and what they are here. Its speed of answer is over all offered calls.
COLUMNS = {
    "p_wait": "wait_probability",
    "asa_s": "mean_wait_seconds",
    "wait_given_wait_s": "mean_wait_of_waiting_seconds",
    "sl_within_t": "service_level",
    "served_within_t": "answered_within",
    "p_abandon": "abandonment",
    "p_abandon_given_wait": "abandonment_of_waiting",
    "occupancy": "occupancy",
    "mean_queue": "mean_queue",
}


@pytest.mark.parametrize("row", [r for r in REFERENCE if r["model"] in "CA"], ids=lambda r: r["id"])
def test_reference_values(row: dict[str, str]) -> None:
    queue = pacing_core.queue(
        float(row["servers"]),
        float(row["offered_erlang"]),
        aht_seconds=float(row["aht_s"]),
        patience_seconds=float(row["patience_s"]) if row["patience_s"] else None,
        target_seconds=float(row["target_s"]),
        counting="abandons_credited",
    )
    given = {column: name for column, name in COLUMNS.items() if row[column]}
    assert len(given) >= 8
    for column, name in given.items():
        assert getattr(queue, name) == pytest.approx(float(row[column]), rel=1e-12, abs=0), column


def test_a_page_of_the_erlang_b_tables() -> None:
    # Offered load at 1 % and 5 % blocking, to the three or four digits printed in the tables.
    for lines, one, five in [(1, 0.0101, 0.0526), (5, 1.361, 2.219), (20, 12.03, 15.25), (100, 84.06, 95.24)]:
        assert pacing_core.erlang_b(lines, one) == pytest.approx(0.01, rel=2e-3)
        assert pacing_core.erlang_b(lines, five) == pytest.approx(0.05, rel=2e-3)
        assert pacing_core.servers_for_blocking(one * 0.999, 0.01) == lines
        assert pacing_core.servers_for_blocking(one * 1.003, 0.01) == lines + 1


def test_one_server_is_the_textbook_queue() -> None:
    """M/M/1: P(wait) = rho, W = rho/(mu - lambda), P(W > t) = rho e^(-(mu - lambda) t)."""
    rho, aht, t = 0.75, 200.0, 45.0
    queue = pacing_core.queue(1, rho, aht_seconds=aht, target_seconds=t)
    assert queue.wait_probability == pytest.approx(rho, rel=1e-14)
    assert queue.mean_wait_seconds == pytest.approx(aht * rho / (1 - rho), rel=1e-14)
    assert queue.mean_queue == pytest.approx(rho**2 / (1 - rho), rel=1e-14)
    assert queue.service_level == pytest.approx(1 - rho * math.exp(-(1 - rho) * t / aht), rel=1e-14)


def test_patience_as_long_as_handling_is_an_infinite_server_queue() -> None:
    """theta = mu: the number in the system is Poisson(A), whatever the number of servers."""
    load, servers = 30.0, 26
    queue = pacing_core.queue(servers, load, aht_seconds=180, patience_seconds=180)
    at_least = 1 - sum(math.exp(-load) * load**k / math.factorial(k) for k in range(servers))
    assert queue.wait_probability == pytest.approx(at_least, rel=1e-12)


def test_much_patience_comes_to_erlang_c_and_none_to_erlang_b() -> None:
    endless = pacing_core.queue(110, 100, aht_seconds=300)
    patient = pacing_core.queue(110, 100, aht_seconds=300, patience_seconds=1e9)
    for name in ("wait_probability", "mean_wait_seconds", "speed_of_answer_seconds", "service_level"):
        assert getattr(patient, name) == pytest.approx(getattr(endless, name), rel=1e-4)
    hasty = pacing_core.queue(110, 100, aht_seconds=300, patience_seconds=1e-6)
    assert hasty.abandonment == pytest.approx(pacing_core.erlang_b(110, 100), rel=1e-6)
    assert endless.speed_of_answer_seconds == endless.mean_wait_seconds
    assert endless.abandonment == 0.0


def test_the_four_service_levels() -> None:
    def level(counting: Any) -> float:
        queue = pacing_core.queue(
            50, 55, aht_seconds=240, patience_seconds=120, target_seconds=15, counting=counting
        )
        assert isinstance(queue.service_level, float)
        return queue.service_level

    queue = pacing_core.queue(50, 55, aht_seconds=240, patience_seconds=120, target_seconds=15)
    answered, lost = queue.answered_within, queue.abandonment
    lost_early = level("abandons_credited") - answered
    assert 0 < lost_early < lost
    assert level("all_abandons") == answered
    assert level("answered_only") == pytest.approx(answered / (1 - lost), rel=1e-12)
    assert level("late_abandons") == pytest.approx(answered / (1 - lost_early), rel=1e-12)
    assert queue.service_level == level("late_abandons")


@pytest.mark.parametrize("servers", [10, 12, 0.5])
def test_overload_without_patience_waits_for_ever(servers: float) -> None:
    queue = pacing_core.queue(servers, 12, aht_seconds=100)
    assert (queue.wait_probability, queue.service_level, queue.occupancy) == (1.0, 0.0, 1.0)
    assert queue.mean_wait_seconds == queue.speed_of_answer_seconds == queue.mean_queue == math.inf


def test_nobody_calls() -> None:
    queue = pacing_core.queue(3, 0, aht_seconds=100, patience_seconds=60)
    assert (queue.wait_probability, queue.service_level, queue.occupancy) == (0.0, 1.0, 0.0)
    assert queue.mean_queue == queue.abandonment == queue.speed_of_answer_seconds == 0.0
    assert pacing_core.servers_for_service_level(0, 0.8, 20, aht_seconds=100) == 0
    assert pacing_core.servers_for_blocking(0, 0.01) == 0


def test_a_very_short_and_a_very_long_wait() -> None:
    queue = pacing_core.queue(5, 6, aht_seconds=100, patience_seconds=60, target_seconds=0)
    assert queue.answered_within == pytest.approx(1 - queue.wait_probability, rel=1e-14)
    queue = pacing_core.queue(5, 6, aht_seconds=100, patience_seconds=60, target_seconds=1e9)
    assert queue.answered_within == pytest.approx(1 - queue.abandonment, rel=1e-14)
    # A shift and more of t/theta: what a naive e^(lambda t) would overflow on.
    deep = pacing_core.queue(500, 800, aht_seconds=100, patience_seconds=3600, target_seconds=1500)
    assert 0.0 < deep.answered_within < deep.service_level < 1.0


def test_servers_for_each_target_are_the_fewest() -> None:
    load, aht, patience = 123.4, 210.0, 90.0

    def queue(servers: int) -> pacing_core.Queue:
        return pacing_core.queue(servers, load, aht_seconds=aht, patience_seconds=patience, target_seconds=15)

    level = pacing_core.servers_for_service_level(load, 0.9, 15, aht_seconds=aht, patience_seconds=patience)
    assert queue(level).service_level >= 0.9 > queue(level - 1).service_level
    speed = pacing_core.servers_for_speed_of_answer(load, 4, aht_seconds=aht, patience_seconds=patience)
    assert queue(speed).speed_of_answer_seconds <= 4 < queue(speed - 1).speed_of_answer_seconds
    busy = pacing_core.servers_for_occupancy(load, 0.85, aht_seconds=aht, patience_seconds=patience)
    assert queue(busy).occupancy <= 0.85 < queue(busy - 1).occupancy
    lost = pacing_core.servers_for_abandonment(load, 0.03, aht_seconds=aht, patience_seconds=patience)
    assert queue(lost).abandonment <= 0.03 < queue(lost - 1).abandonment
    lines = pacing_core.servers_for_blocking(load, 0.02)
    assert pacing_core.erlang_b(lines, load) <= 0.02 < pacing_core.erlang_b(lines - 1, load)


def test_shrinkage_and_full_time_equivalents() -> None:
    assert pacing_core.with_shrinkage(70, 0.3) == pytest.approx(100.0)
    assert pacing_core.full_time_equivalents(950.0, 38.0) == pytest.approx(25.0)
    with pytest.raises(PacingValueError, match="shrinkage"):
        pacing_core.with_shrinkage(70, 1.0)
    with pytest.raises(PacingValueError, match="hours_each"):
        pacing_core.full_time_equivalents(950.0, 0.0)
