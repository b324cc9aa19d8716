"""The staffing plan, its picture, and `ringmaster staff`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import pacing_core
from api import staffing
from api.staff_cli import staff as command
from api.staffing import Demand, Plan, Targets
from api.staffing_plot import draw

SVG = "{http://www.w3.org/2000/svg}"
HALF_HOUR = Demand(calls=(100.0,), interval_seconds=1800.0, aht_seconds=180.0)


def a_day() -> Plan:
    demand = Demand((40.0, 0.0, 250.0), 900.0, 240.0, 90.0)
    return staffing.plan(demand, Targets(service_level=0.8, occupancy=0.85), shrinkage=0.25, hours_each=8.0)


def test_the_textbook_case() -> None:
    """100 calls of 3 minutes in half an hour, 80 % in 20 s: 14 agents, 88.8 % (Erlang C tables)."""
    made = staffing.plan(HALF_HOUR, Targets(service_level=0.8), shrinkage=0.3)
    (row,) = made.intervals
    assert row.agents == 14
    assert row.rostered_agents == pytest.approx(20.0)
    assert row.load_erlang == pytest.approx(10.0)
    assert row.service_level == pytest.approx(0.888, abs=5e-4)
    assert row.wait_probability == pytest.approx(0.174, abs=5e-4)
    assert [r.agents for r in made.around] == list(range(9, 20))
    assert [r.reaches_targets for r in made.around] == [False] * 5 + [True] * 6
    assert made.around[0].mean_queue == float("inf")
    assert made.paid_hours == pytest.approx(10.0)
    assert made.full_time_equivalents is None


def test_every_target_binds() -> None:
    def agents(targets: Targets) -> int:
        demand = Demand((100.0,), 1800.0, 180.0, 60.0)
        return staffing.plan(demand, targets).intervals[0].agents

    each = {
        "service_level": Targets(service_level=0.8),
        "speed_of_answer_seconds": Targets(speed_of_answer_seconds=1.0),
        "occupancy": Targets(occupancy=0.6),
        "abandonment": Targets(abandonment=0.005),
    }
    alone = {name: agents(targets) for name, targets in each.items()}
    assert len(set(alone.values())) >= 3
    together = {name: getattr(targets, name) for name, targets in each.items()}
    assert agents(Targets(**together)) == max(alone.values())


def test_several_intervals_add_up() -> None:
    made = a_day()
    assert [row.agents > 0 for row in made.intervals] == [True, False, True]
    assert made.around[5].agents == made.intervals[2].agents
    hours = sum(row.agents for row in made.intervals) / 0.75 / 4
    assert made.paid_hours == pytest.approx(hours)
    assert made.full_time_equivalents == pytest.approx(hours / 8)


@pytest.mark.parametrize(
    ("demand", "targets", "named"),
    [
        (Demand((), 1800.0, 180.0), Targets(service_level=0.8), "calls"),
        (Demand((float("nan"),), 1800.0, 180.0), Targets(service_level=0.8), "calls"),
        (Demand((-1.0,), 1800.0, 180.0), Targets(service_level=0.8), "calls"),
        (Demand((5.0,), 0.0, 180.0), Targets(service_level=0.8), "interval_seconds"),
        (Demand((5.0,), 1800.0, float("inf")), Targets(service_level=0.8), "aht_seconds"),
        (Demand((5.0,), 1800.0, 180.0, 0.0), Targets(service_level=0.8), "patience_seconds"),
        (Demand((5.0,), 1800.0, 180.0), Targets(service_level=1.0), "service_level"),
        (Demand((5.0,), 1800.0, 180.0), Targets(abandonment=0.05), "patience_seconds"),
        (Demand((1e7,), 1.0, 180.0), Targets(occupancy=0.5), "load"),
        (HALF_HOUR, Targets(), "target"),
    ],
)
def test_what_cannot_be_planned_is_named(demand: Demand, targets: Targets, named: str) -> None:
    with pytest.raises(ValueError, match=rf"\b{named}\b"):
        staffing.plan(demand, targets)


@settings(max_examples=60, deadline=None)
@given(
    calls=st.lists(st.floats(0, 2000), min_size=1, max_size=8),
    aht=st.floats(1, 1000),
    patience=st.none() | st.floats(1, 1000),
    level=st.floats(0.1, 0.99),
)
def test_a_plan_reaches_its_targets(
    calls: list[float], aht: float, patience: float | None, level: float
) -> None:
    made = staffing.plan(Demand(tuple(calls), 900.0, aht, patience), Targets(service_level=level))
    assert all(row.reaches_targets and row.service_level >= level for row in made.intervals)
    for row in made.around:
        assert row.reaches_targets == (row.service_level >= level or row.load_erlang == 0)


def test_the_picture_shows_the_plan() -> None:
    root = ElementTree.fromstring(draw(a_day()))
    assert len(root.findall(f"{SVG}polyline")) == 3
    bars = [bar for bar in root.findall(f"{SVG}rect") if bar.find(f"{SVG}title") is not None]
    heights = [float(bar.get("height", "nan")) for bar in bars]
    agents = [row.agents for row in a_day().intervals]
    assert heights == pytest.approx([heights[2] * n / agents[2] for n in agents], abs=0.02)
    lone = ElementTree.fromstring(draw(staffing.plan(HALF_HOUR, Targets(service_level=0.8))))
    assert len(lone.findall(f"{SVG}rect")) == 1  # the paper
    words = [text.text for text in lone.iter(f"{SVG}text")]
    assert "enough from here on" in words
    assert "14" in words


def staff(*arguments: str) -> Any:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, arguments)


def test_the_command_prints_a_table() -> None:
    done = staff("100", "--aht", "180", "--shrinkage", "0.3", "--hours-each", "5")
    assert done.exit_code == 0, done.output
    assert "14 agents at work, 20.0 rostered, 10.0 paid hours, 2.00 full-time equivalents." in done.output
    assert sum("enough" in line for line in done.output.splitlines()) == 6


def test_the_command_prints_json_and_draws(tmp_path: Path) -> None:
    picture = tmp_path / "staff.svg"
    done = staff("100", "50", "--aht", "180", "--occupancy", "0.8", "--json", "--plot", str(picture))
    told = json.loads(done.output)
    assert [row["agents"] for row in told["intervals"]] == [
        pacing_core.servers_for_occupancy(load, 0.8, aht_seconds=180) for load in (10.0, 5.0)
    ]
    assert told["around"][0]["mean_queue"] is None
    assert ElementTree.parse(picture).getroot().tag == f"{SVG}svg"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["100", "--aht", "0"], "aht_seconds"),
        (["100", "--aht", "nan"], "aht_seconds"),
        (["inf", "--aht", "180"], "calls"),
        (["100", "--aht", "180", "--shrinkage", "1"], "shrinkage"),
        (["100", "--aht", "180", "--abandonment", "0.1"], "patience_seconds"),
        (["100", "--aht", "180", "--hours-each", "0"], "hours_each"),
        (["100", "--aht", "180", "--plot", "staff.png"], ".svg"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: list[str], named: str) -> None:
    done = staff(*arguments)
    assert done.exit_code == 2
    assert named in done.output
    assert "Traceback" not in done.output
