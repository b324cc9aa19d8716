"""How many agents a queue needs."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api import staffing
from api.principal import Principal, allow
from api.problems import Problem, responses
from api.shapes import Body, Number
from api.staffing import Counting
from models.enums import ApiScope, UserRole

router = APIRouter(prefix="/v1/staffing", tags=["staffing"])
Who = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))]

# A week of quarter hours, and some.
MOST_INTERVALS = 1000
Calls = Annotated[Number, Field(ge=0, le=1e7)]
Seconds = Annotated[Number, Field(ge=0, le=1e9)]
Share = Annotated[Number, Field(gt=0, lt=1)]


class StaffingTargets(Body):
    """What has to be reached, all of it at once; at least one of them."""

    service_level: Share | None = None
    within_seconds: Seconds = 20.0
    counting: Counting = "late_abandons"
    speed_of_answer_seconds: Annotated[Number, Field(gt=0, le=1e9)] | None = None
    occupancy: Share | None = None
    abandonment: Share | None = None


class StaffingQuestion(Body):
    """Calls of one interval or of several of the same length. Without patience nobody gives up (Erlang C).

    `shrinkage`: share of the paid time that is not available for calls. `hours_each`: paid hours of one
    full-time person over all the intervals together.
    """

    calls: list[Calls] = Field(min_length=1, max_length=MOST_INTERVALS)
    interval_seconds: Annotated[Number, Field(ge=1, le=1e7)]
    aht_seconds: Annotated[Number, Field(ge=1e-3, le=1e9)]
    patience_seconds: Annotated[Number, Field(ge=1e-6, le=1e9)] | None = None
    targets: StaffingTargets
    shrinkage: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    hours_each: Annotated[Number, Field(ge=1e-3, le=1e5)] | None = None


class StaffingRow(BaseModel):
    """One interval with so many agents. No wait and no queue length: they grow without end."""

    calls: float
    load_erlang: float
    agents: int
    rostered_agents: float
    service_level: float
    speed_of_answer_seconds: float | None
    wait_probability: float
    abandonment: float
    occupancy: float
    mean_queue: float | None
    reaches_targets: bool


class Staffing(BaseModel):
    """`intervals`: the fewest agents of each. `around`: the busiest one with fewer and with more agents."""

    intervals: list[StaffingRow]
    around: list[StaffingRow]
    paid_hours: float
    full_time_equivalents: float | None


def _row(row: staffing.Row) -> StaffingRow:
    told = asdict(row)
    for name in ("speed_of_answer_seconds", "mean_queue"):
        told[name] = staffing.finite(told[name])
    return StaffingRow(**told)


@router.post("", responses=responses(401, 403, 422), operation_id="plan_staffing")
async def plan_staffing(given: StaffingQuestion, who: Who) -> Staffing:
    """The fewest agents for every interval that reach the targets, and what each then comes to."""
    try:
        # The formulas release the GIL; a long list does not hold up the other requests.
        made = await asyncio.to_thread(
            staffing.plan,
            staffing.Demand(
                calls=tuple(given.calls),
                interval_seconds=given.interval_seconds,
                aht_seconds=given.aht_seconds,
                patience_seconds=given.patience_seconds,
            ),
            staffing.Targets(**given.targets.model_dump()),
            shrinkage=given.shrinkage,
            hours_each=given.hours_each,
        )
    except ValueError as error:
        raise Problem(422, "invalid", f"This can't be planned: {error}.") from error
    return Staffing(
        intervals=[_row(row) for row in made.intervals],
        around=[_row(row) for row in made.around],
        paid_hours=made.paid_hours,
        full_time_equivalents=made.full_time_equivalents,
    )
