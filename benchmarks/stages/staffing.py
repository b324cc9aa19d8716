"""Staffing beside pyworkforce, erlanglib and turbotab: benchmarks/staffing.py, kept as figures."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import staffing
from benchmarks.kept import Task, Value, digest, machine
from benchmarks.levels import Level


def compare(limit: float) -> Value:
    """By package: figures right, told and the largest error, by model; microseconds a call."""
    packages = dict(staffing.installed())
    right = {}
    for name, package in packages.items():
        scores = staffing.judge(package, limit)
        right[name] = {
            model: [score.right, score.right + len(score.wrong), score.worst, score.wrong[:3]]
            for model, score in scores.items()
            if model in package
        }
    times = [
        {
            "what": label,
            "servers": case.servers,
            "load": case.load,
            "microseconds": {
                name: staffing.microseconds(package[model], case, limit) if model in package else None
                for name, package in packages.items()
            },
        }
        for label, model, case in staffing.TIMED
    ]
    return {"right": right, "times": times, "limit": limit}


def tasks(level: Level, jobs: int | None) -> Iterable[Task]:
    """All packages in one run."""
    what = {
        "stage": "staffing",
        "limit": level.patience_seconds,
        "versions": [version(name) for name, _ in staffing.MAKERS.values()],
        "code": digest(Path(staffing.__file__).read_bytes()),
        "machine": machine(),
    }
    yield Task(what, "staffing in four packages", partial(compare, level.patience_seconds))


def missing() -> str | None:
    """Which peer is not installed."""
    for name, _ in staffing.MAKERS.values():
        try:
            version(name)
        except PackageNotFoundError:
            return f"{name} is not installed: make bench installs it (requirements-bench.lock)"
    return None
