"""Agents: made, homed on a switch, read as the engine's KnownAgent."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Row, text

from models.enums import AgentState
from models.errors import InvalidValue, NotFound
from models.ids import new_id
from models.records import KnownAgent
from models.repository import setup
from models.repository.db import Db, clean_text, of_tenant

_SELECT = """
    SELECT agent.id::text AS agent_id, agent.name, agent.extension, agent.campaign_id::text, agent.state,
           extract(epoch FROM agent.state_since)::float8 AS since, agent.reason, agent.attempt_id::text,
           standing.id::text AS leg_id
      FROM agent
      LEFT JOIN LATERAL (
           SELECT leg.id FROM leg
            WHERE leg.agent_id = agent.id AND leg.kind = 'agent' AND leg.ended_at IS NULL
              AND leg.switch_id = agent.switch_id
            ORDER BY leg.opened_at DESC, leg.id DESC LIMIT 1
           ) AS standing ON true
"""
_INSERT = text(
    """
    INSERT INTO agent (id, tenant_id, team_id, switch_id, campaign_id, name, extension, state, state_since)
    VALUES (:id, :tenant_id, :team_id, :switch_id, :campaign_id, :name, :extension, 'logged_out', now())
        ON CONFLICT DO NOTHING
    RETURNING id::text
    """
)


def create(
    db: Db,
    *,
    name: str,
    extension: str,
    switch_id: str,
    campaign_id: str | None = None,
    tenant_id: str | None = None,
    team_id: str | None = None,
) -> KnownAgent:
    """Make an agent, logged out, homed on the switch.

    Raises:
        InvalidValue: a name or extension that is impossible or taken.
    """
    if not name.strip() or len(name) > 200:
        raise InvalidValue("agent_name", "an agent needs a name of 1 to 200 characters")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", extension):
        raise InvalidValue(
            "agent_extension", f"extension {extension!r} must be 1 to 64 letters, digits, _ . -"
        )
    tenant_id = tenant_id or setup.tenant(db)
    agent_id = new_id()
    values = {"id": agent_id, "tenant_id": tenant_id, "name": clean_text(name), "extension": extension}
    ids = {"team_id": team_id, "switch_id": switch_id, "campaign_id": campaign_id}
    if db.execute(_INSERT, {**values, **ids}).scalar() is None:
        raise InvalidValue("agent_taken", f"there is an agent {name!r} or an extension {extension!r} already")
    return get(db, agent_id)


def get(db: Db, agent_id: str) -> KnownAgent:
    """One agent as the database last knew them.

    Raises:
        NotFound: `agent`.
    """
    row = db.execute(text(f"{_SELECT} WHERE agent.id = CAST(:id AS uuid)"), {"id": agent_id}).first()
    if row is None:
        raise NotFound("agent", f"there is no agent {agent_id}")
    return _known(row)


def settle(db: Db, agent_id: str, switch_id: str, *, tenant_id: str | None = None) -> bool:
    """Home the agent on the switch where they are about to work; False if they work elsewhere now."""
    move = text(
        f"""
        UPDATE agent SET switch_id = CAST(:switch_id AS uuid)
         WHERE id = CAST(:id AS uuid) AND {of_tenant()}
           AND (state = 'logged_out' OR switch_id = CAST(:switch_id AS uuid))
        RETURNING id
        """  # noqa: S608 - a constant of this package
    )
    values = {"id": agent_id, "switch_id": switch_id, "tenant_id": tenant_id}
    return db.execute(move, values).first() is not None


def homed_on(db: Db, switch_id: str) -> tuple[KnownAgent, ...]:
    """Every agent of a switch, logged in or not, by name."""
    query = text(f"{_SELECT} WHERE agent.switch_id = CAST(:switch_id AS uuid) ORDER BY agent.name")
    return tuple(_known(row) for row in db.execute(query, {"switch_id": switch_id}))


def _known(row: Row[Any]) -> KnownAgent:
    values = dict(row._mapping)
    return KnownAgent(**{**values, "state": AgentState(values["state"])})
