"""The figures of a demo run: from the report, checked by the independent checker, over one window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.repository import reporting
from models.repository.db import Db
from models.repository.reporting import Report
from models.verify import Figures, check

COUNTS = ("attempts", "live_answers", "abandoned", "ended_before_agent")
SHARES = ("occupancy", "talk_minutes_per_agent_hour")
TOLERANCE = 0.005  # relative: both add up the same seconds in another order


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of a run (the JSON line), the report behind them, and each problem as a sentence."""

    figures: Mapping[str, Any]
    report: Report
    problems: list[str]


def judge(
    db: Db, campaign_id: str, *, since: float, until: float, lag_p99_ms: float, speed: float
) -> Outcome:
    """The figures over [since, until), epoch seconds, once no dialer runs.

    A violated invariant is a problem, and so is a figure on which the report and the checker disagree.
    """
    report = reporting.report(db, campaign_id, since, until)
    findings = check(db, since=since, until=until)
    problems = [f"{v.code}: {v.subject}: {v.detail}" for v in findings.violations]
    problems += disagreements(report, findings.figures.get(campaign_id, Figures()))
    figures = {
        **{name: getattr(report, name) for name in COUNTS},
        "abandon_rate": round(report.abandon_rate, 5),
        "occupancy": round(report.occupancy, 4),
        "talk_minutes_per_agent_hour": round(report.talk_minutes_per_agent_hour, 2),
        "invariant_violations": len(problems),
        "lag_p99_ms": round(lag_p99_ms, 1),
        "speed": speed,
    }
    return Outcome(figures, report, problems)


def disagreements(report: Report, checked: Figures) -> Iterator[str]:
    """Each figure that the checker computes otherwise."""
    for name in (*COUNTS, *SHARES):
        ours, theirs = float(getattr(report, name)), float(getattr(checked, name))
        if abs(ours - theirs) > (TOLERANCE * max(abs(ours), abs(theirs)) if name in SHARES else 0):
            yield f"figures_disagree: {name}: the report says {ours:g}, the checker {theirs:g}"
