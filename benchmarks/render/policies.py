"""The sections of the page that compare policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.levels import OPPONENTS
from benchmarks.render import equal
from benchmarks.render.markdown import folded, mean, number, table
from benchmarks.render.rows import Mean, Row, Rows
from benchmarks.stages.policies import COLD_ANSWERS, OURS, PRIORS
from callflow.lab import FLOOR, LIMIT

OVER = "**over**"
EQUAL = (
    "Tuned on other seeds, `oracle` ends a little beside the cap, and occupancy is bought with abandons. So "
    "two more columns: the score against `oracle` at the cap exactly, and at ringmaster's own rate, on the "
    "line between two thresholds."
)


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
        "score, oracle at the cap",
        "score at equal rate",
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
                mean(equal.score(rows, row, at_cap=True)),
                mean(equal.score(rows, row, at_cap=False)),
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
            f"Base scenario, everything learned from the first call. {EQUAL} {command('score', level)}",
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
            f"Base with one thing changed. {EQUAL} {command('variants', level)}",
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


def voicemail(rows: Rows, level: str) -> str:
    """Machines that answer."""
    about = (
        "6 % people, 50 % machines: agents find out after 12 s, or detection does in 2 to 4 s and hangs "
        f"up on 3 % of the people. {command('voicemail', level)}"
    )
    ours = against_the_limit(rows, _ours(rows, "voicemail"))
    return f"{about}\n\n{ours}\n\n{complete(rows.of('voicemail'), rows)}"
