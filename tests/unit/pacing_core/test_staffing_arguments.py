"""Staffing from Python: arrays and their shapes, and what nobody should give."""

import math
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pacing_core
from pacing_core import PacingValueError

# Every function with good arguments; each argument is spoilt in turn.
GOOD: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (pacing_core.erlang_b, {"servers": 5, "load": 3}),
    (pacing_core.erlang_c, {"servers": 5, "load": 3}),
    (
        pacing_core.queue,
        {"servers": 5, "load": 3, "aht_seconds": 60, "patience_seconds": 30, "target_seconds": 9},
    ),
    (pacing_core.servers_for_blocking, {"load": 3, "blocking": 0.1}),
    (
        pacing_core.servers_for_service_level,
        {"load": 3, "service_level": 0.8, "seconds": 9, "aht_seconds": 60, "patience_seconds": 30},
    ),
    (
        pacing_core.servers_for_speed_of_answer,
        {"load": 3, "seconds": 9, "aht_seconds": 60, "patience_seconds": 30},
    ),
    (
        pacing_core.servers_for_occupancy,
        {"load": 3, "occupancy": 0.8, "aht_seconds": 60, "patience_seconds": 30},
    ),
    (
        pacing_core.servers_for_abandonment,
        {"load": 3, "abandonment": 0.1, "aht_seconds": 60, "patience_seconds": 30},
    ),
    (pacing_core.with_shrinkage, {"servers": 5, "shrinkage": 0.3}),
    (pacing_core.full_time_equivalents, {"paid_hours": 100, "hours_each": 40}),
]
ARGUMENTS = [(function, good, name) for function, good in GOOD for name in good]
BAD: list[Any] = [
    math.nan,
    -math.inf,
    -1,
    -1e-300,
    1e300,
    10**400,
    "three",
    1j,
    object(),
    [[1.0], [2.0, 3.0]],
    np.array([1j]),
    np.array(["a"]),
    np.array([3.0, math.nan]),
    np.datetime64("2026-01-01"),
]


@pytest.mark.parametrize(("function", "good", "name"), ARGUMENTS)
def test_bad_arguments_are_named(function: Callable[..., Any], good: dict[str, Any], name: str) -> None:
    function(**good)
    for bad in BAD:
        with pytest.raises(PacingValueError, match=rf"\b{name}\b") as caught:
            function(**{**good, name: bad})
        assert caught.value.code in ("out_of_domain", "not_numbers")
    if name not in ("patience_seconds",):
        with pytest.raises(PacingValueError, match=name):
            function(**{**good, name: math.inf})
        with pytest.raises(PacingValueError, match=name):
            function(**{**good, name: None} if name != "target_seconds" else {**good, name: {}})


@pytest.mark.parametrize(
    ("function", "good", "name"),
    [case for case in ARGUMENTS if case[2] not in ("load", "target_seconds", "shrinkage", "paid_hours")],
)
def test_zero_is_a_value_or_an_error(function: Callable[..., Any], good: dict[str, Any], name: str) -> None:
    # Service within 0 seconds is "at once", and no servers block everybody; the rest makes no sense.
    sensible = {
        (pacing_core.erlang_b, "servers"),
        (pacing_core.erlang_c, "servers"),
        (pacing_core.servers_for_service_level, "seconds"),
        (pacing_core.with_shrinkage, "servers"),
    }
    if (function, name) in sensible:
        assert math.isfinite(function(**{**good, name: 0}))
        return
    with pytest.raises(PacingValueError, match=name):
        function(**{**good, name: 0})


def test_what_no_number_of_servers_reaches_is_said() -> None:
    with pytest.raises(PacingValueError, match="occupancy"):
        pacing_core.servers_for_occupancy(1000, 1e-9, aht_seconds=60)
    with pytest.raises(PacingValueError, match="blocking"):
        pacing_core.servers_for_blocking(1e7, 1e-12)
    with pytest.raises(PacingValueError, match="counting"):
        pacing_core.queue(5, 3, aht_seconds=60, counting="some")  # type: ignore[arg-type]


@pytest.mark.parametrize("function", [pacing_core.erlang_b, pacing_core.erlang_c])
def test_arrays_broadcast_as_numpy_does(function: Callable[..., Any]) -> None:
    servers, load = np.arange(1, 8)[:, None], np.linspace(0.5, 9, 5)
    table = function(servers, load)
    assert table.shape == (7, 5)
    assert table.dtype == np.float64
    for (i, j), value in np.ndenumerate(table):
        assert value == function(float(servers[i, 0]), float(load[j]))
    assert function([3, 4], 2.0).shape == (2,)
    assert function(np.zeros((0, 3)) + 1, np.ones(3)).shape == (0, 3)
    assert np.array_equal(function(servers[::2, ::-1], load[::-1]), table[::2, ::-1])


def test_numbers_of_numpy_are_numbers() -> None:
    expected = pacing_core.erlang_b(5, 3.0)
    numbers: list[Any] = [np.int64(5), np.float32(5), np.array(5), np.uint8(5)]
    for servers in numbers:
        value = pacing_core.erlang_b(servers, 3.0)
        assert type(value) is float
        assert value == expected
    assert type(pacing_core.servers_for_blocking(np.float64(3.0), 0.1)) is int
    assert pacing_core.erlang_b(np.array([5], dtype=np.float32), 3.0)[0] == expected


def test_a_queue_of_arrays_is_its_queues() -> None:
    servers, patience = np.array([[90], [100], [115]]), np.array([20.0, 300.0, math.inf])
    together = pacing_core.queue(servers, 97.0, aht_seconds=200, patience_seconds=patience)
    names = [name for name in dir(together) if not name.startswith("_")]
    assert len(names) == 10
    for i, j in np.ndindex(3, 3):
        one = pacing_core.queue(
            servers[i, 0], 97.0, aht_seconds=200, patience_seconds=None if j == 2 else patience[j]
        )
        for name in names:
            assert getattr(together, name)[i, j] == getattr(one, name)
    assert "service_level=" in repr(together)


def test_numbers_of_servers_come_as_whole_numbers() -> None:
    loads = np.array([0.0, 1.0, 50.0])
    servers = pacing_core.servers_for_service_level(loads, 0.8, 20, aht_seconds=180)
    assert servers.dtype == np.int64
    assert servers.tolist() == [
        pacing_core.servers_for_service_level(load, 0.8, 20, aht_seconds=180) for load in loads.tolist()
    ]


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(PacingValueError, match="load") as caught:
        pacing_core.erlang_b(np.ones(3), np.ones(4))
    assert caught.value.code == "bad_shape"
    with pytest.raises(PacingValueError, match="10,000,000"):
        pacing_core.erlang_b(np.ones((10_000, 1)), np.ones(10_000))
    huge = np.broadcast_to(np.array(1.0), (1 << 40,))
    with pytest.raises(PacingValueError, match="servers"):
        pacing_core.erlang_b(huge, 1.0)


def test_a_long_array_leaves_other_threads_running() -> None:
    finished = threading.Event()

    def work() -> None:
        pacing_core.queue(np.linspace(80, 120, 20_000), 100.0, aht_seconds=300, patience_seconds=60)
        finished.set()

    before = sys.getswitchinterval()
    sys.setswitchinterval(600)  # so that this thread only comes to run where the other releases the GIL
    try:
        thread = threading.Thread(target=work)
        thread.start()
        meanwhile = not finished.is_set()
        thread.join()
    finally:
        sys.setswitchinterval(before)
    assert meanwhile
