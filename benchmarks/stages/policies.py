"""The stages that compare policies: which scenarios, teams, policies and seeds."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable

from benchmarks.kept import Task
from benchmarks.levels import DECIDE, OPPONENTS, SHOCKS, VARIANTS, Level
from benchmarks.stages.simulated import run_task, scenario
from callflow.lab import FLOOR, LIMIT
from pacing_core import PacingValueError, Scenario, erlang_b, simulate

OURS = "ringmaster"
# The priors as they are, three times too optimistic about answers and lengths, and a third of it.
PRIORS = {"too high": f"{OURS}(prior=3)", "too low": f"{OURS}(prior=0.3333)"}
COLD_ANSWERS = 500
# The threshold in steps can't spend the budget of small teams.
DITHERED, DITHERED_UP_TO = f"{LIMIT}(dither=1)", 10
# Teams that cost most, asked most often between two answers: half as many answers.
DEAR_UP_TO = 2
# The longest run at a blind constant rate.
BLIND_SECONDS = 2e7
# Scenario, what else it says, policy; the first of a kind knows nothing about leads.
TOLD = ("lead_known = true",)
MIXED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("mixed-unknown", (), OURS),
    ("mixed", (), f"{OURS}(mix=0)"),
    ("mixed", (), OURS),
    ("mixed", (), LIMIT),
    ("mixed-features", (), f"{OURS}(leads=0)"),
    ("mixed-features", (), f"{OURS}(mix=0)"),
    ("mixed-features", (), OURS),
    ("mixed-features", TOLD, f"{OURS}(mix=0)"),
    ("mixed-features", TOLD, OURS),
    ("mixed-features", TOLD, LIMIT),
)


def seeds(count: int) -> range:
    """The seeds on which policies are compared."""
    return range(1, count + 1)


def comparison(
    stage: str,
    made: Scenario,
    count: int,
    few: int,
    tuning: int,
    jobs: int | None,
    beside: int = 0,
) -> Iterable[Task]:
    """Floor, limit and our policy on so many seeds; each opponent, as shipped and tuned, on the first few.

    beside: on so many the limit at other abandon rates too.
    """
    yield run_task(stage, made, FLOOR, seeds(count), jobs=jobs)
    yield run_task(stage, made, LIMIT, seeds(count), tuning_answers=tuning, jobs=jobs, beside=beside)
    yield run_task(stage, made, OURS, seeds(count), jobs=jobs)
    for opponent in OPPONENTS:
        yield run_task(stage, made, opponent, seeds(few), jobs=jobs)
        yield run_task(stage, made, opponent, seeds(few), tuning_answers=tuning // 2, jobs=jobs)


def score(level: Level, jobs: int | None) -> Iterable[Task]:
    """The base scenario, learned from nothing, by team size."""
    few = level.opponent_seeds
    for team in level.teams:
        made = scenario("base", team, level.answers, DECIDE)
        tuning, beside = level.tuning_answers, level.beside_seeds
        yield from comparison("score", made, level.seeds, few, tuning, jobs, beside)
    for team in level.other_teams:
        made = scenario("base", team, level.other_answers, DECIDE)
        tuning = min(level.tuning_answers, 2 * level.other_answers)
        yield from comparison("score", made, few, min(few, 2), tuning, jobs)


def variants(level: Level, jobs: int | None) -> Iterable[Task]:
    """Other answer probabilities, caps, lengths and ring times."""
    tuning = min(level.tuning_answers, 3 * level.variant_answers)
    for name in VARIANTS:
        for team in level.variant_teams:
            made = scenario(name, team, level.variant_answers, DECIDE)
            few, beside = level.opponent_seeds, level.beside_seeds
            yield from comparison("variants", made, level.seeds, few, tuning, jobs, beside)


def priors(level: Level, jobs: int | None) -> Iterable[Task]:
    """Our policy with its priors off by a factor of 3; floor and limit are those of the score."""
    for team in level.teams:
        made = scenario("base", team, level.answers, DECIDE)
        for policy in PRIORS.values():
            yield run_task("priors", made, policy, seeds(level.prior_seeds), jobs=jobs)


def limit(level: Level, jobs: int | None) -> Iterable[Task]:
    """Exponential times, whose exact optimum is known."""
    count, few = seeds(level.limit_seeds), level.beside_seeds
    # Off the cap is no matter here: occupancy at the cap is told from the thresholds beside it.
    tuning = min(level.tuning_answers, 30_000)
    for team in level.limit_teams:
        made = scenario("exponential", team, level.limit_answers // (2 if team <= DEAR_UP_TO else 1))
        yield run_task("limit", made, FLOOR, count, jobs=jobs)
        for policy in (LIMIT, DITHERED) if team <= DITHERED_UP_TO else (LIMIT,):
            yield run_task("limit", made, policy, count, tuning_answers=tuning, jobs=jobs, beside=few)
        yield run_task("limit", *blind(made, level.blind_answers), count, jobs=jobs)


def blind(made: Scenario, answers: int) -> tuple[Scenario, str]:
    """The constant rate of theory: the load of which Erlang B loses the cap; for about so many answers.

    One agent and two are offered so little that as many would take years of theirs: fewer there.
    """
    load = load_lost(made.agents, made.cap)
    probability = float(tomllib.loads(made.to_toml())["answer_probability"])
    per_hour = load / made.handle_seconds / probability * 3600.0 / made.agents
    seconds = min(BLIND_SECONDS, answers * made.handle_seconds / load)
    longer = scenario(made.name, made.agents, None, f"seconds = {made.warmup_seconds + seconds:.1f}")
    return longer, f"constant(rate={per_hour:.6g})"


def load_lost(servers: int, share: float) -> float:
    """The offered load of which Erlang B loses this share."""
    low, high = 0.0, 2.0 * servers
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if erlang_b(servers, middle) < share else (low, middle)
    return low


def cold(level: Level, jobs: int | None) -> Iterable[Task]:
    """From the first second, for about 500 answers."""
    for team in level.teams:
        made = scenario("cold", team, None, DECIDE)
        seconds = COLD_ANSWERS * made.handle_seconds / team / 0.9
        made = scenario("cold", team, None, DECIDE, f"seconds = {seconds:.1f}")
        wrong = PRIORS.values() if no_priors() is None else ()
        for policy in (OURS, *wrong):
            yield run_task("cold", made, policy, seeds(level.cold_seeds), jobs=jobs)


def shocks(level: Level, jobs: int | None) -> Iterable[Task]:
    """A day in which something happens; opponents are tuned on that very day, with other seeds."""
    for name in (*SHOCKS, "breaks", "blend"):
        made = scenario(name, None, None, DECIDE)
        when = SHOCKS.get(name, ())
        few = seeds(level.shock_opponent_seeds)
        yield run_task("shocks", made, OURS, seeds(level.shock_seeds), jobs=jobs, shocks=when)
        for opponent in OPPONENTS:
            yield run_task("shocks", made, opponent, few, jobs=jobs, shocks=when)
            yield run_task("shocks", made, opponent, few, tuning_answers=0, jobs=jobs, shocks=when)


def mixed(level: Level, jobs: int | None) -> Iterable[Task]:
    """Leads that differ: all alike to our policy, learned where they can be, told; the limit is told."""
    tuning = min(level.tuning_answers, 3 * level.mixed_answers)
    for team in level.variant_teams:
        for name, overrides, policy in MIXED:
            made = scenario(name, team, level.mixed_answers, DECIDE, *overrides)
            tuned = tuning if policy == LIMIT else None
            yield run_task("mixed", made, policy, seeds(level.seeds), tuning_answers=tuned, jobs=jobs)


def day(level: Level, jobs: int | None) -> Iterable[Task]:
    """A working day from a cold start: answer rate by the hour, machines, shifts, breaks."""
    for team in level.day_teams:
        made = scenario("day", team, None, DECIDE)
        few = level.shock_opponent_seeds
        yield from comparison("day", made, level.day_seeds, min(few, level.day_seeds), 0, jobs)


def voicemail(level: Level, jobs: int | None) -> Iterable[Task]:
    """Machines that answer, with and without their detection."""
    for name in ("voicemail-undetected", "voicemail-detected"):
        made = scenario(name, None, level.mixed_answers, DECIDE)
        tuning = min(level.tuning_answers, 3 * level.mixed_answers)
        yield from comparison("voicemail", made, level.seeds, level.opponent_seeds, tuning, jobs)


def _without(name: str) -> str | None:
    return None if name in Scenario.names() else f"the core has no scenario {name!r}"


def no_day() -> str | None:
    """Why the day can't be simulated."""
    return _without("day")


def no_voicemail() -> str | None:
    """Why machines that answer can't be simulated."""
    return _without("voicemail-undetected")


def no_priors() -> str | None:
    """Why priors can't be changed."""
    try:
        simulate(Scenario.named("cold", "agents = 1\nseconds = 2.0"), PRIORS["too high"], [1])
    except PacingValueError as error:
        return str(error)
    return None
