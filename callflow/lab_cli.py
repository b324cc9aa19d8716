"""`ringmaster simulate` and `ringmaster bench`: pacing policies in simulated call centres."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from callflow import lab, lab_windows
from pacing_core import PacingValueError, Scenario, policies

_Scenarios = Annotated[
    list[str] | None, typer.Option("--scenario", help="Name; may be given more than once.")
]
_Policies = Annotated[
    list[str] | None, typer.Option("--policy", help="Such as ringmaster or 'ratio(k=2)'; more than once.")
]
_Agents = Annotated[list[int] | None, typer.Option(min=1, help="Team size; may be given more than once.")]
_Seeds = Annotated[int, typer.Option(min=1, help="Runs, with the seeds 1 to this.")]
_Answers = Annotated[
    int | None, typer.Option(min=1, help="Run each for about so many answers after its warm-up.")
]
_Set = Annotated[
    list[str] | None, typer.Option("--set", help="A value of the scenario, as TOML: 'cap = 0.01'.")
]

bench = typer.Typer(add_completion=False, help="Benchmarks that can be run again to the last digit.")
bench.command()(lab_windows.windows)


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        Console(stderr=True).print(f"[dim]{text} ...[/dim]", highlight=False)


def _with_half(value: tuple[float, float], digits: int) -> str:
    mean, half = value
    return f"{mean:.{digits}f}" if half == float("inf") else f"{mean:.{digits}f} ±{half:.{digits}f}"


def table(results: Sequence[lab.Result]) -> str:
    """A Markdown table, so that it can be read here and kept in a page."""
    head = ["scenario", "agents", "policy", "occupancy", "abandon rate", "talk min/h"]
    head += ["dials/contact", "worst hour", "score"]
    rows = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    for result in results:
        shown = lab.line(result, results)
        cells = [
            shown.scenario,
            str(shown.agents),
            shown.policy,
            _with_half(shown.occupancy, 4),
            _with_half(shown.abandon_rate, 4),
            _with_half(shown.talk_minutes, 2),
            f"{shown.dials_per_contact:.2f}",
            f"{shown.worst_hour:.3f}",
            "" if shown.score is None else _with_half(shown.score, 3),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _fail(error: Exception) -> typer.Exit:
    typer.echo(f"ringmaster: {error}", err=True)
    return typer.Exit(2)


def _teams(agents: list[int] | None) -> Sequence[int | None]:
    return agents or (None,)


def _scenario(name: str, agents: int | None, values: list[str] | None, answers: int | None) -> Scenario:
    team = [] if agents is None else [f"agents = {agents}"]
    return lab.scenario_for_answers(name, "\n".join([*(values or []), *team]), answers)


def simulate(
    scenario: Annotated[str, typer.Argument(help="A scenario's name; `list` shows them and the policies.")],
    policy: _Policies = None,
    agents: _Agents = None,
    seeds: _Seeds = 4,
    answers: _Answers = None,
    values: _Set = None,
) -> None:
    """Simulate a scenario under one policy or several: occupancy, abandon rate, with 95 % intervals."""
    if scenario == "list":
        for name in Scenario.names():
            typer.echo(f"{name}: {Scenario.named(name).about}")
        for name, about in policies():
            typer.echo(f"{name}: {about}")
        return
    numbers = range(1, seeds + 1)
    try:
        results: list[lab.Result] = []
        for team in _teams(agents):
            text = _scenario(scenario, team, values, answers).to_toml()
            cases = [lab.Case(text, name, name) for name in policy or ["ringmaster"]]
            results += lab.run_cases(cases, numbers, _tell)
    except PacingValueError as error:
        raise _fail(error) from error
    typer.echo(table(results))


@bench.callback()
def _bench() -> None:
    """Benchmarks that can be run again to the last digit."""


@bench.command()
def pacing(
    scenario: _Scenarios = None,
    policy: _Policies = None,
    agents: _Agents = None,
    seeds: _Seeds = 4,
    answers: _Answers = None,
    values: _Set = None,
    tuned: Annotated[
        bool, typer.Option("--tuned/--as-shipped", help="Each opponent also tuned to the cap.")
    ] = True,
    out: Annotated[
        Path | None, typer.Option(help="Keep manifest.json, runs.csv and summary.json here.")
    ] = None,
    verify: Annotated[
        Path | None, typer.Option(help="Run what is kept here again and compare; 1 if it differs.")
    ] = None,
) -> None:
    """Compare policies: score 0 is one dial per idle agent, 1 the tuned optimum that knows all."""
    try:
        if verify is not None:
            differing = lab.verify(verify, _tell)
            typer.echo("\n".join(differing) if differing else "every run came out the same")
            raise typer.Exit(1 if differing else 0)
        numbers = range(1, seeds + 1)
        asked = policy or [name for name, _ in policies()]
        results: list[lab.Result] = []
        for name in scenario or ["base"]:
            for team in _teams(agents):
                made = _scenario(name, team, values, answers)
                cases = lab.cases_of(made, asked, numbers, tuned, _tell)
                results += lab.run_cases(cases, numbers, _tell)
        if out is not None:
            lab.save(out, results, numbers)
    except (PacingValueError, ValueError, OSError) as error:
        raise _fail(error) from error
    typer.echo(table(results))
