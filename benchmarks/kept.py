"""What a stage of the benchmark has measured: a JSON file with one entry for each task, written as it goes.

A task says all that its result depends on; that and the sources of the pacing core make its key. So a run
that was ended goes on where it was, and what an older core did is measured again.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from callflow.lab import commit

ROOT = Path(__file__).resolve().parents[1]
FORMAT = 1

Value = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to measure: all it depends on (JSON), a title for people, and how."""

    what: Value
    title: str
    do: Callable[[], Value]

    @property
    def key(self) -> str:
        """Names the result: equal for equal tasks of equal cores."""
        return digest(json.dumps([self.what, engine_of(self.what)], sort_keys=True))


def digest(text: str | bytes) -> str:
    """The first 16 hexadecimal digits of the SHA-256."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:16]


CORE = ROOT / "pacing_core"
OURS = "ringmaster"
# What a policy that is not our pacer is made of, besides the laboratory; and what of the laboratory is our
# pacer's or tests alone. A test holds the imports to it.
BESIDE_THE_LABORATORY = ("books", "calibration", "distribution", "error", "leads", "normal", "random")
OF_THE_PACER = ("policies/ringmaster.rs", "record.rs", "validity.rs")


@cache
def engine() -> str:
    """Digest of everything the pacing core is built from."""
    return _digest_of(sorted((CORE / "src").rglob("*.rs")))


@cache
def laboratory() -> str:
    """Digest of what the laboratory and every policy but ours are built from."""
    laboratory = CORE / "src" / "lab"
    ours = {laboratory / name for name in OF_THE_PACER}
    files = [path for path in sorted(laboratory.rglob("*.rs")) if path not in ours]
    return _digest_of([*files, *(CORE / "src" / f"{name}.rs" for name in BESIDE_THE_LABORATORY)])


def engine_of(what: Value) -> str:
    """Digest of the sources that a result hangs on: a change of our pacer changes no other policy's."""
    asked = what.get("asked")
    others = isinstance(asked, str) and not asked.startswith(OURS)
    return laboratory() if others else engine()


def _digest_of(sources: list[Path]) -> str:
    files = [*sources, *sorted((CORE / "scenarios").glob("*")), CORE / "Cargo.toml", ROOT / "Cargo.lock"]
    return digest(b"".join(path.read_bytes() for path in files))


def machine() -> dict[str, Any]:
    """Where it is measured."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def manifest(what: Value) -> dict[str, Any]:
    """What a result is a result of, beside its task."""
    return {"commit": commit(), "engine": engine_of(what), "machine": machine()}


@dataclass
class Kept:
    """The results of a stage, in the order of its tasks."""

    path: Path
    entries: dict[str, Value] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Kept:
        """What is there; nothing if there is no file.

        Raises:
            ValueError: the file is not of this format.
        """
        if not path.exists():
            return cls(path)
        found = json.loads(path.read_text("utf-8"))
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError(f"{path} is not of format {FORMAT}: remove it")
        return cls(path, found["results"])

    def measure(self, task: Task, level: str) -> float:
        """Does a task, adds its result and writes the file, whole or not at all; how many seconds it took.

        level: the one it was asked for in.
        """
        began, worked = time.perf_counter(), time.process_time()
        value = task.do()
        seconds, cpu = time.perf_counter() - began, time.process_time() - worked
        self.entries[task.key] = {
            "what": task.what,
            "title": task.title,
            "value": value,
            "seconds": round(seconds, 1),
            "cpu_seconds": round(cpu, 1),
            "level": level,
            **manifest(task.what),
        }
        self.write()
        return seconds

    def keep_only(self, tasks: Iterable[Task], more: bool = False) -> None:
        """Forgets what none of these tasks asked for, and puts the rest in their order.

        more: but not what this very core measured; it comes after them.
        """
        ordered = {task.key: self.entries[task.key] for task in tasks if task.key in self.entries}
        if more:
            ordered |= self._of_this_core() | ordered
        if list(ordered) != list(self.entries):
            self.entries = ordered
            self.write()

    def _of_this_core(self) -> dict[str, Value]:
        return {key: e for key, e in self.entries.items() if e["engine"] == engine_of(e["what"])}

    def write(self) -> None:
        """One entry a line, so that a change shows as such."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{json.dumps(key)}: {json.dumps(entry)}" for key, entry in self.entries.items()]
        text = f'{{"format": {FORMAT}, "results": {{\n' + ",\n".join(lines) + "\n}}\n"
        beside = self.path.with_suffix(".part")
        beside.write_text(text, "utf-8")
        beside.replace(self.path)

    @property
    def level(self) -> str:
        """The level its results were asked for in."""
        return ", ".join(sorted({entry["level"] for entry in self.entries.values()}))

    def __iter__(self) -> Iterator[Value]:
        return iter(self.entries.values())
