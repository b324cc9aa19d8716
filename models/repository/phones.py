"""Phone logins of a tenant's agents: made, replaced, ended. A switch looks them up in
models.repository.identity."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from models.errors import NotFound
from models.ids import new_id
from models.phones import NewPhone
from models.repository.db import Db, of_tenant

_PUT = text(
    f"""
    INSERT INTO phone_login (id, tenant_id, agent_id, user_name, a1_hash, made_at, expires_at)
    SELECT :id, agent.tenant_id, agent.id, :user_name, :a1_hash, clock_timestamp(),
           clock_timestamp() + make_interval(secs => :seconds)
      FROM agent WHERE agent.id = CAST(:agent_id AS uuid) AND {of_tenant("agent.tenant_id")}
        ON CONFLICT (agent_id) DO UPDATE
       SET user_name = excluded.user_name, a1_hash = excluded.a1_hash, made_at = excluded.made_at,
           expires_at = excluded.expires_at
    RETURNING expires_at
    """
)
_HOLDING = text(
    """
    SELECT p.user_name, p.agent_id::text AS agent_id
      FROM phone_login p JOIN agent ON agent.id = p.agent_id AND agent.tenant_id = p.tenant_id
     WHERE p.expires_at > clock_timestamp()
       AND NOT (agent.state = 'logged_out' AND agent.state_since > p.made_at)
    """
)


def put(db: Db, agent_id: str, phone: NewPhone, *, seconds: float, tenant_id: str | None = None) -> datetime:
    """The agent's phone registers with this from now on, and with nothing else; until when.

    Raises:
        NotFound: `agent`.
    """
    login = {"user_name": phone.user_name, "a1_hash": phone.a1_hash, "seconds": seconds}
    found: datetime | None = db.execute(
        _PUT, {"id": new_id(), "agent_id": agent_id, "tenant_id": tenant_id, **login}
    ).scalar()
    if found is None:
        raise NotFound("agent", f"there is no agent {agent_id}")
    return found


def holding(db: Db) -> dict[str, str]:
    """Every login that holds, with its agent: what a switch may have kept an answer for. Of all tenants."""
    return {row.user_name: row.agent_id for row in db.execute(_HOLDING)}


def end(db: Db, agent_id: str, *, tenant_id: str | None = None) -> bool:
    """The agent's phone registers no more; False if it could not anyway."""
    query = text(
        f"DELETE FROM phone_login WHERE agent_id = CAST(:agent_id AS uuid) AND {of_tenant()} RETURNING id"
    )
    return db.execute(query, {"agent_id": agent_id, "tenant_id": tenant_id}).first() is not None
