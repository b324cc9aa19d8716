"""The limit at another abandon rate than the one it came out at: scores compared at equal rates.

Tuned on other seeds, `oracle` is a little beside the cap on those of the comparison, and occupancy is bought
with abandons. So some of the seeds are run again with a lower and a higher threshold: from the neighbour on
the side of the wanted rate comes the slope dU/da, and U(s) + slope (wanted - a(s)) is the limit's occupancy
on seed s at that rate. The error of the slope, some per cent of a step of a few thousandths, is not told.
"""

from __future__ import annotations

from benchmarks.render.rows import Mean, Row, Rows
from callflow.lab import FLOOR, LIMIT

# Two abandon rates that are nearer, as a share of the cap, give no slope: it would be noise.
LEAST_STEP = 0.05


def pooled(columns: dict[str, list[float]], seeds: int) -> tuple[float, float]:
    """Abandon rate and mean occupancy of the first so many seeds."""
    answered, abandoned = (sum(columns[name][:seeds]) for name in ("answered", "abandoned"))
    return abandoned / max(1.0, answered), sum(columns["occupancy"][:seeds]) / seeds


def slope(limit: Row, rate: float) -> float | None:
    """Occupancy gained by abandon rate, towards this rate if possible; None where none was run beside."""
    found: list[tuple[float, float]] = []
    for columns in limit.beside:
        seeds = len(columns["seed"])
        (a, low), (b, high) = pooled(limit.columns, seeds), pooled(columns, seeds)
        if abs(b - a) > LEAST_STEP * limit.cap:
            found.append((b - a, (high - low) / (b - a)))
    towards = [gain for step, gain in found if (step > 0) == (rate > limit.rate.value)]
    return next(iter(towards or [gain for _, gain in found]), None)


def at_rates(limit: Row, wanted: dict[float, float]) -> dict[float, float] | None:
    """Occupancy of the limit by seed, had its abandon rates been these."""
    gain = slope(limit, sum(wanted.values()) / len(wanted))
    if gain is None:
        return None
    own = zip(limit.seeds, limit.columns["occupancy"], limit.columns["abandon_rate"], strict=True)
    return {seed: u + gain * (wanted[seed] - rate) for seed, u, rate in own if seed in wanted}


def at_the_cap(limit: Row) -> Mean | None:
    """Occupancy of the limit at the cap exactly."""
    occupancies = at_rates(limit, dict.fromkeys(limit.seeds, limit.cap))
    return None if occupancies is None else Mean.of(list(occupancies.values()))


def score(rows: Rows, row: Row, at_cap: bool) -> Mean | None:
    """A row's score against the limit at the cap, or at the row's own abandon rate, seed by seed."""
    floor, limit = rows.end(row, FLOOR), rows.end(row, LIMIT)
    if floor is None or limit is None or not set(row.seeds) <= set(floor.seeds) & set(limit.seeds):
        return None
    rates = [row.cap] * len(row.seeds) if at_cap else row.columns["abandon_rate"]
    tops = at_rates(limit, dict(zip(row.seeds, rates, strict=True)))
    if tops is None:
        return None
    lows = dict(zip(floor.seeds, floor.columns["occupancy"], strict=True))
    each = [(u, lows[s], tops[s]) for s, u in zip(row.seeds, row.columns["occupancy"], strict=True)]
    scores = [(u - low) / (top - low) for u, low, top in each if top > low]
    return Mean.of(scores) if scores else None
