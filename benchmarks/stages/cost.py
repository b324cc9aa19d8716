"""What a decision costs by size, and a simulated day: pacing_core/examples/decision_cost.rs, as figures."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from functools import partial

from benchmarks.kept import ROOT, Task, Value, digest, machine
from benchmarks.levels import Level

PROGRAM = [
    "cargo",
    "run",
    "--release",
    "--quiet",
    "--locked",
    "-p",
    "pacing_core",
    "--example",
    "decision_cost",
]
SOURCE = ROOT / "pacing_core" / "examples" / "decision_cost.rs"


def tables(text: str) -> list[list[dict[str, str]]]:
    """The Markdown tables in what a program prints, each row by its heads."""
    found = []
    for block in text.strip().split("\n\n"):
        lines = [[cell.strip() for cell in line.strip("| ").split("|")] for line in block.splitlines()]
        if len(lines) > 2 and set("".join(lines[1])) == {"-"}:
            found.append([dict(zip(lines[0], line, strict=True)) for line in lines[2:]])
    return found


def measure(repeats: int) -> Value:
    """Runs the program, which takes the least of so many equal runs.

    Raises:
        RuntimeError: it failed, or printed something else than its two tables.
    """
    program = [*PROGRAM, str(repeats)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    found = tables(done.stdout)
    if done.returncode != 0 or len(found) != 2:
        raise RuntimeError(f"{' '.join(program)} gave {done.returncode}:\n{done.stderr}{done.stdout}")
    return {"decisions": found[0], "days": found[1]}


def tasks(level: Level, jobs: int | None) -> Iterable[Task]:
    """All sizes in one run."""
    what = {
        "stage": "cost",
        "repeats": level.repeats,
        "code": digest(SOURCE.read_bytes()),
        "machine": machine(),
    }
    yield Task(what, "decisions by size", partial(measure, level.repeats))


def missing() -> str | None:
    """Why it can't be run."""
    if shutil.which("cargo") is None:
        return "cargo is not installed"
    return None if SOURCE.exists() else f"{SOURCE.relative_to(ROOT)} is not there"
