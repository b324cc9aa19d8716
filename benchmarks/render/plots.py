"""The page's pictures, SVG: text stays text, and the same figures give the same file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.levels import OPPONENTS, SHOCKS, VARIANTS
from benchmarks.render.rows import Row, Rows
from benchmarks.stages.policies import OURS
from callflow.lab import LIMIT

# Ours in one strong colour; opponents in others that colour-blind eyes tell apart, with own markers.
STYLE: dict[str, tuple[str, str]] = {
    OURS: ("#0b5fa5", "o"),
    LIMIT: ("#222222", "D"),
    "ratio": ("#e69f00", "s"),
    "samuelson": ("#009e73", "^"),
    "vicidial-hard_limit": ("#cc79a7", "v"),
    "vicidial-tapered": ("#d55e00", "<"),
    "vicidial-average": ("#8c6bb1", ">"),
    "issabel": ("#56b4e9", "P"),
    "webitel": ("#7f7f7f", "X"),
}
SETTINGS = {
    "svg.hashsalt": "ringmaster",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "axes.axisbelow": True,
    "legend.frameon": False,
}


def canvas(width: float = 7.5, height: float = 3.8, columns: int = 1) -> tuple[Any, Any]:
    """A figure and its axes."""
    matplotlib: Any = import_module("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams.update(SETTINGS)
    pyplot: Any = import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(
        1, columns, figsize=(width, height), layout="constrained", sharey=columns > 1
    )
    return figure, axes


def save(figure: Any, path: Path) -> None:
    """Writes it without a date."""
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot: Any = import_module("matplotlib.pyplot")
    pyplot.close(figure)


def _teams_axis(axes: Any, teams: Sequence[int]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(teams, [str(team) for team in teams])
    axes.minorticks_off()
    axes.set_xlabel("agents")


def score(rows: Rows, path: Path) -> None:
    """Score by team size: ours with its interval, opponents tuned to the cap."""
    figure, axes = canvas()
    teams = sorted({row.agents for row in rows.of("score")})
    for policy in (*OPPONENTS, OURS):
        tuned = policy != OURS
        line = sorted(
            (r for r in rows.of("score") if r.asked == policy and r.tuned == tuned), key=lambda r: r.agents
        )
        points = [(row.agents, score, row.over) for row in line if (score := rows.score(row)) is not None]
        if not points:
            continue
        colour, marker = STYLE[policy]
        axes.errorbar(
            [agents for agents, _, _ in points],
            [score.value for _, score, _ in points],
            yerr=[score.half for _, score, _ in points] if policy == OURS else None,
            color=colour,
            marker=marker,
            markersize=5,
            linewidth=2.2 if policy == OURS else 1.2,
            capsize=3,
            label=policy if policy == OURS else f"{policy}, tuned",
            zorder=3 if policy == OURS else 2,
        )
    axes.axhline(0.97, color="#222222", linewidth=0.8, linestyle="--")
    axes.text(
        1.0, 0.96, "demanded: .97 ", va="top", ha="right", fontsize=8, transform=axes.get_yaxis_transform()
    )
    _teams_axis(axes, teams)
    axes.set_ylabel("score (0: one dial per idle agent, 1: oracle)")
    axes.set_ylim(-0.05, 1.1)
    figure.legend(loc="outside right center")
    save(figure, path)


def rate(rows: Rows, path: Path) -> None:
    """Abandon rate by team size: every policy as shipped, and tuned."""
    figure, pair = canvas(9.0, 3.8, 2)
    teams = sorted({row.agents for row in rows.of("score")})
    for axes, tuned in zip(pair, (False, True), strict=True):
        for policy in (*OPPONENTS, OURS):
            line = [r for r in rows.of("score") if r.asked == policy and (r.tuned == tuned or policy == OURS)]
            line.sort(key=lambda row: row.agents)
            colour, marker = STYLE[policy]
            axes.plot(
                [row.agents for row in line],
                [100 * row.rate.value for row in line],
                color=colour,
                marker=marker,
                markersize=4,
                linewidth=2.2 if policy == OURS else 1.2,
                label=None if tuned else policy,
            )
        axes.axhline(3.0, color="#222222", linewidth=0.8, linestyle="--")
        _teams_axis(axes, teams)
        axes.set_yscale("symlog", linthresh=5)
        axes.set_yticks([0, 1, 2, 3, 4, 5, 10, 20, 50], ["0", "1", "2", "3", "4", "5", "10", "20", "50"])
        axes.minorticks_off()
        axes.set_title("tuned to the cap" if tuned else "as shipped", fontsize=10)
    pair[0].set_ylabel("abandoned, % of answers (cap: 3 %)")
    figure.legend(loc="outside right center")
    save(figure, path)


def variants(rows: Rows, path: Path) -> None:
    """Score of ours and the tuned opponents, case by case."""
    found = rows.of("variants")
    cases = [
        (n, a)
        for n in VARIANTS
        for a in sorted({r.agents for r in found})
        if any(r.scenario == n for r in found)
    ]
    figure, axes = canvas(7.5, 0.8 + 0.26 * len(cases))
    for policy in (*OPPONENTS, OURS):
        colour, marker = STYLE[policy]
        points = [
            (cases.index((row.scenario, row.agents)), score)
            for row in found
            if row.asked == policy
            and row.tuned == (policy != OURS)
            and (score := rows.score(row)) is not None
        ]
        axes.errorbar(
            [score.value for _, score in points],
            [at for at, _ in points],
            xerr=[score.half for _, score in points] if policy == OURS else None,
            color=colour,
            marker=marker,
            markersize=6 if policy == OURS else 4,
            linestyle="none",
            label=policy if policy == OURS else f"{policy}, tuned",
            zorder=3 if policy == OURS else 2,
        )
    axes.axvline(0.97, color="#222222", linewidth=0.8, linestyle="--")
    axes.set_yticks(range(len(cases)), [f"{name}, {agents}" for name, agents in cases])
    axes.invert_yaxis()
    axes.set_xlim(-0.05, 1.1)
    axes.set_xlabel("score")
    figure.legend(loc="outside right center")
    save(figure, path)


def shocks(rows: Rows, path: Path) -> None:
    """Abandon rate of each quarter of an hour, all seeds together: ours and the best opponents."""
    names = [name for name in SHOCKS if any(row.scenario == name for row in rows.of("shocks"))]
    figure, several = canvas(10.0, 3.2, len(names))
    for axes, name in zip(several if len(names) > 1 else [several], names, strict=True):
        for policy in ("ratio", "samuelson", "webitel", OURS):
            row = _of(rows.of("shocks"), name, policy, policy != OURS)
            if row is not None and row.quarters:
                rates = [100 * abandoned / max(1, answered) for answered, abandoned, _, _ in row.quarters]
                colour, _ = STYLE[policy]
                label = (policy if policy == OURS else f"{policy}, tuned") if name == names[0] else None
                hours = [(at + 0.5) / 4 for at in range(len(rates))]
                axes.plot(hours, rates, color=colour, linewidth=2 if policy == OURS else 1, label=label)
        axes.axhline(3.0, color="#222222", linewidth=0.8, linestyle="--")
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("hour")
        axes.set_ylim(0, 12)
    (several if len(names) == 1 else several[0]).set_ylabel("abandoned in the quarter, %")
    figure.legend(loc="outside lower center", ncols=4)
    save(figure, path)


def _of(rows: Sequence[Row], scenario: str, policy: str, tuned: bool) -> Row | None:
    return next((r for r in rows if (r.scenario, r.asked, r.tuned) == (scenario, policy, tuned)), None)


# By name: the stage whose rows it shows, and how it is drawn.
PLOTS: dict[str, tuple[str, Callable[[Rows, Path], None]]] = {
    "score": ("score", score),
    "rate": ("score", rate),
    "variants": ("variants", variants),
    "shocks": ("shocks", shocks),
}
