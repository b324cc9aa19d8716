"""What a campaign did and why it does no more: the report, the chart by minute, and 'why not faster'."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from api.database import Tx
from api.principal import Principal, allow
from api.problems import responses
from api.shapes import GivenMoment, Moment
from api.state import state_of
from models.enums import ApiScope, UserRole
from models.repository import campaigns, clock, limits, reporting, series

router = APIRouter(prefix="/v1/campaigns/{campaign_id}", tags=["reports"])
Who = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))]


class Report(BaseModel):
    """Figures over [since, until), by docs/reference/api.md. Rates are fractions, 0 without a denominator.

    `abandon_low`, `abandon_high`: the 95 % interval of the abandon rate.
    """

    since: Moment
    until: Moment
    attempts: int
    live_answers: int
    abandoned: int
    ended_before_agent: int
    connected: int
    abandon_rate: float
    abandon_low: float
    abandon_high: float
    contact_rate: float
    occupancy: float
    talk_minutes_per_agent_hour: float
    talk_seconds: float
    busy_seconds: float
    available_seconds: float

    @classmethod
    def of(cls, found: reporting.Report) -> Report:
        """As the repository counted it."""
        return cls(**{**found.to_json(), "since": moment(found.since), "until": moment(found.until)})


class SeriesMinute(BaseModel):
    """The minute that begins at `at`. A call counts in the minute in which it was dialed."""

    at: Moment
    attempts: int
    live_answers: int
    abandoned: int
    connected: int
    abandon_rate: float
    occupancy: float


class Series(BaseModel):
    """One item a minute, oldest first; the last minute is not over yet."""

    items: list[SeriesMinute]


class LimitFigures(BaseModel):
    """What the dialer goes by; null unless a dialer shows it now. `leads_due` is counted in the database."""

    lines: int | None
    max_lines: int
    calls_per_second: float
    free_agents: float | None
    expected_answers: float | None
    abandon_risk: float | None
    waiting: int | None
    switch_lag_p95_ms: float | None
    leads_due: int


class AbandonBudget(BaseModel):
    """The abandon rate of the legal window, with its 95 % interval, beside target and cap."""

    answered: int
    abandoned: int
    rate: float
    low: float
    high: float
    target: float
    cap: float
    window_start: Moment
    window_end: Moment | None


class WaitingLeads(BaseModel):
    """Leads that are due, and those that wait: for calling hours, for another rule, or after a try."""

    due: int
    hours: int
    rules: int
    by_rule: dict[str, int]
    retry: int
    next_due_at: Moment | None


class Limits(BaseModel):
    """Why the campaign dials no faster: a stable code and its sentence, with the figures behind it."""

    limited_by: str
    text: str
    at: Moment
    figures: LimitFigures
    budget: AbandonBudget
    leads: WaitingLeads


def moment(wall: float | None) -> Any:
    """Epoch seconds as a time; out of reach is the nearest within."""
    return None if wall is None else datetime.fromtimestamp(min(max(wall, 0.0), 7_258_118_400.0), UTC)


@router.get("/report", responses=responses(401, 403, 404, 422), operation_id="get_report")
async def get_report(
    campaign_id: UUID,
    who: Who,
    request: Request,
    since: Annotated[GivenMoment | None, Query(description="The first dial since the last start.")] = None,
    until: Annotated[GivenMoment | None, Query(description="The dialer's present.")] = None,
) -> Report:
    """Figures of a campaign over a span; without one, since its last start."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        key = await _known(tx, campaign_id)
        begin = await tx.run(reporting.last_start, key) if since is None else since.timestamp()
        end = await tx.run(clock.campaign_time, key) if until is None else until.timestamp()
        return Report.of(await tx.run(reporting.report, key, begin, max(begin, end)))


@router.get("/series", responses=responses(401, 403, 404, 422), operation_id="get_series")
async def get_series(
    campaign_id: UUID, who: Who, request: Request, minutes: Annotated[int, Query(ge=1, le=1440)] = 60
) -> Series:
    """Figures minute by minute, up to the dialer's present."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        key = await _known(tx, campaign_id)
        now = await tx.run(clock.campaign_time, key)
        found = await tx.run(series.by_minute, key, now, minutes)
    return Series(items=[SeriesMinute(**{**asdict(one), "at": moment(one.at)}) for one in found])


@router.get("/limits", responses=responses(401, 403, 404, 422), operation_id="get_limits")
async def get_limits(campaign_id: UUID, who: Who, request: Request) -> Limits:
    """Why the campaign dials no faster."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(limits.why, str(campaign_id), tenant_id=tx.only)
    live, budget, leads = found.live, asdict(found.budget), asdict(found.leads)
    shown = {name: live.get(name) for name in LimitFigures.model_fields}
    known: dict[str, Any] = {
        "max_lines": found.max_lines,
        "calls_per_second": found.calls_per_second,
        "leads_due": found.leads.due,
    }
    return Limits(
        limited_by=found.limited_by,
        text=found.text,
        at=moment(found.at),
        figures=LimitFigures(**{**shown, **known}),
        budget=AbandonBudget(
            **{
                **budget,
                "window_start": moment(found.budget.window_start),
                "window_end": moment(found.budget.window_end),
            }
        ),
        leads=WaitingLeads(**{**leads, "next_due_at": moment(found.leads.next_due_at)}),
    )


async def _known(tx: Tx, campaign_id: UUID) -> str:
    # The figures are asked for by the campaign alone: whose it is must be known first.
    await tx.run(campaigns.switch_of, str(campaign_id), tenant_id=tx.only)
    return str(campaign_id)
