"""What the design demands, and whether these measurements show it: every word is made from the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from benchmarks.kept import Kept
from benchmarks.levels import SHOCKS
from benchmarks.render.markdown import number
from benchmarks.render.policies import days_over, recoveries, steady_occupancy
from benchmarks.render.rows import Row, Rows
from benchmarks.stages.policies import OURS, PRIORS
from callflow.lab import LIMIT

SCORE = 0.97
COLD_SHARE = 0.9
RECOVERY_SECONDS = 600.0
# Agents, calls in flight, microseconds; and what "about a second" is.
DECISION_BOUNDS = ((300, 1_000, 50), (2_000, 8_000, 250))
DAY_SECONDS = 1.2
# The design's limit table (general times), and the exact optimum (exponential times), at 3 %.
NEAR_OPTIMAL = {5: 0.781, 10: 0.833, 20: 0.884, 50: 0.936, 100: 0.963, 300: 0.987}
LIMIT_OF = {
    ("p10", 10): 0.805,
    ("p10", 50): 0.930,
    ("p60", 10): 0.879,
    ("p60", 50): 0.946,
    ("cap1", 10): 0.797,
    ("cap1", 50): 0.916,
    ("cap5", 10): 0.854,
    ("cap5", 50): 0.946,
    ("talk60", 10): 0.787,
    ("talk60", 50): 0.926,
    ("talk300", 10): 0.895,
    ("talk300", 50): 0.952,
    ("wrap60", 10): 0.847,
    ("wrap60", 50): 0.933,
    ("ring5-7", 10): 0.896,
    ("ring5-7", 50): 0.951,
    **{("base", team): value for team, value in NEAR_OPTIMAL.items()},
}
EXACT = {
    1: 0.7676,
    2: 0.7849,
    5: 0.8158,
    10: 0.8502,
    20: 0.8910,
    50: 0.9355,
    100: 0.9586,
    200: 0.9740,
    300: 0.9804,
}
ONE_EACH = 0.757
BLIND = {1: 0.030, 2: 0.137, 5: 0.364, 10: 0.536, 20: 0.679, 50: 0.814, 100: 0.881, 200: 0.926, 300: 0.945}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A demand, what was measured, and "holds", "holds within the error" or "does not hold"."""

    demand: str
    measured: str
    outcome: str


def judged(held: bool, within: bool = True) -> str:
    """In words."""
    if held:
        return "holds"
    return "holds within the error" if within else "**does not hold**"


def _where(row: Row) -> str:
    return f"{row.agents} agents" if row.scenario == "base" else f"{row.scenario}, {row.agents}"


def _scores(rows: Rows, ours: list[Row], what: str) -> Iterator[Verdict]:
    scored = [(row, score) for row in ours if (score := rows.score(row)) is not None]
    if not scored:
        return
    worst, least = min(scored, key=lambda pair: pair[1].value)
    short = [(row, score) for row, score in scored if not score.at_least(SCORE)]
    listed = "; ".join(f"{_where(row)}: {number(s.value)} ±{number(2 * s.error)}" for row, s in short)
    measured = (
        f"least {number(least.value)} ±{number(2 * least.error)} (two standard errors) at {_where(worst)}"
    )
    yield Verdict(
        f"score of {what} at least {SCORE} within two standard errors",
        measured + (f"; short of it: {listed}" if short else ""),
        judged(least.value >= SCORE, not short),
    )
    highest = max(ours, key=lambda row: row.rate.value / row.cap)
    over = [row for row in ours if row.over]
    yield Verdict(
        f"abandon rate of {what} at or under the cap",
        f"highest {100 * highest.rate.value:.2f} % of {100 * highest.cap:.0f} % at {_where(highest)}, "
        f"{min(row.answers for row in ours):,} answers or more each",
        judged(highest.rate.value <= highest.cap, not over),
    )


def scores(rows: Rows) -> Iterator[Verdict]:
    """Point 1."""
    for stage, policy, what in (
        ("score", OURS, "base, 5 to 300 agents"),
        ("variants", OURS, "the variants"),
        ("priors", PRIORS["too high"], "base with priors three times too high"),
        ("priors", PRIORS["too low"], "base with priors three times too low"),
    ):
        ours = [
            r for r in rows.of(stage) if r.asked == policy and (stage == "variants" or 5 <= r.agents <= 300)
        ]
        yield from _scores(rows, ours, what)


def oracle(rows: Rows) -> Iterator[Verdict]:
    """The limit we hold ourselves against is the design's."""
    offs = [
        (row, row.occupancy.value - LIMIT_OF[row.scenario, row.agents])
        for stage in ("score", "variants")
        for row in rows.of(stage)
        if row.asked == LIMIT and (row.scenario, row.agents) in LIMIT_OF
    ]
    if offs:
        row, off = max(offs, key=lambda pair: abs(pair[1]))
        far = [f"{_where(r)}: {o:+.4f}" for r, o in offs if abs(o) > 0.004]
        yield Verdict(
            "`oracle` within .004 of the design's limit table",
            f"{len(offs) - len(far)} of {len(offs)} cases; furthest {off:+.4f} at {_where(row)}"
            + (f"; beyond: {', '.join(far)}" if far else ""),
            judged(not far, all(abs(o) <= 0.004 + 2 * r.occupancy.error for r, o in offs)),
        )


def exponential(rows: Rows) -> Iterator[Verdict]:
    """Where the exact optimum is known."""
    for policy, demand, table, low, high in (
        (
            "progressive",
            "one dial per idle agent gives .757, exponential times",
            dict.fromkeys(EXACT, ONE_EACH),
            -0.004,
            0.004,
        ),
        (
            "constant",
            "the blind constant rate matches Erlang B's row, exponential times",
            BLIND,
            -0.006,
            0.006,
        ),
        (LIMIT, "the threshold policy lies 0 to .003 below the exact optimum", EXACT, -0.003, 0.0),
    ):
        offs = [
            (row, row.occupancy.value - table[row.agents])
            for row in rows.of("limit")
            if row.asked == policy and row.agents in table
        ]
        if offs:
            row, off = max(offs, key=lambda pair: abs(pair[1] - (low + high) / 2))
            inside = all(low <= o <= high for _, o in offs)
            near = all(low - 2 * r.occupancy.error <= o <= high + 2 * r.occupancy.error for r, o in offs)
            yield Verdict(demand, f"furthest {off:+.4f} at {row.agents} agents", judged(inside, near))


def cold(rows: Rows) -> Iterator[Verdict]:
    """The first 500 answers."""
    shares = [
        (row, row.occupancy.value / steady, row.occupancy.error / steady)
        for row in rows.of("cold")
        if row.asked == OURS and (steady := steady_occupancy(rows, row.agents)) is not None
    ]
    if shares:
        row, share, error = min(shares, key=lambda triple: triple[1])
        yield Verdict(
            "the first 500 answers at 90 % of the steady occupancy or more",
            f"least {100 * share:.1f} % at {row.agents} agents",
            judged(share >= COLD_SHARE, share + 2 * error >= COLD_SHARE),
        )
        ours = [row for row, _, _ in shares]
        highest = max(ours, key=lambda row: row.rate.value)
        yield Verdict(
            "abandon rate of the first 500 answers at or under the cap",
            f"highest {100 * highest.rate.value:.2f} % at {highest.agents} agents",
            judged(highest.rate.value <= highest.cap, not any(row.over for row in ours)),
        )


def shocks(rows: Rows) -> Iterator[Verdict]:
    """Point 3."""
    for name in SHOCKS:
        same = [row for row in rows.of("shocks") if row.scenario == name]
        ours = next((row for row in same if row.asked == OURS), None)
        if ours is None:
            continue
        others = [r for r in same if r.tuned and r.asked != LIMIT and not r.over]
        worst = _worst(ours)
        best = min(others, key=_worst, default=None)
        beside = "" if best is None else f"; best tuned opponent {best.asked} {100 * _worst(best):.1f} %"
        yield Verdict(
            f"{name}: worst quarter of an hour at most twice the cap, no worse than the best tuned opponent",
            f"mean {100 * worst:.1f} %, cap {100 * ours.cap:.0f} %{beside}",
            judged(worst <= 2 * ours.cap and (best is None or worst <= _worst(best)), False),
        )
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


def _worst(row: Row) -> float:
    return sum(row.columns["worst_quarter"]) / len(row.seeds)


def machines(kept: Kept) -> Iterator[Verdict]:
    """Events per second."""
    for entry in kept:
        value = entry["value"]
        ours, *others = (row for row in value["rows"] if row["customers"] == value["rows"][0]["customers"])
        speed = ours["events_per_second"]
        ratios = {row["engine"]: speed / row["events_per_second"] for row in others}
        mean, half = value["simulated"]
        yield Verdict(
            f"M/M/{value['servers']}: 100 times the events per second of Ciw and SimPy",
            ", ".join(f"{ratio:.0f} times {name}" for name, ratio in ratios.items()),
            judged(min(ratios.values()) >= 100, False),
        )
        waits = [row["mean_wait"] for row in (ours, *others)]
        agree = max(waits) - min(waits) <= 1e-6 * max(waits)
        yield Verdict(
            f"M/M/{value['servers']}: the three agree on the same callers, and with Erlang C",
            f"waits {'equal' if agree else 'differ'}; {mean:.4f} ±{half:.4f}, Erlang C {value['theory']:.4f}",
            judged(
                agree and abs(mean - value["theory"]) <= half,
                agree and abs(mean - value["theory"]) <= 1.5 * half,
            ),
        )


def cost(kept: Kept) -> Iterator[Verdict]:
    """Point 6."""
    for entry in kept:
        ours = [row for row in entry["value"]["decisions"] if row["policy"] == OURS]
        for agents, calls, bound in DECISION_BOUNDS:
            row = next((r for r in ours if int(r["agents"]) == agents), None)
            if row is not None:
                yield Verdict(
                    f"p99 of a decision at most {bound} µs ({agents:,} agents, {calls:,} calls in flight)",
                    f"{row['p99 us']} µs at {row['in flight']}; as it came {row['p99 as it came']} µs",
                    judged(float(row["p99 us"]) <= bound, False),
                )
        day = next((row for row in entry["value"]["days"] if OURS in row.values()), None)
        if day is not None:
            yield Verdict(
                "a day of 8 h with 100 agents in about a second",
                f"{day['seconds']} s",
                judged(float(day["seconds"]) <= DAY_SECONDS, False),
            )


def all_of(rows: Rows, stages: dict[str, Kept]) -> Iterable[Verdict]:
    """In the order of the design's points."""
    of_rows: tuple[Callable[[Rows], Iterator[Verdict]], ...] = (scores, oracle, exponential, cold, shocks)
    for judge in of_rows:
        yield from judge(rows)
    yield from cost(stages["cost"])
    yield from machines(stages["engines"])
