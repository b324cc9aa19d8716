"""The sections of the page about leads that differ: what knowing them gains, and how well they are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.kept import Kept
from benchmarks.render import plots
from benchmarks.render.demands import Verdict, judged
from benchmarks.render.markdown import mean, number, table
from benchmarks.render.policies import command, rate
from benchmarks.render.rows import Mean, Row, Rows
from callflow.lab import LIMIT

# The policy that takes leads in the order of the list.
UNMIXED = "mix=0"
ALIKE, LEARNED, TOLD = "nothing", "what it learned", "each lead's probability"
# Mean squared distance of a group's probability and the share answered, at which it counts as calibrated.
RELIABLE = 0.001


def knows(row: Row) -> str:
    """What the policy knows about leads."""
    if "lead_known = true" in row.text:
        return TOLD
    return ALIKE if row.scenario == "mixed-unknown" or "leads=0" in row.policy else LEARNED


def order(row: Row) -> str:
    """In which order leads are dialed."""
    mixes = row.asked != LIMIT and UNMIXED not in row.policy and knows(row) != ALIKE
    return "alike leads together" if mixes else "in the list's order"


def _kind(row: Row) -> tuple[str, int]:
    return ("features" if "features" in row.scenario else "mixed", row.agents)


def gains(rows: Rows) -> Iterator[tuple[Row, Mean | None]]:
    """Each row, and its occupancy less that of our policy that knows nothing, seed by seed."""
    alike = {_kind(row): row for row in rows.of("mixed") if knows(row) == ALIKE}
    for row in rows.of("mixed"):
        base = alike.get(_kind(row))
        if base is None or base is row or base.seeds != row.seeds:
            yield row, None
            continue
        pairs = zip(row.columns["occupancy"], base.columns["occupancy"], strict=True)
        yield row, Mean.of([a - b for a, b in pairs])


def mixed(rows: Rows, level: str) -> str:
    """Leads that differ."""
    head = ["agents", "scenario", "policy", "it knows of leads", "order", "occupancy", "gain", "abandon rate"]
    lines = [
        [
            str(row.agents),
            row.scenario,
            "oracle, tuned" if row.asked == LIMIT else "ringmaster",
            knows(row),
            order(row),
            mean(row.occupancy, 4),
            mean(gain, 4),
            rate(row),
        ]
        for row, gain in gains(rows)
    ]
    about = (
        "`mixed`: probabilities from a Beta distribution, which can't be learned. `mixed-features`: by "
        "attempt, hour, list and kind of number, which can. `oracle` takes the list's order. "
        f"{command('mixed', level)}"
    )
    return f"{about}\n\n{table(head, lines)}"


def pooled(kept: Kept, which: str) -> list[tuple[float, float]]:
    """The calibration curve of all seeds: mean probability and share answered of each group."""
    curves: list[Any] = [entry["value"][which]["curve"] for entry in kept]
    points = []
    for groups in zip(*curves, strict=True):
        calls = sum(group[0] for group in groups)
        sums = (sum(group[0] * group[at] for group in groups) for at in (1, 2))
        points.append((next(sums) / calls, next(sums) / calls))
    return points


def figure(kept: Kept, which: str, name: str) -> Mean:
    """A figure over the seeds."""
    return Mean.of([entry["value"][which][name] for entry in kept])


def calibration(kept: Kept, level: str) -> str:
    """How well leads are known."""
    head = ["probabilities", "Brier's score", "reliability (0 is calibrated)", "resolution"]
    lines = [
        [name, *(mean(figure(kept, name, part), 5) for part in ("brier", "reliability", "resolution"))]
        for name in ("learned", "true", "one for all")
    ]
    curve = [[number(p), number(share)] for p, share in pooled(kept, "learned")]
    about = (
        "The probability that the lead model gives at each dial of `mixed-features`, learned from nothing, "
        f"from the first dial on, beside what became of it. {command('calibration', level)}"
    )
    shown = table(head, lines)
    groups = table(["mean probability, learned", "answered"], curve)
    return f"{about}\n\n![calibration](SVG/calibration.svg)\n\n{shown}\n\n{groups}"


def verdicts(rows: Rows, kept: Kept) -> Iterator[Verdict]:
    """Point 4."""
    for row, gain in gains(rows):
        if gain is not None and row.asked != LIMIT:
            yield Verdict(
                f"{row.scenario}, {row.agents} agents: knowing {knows(row)} gains occupancy, {order(row)}",
                f"{gain.value:+.4f} ±{2 * gain.error:.4f} (two standard errors) at {row.rate.value:.2%}",
                judged(gain.value - 2 * gain.error > 0, gain.value + 2 * gain.error > 0),
            )
    if kept.entries:
        learned, true, one = (figure(kept, which, "brier") for which in ("learned", "true", "one for all"))
        off = figure(kept, "learned", "reliability")
        yield Verdict(
            "learned probabilities are calibrated",
            f"reliability {off.value:.5f}; Brier's score {learned.value:.4f}, of the true ones "
            f"{true.value:.4f}, of one for all {one.value:.4f}",
            judged(off.value <= RELIABLE and learned.value < one.value, False),
        )


def picture(kept: Kept, path: Path) -> None:
    """The calibration curve."""
    drawn, axes = plots.canvas(4.4, 3.8)
    points = pooled(kept, "learned")
    axes.plot([0, 1], [0, 1], color="#222222", linewidth=0.8, linestyle="--")
    colour, marker = plots.STYLE["ringmaster"]
    axes.plot([p for p, _ in points], [share for _, share in points], color=colour, marker=marker)
    axes.set_xlabel("learned probability, mean of a tenth of the calls")
    axes.set_ylabel("share answered")
    axes.set_xlim(0, max(p for p, _ in points) * 1.1)
    axes.set_ylim(0, max(share for _, share in points) * 1.1)
    plots.save(drawn, path)
