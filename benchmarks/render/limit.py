"""The section of the page where the exact optimum is known."""

from __future__ import annotations

from benchmarks.render.markdown import mean, number, table
from benchmarks.render.policies import command
from benchmarks.render.rows import Row, Rows
from benchmarks.render.verdicts import BLIND, EXACT, ONE_EACH
from callflow.lab import FLOOR, LIMIT


def limit(rows: Rows, level: str) -> str:
    """Exponential times, beside the table of the design."""
    found = {(row.asked, row.agents): row for row in rows.of("limit")}
    teams = sorted({agents for _, agents in found})
    head = [
        "agents",
        "oracle",
        "its rate",
        "exact optimum",
        "progressive",
        "exact",
        "constant",
        "its rate",
        "Erlang B",
    ]
    lines = []
    for team in teams:
        top, low, blind = (found.get((policy, team)) for policy in (LIMIT, FLOOR, "constant"))
        lines.append(
            [
                str(team),
                _occupancy(top),
                _rate(top),
                number(EXACT.get(team, float("nan")), 4),
                _occupancy(low),
                number(ONE_EACH),
                _occupancy(blind),
                _rate(blind),
                number(BLIND.get(team, float("nan"))),
            ]
        )
    about = f"Exponential times, no grace, mean ring 13 s, mean handling 135 s. {command('limit', level)}"
    return f"{about}\n\n{table(head, lines)}"


def _occupancy(row: Row | None) -> str:
    return "–" if row is None else mean(row.occupancy, 4)


def _rate(row: Row | None) -> str:
    return "–" if row is None else number(row.rate.value, 4)
