"""Finished calls: the list, page by page, and one with all that is kept of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from api.fields import Limit
from api.principal import Principal, allow
from api.problems import responses
from api.shapes import EARLIEST, LATEST, GivenMoment, Moment
from api.state import state_of
from models.enums import ApiScope, LegKind, Outcome, UserRole
from models.repository import calls, campaigns, desk
from models.repository.calls import NEWEST, Choice, Place

router = APIRouter(prefix="/v1/calls", tags=["calls"])
Who = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))]
CallCursor = Annotated[
    str | None, Query(pattern=r"^[0-9a-f]{48}$", description="`next_cursor` of the page before.")
]


class Call(BaseModel):
    """A finished call. `wait_seconds`: answer to agent; `abandoned`: counts in the abandon rate."""

    attempt_id: str
    campaign_id: str
    agent_id: str | None
    person_id: str
    person_name: str
    number: str
    outcome: Outcome
    started_at: Moment
    ringing_at: Moment | None
    answered_at: Moment | None
    bridged_at: Moment | None
    ended_at: Moment
    talk_seconds: float
    wait_seconds: float | None
    abandoned: bool
    cause: str
    sip_status: int | None
    recovered: bool


class CallList(BaseModel):
    """A page of calls, the newest first."""

    items: list[Call]
    next_cursor: str | None


class CallNote(BaseModel):
    """A disposition or note, with its author."""

    id: str
    agent_id: str
    agent_name: str
    disposition: str
    text: str
    at: Moment


class CallLeg(BaseModel):
    """One channel of the call on the switch."""

    id: str
    kind: LegKind
    opened_at: Moment
    ringing_at: Moment | None
    answered_at: Moment | None
    bridged_at: Moment | None
    ended_at: Moment | None
    cause: str
    sip_status: int | None


class CallDetail(Call):
    """A call with its notes and legs, and what the rules judged when it was claimed."""

    notes: list[CallNote]
    legs: list[CallLeg]
    rule_inputs: dict[str, Any]
    rule_verdict: dict[str, Any]


@router.get("", responses=responses(401, 403, 404, 422), operation_id="list_calls")
async def list_calls(
    who: Who,
    request: Request,
    campaign_id: UUID | None = None,
    agent_id: UUID | None = None,
    outcome: Outcome | None = None,
    since: GivenMoment | None = None,
    until: GivenMoment | None = None,
    limit: Limit = 50,
    cursor: CallCursor = None,
) -> CallList:
    """Finished calls that began in [since, until), the newest first."""
    choice = Choice(
        since=EARLIEST if since is None else since,
        until=LATEST if until is None else until,
        campaign_id=None if campaign_id is None else str(campaign_id),
        agent_id=None if agent_id is None else str(agent_id),
        outcome=outcome,
    )
    after = NEWEST if cursor is None else Place.of_cursor(cursor, LATEST)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        if choice.campaign_id is not None:
            await tx.run(campaigns.switch_of, choice.campaign_id, tenant_id=tx.only)
        if choice.agent_id is not None:
            await tx.run(desk.one, choice.agent_id, tenant_id=tx.only)
        found = await tx.run(calls.page, choice, after=after, limit=limit + 1, tenant_id=tx.only)
    shown = found[:limit]
    return CallList(
        items=[Call(**asdict(one)) for one in shown],
        next_cursor=shown[-1].place.cursor if len(found) > limit else None,
    )


@router.get("/{attempt_id}", responses=responses(401, 403, 404, 422), operation_id="get_call")
async def get_call(attempt_id: UUID, who: Who, request: Request) -> CallDetail:
    """One finished call, with its notes, legs and the rules' verdict."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = asdict(await tx.run(calls.one, str(attempt_id), tenant_id=tx.only))
    return CallDetail(**found.pop("call"), **found)
