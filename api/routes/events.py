"""The event feed for programs: what happened, in order, from wherever the reader is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from api.principal import Principal, allow
from api.problems import Problem, responses
from api.shapes import Moment
from api.state import state_of
from models.enums import ApiScope, UserRole
from models.repository import events

router = APIRouter(prefix="/v1/events", tags=["events"])
LAST = 2**63 - 1


class Event(BaseModel):
    """One event. `at` is the dialer's time; `data` says what is, by topic."""

    seq: int
    topic: str
    at: Moment
    data: dict[str, Any]


class Events(BaseModel):
    """A stretch of the feed; `next` is the `after` of the next one."""

    items: list[Event]
    next: int


@router.get("", responses=responses(401, 403, 409, 422), operation_id="list_events")
async def list_events(
    who: Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))],
    request: Request,
    after: Annotated[int, Query(ge=0, le=LAST, description="The place after which to read.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many events.")] = 200,
) -> Events:
    """The events after a place, oldest first; 0 begins with the oldest that is kept.

    409 `events_gone`: some events after that place are no longer kept, or the place was never given out (the
    database came back from a backup). Read the state anew, and go on from there.
    """
    database = state_of(request).database
    async with database.tenant(who.tenant_id) as tx:
        found = await tx.run(events.after, after, limit, tenant_id=tx.only)
    # Looked at after the events: what was deleted while they were read is missed by no one.
    async with database.owner() as tx:
        bounds = await tx.run(events.bounds)
    if after and not bounds.holds_after(after):
        raise Problem(
            409,
            "events_gone",
            f"Events after {after} are not all kept: read what is now, then go on after {bounds.newest}.",
        )
    items = [Event(seq=one.seq, topic=one.topic, at=one.at, data=dict(one.data)) for one in found]
    return Events(items=items, next=items[-1].seq if items else after)
