"""`ringmaster staff`: how many agents a queue needs, as a table, as JSON, as a picture."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api import staffing
from api.staffing import Demand, Plan, Row, Targets
from api.staffing_plot import draw


class Counting(StrEnum):
    """How abandons count in the service level."""

    LATE_ABANDONS = "late_abandons"
    ALL_ABANDONS = "all_abandons"
    ABANDONS_CREDITED = "abandons_credited"
    ANSWERED_ONLY = "answered_only"


def staff(
    calls: Annotated[list[float], typer.Argument(help="Calls of one interval, or of several in a row.")],
    aht: Annotated[float, typer.Option(help="Average handling time: talk, hold and wrap-up, seconds.")],
    interval: Annotated[float, typer.Option(help="Length of an interval, seconds.")] = 1800.0,
    patience: Annotated[
        float | None, typer.Option(help="Mean patience, seconds; without it nobody gives up.")
    ] = None,
    service_level: Annotated[
        float | None, typer.Option(help="Target: this share of the calls answered in time, as 0.8.")
    ] = None,
    within: Annotated[float, typer.Option(help="What 'in time' is, seconds.")] = 20.0,
    counting: Annotated[
        Counting, typer.Option(help="How abandons count in the service level.")
    ] = Counting.LATE_ABANDONS,
    speed_of_answer: Annotated[
        float | None, typer.Option(help="Target: answered calls wait at most so long on average, seconds.")
    ] = None,
    occupancy: Annotated[
        float | None, typer.Option(help="Target: at most this share of the agents busy.")
    ] = None,
    abandonment: Annotated[
        float | None, typer.Option(help="Target: at most this share of the calls gives up.")
    ] = None,
    shrinkage: Annotated[
        float, typer.Option(help="Share of the paid time that is not available for calls, as 0.3.")
    ] = 0.0,
    hours_each: Annotated[
        float | None, typer.Option(help="Paid hours of a full-time person over all intervals; gives FTE.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a picture to this file (.svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how many agents a queue needs: for 80 % in 20 s, or for the targets given.

    Without --patience callers wait for ever (Erlang C), with it they give up (Erlang A).
    """
    targets = Targets(
        service_level=service_level,
        within_seconds=within,
        counting=counting.value,
        speed_of_answer_seconds=speed_of_answer,
        occupancy=occupancy,
        abandonment=abandonment,
    )
    if service_level is None and speed_of_answer is None and occupancy is None and abandonment is None:
        targets = Targets(service_level=0.8, within_seconds=within, counting=counting.value)
    try:
        if plot is not None and plot.suffix.lower() != ".svg":
            raise ValueError(f"{plot} is no .svg file; pictures are written as SVG")
        made = staffing.plan(
            Demand(tuple(calls), interval, aht, patience), targets, shrinkage=shrinkage, hours_each=hours_each
        )
        if plot is not None:
            plot.write_text(draw(made), "utf-8")
    except (ValueError, OSError) as error:
        typer.echo(f"ringmaster staff: {error}.", err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps(_plain(made)))
        return
    # As wide as the table is: a pipe does not cut it.
    out = Console(width=None if Console().is_terminal else 120)
    if len(calls) == 1:
        out.print(_table("Agents and what they come to", made.around, within))
    else:
        out.print(_table("Agents of each interval", made.intervals, within))
    out.print(_words(made))


def _plain(plan: Plan) -> dict[str, object]:
    def row(given: Row) -> dict[str, object]:
        return {
            name: staffing.finite(value) if isinstance(value, float) else value
            for name, value in asdict(given).items()
        }

    return {
        "intervals": [row(one) for one in plan.intervals],
        "around": [row(one) for one in plan.around],
        "paid_hours": plan.paid_hours,
        "full_time_equivalents": plan.full_time_equivalents,
    }


def _table(title: str, rows: tuple[Row, ...], within: float) -> Table:
    table = Table(title=title)
    heads = (
        "calls",
        "erlang",
        "agents",
        "rostered",
        f"in {within:g} s",
        "ASA s",
        "waiting",
        "abandon",
        "occupancy",
        "queue",
        "",
    )
    for head in heads:
        table.add_column(escape(head), justify="right")
    for row in rows:
        table.add_row(
            f"{row.calls:g}",
            f"{row.load_erlang:.2f}",
            str(row.agents),
            f"{row.rostered_agents:.1f}",
            f"{row.service_level:.1%}",
            f"{row.speed_of_answer_seconds:.1f}",
            f"{row.wait_probability:.1%}",
            f"{row.abandonment:.1%}",
            f"{row.occupancy:.1%}",
            f"{row.mean_queue:.2f}",
            "enough" if row.reaches_targets else "",
        )
    return table


def _words(plan: Plan) -> str:
    most = max(plan.intervals, key=lambda row: row.agents)
    parts = [f"{most.agents} agents at work, {most.rostered_agents:.1f} rostered"]
    if len(plan.intervals) > 1:
        parts[0] = f"At most {parts[0]}"
    parts.append(f"{plan.paid_hours:.1f} paid hours")
    if plan.full_time_equivalents is not None:
        parts.append(f"{plan.full_time_equivalents:.2f} full-time equivalents")
    return ", ".join(parts) + "."
