from __future__ import annotations

import io

from rich.console import Console

from callflow.demo_display import LIMITS, Display, Moment, abandon, line, summary
from callflow.demo_figures import disagreements
from models.repository.reporting import Report
from models.verify import Figures

LIVE = {
    "agents": {"talking": 40, "ready": 3, "wrap_up": 7},
    "calls": {"ringing": 12, "bridged": 40},
    "speed": 20.0,
    "lag_p99_ms": 35.2,
    "campaigns": {"c": {"limited_by": "abandon_budget"}},
}


def report(**changes: float) -> Report:
    values: dict[str, float] = {
        "since": 0.0,
        "until": 1200.0,
        "attempts": 1300,
        "live_answers": 400,
        "abandoned": 8,
        "ended_before_agent": 2,
        "connected": 390,
        "abandon_rate": 0.02,
        "abandon_low": 0.0102,
        "abandon_high": 0.0389,
        "contact_rate": 0.31,
        "busy_seconds": 50_000.0,
        "available_seconds": 55_000.0,
        "talk_seconds": 45_000.0,
        "occupancy": 0.909,
        "talk_minutes_per_agent_hour": 49.1,
    } | changes
    return Report(**values)  # type: ignore[arg-type]


def test_the_abandon_rate_never_stands_without_interval_and_counts() -> None:
    assert abandon(report()) == "2.0 % (1.0 % to 3.9 %): 8 of 400 answered"


def test_a_plain_line_says_everything() -> None:
    said = line(Moment(12.0, "dialing", LIVE, report()))
    for part in (
        "12 s",
        "dialing",
        "3 ready, 40 talking, 7 wrapping up",
        "in flight: 52",
        "dialed: 1300",
        "8 of 400",
        "occupancy: 90.9 %",
        "49.1 min per agent hour",
        "limited by the abandon budget",
        "speed 20, lag p99 35 ms",
    ):
        assert part in said


def test_before_the_first_figures_a_line_is_still_a_line() -> None:
    assert "agents: none" in line(Moment(0.0, "agents log in"))


def test_a_limit_without_words_is_shown_as_it_is() -> None:
    assert Moment(0, "", {"campaigns": {"c": {"limited_by": "brand_new"}}}).limited_by == "brand_new"
    assert Moment(0, "", LIVE).limited_by == LIMITS["abandon_budget"]


def test_off_a_terminal_there_is_a_line_now_and_then() -> None:
    out = io.StringIO()
    with Display(Console(file=out, force_terminal=False, width=80), "t") as display:
        for tenth in range(120):
            display.show(Moment(tenth / 10, "dialing", LIVE, report()))
    assert len(out.getvalue().splitlines()) == 3


def test_on_a_terminal_there_is_a_live_board() -> None:
    out = io.StringIO()
    with Display(Console(file=out, force_terminal=True, width=100), "Ringmaster demo") as display:
        display.show(Moment(12.0, "dialing", LIVE, report()))
        display.say("a sentence that stays")
    said = out.getvalue()
    for part in (
        "Ringmaster demo",
        "a sentence that stays",
        "8 of 400 answered",
        "talking 40",
        "abandon budget",
    ):
        assert part in said


FIGURES = {"speed": 20.0, "lag_p99_ms": 31.0, "invariant_violations": 0}


def test_the_summary() -> None:
    said = summary(FIGURES, report(), [])
    assert "Dialed 1300 numbers in 1200 s of campaign time (speed 20)" in said
    assert "no invariant is violated" in said


def test_the_summary_shows_some_problems_and_counts_all() -> None:
    problems = [f"code: {number}" for number in range(14)]
    said = summary({**FIGURES, "invariant_violations": 14}, report(), problems)
    assert "14 invariant violations" in said
    assert "code: 9" in said
    assert "code: 10" not in said
    assert "and 4 more" in said


def test_report_and_checker_must_agree() -> None:
    checked = Figures(
        attempts=1300,
        live_answers=400,
        abandoned=8,
        ended_before_agent=2,
        talk_seconds=45_000,
        busy_seconds=50_000,
        free_seconds=5_000,
    )
    assert list(disagreements(report(), checked)) == []
    checked.abandoned = 9
    assert [text.split(": ")[1] for text in disagreements(report(), checked)] == ["abandoned"]
    assert "occupancy" in " ".join(disagreements(report(occupancy=0.8), checked))
