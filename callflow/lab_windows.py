"""`ringmaster bench windows`: does the abandon rate stay under the cap at the end of the legal window?

A window is so many working days end to end under one ledger. What counts is what the simulator counted.
"""

from __future__ import annotations

import math
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from callflow import lab
from pacing_core import PacingValueError, Scenario, Window, simulate_windows

_TOLD_EVERY = 30.0


@dataclass(frozen=True, slots=True)
class Summary:
    """What is said of many windows of one team and policy. Rates: abandoned / answered by a person."""

    agents: int
    policy: str
    days: int
    windows: int
    over: int
    """Windows that ended above the cap."""
    at_most: float
    """Upper end of the 95 % interval of the share of such windows (Clopper and Pearson)."""
    mean: float
    deviation: float
    quantiles: tuple[float, float, float]
    """1 %, 50 % and 99 % of the windows' end rates."""
    highest: float
    days_over: float
    """Share of the days above the cap, each by itself."""
    evenings_over: float
    """Share of the evenings at which the window so far was above the cap."""
    answers: float
    occupancy: float
    talk_minutes: float


def at_most(hits: int, trials: int) -> float:
    """The probability under which so few hits of so many trials would be seen in 2.5 of 100 cases.

    >>> round(at_most(0, 1000), 5)
    0.00368
    """
    if hits >= trials:
        return 1.0
    low, high = hits / trials, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        ways = (
            math.lgamma(trials + 1)
            - math.lgamma(k + 1)
            - math.lgamma(trials - k + 1)
            + k * math.log(middle)
            + (trials - k) * math.log1p(-middle)
            for k in range(hits + 1)
        )
        if math.fsum(math.exp(way) for way in ways) > 0.025:
            low = middle
        else:
            high = middle
    return high


def _rates(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    rates: NDArray[np.float64] = rows[..., 1] / np.maximum(rows[..., 0], 1.0)
    return rates


def summary(scenario: Scenario, policy: str, windows: Sequence[Window]) -> Summary:
    """The figures of windows of one scenario and policy; one window at least."""
    cap = scenario.cap
    days = np.array([window.days for window in windows])
    evenings = np.array([window.evenings for window in windows])
    ends = _rates(evenings[:, -1])
    staffed = sum(window.staffed_seconds for window in windows)
    over = int((ends > cap).sum())
    low, middle, high = (float(q) for q in np.quantile(ends, (0.01, 0.5, 0.99)))
    return Summary(
        scenario.agents,
        policy,
        days.shape[1],
        len(windows),
        over,
        at_most(over, len(windows)),
        float(ends.mean()),
        float(ends.std()),
        (low, middle, high),
        float(ends.max()),
        float((_rates(days) > cap).mean()),
        float((_rates(evenings) > cap).mean()),
        float(evenings[:, -1, 0].mean()),
        sum(window.busy_seconds for window in windows) / staffed,
        sum(window.talk_seconds for window in windows) / staffed * 60.0,
    )


def table(summaries: Sequence[Summary]) -> str:
    """A Markdown table."""
    head = ["agents", "policy", "windows", "over the cap", "at most", "mean rate", "deviation"]
    head += [
        "1 % / 50 % / 99 %",
        "highest",
        "days over",
        "evenings over",
        "answers",
        "occupancy",
        "talk min/h",
    ]
    rows = [f"| {' | '.join(head)} |", "|" + " --- |" * len(head)]
    for s in summaries:
        cells = [
            str(s.agents),
            s.policy,
            f"{s.windows} x {s.days} d",
            str(s.over),
            f"{s.at_most:.4f}",
            f"{s.mean:.5f}",
            f"{s.deviation:.5f}",
            " / ".join(f"{q:.5f}" for q in s.quantiles),
            f"{s.highest:.5f}",
            f"{s.days_over:.3f}",
            f"{s.evenings_over:.3f}",
            f"{s.answers:.0f}",
            f"{s.occupancy:.4f}",
            f"{s.talk_minutes:.2f}",
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def page(command: str, scenario: Scenario, summaries: Sequence[Summary]) -> str:
    """The page that is kept: what was run, by which command, and what came out."""
    made = lab.manifest([], [])
    machine = made["machine"]
    return f"""# Windows of the abandon budget

`ringmaster bench windows`, [the laboratory](../../docs/reference/laboratory.md#windows). Each window is so
many days of the scenario `{scenario.name}`, version {scenario.version}, end to end under one ledger, target
{scenario.target:g}, cap {scenario.cap:g}: {scenario.about}

```console
$ {command}
```

{table(summaries)}

Over the cap: windows whose end rate is above the cap, counted by the simulator, not by the policy; at
most: the upper end of the 95 % interval of their share. Days and evenings over: shares of the days, each
by itself, and of the evenings, the window so far. Same seeds, same figures.
Commit {made["commit"]}; {machine["system"]}, {machine["architecture"]}.
"""


class _Progress:
    """Says from time to time how far it is, where somebody looks."""

    def __init__(self, what: str, days: int) -> None:
        self._what, self._days = what, days
        self._began = self._told = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if done and now - self._told >= _TOLD_EVERY and sys.stderr.isatty():
            self._told = now
            left = (now - self._began) * (self._days - done) / done
            text = f"{self._what}: {done} of {self._days} days, {left / 60.0:.0f} min to go"
            Console(stderr=True).print(f"[dim]{text}[/dim]", highlight=False)


def windows(
    agents: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Team size; may be given more than once. Default 5, 20, 100."),
    ] = None,
    number: Annotated[
        int, typer.Option("--windows", min=1, help="Windows, seeds 1 to this; some seconds of a core each.")
    ] = 1000,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Working days of a window.")] = 30,
    scenario: Annotated[str, typer.Option(help="What a day is.")] = "day",
    policy: Annotated[
        list[str] | None, typer.Option("--policy", help="Such as ringmaster; may be given more than once.")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", help="A value of the scenario, as TOML: 'cap = 0.01'.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Cores to use; default all.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write a page there, such as windows.md.")] = None,
) -> None:
    """Simulate whole windows of the abandon budget: how many end above the cap, and is the budget used?"""
    summaries = []
    try:
        for team in agents or (5, 20, 100):
            day = Scenario.named(scenario, "\n".join([*(values or []), f"agents = {team}"]))
            for name in policy or ("ringmaster",):
                progress = _Progress(f"{team} agents, {name}", number * days)
                seeds = range(1, number + 1)
                made = simulate_windows(day, name, seeds, days=days, threads=threads, progress=progress)
                summaries.append(summary(day, name, made))
    except PacingValueError as error:
        typer.echo(f"ringmaster: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(table(summaries))
    if out is not None:
        command = ["ringmaster", "bench", "windows", *(f"--agents={s}" for s in agents or (5, 20, 100))]
        command += [f"--windows={number}", f"--days={days}", f"--scenario={scenario}"]
        command += [f"--policy={p}" for p in policy or ("ringmaster",)] + [f"--set={v}" for v in values or ()]
        try:
            out.write_text(page(shlex.join(command), day, summaries), "utf-8")
        except OSError as error:
            typer.echo(f"ringmaster: {error}", err=True)
            raise typer.Exit(2) from error
