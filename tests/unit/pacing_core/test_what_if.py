"""What-if: the curve of a fitted log covers the truth, in time; the same again."""

from __future__ import annotations

import os

import pytest

from pacing_core import PacingValueError, Scenario, interval, record, replay, simulate, what_if

TARGETS = [0.01, 0.03, 0.08]


def scenario(agents: int, hours: float, more: str = "") -> Scenario:
    text = f"agents = {agents}\nseconds = {3600 * hours}\nwarmup_seconds = 0.0\n{more}"
    return Scenario.named("base", text)


def test_a_simulated_log_replays_and_is_fitted() -> None:
    log = record(scenario(20, 1.0), 5)
    assert replay(log).exact
    found = what_if(log, TARGETS, effort=0.1, threads=1)
    assert (found.target, found.cap) == (0.03, 0.03)
    assert round(found.agents) == 20
    assert 3500 < found.seconds <= 3600
    assert found.answered > 300
    talks = [point.talk_minutes_per_agent_hour[0] for point in found.points]
    assert talks == sorted(talks)
    assert Scenario.from_toml(found.scenario).agents == 20
    assert what_if(log, TARGETS, effort=0.1, threads=1) == found
    usual = what_if(log, effort=0.01, threads=1)
    assert [point.target for point in usual.points] == pytest.approx([0.0075, 0.015, 0.03, 0.045, 0.06])


def test_what_cannot_be_done_is_said() -> None:
    log = record(scenario(20, 0.25), 5)
    with pytest.raises(PacingValueError, match=r"only \d+ answers of people are in it"):
        what_if(log, within=5.0)
    for options in ({"targets": [2.0]}, {"effort": -1.0}, {"within": float("nan")}):
        with pytest.raises(PacingValueError):
            what_if(log, **options)
    with pytest.raises(PacingValueError, match="the decision log cannot be used"):
        what_if(b"nothing")


@pytest.mark.slow
@pytest.mark.parametrize("agents", [20, 100])
def test_the_intervals_cover_a_longer_simulation_of_the_truth(agents: int) -> None:
    """The simulation's interval, and what four hours of a campaign cannot tell: 0.6 talk minutes per agent
    hour, a tenth of the target, seven thousandths of occupancy."""
    found = what_if(record(scenario(agents, 4.0), 77), TARGETS, threads=1)
    for point in found.points:
        more = f"target = {point.target}\ncap = {point.target}"
        runs = simulate(scenario(agents, 5.0 + 500.0 / agents, more), "ringmaster", [901, 902])
        for name, slack in (
            ("talk_minutes_per_agent_hour", 0.6),
            ("abandon_rate", 0.1 * point.target),
            ("occupancy", 0.007),
        ):
            mean, half = getattr(point, name)
            truth, _ = interval([getattr(run, name) for run in runs])
            assert abs(mean - truth) <= half + slack, (name, point.target, mean, half, truth)


@pytest.mark.slow
def test_two_seconds_for_a_hundred_agents_on_one_core() -> None:
    """Processor time of a day's log, best of three, so that what else the machine does is not counted."""
    log = record(scenario(100, 8.0), 1)
    took = []
    for _ in range(3):
        before = os.times()
        what_if(log, threads=1)
        after = os.times()
        took.append(after.user + after.system - before.user - before.system)
    assert min(took) < 2.0, took


@pytest.mark.slow
def test_bytes_of_a_day_of_a_hundred_agents() -> None:
    """The bound of docs/reference/decision-log.md."""
    log = record(scenario(100, 8.0), 1)
    seen = replay(log)
    assert seen.exact
    assert seen.decisions == 144_000
    assert len(log) / seen.decisions < 16
