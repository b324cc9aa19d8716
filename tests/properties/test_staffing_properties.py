"""Staffing for any arguments: mpmath's truth, shares, monotony, and queues simulated call by call."""

import heapq
import math
import random
from statistics import mean, stdev

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import pacing_core
from tests.unit.pacing_core.staffing_oracle import blocking, free_weight, with_patience

SMALLEST = 1e-300
TRUST = 1e-30  # the oracle cuts its sums and takes complements of shares


def logarithmic(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(lambda log: min(max(math.exp(log), low), high))


def near(load: float) -> st.SearchStrategy[float]:
    """Numbers of servers around a load, in its standard deviations: where queues are."""
    fractional = st.floats(-12, 12).map(lambda sigmas: max(0.01, load + sigmas * math.sqrt(load)))
    return fractional | fractional.map(lambda servers: float(max(1, round(servers))))


def check_b_and_c(servers: float, load: float) -> None:
    truth = blocking(servers, load)
    value = pacing_core.erlang_b(servers, load)
    if truth < SMALLEST:
        assert value <= 2 * SMALLEST
        return
    assert abs(value / truth - 1) <= 1e-12
    if load < servers:
        waiting = servers * truth / (servers - load * (1 - truth))
        assert abs(pacing_core.erlang_c(servers, load) / waiting - 1) <= 1e-12


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_b_and_c_over_eight_decades(data: st.DataObject) -> None:
    load = data.draw(logarithmic(1e-3, 1e5))
    check_b_and_c(data.draw(near(load)), load)


@settings(max_examples=100, deadline=None)
@given(load=logarithmic(1e-3, 2e4), servers=logarithmic(1e-3, 2e4))
def test_b_and_c_far_from_each_other(load: float, servers: float) -> None:
    check_b_and_c(servers, load)


def check_a(servers: float, load: float, ratio: float, time: float) -> None:
    aht = 180.0
    patience = aht * ratio
    seconds = patience * time
    truth = with_patience(servers, load, aht, patience, seconds)
    queue = pacing_core.queue(
        servers,
        load,
        aht_seconds=aht,
        patience_seconds=patience,
        target_seconds=seconds,
        counting="abandons_credited",
    )
    for value, expected in [
        (queue.wait_probability, truth.wait),
        (queue.abandonment, truth.lost),
        (queue.mean_queue, truth.mean_queue),
        (queue.mean_wait_seconds, truth.lost * patience),
        (queue.speed_of_answer_seconds, truth.speed_of_answer),
        (queue.answered_within, truth.answered_within),
        (queue.service_level, truth.ended_within),
        (queue.occupancy, load * (1 - truth.lost) / servers),
    ]:
        assert abs(value - expected) <= 1e-9 * expected + TRUST


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_a_against_its_states(data: st.DataObject) -> None:
    load = data.draw(logarithmic(1e-2, 300))
    ratio = data.draw(logarithmic(1e-3, min(1e3, 300 / load)))
    check_a(data.draw(near(load)), load, ratio, data.draw(logarithmic(1e-3, 10)))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_against_its_states_at_length(data: st.DataObject) -> None:
    load = data.draw(logarithmic(1e-3, 1e5))
    ratio = data.draw(logarithmic(1e-6, max(1e-5, 1e4 / load)))
    check_a(data.draw(near(load)), load, ratio, data.draw(logarithmic(1e-4, 20)))


anything = st.floats(allow_nan=True, allow_infinity=True)
servers_like = logarithmic(1e-6, 1e7)


@settings(max_examples=200, deadline=None)
@given(
    servers=servers_like,
    load=logarithmic(1e-9, 1e7),
    aht=logarithmic(1e-3, 1e9),
    patience=st.none() | logarithmic(1e-6, 1e9),
    seconds=st.just(0.0) | logarithmic(1e-6, 1e9),
)
@example(
    servers=7326568.270082781,
    load=7311125.514454758,
    aht=0.7473223034456214,
    patience=659314352.8667796,
    seconds=20.0,
)  # the parts once added up to 1 + 2e-16
def test_shares_are_shares(
    servers: float, load: float, aht: float, patience: float | None, seconds: float
) -> None:
    queue = pacing_core.queue(
        servers, load, aht_seconds=aht, patience_seconds=patience, target_seconds=seconds
    )
    for share in (
        queue.wait_probability,
        queue.service_level,
        queue.answered_within,
        queue.abandonment,
        queue.abandonment_of_waiting,
        queue.occupancy,
    ):
        assert 0.0 <= share <= 1.0
    assert queue.mean_queue >= 0.0
    assert 0.0 <= queue.mean_wait_seconds <= queue.mean_wait_of_waiting_seconds
    assert queue.speed_of_answer_seconds >= 0.0
    assert queue.answered_within <= queue.service_level + 1e-12


@settings(max_examples=300, deadline=None)
@given(servers=anything, load=anything, aht=anything, patience=anything, seconds=anything)
def test_anything_is_answered_or_refused(
    servers: float, load: float, aht: float, patience: float, seconds: float
) -> None:
    refused = None
    try:
        queue = pacing_core.queue(
            servers, load, aht_seconds=aht, patience_seconds=patience, target_seconds=seconds
        )
    except ValueError as error:
        refused = str(error).split()[0]
    else:
        assert 0.0 <= queue.service_level <= 1.0
    assert refused in (None, "servers", "load", "aht_seconds", "patience_seconds", "target_seconds")


@settings(max_examples=150, deadline=None)
@given(
    load=logarithmic(1e-3, 1e5),
    level=st.floats(0.01, 0.999),
    seconds=logarithmic(0.1, 1000),
    patience=st.none() | logarithmic(1, 1e5),
)
def test_the_fewest_servers(load: float, level: float, seconds: float, patience: float | None) -> None:
    servers = pacing_core.servers_for_service_level(
        load, level, seconds, aht_seconds=200, patience_seconds=patience
    )

    def reached(n: int) -> float:
        queue = pacing_core.queue(n, load, aht_seconds=200, patience_seconds=patience, target_seconds=seconds)
        assert isinstance(queue.service_level, float)
        return queue.service_level

    assert reached(servers) >= level
    assert servers == 1 or reached(servers - 1) < level


@settings(max_examples=150, deadline=None)
@given(load=logarithmic(0.1, 1e4), patience=logarithmic(1, 1e5), more=logarithmic(1e-3, 10))
def test_more_servers_serve_better(load: float, patience: float, more: float) -> None:
    few, many = (
        pacing_core.queue(n, load, aht_seconds=200, patience_seconds=patience)
        for n in (load, load + more * math.sqrt(load))
    )
    assert many.wait_probability < few.wait_probability
    assert many.abandonment < few.abandonment
    assert many.speed_of_answer_seconds < few.speed_of_answer_seconds
    assert many.service_level >= few.service_level
    assert many.occupancy < few.occupancy


def test_the_oracle_by_its_two_ways() -> None:
    for servers, load in [(200.0, 190.0), (250.5, 260.25), (230.0, 150.0)]:
        plain = free_weight(servers, load)
        n = int(servers)
        if n == servers:
            exact = sum(math.prod((n - i) / load for i in range(j)) for j in range(1, n + 1))
            assert float(plain) == pytest.approx(exact, rel=1e-12)
        else:
            assert free_weight(n, load) < plain < free_weight(n + 1, load)


def simulated(
    servers: int, load: float, patience: float | None, seconds: float, seed: int
) -> list[tuple[float, ...]]:
    """Batches of calls, handled in order of arrival: (waited at all, wait, gave up, answered within t).

    Mean handling time 1. Who would wait longer than their patience gives up and never takes a server.
    """
    draw = random.Random(seed)
    free_at = [0.0] * servers
    now, batches = 0.0, []
    for batch in range(41):
        sums = [0.0] * 4
        for _ in range(2500):
            now += draw.expovariate(load)
            offered = max(0.0, free_at[0] - now)
            stays = draw.expovariate(1 / patience) if patience else math.inf
            if offered <= stays:
                heapq.heapreplace(free_at, now + offered + draw.expovariate(1.0))
            sums[0] += offered > 0
            sums[1] += min(offered, stays)
            sums[2] += offered > stays
            sums[3] += offered <= min(seconds, stays)
        if batch:  # the first is the start from empty
            batches.append(tuple(s / 2500 for s in sums))
    return batches


@pytest.mark.parametrize(
    ("servers", "load", "patience"),
    [(1, 0.6, None), (12, 10.0, None), (12, 12.0, 0.5), (30, 33.0, 2.0), (5, 4.0, 0.05)],
)
def test_simulated_queues_reproduce_the_formulas(servers: int, load: float, patience: float | None) -> None:
    """Batch means; 4.5 standard errors with 39 degrees of freedom: p < 1e-4 per figure, seeds fixed."""
    queue = pacing_core.queue(servers, load, aht_seconds=1.0, patience_seconds=patience, target_seconds=0.1)
    truth = (queue.wait_probability, queue.mean_wait_seconds, queue.abandonment, queue.answered_within)
    columns = list(zip(*simulated(servers, load, patience, 0.1, seed=servers), strict=True))
    for values, expected in zip(columns, truth, strict=True):
        error = stdev(values) / math.sqrt(len(values))
        assert abs(mean(values) - expected) <= 4.5 * error
        assert error <= 0.1 * max(expected, 0.01)
