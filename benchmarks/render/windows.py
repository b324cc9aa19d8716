"""The section about windows of the abandon budget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kept import Kept
from benchmarks.render import plots
from benchmarks.render.demands import NOT_SHOWN, Verdict, judged
from benchmarks.render.markdown import number, table
from benchmarks.render.policies import command
from callflow.lab_windows import at_most

# P(over the cap at the window's end).
ALLOWED = 0.001


@dataclass(frozen=True, slots=True)
class Team:
    """All windows of a team, column by column."""

    agents: int
    cap: float
    days: int
    columns: dict[str, list[float]]

    @property
    def rates(self) -> list[float]:
        """At the window's end."""
        ends = zip(self.columns["abandoned"], self.columns["answered"], strict=True)
        return [abandoned / max(1.0, answered) for abandoned, answered in ends]

    @property
    def over(self) -> int:
        """Windows that end above the cap."""
        return sum(rate > self.cap for rate in self.rates)

    @property
    def mean(self) -> float:
        """Rate of all windows together."""
        return sum(self.columns["abandoned"]) / max(1.0, sum(self.columns["answered"]))


def teams(kept: Kept) -> list[Team]:
    """By size."""
    found: dict[int, Team] = {}
    seen: set[tuple[int, float]] = set()
    for entry in kept:
        text, value = entry["what"]["scenario"], entry["value"]
        agents, cap = (float(re.findall(rf"(?m)^{key} = (.*)$", text)[0]) for key in ("agents", "cap"))
        team = found.setdefault(int(agents), Team(int(agents), cap, entry["what"]["days"], {}))
        # A task that was cut short by an odd number of windows, and later done whole, has some twice.
        new = [window for window in value["windows"] if (team.agents, window[0]) not in seen]
        seen |= {(team.agents, window[0]) for window in new}
        for at, name in enumerate(value["fields"]):
            team.columns.setdefault(name, []).extend(window[at] for window in new)
    return sorted(found.values(), key=lambda team: team.agents)


def windows(kept: Kept, level: str) -> str:
    """How they end."""
    head = [
        "agents",
        "windows",
        "answers each",
        "over the cap",
        "their share at most",
        "mean rate",
        "highest",
    ]
    lines = [
        [
            str(team.agents),
            f"{len(team.rates):,} of {team.days} days",
            f"{sum(team.columns['answered']) / len(team.rates):,.0f}",
            str(team.over),
            number(at_most(team.over, len(team.rates)), 4),
            f"{100 * team.mean:.3f} %",
            f"{100 * max(team.rates):.3f} %",
            f"{100 * sum(team.columns['days over']) / len(team.rates) / team.days:.1f} %",
            f"{100 * sum(team.columns['evenings over']) / len(team.rates) / team.days:.1f} %",
            number(sum(team.columns["busy_seconds"]) / sum(team.columns["staffed_seconds"]), 4),
        ]
        for team in teams(kept)
    ]
    about = (
        "Thirty days of the scenario `day` end to end under one ledger, cap 3 %, counted by the simulator. "
        "At most: the upper end of the 95 % interval of the share of windows over the cap. All take hours: "
        '`make bench BENCH_ARGS="--full --stage windows --windows 450,450,100"` goes on from what is there. '
        f"{command('windows', level)}"
    )
    shown = table([*head, "days over", "evenings over", "occupancy"], lines)
    return f"{about}\n\n![rates at the window's end](SVG/windows.svg)\n\n{shown}"


def verdicts(kept: Kept) -> Iterator[Verdict]:
    """Point 2: all teams together, then each."""
    found = teams(kept)
    if found:
        total, over = sum(len(team.rates) for team in found), sum(team.over for team in found)
        sizes = ", ".join(str(team.agents) for team in found)
        yield Verdict(
            f"1,000 windows of 30 days ({sizes} agents): none, or at most one, ends above the cap",
            f"{over} of {total:,} (share at most {at_most(over, total):.4f})",
            _outcome(over, total),
        )
    for team in found:
        count = len(team.rates)
        bound = at_most(team.over, count)
        yield Verdict(
            f"windows of 30 days, {team.agents} agents: at most one in 1,000 ends above the cap",
            f"{team.over} of {count:,} (share at most {bound:.4f}); mean rate {100 * team.mean:.3f} % of "
            f"{100 * team.cap:.0f} %",
            _outcome(team.over, count),
        )


def _outcome(over: int, total: int) -> str:
    """A few windows without one over the cap show little; two over it are too many, however few there are."""
    if over > max(1, ALLOWED * total):
        return judged(False, False)
    return judged(True) if total >= 1 / ALLOWED else NOT_SHOWN


def picture(kept: Kept, path: Path) -> None:
    """Rates at the window's end, by team."""
    found = teams(kept)
    figure, several = plots.canvas(9.0, 2.8, len(found))
    for axes, team in zip(several if len(found) > 1 else [several], found, strict=True):
        axes.hist([100 * rate for rate in team.rates], bins=30, color=plots.STYLE["ringmaster"][0])
        axes.axvline(100 * team.cap, color="#222222", linewidth=0.8, linestyle="--")
        axes.set_title(f"{team.agents} agents", fontsize=10)
        axes.set_xlabel("abandoned in the window, %")
    (several[0] if len(found) > 1 else several).set_ylabel("windows")
    plots.save(figure, path)
