"""The independent checker: recomputes every figure and invariant from the database alone.

It shares no code with the engine, the repository or the report: its own SQL, its own arithmetic. The one
thing that it borrows is the pure rules, to judge again what was judged.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from models.verify.agents import check_agents
from models.verify.figures import Figures, figures
from models.verify.invariants import Violation, check_rows
from models.verify.rejudge import check_rules

__all__ = ["Figures", "Findings", "Violation", "check", "figures"]


@dataclass(frozen=True, slots=True)
class Findings:
    """Every violation found, and the figures of each campaign by its id."""

    violations: tuple[Violation, ...]
    figures: dict[str, Figures]


def check(
    db: Session | Connection, *, since: float | None = None, until: float | None = None, at_rest: bool = True
) -> Findings:
    """Check the whole database; figures over [since, until) epoch seconds, or over everything.

    `at_rest` says that no dialer runs: then nothing may be open any more.
    """
    violations = (*check_rows(db, at_rest=at_rest), *check_agents(db), *check_rules(db))
    return Findings(violations, figures(db, since=since, until=until))
