"""The command table: how a person or program asks a dialer for something. TAKEN is durable before the
effect."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from models.enums import CommandKind, CommandStatus
from models.errors import NotFound
from models.ids import new_id
from models.records import OperatorCommand
from models.repository import events
from models.repository.db import Db, clean_text, notify, object_json, of_tenant

COMMAND_CHANNEL = "ringmaster_command"

_INSERT = text(
    """
    INSERT INTO command (id, tenant_id, switch_id, kind, agent_id, campaign_id, payload, requested_by,
                         idempotency_key, status, expires_at)
    VALUES (:id, :tenant_id, :switch_id, :kind, :agent_id, :campaign_id, CAST(:payload AS jsonb),
            :requested_by, :key, 'pending', clock_timestamp() + make_interval(secs => :expires_in))
        ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING id::text
    """
)
_BY_KEY = text("SELECT id::text FROM command WHERE idempotency_key = :key")
_EXPIRE = text(
    f"""
    WITH moved AS (
        UPDATE command
           SET status = 'expired', finished_at = clock_timestamp(), detail = 'no dialer took it in time'
         WHERE switch_id = CAST(:switch_id AS uuid) AND status = 'pending' AND expires_at <= clock_timestamp()
        RETURNING *, extract(epoch FROM finished_at)::float8 AS at),
    {events.told("command", "moved r", events.COMMAND)}
    SELECT id::text, pg_notify('{events.EVENT_CHANNEL}', '') FROM moved
    """
)
_TAKE = text(
    """
    WITH next AS (
        SELECT id FROM command
         WHERE switch_id = CAST(:switch_id AS uuid) AND status = 'pending' AND expires_at > clock_timestamp()
         ORDER BY created_at, id LIMIT :count
           FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE command c SET status = 'taken', taken_at = clock_timestamp()
          FROM next WHERE c.id = next.id
        RETURNING c.*
    )
    SELECT id::text AS command_id, kind, agent_id::text, campaign_id::text, payload
      FROM taken ORDER BY created_at, id
    """
)
_UNKNOWN = text(
    f"""
    WITH moved AS (
        UPDATE command
           SET status = 'unknown', finished_at = clock_timestamp(),
               detail = 'the dialer ended before its outcome was known'
         WHERE switch_id = CAST(:switch_id AS uuid) AND status = 'taken'
        RETURNING *, extract(epoch FROM finished_at)::float8 AS at),
    {events.told("command", "moved r", events.COMMAND)}
    SELECT id::text, pg_notify('{events.EVENT_CHANNEL}', '') FROM moved
    """
)
_STATUS = text("SELECT status, detail FROM command WHERE id = CAST(:id AS uuid)")
_ASKED = f"""
    SELECT id::text, kind, status, detail, switch_id::text, agent_id::text, campaign_id::text, payload,
           created_at, finished_at
      FROM command WHERE {of_tenant()}
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as the one who asked sees it. `finished_at` is the dialer's time."""

    id: str
    kind: CommandKind
    status: CommandStatus
    detail: str
    switch_id: str
    agent_id: str | None
    campaign_id: str | None
    payload: Mapping[str, Any]
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """The dialer has not answered yet."""
        return self.status in (CommandStatus.PENDING, CommandStatus.TAKEN)


def insert(
    db: Db,
    *,
    switch_id: str,
    kind: CommandKind,
    agent_id: str | None = None,
    campaign_id: str | None = None,
    payload: Mapping[str, Any] | None = None,
    requested_by: str = "",
    idempotency_key: str | None = None,
    expires_in_seconds: float = 60.0,
    tenant_id: str | None = None,
) -> str:
    """Ask for something, and wake the dialer at the commit. The same key gives the same command: nothing is
    added. `tenant_id`: whose people or programs ask; None is the installation itself.

    Returns:
        The command's id.
    """
    values = {
        "id": new_id(),
        "tenant_id": tenant_id,
        "switch_id": switch_id,
        "kind": kind.value,
        "agent_id": agent_id,
        "campaign_id": campaign_id,
        "payload": object_json(payload or {}),
        "requested_by": clean_text(requested_by),
        "key": idempotency_key,
        "expires_in": expires_in_seconds,
    }
    made = db.execute(_INSERT, values).scalar()
    if made is None:
        return str(db.execute(_BY_KEY, {"key": idempotency_key}).scalar_one())
    notify(db, COMMAND_CHANNEL)
    return str(made)


def take(db: Db, switch_id: str, limit: int = 100) -> list[OperatorCommand]:
    """Take pending commands in their order, and expire those that waited too long. Commit before the
    effects."""
    db.execute(_EXPIRE, {"switch_id": switch_id})
    return [
        OperatorCommand(
            command_id=row.command_id,
            kind=CommandKind(row.kind),
            agent_id=row.agent_id,
            campaign_id=row.campaign_id,
            payload=row.payload,
        )
        for row in db.execute(_TAKE, {"switch_id": switch_id, "count": limit})
    ]


def mark_unknown_after_crash(db: Db, switch_id: str) -> list[str]:
    """At a dialer's start, after its journal was applied: what was TAKEN and has no outcome is UNKNOWN, not
    repeated."""
    return [str(value) for value in db.execute(_UNKNOWN, {"switch_id": switch_id}).scalars()]


def status(db: Db, command_id: str) -> tuple[str, str] | None:
    """(status, detail) of a command."""
    row = db.execute(_STATUS, {"id": command_id}).first()
    return None if row is None else (row.status, row.detail)


def get(db: Db, command_id: str, *, tenant_id: str | None = None) -> Asked:
    """A command of the tenant.

    Raises:
        NotFound: `command`.
    """
    query = text(f"{_ASKED} AND id = CAST(:id AS uuid)")
    row = db.execute(query, {"id": command_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("command", f"there is no command {command_id}")
    return _asked(row)


def by_key(db: Db, idempotency_key: str, *, tenant_id: str | None = None) -> Asked | None:
    """The tenant's command that was asked for with that key."""
    query = text(f"{_ASKED} AND idempotency_key = :key")
    row = db.execute(query, {"key": idempotency_key, "tenant_id": tenant_id}).first()
    return None if row is None else _asked(row)


def _asked(row: Row[Any]) -> Asked:
    values = {"kind": CommandKind(row.kind), "status": CommandStatus(row.status)}
    return Asked(**{**row._mapping, **values})
