"""What the design demands, and whether these measurements show it: every word is made from the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product

from benchmarks.kept import Kept
from benchmarks.render import days, equal, limit
from benchmarks.render.demands import LIMIT_OF, Verdict, judged, where
from benchmarks.render.markdown import number
from benchmarks.render.policies import steady_occupancy
from benchmarks.render.rows import Mean, Row, Rows
from benchmarks.stages.policies import OURS, PRIORS
from callflow.lab import LIMIT

SCORE = 0.97
TABLE_ERROR = 0.004
COLD_SHARE = 0.9
# Agents, calls in flight, microseconds; and what "about a second" is.
DECISION_BOUNDS = ((300, 1_000, 50), (2_000, 8_000, 250))
DAY_SECONDS = 1.2


def _scores(rows: Rows, ours: list[Row], what: str) -> Iterator[Verdict]:
    scored = [(row, score) for row in ours if (score := rows.score(row)) is not None]
    if not scored:
        return
    worst, least = min(scored, key=lambda pair: pair[1].value)
    short = [row for row, score in scored if not score.at_least(SCORE)]
    measured = f"least {spread(least)} (two standard errors) at {where(worst)}"
    if short:
        measured += f"; short of it: {'; '.join(_reason(rows, row) for row in short)}"
    fair = [(row, score) for row in ours if (score := equal.score(rows, row, at_cap=True)) is not None]
    if fair:
        hardest, low = min(fair, key=lambda pair: pair[1].value)
        measured += f"; with `oracle` at the cap exactly least {spread(low)} at {where(hardest)}"
    yield Verdict(
        f"score of {what} at least {SCORE} within two standard errors",
        measured,
        judged(least.value >= SCORE, not short),
    )
    highest = max(ours, key=lambda row: row.rate.value / row.cap)
    over = [row for row in ours if row.over]
    seeds = min(len(row.seeds) for row in ours)
    answers = min(min(row.columns["answered"]) for row in ours)
    yield Verdict(
        f"abandon rate of {what} at or under the cap",
        f"highest {100 * highest.rate.value:.2f} % of {100 * highest.cap:.0f} % at {where(highest)}; "
        f"{seeds} seeds of {answers:,.0f} answers or more",
        judged(highest.rate.value <= highest.cap, not over),
    )


def spread(score: Mean) -> str:
    """With two standard errors."""
    return f"{number(score.value)} ±{number(2 * score.error)}"


def _reason(rows: Rows, row: Row) -> str:
    """A score that falls short, beside what the limit spent in that run and the score at equal rates."""
    score, top = rows.score(row), rows.end(row, LIMIT)
    if score is None or top is None:
        return where(row)
    said = f"{where(row)}: {spread(score)}, where `oracle` abandoned {100 * top.rate.value:.2f} %"
    said += f" and ringmaster {100 * row.rate.value:.2f} %"
    for name, at_cap in (("with `oracle` at the cap", True), ("at equal rate", False)):
        fair = equal.score(rows, row, at_cap)
        said += "" if fair is None else f", {name} {spread(fair)}"
    return said


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
    """The limit we hold ourselves against is the design's, which is at the cap exactly."""
    known = [
        (row, LIMIT_OF[row.scenario, row.agents])
        for stage in ("score", "variants")
        for row in rows.of(stage)
        if row.asked == LIMIT and (row.scenario, row.agents) in LIMIT_OF
    ]
    if not known:
        return
    offs = [(row, equal.at_the_cap(row) or row.occupancy, wanted) for row, wanted in known]
    row, found, wanted = max(offs, key=lambda case: abs(case[1].value - case[2]))
    far = [f"{where(r)}: {f.value - w:+.4f}" for r, f, w in offs if abs(f.value - w) > TABLE_ERROR]
    raw, was = max(known, key=lambda case: abs(case[0].occupancy.value - case[1]))
    yield Verdict(
        "`oracle` within .004 of the design's limit table",
        f"{len(offs) - len(far)} of {len(offs)} cases; furthest {found.value - wanted:+.4f} at {where(row)}"
        + (f"; beyond: {', '.join(far)}" if far else "")
        + f"; as it came out, beside the cap: furthest {raw.occupancy.value - was:+.4f} at {where(raw)}, "
        f"{100 * raw.rate.value:.2f} % of {100 * raw.cap:.0f} %",
        judged(not far, all(abs(f.value - w) <= TABLE_ERROR + 2 * f.error for _, f, w in offs)),
    )


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
        for name, (agents, calls, bound) in product((OURS, f"{OURS}, leads differ"), DECISION_BOUNDS):
            ours = [row for row in entry["value"]["decisions"] if row["policy"] == name]
            row = next((r for r in ours if int(r["agents"]) == agents), None)
            if row is not None:
                yield Verdict(
                    f"{name}: p99 of a decision at most {bound} µs ({agents:,} agents, {calls:,} calls in "
                    "flight)",
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
    of_rows: tuple[Callable[[Rows], Iterator[Verdict]], ...] = (
        scores,
        oracle,
        limit.verdicts,
        cold,
        days.verdicts,
    )
    for judge in of_rows:
        yield from judge(rows)
    yield from cost(stages["cost"])
    yield from machines(stages["engines"])
