"""How much each stage measures: quick for a look in minutes, full for the page that is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

VARIANTS = ("p10", "p60", "cap1", "cap5", "talk60", "talk300", "wrap60", "ring5-7")
OPPONENTS = (
    "ratio",
    "samuelson",
    "vicidial-hard_limit",
    "vicidial-tapered",
    "vicidial-average",
    "issabel",
    "webitel",
)
# When each shock happens and until when it can be recovered from; a carrier's failure, from its end.
SHOCKS = {
    "shock-answers": ((7200.0, 14400.0), (14400.0, 28800.0)),
    "shock-agents": ((14400.0, 28800.0),),
    "shock-carrier": ((7320.0, 18000.0), (18120.0, 28800.0)),
    "shock-talk": ((7200.0, 21600.0), (21600.0, 28800.0)),
}
# Answers are asked for as if agents were busy 90 % of the time; small teams are not, and have an eighth less.
# With so many more every team from 5 to 300 has 100,000 on each seed.
HUNDRED_THOUSAND = 114_000
# All policies are asked this often, seconds; the suite's own 0.2 costs two and a half times the time.
DECIDE = "decide_seconds = 0.5"


@dataclass(frozen=True, slots=True)
class Level:
    """Sizes. Answers are of one seed, at 90 % occupancy; tuning answers of all tuning seeds together."""

    name: str
    # score: our policy and the two it is held against; opponents have the first few of the seeds.
    teams: tuple[int, ...]
    answers: int
    seeds: int
    opponent_seeds: int
    tuning_answers: int
    # the limit with a lower and a higher threshold, for its occupancy at other rates
    beside_seeds: int
    # Teams outside the demand, for the picture.
    other_teams: tuple[int, ...]
    other_answers: int
    # variants, priors
    variant_teams: tuple[int, ...]
    variant_answers: int
    prior_seeds: int
    # exponential times; the blind constant rate is quickly simulated and its interval wide
    limit_teams: tuple[int, ...]
    limit_answers: int
    limit_seeds: int
    blind_answers: int
    # the first 500 answers
    cold_seeds: int
    # shocks, breaks, blend, day
    shock_seeds: int
    shock_opponent_seeds: int
    day_teams: tuple[int, ...]
    day_seeds: int
    # leads that differ
    mixed_answers: int
    # legal windows, so many for each of the teams
    windows: tuple[int, ...]
    window_teams: tuple[int, ...]
    # machines
    repeats: int
    customers: int
    patience_seconds: float


QUICK = Level(
    name="quick",
    teams=(5, 10, 20, 50, 100, 300),
    answers=6_000,
    seeds=3,
    opponent_seeds=2,
    tuning_answers=8_000,
    beside_seeds=1,
    other_teams=(),
    other_answers=0,
    variant_teams=(10,),
    variant_answers=3_000,
    prior_seeds=2,
    limit_teams=(5, 20, 100),
    limit_answers=6_000,
    limit_seeds=4,
    blind_answers=20_000,
    cold_seeds=8,
    shock_seeds=4,
    shock_opponent_seeds=2,
    day_teams=(20,),
    day_seeds=3,
    mixed_answers=5_000,
    windows=(2, 2),
    window_teams=(5, 20),
    repeats=2,
    customers=100_000,
    patience_seconds=1.0,
)

FULL = Level(
    name="full",
    teams=(5, 10, 20, 50, 100, 300),
    answers=HUNDRED_THOUSAND,
    seeds=10,
    opponent_seeds=4,
    tuning_answers=120_000,
    beside_seeds=3,
    other_teams=(1, 2, 1000),
    other_answers=5_000,
    variant_teams=(10, 50),
    variant_answers=HUNDRED_THOUSAND,
    prior_seeds=10,
    limit_teams=(1, 2, 5, 10, 20, 50, 100, 200, 300),
    limit_answers=40_000,
    limit_seeds=10,
    blind_answers=100_000,
    cold_seeds=40,
    shock_seeds=100,
    shock_opponent_seeds=20,
    day_teams=(5, 20, 100),
    day_seeds=20,
    mixed_answers=10_000,
    windows=(4, 4, 4),
    window_teams=(5, 20, 100),
    repeats=5,
    customers=400_000,
    patience_seconds=10.0,
)

LEVELS = {level.name: level for level in (QUICK, FULL)}


def sized(name: str, answers: int | None, seeds: int | None, windows: tuple[int, ...] | None = None) -> Level:
    """A level with other sizes of its score stage, or other numbers of windows: one for all teams or each.

    Raises:
        ValueError: more numbers of windows than one, and not one for each team.
    """
    level = LEVELS[name]
    if windows is not None:
        teams = len(level.window_teams)
        windows = windows * teams if len(windows) == 1 else windows
        if len(windows) != teams:
            raise ValueError(f"{len(windows)} numbers of windows for {teams} teams: {level.window_teams}")
        level = replace(level, windows=windows)
    if answers is not None or seeds is not None:
        level = replace(level, name=f"{name}, other sizes")
    if answers is not None:
        level = replace(level, answers=answers, tuning_answers=min(level.tuning_answers, 2 * answers))
    if seeds is not None:
        of_these = ("opponent_seeds", "beside_seeds", "prior_seeds")
        few = {field: min(getattr(level, field), seeds) for field in of_these}
        level = replace(level, seeds=seeds, **few)
    return level
