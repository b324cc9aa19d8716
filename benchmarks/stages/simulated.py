"""Tasks that simulate: one policy in one scenario on many seeds, as asked for or tuned on other seeds."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from benchmarks.kept import Task, Value
from callflow import lab
from callflow.lab_policy import policy_of
from pacing_core import Run, Scenario, simulate, tune

FIELDS = (*lab.FIELDS, "total_answered", "total_abandoned", "staffed_seconds", "decisions")
# When something happens and when it is over or something else does, seconds.
Shocks = Sequence[Sequence[float]]
# Minutes.
SETTLED, LOOKED_AT = 30, 60
RECOVERED = 0.95
# Parameters are tuned on seeds beyond those of any comparison.
TUNING_SEEDS = range(lab.TUNING + 1, lab.TUNING + 9)
# The threshold of `oracle` as shipped, and what it is multiplied by to see its occupancy at other rates.
THETA = 0.05
BESIDE = (0.8, 1.25)
# Half an hour less of warm-up than in a comparison: there are many more runs.
TUNING_WARMUP = 1800.0


def scenario(name: str, agents: int | None, answers: int | None, *overrides: str) -> Scenario:
    """A scenario of the suite for a team, long enough for about so many answers after its warm-up."""
    team = [] if agents is None else [f"agents = {agents}"]
    return lab.scenario_for_answers(name, "\n".join([*overrides, *team]), answers)


def run_task(
    stage: str,
    made: Scenario,
    policy: str,
    seeds: Sequence[int],
    *,
    tuning_answers: int | None = None,
    jobs: int | None = None,
    shocks: Shocks = (),
    beside: int = 0,
) -> Task:
    """A policy on these seeds; with `tuning_answers` tuned first, see `for_tuning`.

    beside: so many of the seeds again with the threshold a quarter lower and higher, of `oracle`.
    """
    what = {
        "stage": stage,
        "scenario": made.to_toml(),
        "asked": policy,
        "tuning_answers": tuning_answers,
        "seeds": list(seeds),
        "shocks": [list(shock) for shock in shocks],
    }
    if beside:
        what["beside"] = beside
    tuned = "" if tuning_answers is None else ", tuned"
    title = f"{made.name}, {made.agents} agents: {policy}{tuned}"

    def do() -> Value:
        chosen = policy
        if tuning_answers is not None:
            chosen = tune(for_tuning(made, tuning_answers), policy, TUNING_SEEDS, threads=jobs)
        return outcome(made, chosen, seeds, jobs, shocks, beside)

    return Task(what, title, do)


def outcome(
    made: Scenario, policy: str, seeds: Sequence[int], jobs: int | None, shocks: Shocks, beside: int
) -> Value:
    """What is kept of a policy on these seeds, and of its neighbours on the first so many."""
    value = {"policy": policy, **values(simulate(made, policy_of(policy), seeds, threads=jobs), shocks)}
    if beside:
        others = [neighbour(policy, factor) for factor in BESIDE]
        few = [(other, simulate(made, policy_of(other), seeds[:beside], threads=jobs)) for other in others]
        value["beside"] = [{"policy": other, "runs": figures(runs)} for other, runs in few]
    return value


def neighbour(policy: str, factor: float) -> str:
    """The threshold policy with a threshold so many times as high.

    >>> neighbour("oracle(theta=0.02,dither=1)", 1.25)
    'oracle(theta=0.025,dither=1)'
    """
    found = re.search(r"theta=([^,)]+)", policy)
    theta = min(1.0, factor * (float(found[1]) if found else THETA))
    others = re.findall(r"\b(?!theta)\w+=[^,)]+", policy)
    return f"{lab.LIMIT}({','.join([f'theta={theta:.4g}', *others])})"


def repeat(entry: Value, jobs: int | None) -> Value:
    """What a kept task gives now, with the policy as it was run."""
    made = Scenario.from_toml(entry["what"]["scenario"])
    chosen = entry["value"]["policy"]
    what = entry["what"]
    return outcome(made, chosen, what["seeds"], jobs, what["shocks"], what.get("beside", 0))


def for_tuning(made: Scenario, answers: int) -> Scenario:
    """The same, only so long that the tuning seeds have so many answers together; 0: as long as it is.

    But half an hour at least: large teams have many answers in a time in which nothing averages out.
    """
    if answers == 0:
        return made
    warmup = min(made.warmup_seconds, TUNING_WARMUP)
    working = max(1800.0, answers / len(TUNING_SEEDS) * made.handle_seconds / made.agents / 0.9)
    text = made.to_toml()
    for key, value in (("warmup_seconds", warmup), ("seconds", min(made.seconds, warmup + working))):
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value:.1f}", text, count=1)
    return Scenario.from_toml(text)


def recovery(runs: Sequence[Run], shock: Sequence[float]) -> float:
    """Seconds until the occupancy of the last five minutes, of all runs together, is back for good.

    Back: 95 % of what it is from half an hour after the shock on. One run alone falls under that by chance at
    any time. Looked at for an hour.
    """
    begin, end = (round(second / 60.0) for second in shock)
    minutes = np.sum([np.asarray(run.minutes()) for run in runs], axis=0)
    busy, staffed = minutes[2], minutes[3]
    steady = busy[begin + SETTLED : end].sum() / staffed[begin + SETTLED : end].sum()
    under = [
        minute - begin
        for minute in range(begin + 1, min(begin + LOOKED_AT, end) + 1)
        if busy[minute - 5 : minute].sum() < RECOVERED * steady * staffed[minute - 5 : minute].sum()
    ]
    return 60.0 * (under[-1] + 1) if under else 0.0


def figures(runs: Sequence[Run]) -> list[list[float]]:
    """Figures of each run, floats in full."""
    return [[run.seed, *(getattr(run, field) for field in FIELDS)] for run in runs]


def values(runs: Sequence[Run], shocks: Shocks = ()) -> Value:
    """What is kept of runs: figures of each, floats in full, and the quarters of an hour of all together."""
    alike = zip(*(run.quarters for run in runs), strict=True)
    quarters = [[sum(column) for column in zip(*same, strict=True)] for same in alike]
    return {
        "fields": ["seed", *FIELDS],
        "runs": figures(runs),
        "recovered": [recovery(runs, shock) for shock in shocks],
        "quarters": quarters if len(quarters) <= 40 else [],
    }
