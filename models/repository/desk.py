"""Agents as pages and programs see them: their state and wish, and the call on an agent's desk."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from models.enums import AgentState, AttemptState
from models.errors import NotFound
from models.repository.db import Db, of_tenant

IN_CALL = (AgentState.RESERVED, AgentState.TALKING, AgentState.ON_HOLD, AgentState.WRAP_UP)
WISH_SECONDS = 4 * 3600.0  # how far back a wish for after the call is looked for, real

_SELECT = f"""
    SELECT id::text, name, extension, campaign_id::text, state, state_since, reason, attempt_id::text,
           switch_id::text
      FROM agent WHERE {of_tenant()}
"""
# The dialer keeps what was asked for during a call in memory; here it is the newest order that it obeyed.
_WISHES = text(
    f"""
    SELECT DISTINCT ON (agent_id) agent_id::text, kind FROM command
     WHERE id >= CAST(:first AS uuid) AND agent_id = ANY (CAST(:ids AS uuid[])) AND {of_tenant()}
       AND kind IN ('agent_pause', 'agent_logout', 'agent_ready', 'agent_login') AND status = 'done'
     ORDER BY agent_id, id DESC
    """
)
_CALL = text(
    f"""
    SELECT a.id::text AS attempt_id, person.name AS person_name, a.number, lead.fields, a.answered_at,
           a.bridged_at, a.state
      FROM attempt a JOIN lead ON lead.id = a.lead_id JOIN person ON person.id = a.person_id
     WHERE a.id = CAST(:id AS uuid) AND {of_tenant("a.tenant_id")}
    """
)
_CAMPAIGN = text(
    f"""
    SELECT id::text, name, wrap_up_limit_seconds, switch_id::text
      FROM campaign WHERE id = CAST(:id AS uuid) AND {of_tenant()}
    """
)
# Nor is it on record whether their voice is silenced: the newest order of this call that was obeyed says so.
_MUTED = text(
    f"""
    SELECT DISTINCT ON (c.agent_id) c.agent_id::text, (c.payload ->> 'on')::boolean AS muted
      FROM command c JOIN agent ON agent.id = c.agent_id
     WHERE c.id >= CAST(:first AS uuid) AND c.agent_id = ANY (CAST(:ids AS uuid[]))
       AND {of_tenant("c.tenant_id")} AND c.kind = 'agent_mute' AND c.status = 'done'
       AND c.payload ->> 'attempt_id' = agent.attempt_id::text
     ORDER BY c.agent_id, c.id DESC
    """
)
# The call is theirs once they were bridged, or while they are reserved for it.
_THEIRS = text(
    f"""
    SELECT 1 FROM attempt a JOIN agent ON agent.id = CAST(:agent_id AS uuid)
     WHERE a.id = CAST(:attempt_id AS uuid) AND {of_tenant("a.tenant_id")} AND {of_tenant("agent.tenant_id")}
       AND (a.agent_id = agent.id OR agent.attempt_id = a.id)
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """An agent. `next`: what they will do after the call that they are in: "", pause or logout. `muted`:
    their own voice is silenced in it."""

    id: str
    name: str
    extension: str
    campaign_id: str | None
    state: AgentState
    state_since: datetime
    reason: str
    attempt_id: str | None
    switch_id: str | None
    next: str = ""
    muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInHand:
    """The call that an agent is in or wraps up, with what the lead says of the person."""

    attempt_id: str
    person_name: str
    number: str
    fields: Mapping[str, Any]
    answered_at: datetime | None
    bridged_at: datetime | None
    state: AttemptState


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkPlace:
    """The campaign that an agent works for, or last did."""

    id: str
    name: str
    wrap_up_limit_seconds: float
    switch_id: str | None


def every(db: Db, *, campaign_id: str | None = None, tenant_id: str | None = None) -> tuple[Seat, ...]:
    """The agents of the tenant, or those who work for a campaign, by name."""
    query = text(
        f"{_SELECT} AND (CAST(:campaign_id AS uuid) IS NULL OR campaign_id = CAST(:campaign_id AS uuid))"
        " ORDER BY name, id"
    )
    rows = db.execute(query, {"campaign_id": campaign_id, "tenant_id": tenant_id}).all()
    return _seats(db, rows, tenant_id)


def one(db: Db, agent_id: str, *, tenant_id: str | None = None) -> Seat:
    """An agent of the tenant.

    Raises:
        NotFound: `agent`.
    """
    query = text(f"{_SELECT} AND id = CAST(:id AS uuid)")
    row = db.execute(query, {"id": agent_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("agent", f"there is no agent {agent_id}")
    return _seats(db, [row], tenant_id)[0]


def call_in_hand(db: Db, seat: Seat, *, tenant_id: str | None = None) -> CallInHand | None:
    """The call on the agent's desk."""
    if seat.state not in IN_CALL or seat.attempt_id is None:
        return None
    row = db.execute(_CALL, {"id": seat.attempt_id, "tenant_id": tenant_id}).first()
    return None if row is None else CallInHand(**{**row._mapping, "state": AttemptState(row.state)})


def work_place(db: Db, campaign_id: str, *, tenant_id: str | None = None) -> WorkPlace:
    """A campaign of the tenant as an agent sees it.

    Raises:
        NotFound: `campaign`.
    """
    row = db.execute(_CAMPAIGN, {"id": campaign_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("campaign", f"there is no campaign {campaign_id}")
    return WorkPlace(**row._mapping)


def is_their_call(db: Db, agent_id: str, attempt_id: str, *, tenant_id: str | None = None) -> bool:
    """Whether the agent had that call, or has it now."""
    values = {"agent_id": agent_id, "attempt_id": attempt_id, "tenant_id": tenant_id}
    return db.execute(_THEIRS, values).first() is not None


def _seats(db: Db, rows: Sequence[Row[Any]], tenant_id: str | None) -> tuple[Seat, ...]:
    in_call = [row.id for row in rows if row.state in IN_CALL]
    wishes: dict[str, str] = {}
    muted: set[str] = set()
    if in_call:
        values = {"ids": in_call, "first": _first_id(WISH_SECONDS), "tenant_id": tenant_id}
        wishes = {row.agent_id: row.kind for row in db.execute(_WISHES, values)}
        muted = {row.agent_id for row in db.execute(_MUTED, values) if row.muted}
    words = {"agent_pause": "pause", "agent_logout": "logout"}
    return tuple(
        Seat(
            **{**row._mapping, "state": AgentState(row.state)},
            next=words.get(wishes.get(row.id, ""), ""),
            muted=AgentState(row.state).is_talking and row.id in muted,
        )
        for row in rows
    )


def _first_id(seconds_ago: float) -> str:
    """A UUIDv7 that no row made since then is below: ids are in the order of their making."""
    return str(uuid.UUID(int=max(0, int(1000 * (time.time() - seconds_ago))) << 80))
