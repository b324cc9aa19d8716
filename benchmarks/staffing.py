"""Staffing beside pyworkforce, erlanglib and turbotab: right or wrong, and microseconds a call, in one run.

    python -m pip install --target peers --no-deps pyworkforce==0.5.4 erlanglib==1.2.0 turbotab==0.8.0
    PYTHONPATH=peers python benchmarks/staffing.py

The peers are no dependencies of the project: those that are not there are left out. pyworkforce also imports
joblib, numpy, pandas and ortools; its newest version wants Python 3.12, or --ignore-requires-python. Printed
is Markdown. A call that takes more than `--limit` seconds is given up and counted as a failure.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

import pacing_core

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tests.unit.pacing_core.staffing_oracle import with_patience  # noqa: E402

MOST_NOTES = 8  # of one package and model
REFERENCE = ROOT / "tests" / "fixtures" / "erlang_reference.csv"


@dataclass(frozen=True)
class Case:
    """A queue, times in seconds."""

    servers: float
    load: float
    aht: float = 180.0
    patience: float = 120.0
    seconds: float = 20.0


Figures = dict[str, float]
# A package's answers: "B", "C", "A" to the figures it can tell of a case; "need" to the fewest servers.
Package = dict[str, Callable[[Case], Figures]]


def ours() -> Package:
    """pacing_core."""

    def waiting(case: Case) -> Figures:
        q = pacing_core.queue(case.servers, case.load, aht_seconds=case.aht, target_seconds=case.seconds)
        return {
            "wait": pacing_core.erlang_c(case.servers, case.load),
            "level": q.service_level,
            "mean wait": q.mean_wait_seconds,
        }

    def patient(case: Case) -> Figures:
        q = pacing_core.queue(
            case.servers,
            case.load,
            aht_seconds=case.aht,
            patience_seconds=case.patience,
            target_seconds=case.seconds,
        )
        return {
            "wait": q.wait_probability,
            "lost": q.abandonment,
            "mean wait": q.mean_wait_seconds,
            "answered in t": q.answered_within,
        }

    return {
        "B": lambda c: {"blocking": pacing_core.erlang_b(c.servers, c.load)},
        "C": waiting,
        "A": patient,
        "need": lambda c: {
            "servers": pacing_core.servers_for_service_level(c.load, 0.8, c.seconds, aht_seconds=c.aht)
        },
    }


def pyworkforce() -> Package:
    """Classes in minutes; whole servers only."""
    queuing: Any = import_module("pyworkforce.queuing")

    def common(case: Case) -> dict[str, float]:
        minutes = case.aht / 60
        return {"transactions": case.load * 60 / minutes, "aht": minutes, "interval": 60}

    def whole(case: Case) -> int:
        if case.servers != int(case.servers):
            raise ValueError("whole servers only")
        return int(case.servers)

    def waiting(case: Case) -> Figures:
        queue = queuing.ErlangC(asa=case.seconds / 60, **common(case))
        return {
            "wait": queue.waiting_probability(whole(case)),
            "level": queue.service_level(whole(case)),
        }

    def patient(case: Case) -> Figures:
        queue = queuing.ErlangA(asa=case.seconds / 60, patience=case.patience / 60, **common(case))
        return {
            "wait": queue.waiting_probability(whole(case)),
            "lost": queue.abandonment_probability(whole(case)),
            "mean wait": queue.average_speed_of_answer(whole(case)) * 60,
            "answered in t": queue.service_level(whole(case)),
        }

    return {
        "B": lambda c: {"blocking": queuing.ErlangB(**common(c)).blocking_probability(whole(c))},
        "C": waiting,
        "A": patient,
        "need": lambda c: {
            "servers": queuing.ErlangC(asa=c.seconds / 60, **common(c)).required_positions(0.8)[
                "raw_positions"
            ]
        },
    }


def erlanglib() -> Package:
    """Functions over decimal numbers; no patience, no inverse for queues. C for whole servers only."""
    lib: Any = import_module("erlanglib")

    def servers(case: Case) -> float:
        return int(case.servers) if case.servers == int(case.servers) else case.servers

    def waiting(case: Case) -> Figures:
        n = servers(case)
        wait = lib.erlang_c(n, case.load)
        return {
            "wait": wait,
            "level": lib.service_level(n, case.load, wait, case.seconds, case.aht),
            "mean wait": lib.average_speed_of_answer(n, case.load, wait, case.aht),
        }

    return {"B": lambda c: {"blocking": lib.erlang_b(servers(c), c.load)}, "C": waiting}


def turbotab() -> Package:
    """Functions over floats."""
    erlang: Any = import_module("mod_turbotab.calculations.erlang")
    capacity: Any = import_module("mod_turbotab.agents.capacity")
    queues: Any = import_module("mod_turbotab.queues.queues")

    def calls(case: Case) -> float:
        return case.load * 600 / case.aht

    def waiting(case: Case) -> Figures:
        return {
            "wait": erlang.erlang_c(case.servers, case.load),
            "level": queues.sla_metric(case.servers, case.seconds, calls(case), case.aht),
        }

    def patient(case: Case) -> Figures:
        told = erlang.erlang_a(case.servers, case.load, case.patience, case.aht)
        return {
            "wait": told["pw"],
            "lost": told["abandon_rate"],
            "mean wait": told["asa"],
            "answered in t": told["sla"](case.seconds),
        }

    return {
        "B": lambda c: {"blocking": erlang.erlang_b(c.servers, c.load)},
        "C": waiting,
        "A": patient,
        "need": lambda c: {"servers": capacity.agents_required(0.8, c.seconds, calls(c), c.aht)},
    }


MAKERS: Mapping[str, tuple[str, Callable[[], Package]]] = {
    "Ringmaster": ("ringmaster", ours),
    "pyworkforce": ("pyworkforce", pyworkforce),
    "erlanglib": ("erlanglib", erlanglib),
    "turbotab": ("turbotab", turbotab),
}


def installed() -> Iterator[tuple[str, Package]]:
    """Each package that is there, with its version."""
    for name, (distribution, make) in MAKERS.items():
        try:
            yield f"{name} {version(distribution)}", make()
        except ImportError as error:
            sys.stderr.write(f"{name} is left out: {error}\n")


class TooLong(Exception):
    """A call has used up its time."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Give up what takes longer (POSIX, main thread)."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def truths() -> Iterator[tuple[str, str, Case, Figures]]:
    """(id, model, case, figures) of the reference values, and of what their file leaves out."""
    with REFERENCE.open(newline="") as file:
        for row in csv.DictReader(file):
            case = Case(float(row["servers"]), float(row["offered_erlang"]))
            if row["model"] != "B":
                case = Case(
                    case.servers,
                    case.load,
                    float(row["aht_s"]),
                    float(row["patience_s"] or 120),
                    float(row["target_s"]),
                )
            columns = {
                "B": {"blocking": "blocking_B"},
                "C": {"wait": "p_wait", "level": "sl_within_t", "mean wait": "asa_s"},
                "A": {
                    "wait": "p_wait",
                    "lost": "p_abandon",
                    "mean wait": "asa_s",
                    "answered in t": "served_within_t",
                },
            }[row["model"]]
            yield row["id"], row["model"], case, {name: float(row[c]) for name, c in columns.items()}
    for load in (10.0, 12.0, 25.0):
        yield (
            f"10 servers, {load:g} erlang",
            "C",
            Case(10, load),
            {"wait": 1.0, "level": 0.0, "mean wait": math.inf},
        )
    # So long a time that e^(-rate t) is below the smallest float.
    long = Case(300, 330, 180, 120, 600)
    truth = with_patience(long.servers, long.load, long.aht, long.patience, long.seconds)
    yield (
        "300 servers, 330 erlang, t 600 s",
        "A",
        long,
        {
            "wait": float(truth.wait),
            "lost": float(truth.lost),
            "mean wait": float(truth.lost) * long.patience,
            "answered in t": float(truth.answered_within),
        },
    )


@dataclass
class Score:
    """How one package did with one model."""

    right: int = 0
    worst: float = 0.0
    wrong: list[str] = field(default_factory=list)


def judge(package: Package, limit: float) -> dict[str, Score]:
    """By model: figures within 1e-9, the largest error among them, and what is not."""
    scores = {model: Score() for model in "BCA"}
    for label, model, case, figures in truths():
        score = scores[model]
        if model not in package:
            continue
        try:
            with at_most(limit):
                told = package[model](case)
        except TooLong:
            score.wrong.append(f"{label}: more than {limit:g} s")
            continue
        except Exception as error:  # noqa: BLE001  # whatever a peer does
            score.wrong.append(f"{label}: {type(error).__name__}: {str(error)[:50]}")
            continue
        for name, value in told.items():
            truth = figures[name]
            off = 0.0 if value == truth else abs(value - truth) / abs(truth) if truth else math.inf
            if off <= 1e-9:
                score.right += 1
                score.worst = max(score.worst, off)
            else:
                score.wrong.append(f"{label}: {name} {value:.6g}, true {truth:.6g}")
    return scores


def microseconds(function: Callable[[Case], Figures], case: Case, limit: float) -> float | None:
    """The best of five rounds, each of at least 20 ms; None for what fails or takes too long."""
    try:
        with at_most(limit):
            function(case)
    except Exception:  # noqa: BLE001
        return None
    rounds = 1
    while True:
        start = time.perf_counter()
        for _ in range(rounds):
            function(case)
        spent = time.perf_counter() - start
        if spent > 0.02:
            break
        rounds *= 2
    best = spent
    for _ in range(4 if spent < 0.5 else 0):
        start = time.perf_counter()
        for _ in range(rounds):
            function(case)
        best = min(best, time.perf_counter() - start)
    return best / rounds * 1e6


TIMED = [
    ("Erlang B", "B", Case(11, 10)),
    ("Erlang B", "B", Case(110, 100)),
    ("Erlang B", "B", Case(1050, 1000)),
    ("Erlang B", "B", Case(100_500, 100_000)),
    ("Erlang C, its level", "C", Case(110, 100)),
    ("Erlang C, its level", "C", Case(1050, 1000)),
    ("Erlang A, four figures", "A", Case(100, 100)),
    ("Erlang A, four figures", "A", Case(1000, 1000)),
    ("agents for 80 % in 20 s", "need", Case(0, 100)),
    ("agents for 80 % in 20 s", "need", Case(0, 1000)),
]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--limit", type=float, default=20.0, help="seconds after which a call is given up")
    limit = parser.parse_args().limit
    packages = dict(installed())
    print_correctness(packages, limit)
    print_times(packages, limit)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    write(
        f"\nMachine: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; "
        f"commit {commit.stdout.strip()}."
    )


def write(line: str) -> None:
    """One line of Markdown."""
    sys.stdout.write(line + "\n")


def print_correctness(packages: Mapping[str, Package], limit: float) -> None:
    """Figures right to 1e-9 of those told, and every other one."""
    write("| figures right to 1e-9 / told (largest error of them) | Erlang B | Erlang C | Erlang A |")
    write("| --- | --- | --- | --- |")
    notes = []
    for name, package in packages.items():
        scores = judge(package, limit)
        cells = [
            f"{s.right} / {s.right + len(s.wrong)} ({s.worst:.0e})" if m in package else "–"
            for m, s in scores.items()
        ]
        write(f"| {name} | {' | '.join(cells)} |")
        for model, score in scores.items():
            notes += [f"- {name}, Erlang {model}, {wrong}" for wrong in score.wrong[:MOST_NOTES]]
            if len(score.wrong) > MOST_NOTES:
                notes.append(f"- {name}, Erlang {model}: and {len(score.wrong) - MOST_NOTES} more")
    write("\nWhat is not right, or not told at all:\n")
    for note in notes:
        write(note)


def print_times(packages: Mapping[str, Package], limit: float) -> None:
    """Microseconds a call, and how many times ours that is."""
    write(f"\n| microseconds a call (times ours) | servers, load | {' | '.join(packages)} |")
    write("| --- | --- |" + " --- |" * len(packages))
    for label, model, case in TIMED:
        cells, base = [], None
        for package in packages.values():
            spent = microseconds(package[model], case, limit) if model in package else None
            base = spent if base is None else base
            if spent is None or base is None:
                cells.append("–")
            else:
                cells.append(f"{spent:.3g}" if not cells else f"{spent:.3g} ({spent / base:.0f})")
        size = f"{case.servers:g}, {case.load:g}" if case.servers else f"–, {case.load:g}"
        write(f"| {label} | {size} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
