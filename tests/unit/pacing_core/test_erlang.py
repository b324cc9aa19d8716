"""Erlang B and C against reference values, exact sums and mpmath."""

import csv
import math
from pathlib import Path

import mpmath  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pacing_core

FIXTURES = Path(__file__).parents[2] / "fixtures"
with (FIXTURES / "erlang_reference.csv").open(newline="") as file:
    REFERENCE = list(csv.DictReader(file))


@pytest.mark.parametrize("row", [r for r in REFERENCE if r["model"] in "BC"], ids=lambda r: r["id"])
def test_reference_values(row: dict[str, str]) -> None:
    servers, load = float(row["servers"]), float(row["offered_erlang"])
    assert pacing_core.erlang_b(servers, load) == pytest.approx(float(row["blocking_B"]), rel=1e-12)
    if row["model"] == "C":
        assert pacing_core.erlang_c(servers, load) == pytest.approx(float(row["p_wait"]), rel=1e-12)


def blocking(servers: float, load: float) -> mpmath.mpf:
    """1/B = integral over t > 0 of load e^(-load t) (1+t)^servers = e^A A^-N Gamma(N+1, A)."""
    with mpmath.workdps(50):
        n, a = mpmath.mpf(servers), mpmath.mpf(load)
        return 1 / (mpmath.exp(a) * a ** (-n) * mpmath.gammainc(n + 1, a))


@settings(max_examples=150, deadline=None)
@given(
    servers=st.one_of(st.integers(0, 300).map(float), st.floats(0, 300)),
    load=st.floats(0.001, 400),
)
def test_any_value_against_mpmath(servers: float, load: float) -> None:
    truth = blocking(servers, load)
    value = pacing_core.erlang_b(servers, load)
    if truth < 1e-300:
        assert value < 1e-290
        return
    assert abs(value / truth - 1) < 1e-12
    if load < servers:
        n, a = mpmath.mpf(servers), mpmath.mpf(load)
        waiting = n * truth / (n - a * (1 - truth))
        assert abs(pacing_core.erlang_c(servers, load) / waiting - 1) < 1e-12


@given(servers=st.floats(0, 1e4), load=st.floats(0, 1e4))
@settings(deadline=None)
def test_always_a_probability(servers: float, load: float) -> None:
    assert 0.0 <= pacing_core.erlang_b(servers, load) <= 1.0
    assert 0.0 <= pacing_core.erlang_c(servers, load) <= 1.0


def test_overload_waits_for_certain() -> None:
    assert pacing_core.erlang_c(10, 10) == 1.0
    assert pacing_core.erlang_c(10, 50) == 1.0


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf, 1e9])
def test_outside_the_domain_is_a_clear_error(bad: float) -> None:
    for function in (pacing_core.erlang_b, pacing_core.erlang_c):
        with pytest.raises(pacing_core.PacingValueError, match="servers") as caught:
            function(bad, 1.0)
        assert caught.value.code == "out_of_domain"
        with pytest.raises(pacing_core.PacingValueError, match="load"):
            function(1.0, bad)
