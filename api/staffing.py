"""How many agents a queue needs: the table behind `ringmaster staff` and `POST /v1/staffing`.

One interval is taken for itself and in its steady state (the stationary independent period by period method):
backlog does not move from one interval to the next. The formulas are pacing_core's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

import pacing_core

Counting: TypeAlias = Literal["late_abandons", "all_abandons", "abandons_credited", "answered_only"]
# How many fewer and more agents than needed `Plan.around` shows.
NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Targets:
    """What has to be reached, all of it at once. Shares from 0 to 1, times in seconds."""

    service_level: float | None = None
    within_seconds: float = 20.0
    counting: Counting = "late_abandons"
    speed_of_answer_seconds: float | None = None
    occupancy: float | None = None
    abandonment: float | None = None


@dataclass(frozen=True, slots=True)
class Demand:
    """Calls of each interval, and how they are handled. `patience_seconds` None: nobody gives up."""

    calls: tuple[float, ...]
    interval_seconds: float
    aht_seconds: float
    patience_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One interval with so many agents. An infinite wait or queue: it grows without end."""

    calls: float
    load_erlang: float
    agents: int
    rostered_agents: float
    service_level: float
    speed_of_answer_seconds: float
    wait_probability: float
    abandonment: float
    occupancy: float
    mean_queue: float
    reaches_targets: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """`intervals`: the fewest agents of each. `around`: the busiest one with fewer and with more agents."""

    intervals: tuple[Row, ...]
    around: tuple[Row, ...]
    paid_hours: float
    full_time_equivalents: float | None


def plan(
    demand: Demand, targets: Targets, *, shrinkage: float = 0.0, hours_each: float | None = None
) -> Plan:
    """The fewest agents for every interval, and what the busiest one comes to with others.

    hours_each: paid hours of one full-time person over all the intervals together; None: no equivalents.

    Raises:
        ValueError: no calls, no target, an abandonment target without patience, or (as
            pacing_core.PacingValueError, naming its argument) a value outside its range.
    """
    if not demand.calls:
        raise ValueError("calls is empty; give the calls of one interval or more")
    if not 1.0 <= demand.interval_seconds <= 1e7:
        raise ValueError(f"interval_seconds is {demand.interval_seconds}; give 1 to 10,000,000 seconds")
    # Checked here, as the load made of them would be named otherwise.
    if not 1e-3 <= demand.aht_seconds <= 1e9:
        raise ValueError(f"aht_seconds is {demand.aht_seconds}; give 0.001 to 1e9 seconds")
    for calls in demand.calls:
        if not 0.0 <= calls <= 1e7:
            raise ValueError(f"calls is {calls}; give 0 to 10,000,000 calls of an interval")
    load = np.array(demand.calls, dtype=float) * (demand.aht_seconds / demand.interval_seconds)
    need = _need(load, demand, targets)
    intervals = _rows(demand, np.array(demand.calls, dtype=float), load, need, need, targets, shrinkage)
    busiest = int(np.argmax(load))
    about = np.arange(max(1, need[busiest] - NEIGHBOURS), need[busiest] + NEIGHBOURS + 1)
    same = np.full(len(about), load[busiest])
    around = _rows(
        demand,
        np.full(len(about), demand.calls[busiest]),
        same,
        about,
        np.full(len(about), need[busiest]),
        targets,
        shrinkage,
    )
    hours = sum(row.rostered_agents for row in intervals) * demand.interval_seconds / 3600.0
    return Plan(
        intervals=intervals,
        around=around,
        paid_hours=hours,
        full_time_equivalents=(
            None if hours_each is None else pacing_core.full_time_equivalents(hours, hours_each)
        ),
    )


def _need(load: Any, demand: Demand, targets: Targets) -> Any:
    """The fewest agents of each interval that reach all the targets: the most that any of them takes."""
    queue: dict[str, Any] = {
        "aht_seconds": demand.aht_seconds,
        "patience_seconds": demand.patience_seconds,
    }
    needs = []
    if targets.service_level is not None:
        needs.append(
            pacing_core.servers_for_service_level(
                load, targets.service_level, targets.within_seconds, counting=targets.counting, **queue
            )
        )
    if targets.speed_of_answer_seconds is not None:
        needs.append(pacing_core.servers_for_speed_of_answer(load, targets.speed_of_answer_seconds, **queue))
    if targets.occupancy is not None:
        needs.append(pacing_core.servers_for_occupancy(load, targets.occupancy, **queue))
    if targets.abandonment is not None:
        if demand.patience_seconds is None:
            raise ValueError("abandonment is a target only where callers give up; give patience_seconds too")
        needs.append(
            pacing_core.servers_for_abandonment(
                load,
                targets.abandonment,
                aht_seconds=demand.aht_seconds,
                patience_seconds=demand.patience_seconds,
            )
        )
    if not needs:
        raise ValueError(
            "there is no target; give service_level, speed_of_answer_seconds, occupancy or abandonment"
        )
    return np.max(needs, axis=0)


def _rows(
    demand: Demand, calls: Any, load: Any, agents: Any, need: Any, targets: Targets, shrinkage: float
) -> tuple[Row, ...]:
    # Nobody calls, nobody is needed: the measures are those of a queue that is empty whoever is there.
    queue = pacing_core.queue(
        np.maximum(agents, 1),
        load,
        aht_seconds=demand.aht_seconds,
        patience_seconds=demand.patience_seconds,
        target_seconds=targets.within_seconds,
        counting=targets.counting,
    )
    rostered = pacing_core.with_shrinkage(agents, shrinkage)
    columns: Sequence[Any] = (
        calls,
        load,
        agents,
        rostered,
        queue.service_level,
        queue.speed_of_answer_seconds,
        queue.wait_probability,
        queue.abandonment,
        queue.occupancy,
        queue.mean_queue,
        agents >= need,
    )
    return tuple(Row(*values) for values in zip(*(column.tolist() for column in columns), strict=True))


def finite(value: float) -> float | None:
    """None for what has no end: JSON has no infinity."""
    return value if math.isfinite(value) else None
