"""The sections about whole days: shocks, breaks, a working day; and what is demanded of the shocks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from benchmarks.levels import SHOCKS
from benchmarks.render.demands import Verdict, judged
from benchmarks.render.markdown import mean, number, table
from benchmarks.render.policies import command, complete, rate
from benchmarks.render.rows import Mean, Row, Rows
from benchmarks.stages.policies import OURS
from callflow.lab import LIMIT

RECOVERY_SECONDS = 600.0
QUARTER_SECONDS = 900.0
# An opponent tuned to the cap that spends less of it than this is tuned to something else.
SPENT = 0.8


def days(rows: Rows, stage: str) -> str:
    """Whole days: their ledger at the end, the worst quarter of an hour, how soon they recover."""
    head = ["scenario", "agents", "policy", "occupancy", "day's rate", "days over the cap", "worst quarter"]
    head.append("95 % of them under")
    shocked = any(row.entry["what"]["shocks"] for row in rows.of(stage))
    if shocked:
        head += ["quarter after each shock", "recovered after, minutes"]
    lines = []
    for row in rows.of(stage):
        cells = [
            row.scenario,
            str(row.agents),
            row.label,
            mean(row.occupancy),
            rate(row),
            f"{days_over(row)} of {len(row.seeds)}",
            mean(Mean.of(row.columns["worst_quarter"])),
            number(share_under(row.columns["worst_quarter"])),
        ]
        if shocked:
            cells.append(", ".join(number(rate) for rate in after_shocks(row)) or "–")
            cells.append(", ".join(f"{seconds / 60:.0f}" for seconds in recoveries(row)) or "–")
        lines.append(cells)
    return table(head, lines)


def shocks(rows: Rows, level: str) -> str:
    """Days in which something happens."""
    about = (
        "Fifty agents, eight hours. Opponents are tuned on the very day, with other seeds. Recovered: the "
        "last five minutes at 95 % of the occupancy from half an hour after the shock on; a jump and its way "
        "back both count. The worst quarter is each day's highest of 32, so mostly chance; the quarter after "
        f"a shock is of all days together. {command('shocks', level)}"
    )
    return f"{about}\n\n![abandon rate through the day](SVG/shocks.svg)\n\n{days(rows, 'shocks')}"


def day(rows: Rows, level: str) -> str:
    """A working day."""
    about = (
        "Eight hours from the first second, nothing learned: answer rate by the hour, 28 % machines that "
        f"nobody detects, shifts, breaks, measured talk times. {command('day', level)}"
    )
    return f"{about}\n\n{days(rows, 'day')}\n\n{complete(rows.of('day'), rows)}"


def share_under(values: Sequence[float], share: float = 0.95) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def recoveries(row: Row) -> list[float]:
    """Seconds to recover from each shock, all seeds together."""
    found: list[float] = row.entry["value"]["recovered"]
    return found


def after_shocks(row: Row) -> list[float]:
    """Abandon rate of the quarter of an hour in which each shock falls, of all seeds together."""
    begun = [int(begin // QUARTER_SECONDS) for begin, _ in row.entry["what"]["shocks"]]
    quarters = [row.quarters[at] for at in begun if at < len(row.quarters)]
    return [abandoned / max(1.0, answered) for answered, abandoned, *_ in quarters]


def days_over(row: Row) -> int:
    """Seeds that end with more abandoned than the cap allows, counted from the first second."""
    ends = zip(row.columns["total_abandoned"], row.columns["total_answered"], strict=True)
    return sum(abandoned > row.cap * answered for abandoned, answered in ends)


def worst_quarter(row: Row) -> float:
    """Highest abandon rate of a quarter of an hour, mean of the days."""
    return sum(row.columns["worst_quarter"]) / len(row.seeds)


def verdicts(rows: Rows) -> Iterator[Verdict]:
    """Point 3."""
    for name in SHOCKS:
        same = [row for row in rows.of("shocks") if row.scenario == name]
        ours = next((row for row in same if row.asked == OURS), None)
        if ours is not None:
            yield _bends(name, ours, [r for r in same if r.tuned and r.asked != LIMIT and not r.over])
            yield from _recovers(name, ours)


def _bends(name: str, ours: Row, others: list[Row]) -> Verdict:
    """Against the opponents that spend the cap they are tuned to; others are told with what they spend."""
    worst = worst_quarter(ours)
    peers = [row for row in others if row.rate.value >= SPENT * ours.cap]
    thrifty = [row for row in others if row not in peers and worst_quarter(row) < worst]
    best = min(peers, key=worst_quarter, default=None)
    said = f"{_quarters(ours)}, cap {100 * ours.cap:.0f} %"
    if best is not None:
        said += f"; best tuned opponent {best.asked} {_quarters(best)}, spent {_spent(best)}"
    if thrifty:
        listed = ", ".join(f"{row.asked} {_quarters(row)}, spent {_spent(row)}" for row in thrifty)
        said += f"; lower, but far under the cap they are tuned to: {listed}; ringmaster spent {_spent(ours)}"
    return Verdict(
        f"{name}: worst quarter of an hour at most twice the cap, no worse than the best tuned opponent that "
        f"spends {SPENT:.0%} of it",
        said,
        judged(worst <= 2 * ours.cap and (best is None or worst <= worst_quarter(best)), False),
    )


def _quarters(row: Row) -> str:
    after = " and ".join(f"{100 * share:.1f}" for share in after_shocks(row))
    shown = f"{100 * worst_quarter(row):.1f} %"
    return f"{shown} ({after} % in the quarter after the shock)" if after else shown


def _spent(row: Row) -> str:
    return f"{100 * row.rate.value:.2f} % in the day at occupancy {number(row.occupancy.value)}"


def _recovers(name: str, ours: Row) -> Iterator[Verdict]:
    recovered = recoveries(ours)
    yield Verdict(
        f"{name}: 95 % of the steady occupancy again within 10 minutes",
        f"after {' and '.join(f'{seconds / 60:.0f}' for seconds in recovered)} minutes, all seeds",
        judged(max(recovered) <= RECOVERY_SECONDS, False),
    )
    kept = len(ours.seeds) - days_over(ours)
    yield Verdict(
        f"{name}: at or under the cap at the day's end in 95 of 100 seeds",
        f"{kept} of {len(ours.seeds)}",
        judged(kept >= 0.95 * len(ours.seeds), False),
    )
