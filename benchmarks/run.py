"""The benchmark of the pacing core: measures in stages, keeps results as they come, makes the page from them.

    make bench                            a look in about five minutes: benchmarks/results/quick
    make bench BENCH_ARGS=--full          the page benchmarks/results/pacing.md
    python -m benchmarks.run --stage score --answers 20000 --seeds 4 --out somewhere
    python -m benchmarks.run --full --verify --stage score

What was measured by the same sources is not measured again: a run that was ended goes on where it was. A
stage that can't be run here is skipped, and says why.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import render
from benchmarks.kept import ROOT, Kept, engine_of
from benchmarks.levels import Level, sized
from benchmarks.stages import STAGES, Stage
from benchmarks.stages.simulated import repeat

RESULTS = ROOT / "benchmarks" / "results"
INTERRUPTED = 130


def tell(text: str) -> None:
    """A line of progress."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def folder(level: Level, out: Path | None) -> Path:
    """Where a level keeps its files."""
    return out if out is not None else RESULTS / ("pacing" if level.name.startswith("full") else "quick")


def measure(stages: Sequence[Stage], level: Level, kept_in: Path, jobs: int | None) -> None:
    """Runs every task that has no result yet."""
    for stage in stages:
        if (reason := stage.missing()) is not None:
            tell(f"{stage.name}: skipped, {reason}")
            continue
        tasks = list(stage.tasks(level, jobs))
        kept = Kept.read(kept_in / f"{stage.name}.json")
        kept.keep_only(tasks, stage.grows)
        for number, task in enumerate(tasks, 1):
            if task.key not in kept.entries:
                spent = kept.measure(task, level.name)
                tell(f"{stage.name} {number}/{len(tasks)}: {task.title} ({spent:.1f} s)")
        kept.keep_only(tasks, stage.grows)
        tell(f"{stage.name}: complete, {len(tasks)} results")


def verify(stages: Sequence[Stage], kept_in: Path, jobs: int | None) -> list[str]:
    """Simulates again what was kept, with the policies as they were run; what differs, in words."""
    differing = []
    for stage in stages:
        for entry in Kept.read(kept_in / f"{stage.name}.json"):
            if "policy" not in entry["value"]:
                continue
            tell(f"{stage.name}: {entry['title']}")
            if repeat(entry, jobs) != entry["value"]:
                core = "" if entry["engine"] == engine_of(entry["what"]) else " (by another core)"
                differing.append(f"{stage.name}: {entry['title']}: not the runs that were kept{core}")
    return differing


def counts(text: str) -> tuple[int, ...]:
    """One number or several, parted by commas.

    Raises:
        ValueError: not numbers, or one below zero.
    """
    found = tuple(int(part) for part in text.split(","))
    if min(found) < 0:
        raise ValueError(text)
    return found


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    level = parser.add_mutually_exclusive_group()
    level.add_argument("--quick", dest="level", action="store_const", const="quick", default="quick")
    level.add_argument("--full", dest="level", action="store_const", const="full")
    parser.add_argument(
        "--stage", action="append", choices=list(STAGES), help="only this one; more than once"
    )
    parser.add_argument("--answers", type=int, help="answers of each seed of the score stage")
    parser.add_argument("--seeds", type=int, help="seeds of the stages score, variants and mixed")
    parser.add_argument(
        "--windows",
        type=counts,
        help="windows of the stage windows: for each team, or as 450,450,100 by team",
    )
    parser.add_argument("--jobs", type=int, help="threads; all cores if not given")
    parser.add_argument("--out", type=Path, help="where to keep results and page")
    parser.add_argument("--verify", action="store_true", help="simulate what is kept again; 1 if it differs")
    parser.add_argument(
        "--page", action="store_true", help="measure nothing, make the page from what is kept"
    )
    asked = parser.parse_args(arguments)
    try:
        asked.sizes = sized(asked.level, asked.answers, asked.seeds, asked.windows)
    except ValueError as error:
        parser.error(str(error))
    return asked


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, then makes the page; the exit code."""
    asked = options(arguments)
    level: Level = asked.sizes
    kept_in = folder(level, asked.out)
    stages = [STAGES[name] for name in asked.stage or STAGES]
    if asked.verify:
        differing = verify(stages, kept_in, asked.jobs)
        sys.stdout.write("\n".join(differing or ["every run came out the same"]) + "\n")
        return 1 if differing else 0
    ended = 0
    try:
        if not asked.page:
            measure(stages, level, kept_in, asked.jobs)
    except KeyboardInterrupt:
        tell("Ended early: what is done is kept, and the same command goes on from there.")
        ended = INTERRUPTED
    for page in render.pages(kept_in, asked.out is None):
        sys.stdout.write(f"{page}\n")
    return ended


if __name__ == "__main__":
    sys.exit(main())
