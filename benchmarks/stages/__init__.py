"""What the benchmark measures, stage by stage, in the order in which it is run: what counts most first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks.kept import Task
from benchmarks.levels import Level
from benchmarks.stages import calibration, cost, engines, overhead, policies, staffing, whatif, windows


def _never() -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Stage:
    """Its name, its tasks, and why it can't be run here, if so."""

    name: str
    tasks: Callable[[Level, int | None], Iterable[Task]]
    missing: Callable[[], str | None] = _never
    # Whether more of it, asked for once, is kept when less is asked for.
    grows: bool = False


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage("score", policies.score),
        Stage("variants", policies.variants),
        Stage("priors", policies.priors, policies.no_priors),
        Stage("shocks", policies.shocks),
        Stage("limit", policies.limit),
        Stage("cold", policies.cold),
        Stage("mixed", policies.mixed),
        Stage("calibration", calibration.tasks),
        Stage("cost", cost.tasks, cost.missing),
        Stage("engines", engines.tasks, engines.missing),
        Stage("whatif", whatif.tasks),
        Stage("day", policies.day, policies.no_day),
        Stage("voicemail", policies.voicemail, policies.no_voicemail),
        Stage("overhead", overhead.tasks),
        Stage("staffing", staffing.tasks, staffing.missing),
        Stage("windows", windows.tasks, policies.no_day, grows=True),
    )
}
