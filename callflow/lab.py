"""Comparing pacing policies: cases, their runs on common random numbers, the score, and what is kept on disk.

score = (U - U_progressive) / (U_oracle - U_progressive), U the occupancy, seed by seed over the same people.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from callflow.lab_policy import own, policy_of
from pacing_core import Run, Scenario, interval, simulate, tune

FLOOR, LIMIT = "progressive", "oracle"
# Seeds on which parameters are tuned lie beyond those on which policies are compared.
TUNING = 1_000_000
FIELDS = (
    "attempts",
    "answered",
    "connected",
    "abandoned",
    "failed",
    "occupancy",
    "abandon_rate",
    "talk_minutes_per_agent_hour",
    "dials_per_contact",
    "worst_quarter",
    "worst_hour",
    "most_lines",
)
FORMAT = 1


@dataclass(frozen=True, slots=True)
class Case:
    """One policy in one scenario: complete TOML; the policy as asked for, and as it is run.

    A policy is a built-in one, such as "ratio(k=2)", or `file.py:Class`.
    """

    scenario: str
    asked: str
    policy: str

    @property
    def made(self) -> Scenario:
        """The scenario itself."""
        return Scenario.from_toml(self.scenario)


@dataclass(frozen=True, slots=True)
class Result:
    """A case and its runs, one for each seed."""

    case: Case
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """What a table shows of a result: means over the seeds, each with half its 95 % interval."""

    scenario: str
    agents: int
    policy: str
    occupancy: tuple[float, float]
    abandon_rate: tuple[float, float]
    talk_minutes: tuple[float, float]
    dials_per_contact: float
    worst_hour: float
    score: tuple[float, float] | None


def scenario_for_answers(name: str, overrides: str, answers: int | None) -> Scenario:
    """A scenario of the suite; with `answers`, long enough for about so many after its warm-up.

    Raises:
        PacingValueError: unknown name, unreadable overrides, a value outside its range.
    """
    scenario = Scenario.named(name, overrides)
    if answers is None:
        return scenario
    seconds = scenario.warmup_seconds + answers * scenario.handle_seconds / scenario.agents / 0.9
    return Scenario.named(name, f"{overrides}\nseconds = {seconds:.1f}")


def cases_of(
    scenario: Scenario,
    policies: Iterable[str],
    seeds: Sequence[int],
    tuned: bool,
    told: Callable[[str], object],
) -> list[Case]:
    """The floor, the limit (always tuned) and the policies as they are; with `tuned`, tuned as well."""
    text = scenario.to_toml()
    elsewhere = [TUNING + seed for seed in seeds]

    def best(policy: str) -> str:
        told(f"tuning {policy}")
        return tune(scenario, policy, elsewhere)

    cases = [Case(text, FLOOR, FLOOR), Case(text, LIMIT, best(LIMIT))]
    for policy in policies:
        if policy in (FLOOR, LIMIT):
            continue
        cases.append(Case(text, policy, policy))
        if tuned and own(policy) is None and (other := best(policy)) != policy:
            cases.append(Case(text, f"{policy}, tuned", other))
    return cases


def run_cases(cases: Iterable[Case], seeds: Sequence[int], told: Callable[[str], object]) -> list[Result]:
    """Every case on every seed."""
    results = []
    for case in cases:
        scenario = case.made
        told(f"{scenario.name}, {scenario.agents} agents: {case.policy}")
        results.append(Result(case, tuple(simulate(scenario, policy_of(case.policy), seeds))))
    return results


def _scores(result: Result, results: Sequence[Result]) -> tuple[float, float] | None:
    same = {r.case.asked: r.runs for r in results if r.case.scenario == result.case.scenario}
    if FLOOR not in same or LIMIT not in same:
        return None
    each = zip(result.runs, same[FLOOR], same[LIMIT], strict=True)
    gains = [(run.occupancy - low.occupancy, top.occupancy - low.occupancy) for run, low, top in each]
    return interval([gain / most for gain, most in gains if most > 0]) if gains else None


def line(result: Result, results: Sequence[Result]) -> Line:
    """The line of a result among those it was run with."""
    scenario, runs = result.case.made, result.runs

    def of(name: str) -> tuple[float, float]:
        return interval([getattr(run, name) for run in runs])

    return Line(
        scenario.name,
        scenario.agents,
        result.case.asked if result.case.asked == result.case.policy else result.case.policy,
        of("occupancy"),
        of("abandon_rate"),
        of("talk_minutes_per_agent_hour"),
        of("dials_per_contact")[0],
        max(run.worst_hour for run in runs),
        _scores(result, results),
    )


def runs_csv(results: Sequence[Result]) -> str:
    """Every run, floats in full."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["scenario", "agents", "policy", "seed", *FIELDS])
    for result in results:
        scenario = result.case.made
        for run in result.runs:
            values = [repr(getattr(run, field)) for field in FIELDS]
            writer.writerow([scenario.name, scenario.agents, result.case.policy, run.seed, *values])
    return out.getvalue()


def commit() -> str:
    """The commit of the source folder with "+" if it was changed, or the installed version."""
    here = Path(__file__).parent
    try:
        git = ["git", "describe", "--always", "--dirty=+", "--abbrev=12", "--match="]
        done = subprocess.run(git, cwd=here, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return f"version {version('ringmaster')}"


def hashes(case: Case) -> dict[str, str]:
    """SHA-256 of the scenario, and of the file of a policy of one's own."""
    made = {"scenario_sha256": hashlib.sha256(case.scenario.encode()).hexdigest()}
    if (named := own(case.policy)) is not None:
        made["policy_sha256"] = hashlib.sha256(named[0].read_bytes()).hexdigest()
    return made


def manifest(cases: Sequence[Case], seeds: Sequence[int]) -> dict[str, Any]:
    """All it takes to run the same again, and where it was run."""
    return {
        "format": FORMAT,
        "commit": commit(),
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
        "seeds": list(seeds),
        "cases": [{**asdict(case), **hashes(case)} for case in cases],
    }


def save(folder: Path, results: Sequence[Result], seeds: Sequence[int]) -> None:
    """Writes manifest.json, runs.csv and summary.json.

    Raises:
        OSError: the folder can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cases = [result.case for result in results]
    (folder / "manifest.json").write_text(json.dumps(manifest(cases, seeds), indent=1) + "\n", "utf-8")
    (folder / "runs.csv").write_text(runs_csv(results), "utf-8")
    lines = [asdict(line(result, results)) for result in results]
    (folder / "summary.json").write_text(json.dumps(lines, indent=1) + "\n", "utf-8")


def verify(folder: Path, told: Callable[[str], object]) -> list[str]:
    """Runs a saved comparison again; what differs, in words.

    Raises:
        OSError, ValueError: the folder holds no comparison of this format.
    """
    kept = json.loads((folder / "manifest.json").read_text("utf-8"))
    if not isinstance(kept, dict) or kept.get("format") != FORMAT:
        raise ValueError(f"{folder}/manifest.json is not of format {FORMAT}")
    try:
        cases = [Case(c["scenario"], c["asked"], c["policy"]) for c in kept["cases"]]
        known = [{key: c[key] for key in c if key.endswith("_sha256")} for c in kept["cases"]]
        seeds = [int(seed) for seed in kept["seeds"]]
    except (KeyError, TypeError) as error:
        raise ValueError(f"{folder}/manifest.json is incomplete: {error}") from error
    for case, then in zip(cases, known, strict=True):
        if hashes(case) != then:
            raise ValueError(f"a scenario or policy of {folder}/manifest.json is not the one that was run")
    again = runs_csv(run_cases(cases, seeds, told)).splitlines()
    before = (folder / "runs.csv").read_text("utf-8").splitlines()
    differing = [f"was {a}, now {b}" for a, b in zip(before, again, strict=False) if a != b]
    if len(before) != len(again):
        differing.append(f"{len(before)} lines before, {len(again)} now")
    return differing
