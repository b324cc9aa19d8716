"""Kept runs as the page needs them: one row for each policy in each scenario, with its score and its rate."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.kept import Kept
from callflow.lab import FLOOR, LIMIT
from pacing_core import interval


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over seeds, its standard error, and half its 95 % interval (Student's t)."""

    value: float
    error: float
    half: float

    @classmethod
    def of(cls, values: list[float]) -> Mean:
        """Of one value: the errors are infinite."""
        if len(values) < 2:
            return cls(values[0] if values else math.nan, math.inf, math.inf)
        mean, half = interval(values)
        return cls(mean, statistics.stdev(values) / math.sqrt(len(values)), half)

    def at_least(self, bound: float) -> bool:
        """Within two standard errors."""
        return self.value + 2 * self.error >= bound

    def at_most(self, bound: float) -> bool:
        """Within two standard errors."""
        return self.value - 2 * self.error <= bound


@dataclass(frozen=True)
class Row:
    """One policy in one scenario on several seeds."""

    stage: str
    text: str
    asked: str
    tuned: bool
    policy: str
    columns: dict[str, list[float]]
    quarters: list[list[float]]
    entry: dict[str, Any]

    @property
    def named(self) -> str:
        """The policy without its parameters."""
        return self.asked.split("(")[0]

    def _of_scenario(self, key: str) -> str:
        found = re.search(rf"(?m)^{key} = (.*)$", self.text)
        return found[1].strip('"') if found else ""

    @property
    def scenario(self) -> str:
        """Its name."""
        return self._of_scenario("name")

    @property
    def agents(self) -> int:
        """Team."""
        return int(self._of_scenario("agents"))

    @property
    def cap(self) -> float:
        """Highest abandon rate allowed."""
        return float(self._of_scenario("cap"))

    @property
    def seeds(self) -> list[float]:
        """In the order of the runs."""
        return self.columns["seed"]

    @property
    def beside(self) -> list[dict[str, list[float]]]:
        """The columns of the same policy a little more careful and a little bolder, on a few seeds."""
        value = self.entry["value"]
        return [_columns(value["fields"], other["runs"]) for other in value.get("beside", ())]

    @property
    def occupancy(self) -> Mean:
        """Share of the agents' time that is talk or wrap-up."""
        return Mean.of(self.columns["occupancy"])

    @property
    def rate(self) -> Mean:
        """abandoned / answered, of all seeds together; the error from the seeds one by one."""
        each = Mean.of(self.columns["abandon_rate"])
        pooled = sum(self.columns["abandoned"]) / max(1.0, sum(self.columns["answered"]))
        return Mean(pooled, each.error, each.half)

    @property
    def over(self) -> bool:
        """Whether the rate is over the cap by more than two standard errors."""
        return not self.rate.at_most(self.cap)

    @property
    def answers(self) -> int:
        """Of all seeds."""
        return round(sum(self.columns["answered"]))

    @property
    def label(self) -> str:
        """The policy as asked for, and how."""
        return f"{self.asked}, tuned" if self.tuned else self.asked

    @property
    def command(self) -> str:
        """What simulates it again."""
        sets = [f"--set '{key} = {self._of_scenario(key)}'" for key in ("decide_seconds", "seconds")]
        runs = f"--agents {self.agents} --seeds {len(self.seeds)} {' '.join(sets)}"
        return f"ringmaster simulate {self.scenario} {runs} --policy '{self.policy}'"


def _columns(fields: list[str], runs: list[list[float]]) -> dict[str, list[float]]:
    return {name: [run[at] for run in runs] for at, name in enumerate(fields)}


def read(kept: Kept) -> list[Row]:
    """The rows of a stage that simulates; others have none."""
    found = []
    for entry in kept:
        what, value = entry["what"], entry["value"]
        if "runs" not in value:
            continue
        columns = _columns(value["fields"], value["runs"])
        found.append(
            Row(
                what["stage"],
                what["scenario"],
                what["asked"],
                what["tuning_answers"] is not None,
                value["policy"],
                columns,
                value["quarters"],
                entry,
            )
        )
    return found


class Rows:
    """The rows of all stages, with what scores need of each other."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.all = list(rows)
        self._ends = {(row.text, row.asked): row for row in self.all if row.asked in (FLOOR, LIMIT)}

    def of(self, stage: str) -> list[Row]:
        """Those of one stage, in the order of its tasks."""
        return [row for row in self.all if row.stage == stage]

    def end(self, row: Row, which: str) -> Row | None:
        """The floor or the limit of a row's scenario."""
        return self._ends.get((row.text, which))

    def score(self, row: Row) -> Mean | None:
        """(U - floor) / (limit - floor), seed by seed; None where an end was not run on these seeds."""
        floor, limit = self.end(row, FLOOR), self.end(row, LIMIT)
        if floor is None or limit is None:
            return None
        lows, tops = (dict(zip(end.seeds, end.columns["occupancy"], strict=True)) for end in (floor, limit))
        pairs = zip(row.seeds, row.columns["occupancy"], strict=True)
        if not set(row.seeds) <= set(lows) & set(tops):
            return None
        scores = [(u - lows[s]) / (tops[s] - lows[s]) for s, u in pairs if tops[s] > lows[s]]
        return Mean.of(scores) if scores else None
