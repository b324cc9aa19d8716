"""The sections of the page that compare policies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from benchmarks.levels import OPPONENTS
from benchmarks.render.markdown import folded, mean, number, table
from benchmarks.render.rows import Mean, Row, Rows
from benchmarks.stages.policies import COLD_ANSWERS, OURS, PRIORS
from callflow.lab import FLOOR, LIMIT

OVER = "**over**"


def command(stage: str, level: str) -> str:
    """How a section is measured again."""
    return f'`make bench BENCH_ARGS="--{level} --stage {stage}"`'


def rate(row: Row | None, digits: int = 4) -> str:
    if row is None:
        return "–"
    return f"{mean(row.rate, digits)}{f' {OVER}' if row.over else ''}"


def _ours(rows: Rows, stage: str, policy: str = OURS) -> list[Row]:
    return [row for row in rows.of(stage) if row.asked == policy]


def against_the_limit(rows: Rows, ours: Iterable[Row]) -> str:
    """Our policy beside floor and limit of its scenario."""
    head = [
        "scenario",
        "agents",
        "answers",
        "progressive",
        "oracle",
        "its rate",
        "ringmaster",
        "its rate",
        "score",
    ]
    lines = []
    for row in ours:
        floor, limit = rows.end(row, FLOOR), rows.end(row, LIMIT)
        lines.append(
            [
                row.scenario,
                str(row.agents),
                f"{row.answers:,}",
                "–" if floor is None else number(floor.occupancy.value, 4),
                "–" if limit is None else mean(limit.occupancy, 4),
                rate(limit),
                mean(row.occupancy, 4),
                rate(row),
                mean(rows.score(row)),
            ]
        )
    return table(head, lines)


def opponents(rows: Rows, stage: str) -> str:
    """Score and rate of every opponent, as shipped and tuned: policies down, cases across."""
    found = [row for row in rows.of(stage) if row.asked in (OURS, *OPPONENTS)]
    cases = list(dict.fromkeys((row.scenario, row.agents, row.text) for row in found))
    one = len({name for name, _, _ in cases}) == 1
    head = ["policy", *(str(agents) if one else f"{name}, {agents}" for name, agents, _ in cases)]
    lines = []
    for label in dict.fromkeys(row.label for row in found):
        of_case = {row.text: row for row in found if row.label == label}
        lines.append([label, *(_cell(rows, of_case.get(text)) for _, _, text in cases)])
    return table(head, lines)


def _cell(rows: Rows, row: Row | None) -> str:
    if row is None:
        return "–"
    score = rows.score(row)
    shown = "–" if score is None else number(score.value)
    return f"{shown} ({100 * row.rate.value:.1f} %){f' {OVER}' if row.over else ''}"


def complete(rows: Sequence[Row], scores: Rows) -> str:
    """Every row, with the parameters and what simulates it again."""
    head = [
        "scenario",
        "agents",
        "policy",
        "occupancy",
        "abandon rate",
        "talk min/h",
        "dials/contact",
        "worst hour",
    ]
    lines = [
        [
            row.scenario,
            str(row.agents),
            f"`{row.policy}`",
            mean(row.occupancy, 4),
            rate(row),
            mean(Mean.of(row.columns["talk_minutes_per_agent_hour"]), 2),
            number(Mean.of(row.columns["dials_per_contact"]).value, 2),
            number(max(row.columns["worst_hour"])),
            mean(scores.score(row)),
        ]
        for row in rows
    ]
    last = f"Any row again, this one the last: `{rows[-1].command}`" if rows else ""
    return folded("every run", table([*head, "score"], lines) + f"\n\n{last}")


def score(rows: Rows, level: str) -> str:
    """By team size."""
    return "\n\n".join(
        [
            f"Base scenario, everything learned from the first call. {command('score', level)}",
            "![score by team size](SVG/score.svg)",
            against_the_limit(rows, _ours(rows, "score")),
            "Opponents on the first of these seeds: score by team size, abandon rate in brackets, "
            f"{OVER} where that is over the cap by more than two standard errors: such a score says nothing.",
            opponents(rows, "score"),
            "![abandon rate by team size](SVG/rate.svg)",
            complete(rows.of("score"), rows),
        ]
    )


def variants(rows: Rows, level: str) -> str:
    """Other scenarios."""
    return "\n\n".join(
        [
            f"Base with one thing changed. {command('variants', level)}",
            "![score by variant](SVG/variants.svg)",
            against_the_limit(rows, _ours(rows, "variants")),
            opponents(rows, "variants"),
            complete(rows.of("variants"), rows),
        ]
    )


def priors(rows: Rows, level: str) -> str:
    """Priors that are wrong."""
    parts = [f"Base, with the pacer's priors off by a factor of 3. {command('priors', level)}"]
    for name, policy in PRIORS.items():
        parts += [f"Priors {name}, `{policy}`:", against_the_limit(rows, _ours(rows, "priors", policy))]
    return "\n\n".join(parts)


def cold(rows: Rows, level: str) -> str:
    """The first answers."""
    head = [
        "agents",
        "priors",
        "occupancy",
        "of the steady one",
        "abandon rate",
        "seeds",
        "seeds over the cap",
    ]
    lines = []
    for row in rows.of("cold"):
        steady = steady_occupancy(rows, row.agents)
        named = next((name for name, policy in PRIORS.items() if policy == row.policy), "as they are")
        over = sum(rate > row.cap for rate in row.columns["abandon_rate"])
        lines.append(
            [
                str(row.agents),
                named,
                mean(row.occupancy),
                "–" if steady is None else f"{100 * row.occupancy.value / steady:.1f} %",
                rate(row),
                str(len(row.seeds)),
                str(over),
            ]
        )
    about = f"The first {COLD_ANSWERS} answers of a campaign, from its first second. {command('cold', level)}"
    return f"{about}\n\n{table(head, lines)}"


def steady_occupancy(rows: Rows, agents: int) -> float | None:
    """Our occupancy in the score stage, for a team."""
    return next((row.occupancy.value for row in _ours(rows, "score") if row.agents == agents), None)


def days(rows: Rows, stage: str) -> str:
    """Whole days: their ledger at the end, the worst quarter of an hour, how soon they recover."""
    head = ["scenario", "agents", "policy", "occupancy", "day's rate", "days over the cap", "worst quarter"]
    lines = []
    for row in rows.of(stage):
        recovered = recoveries(row)
        cells = [
            row.scenario,
            str(row.agents),
            row.label,
            mean(row.occupancy),
            rate(row),
            f"{days_over(row)} of {len(row.seeds)}",
            mean(Mean.of(row.columns["worst_quarter"])),
            number(share_under(row.columns["worst_quarter"])),
            ", ".join(f"{seconds / 60:.0f}" for seconds in recovered) or "–",
        ]
        lines.append(cells)
    return table([*head, "95 % of them under", "recovered after, minutes"], lines)


def shocks(rows: Rows, level: str) -> str:
    """Days in which something happens."""
    about = (
        "Fifty agents, eight hours. Opponents are tuned on the very day, with other seeds. Recovered: the "
        "last five minutes at 95 % of the occupancy from half an hour after the shock on; a jump and its way "
        "back both count. "
        f"{command('shocks', level)}"
    )
    return f"{about}\n\n![abandon rate through the day](SVG/shocks.svg)\n\n{days(rows, 'shocks')}"


def day(rows: Rows, level: str) -> str:
    """A working day."""
    about = (
        "Eight hours from the first second, nothing learned: answer rate by the hour, 28 % machines that "
        f"nobody detects, shifts, breaks, measured talk times. {command('day', level)}"
    )
    return f"{about}\n\n{days(rows, 'day')}\n\n{complete(rows.of('day'), rows)}"


def voicemail(rows: Rows, level: str) -> str:
    """Machines that answer."""
    about = (
        "6 % people, 50 % machines: agents find out after 12 s, or detection does in 2 to 4 s and hangs "
        f"up on 3 % of the people. {command('voicemail', level)}"
    )
    ours = against_the_limit(rows, _ours(rows, "voicemail"))
    return f"{about}\n\n{ours}\n\n{complete(rows.of('voicemail'), rows)}"


def share_under(values: Sequence[float], share: float = 0.95) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def recoveries(row: Row) -> list[float]:
    """Seconds to recover from each shock, all seeds together."""
    found: list[float] = row.entry["value"]["recovered"]
    return found


def days_over(row: Row) -> int:
    """Seeds that end with more abandoned than the cap allows, counted from the first second."""
    ends = zip(row.columns["total_abandoned"], row.columns["total_answered"], strict=True)
    return sum(abandoned > row.cap * answered for abandoned, answered in ends)
