"""The event feed: what goes into it, read in the order of its places, and kept for a while.

Whoever writes a fact writes its event in the same transaction. The data of an event is what *is*, not what
changed, so that applying one twice, or one that a page already knows, does no harm. The place (`seq`) is
given after the commit (api/sequencer.py).
"""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from models.ids import new_id
from models.repository.db import Db, notify, object_json, of_tenant

EVENT_CHANNEL = "ringmaster_event"


def iso(moment: str) -> str:
    """SQL: a timestamptz as ISO 8601 in UTC."""
    return f"""to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def _object(fields: str, more: str = "") -> str:
    return f"jsonb_build_object({fields}){more}"


# The data of each topic, over the row `r` that the fact became. What an agent will do next, and whether they
# are muted, is in the dialer's memory: during a call nothing is said of it, and outside of one there is none.
AGENT = _object(
    f"""'id', r.agent_id, 'name', r.name, 'extension', r.extension, 'campaign_id', r.known_campaign,
    'state', r.state, 'state_since', {iso("to_timestamp(r.at)")}, 'reason', r.reason,
    'attempt_id', r.attempt_id""",
    " || CASE WHEN r.state IN ('talking', 'on_hold') THEN jsonb_build_object()"
    " WHEN r.state IN ('reserved', 'wrap_up') THEN jsonb_build_object('muted', false)"
    " ELSE jsonb_build_object('next', '', 'muted', false) END",
)
CAMPAIGN = _object("'id', r.id, 'state', r.state, 'target', r.target")
COMMAND = _object(
    f"""'id', r.id, 'kind', r.kind, 'status', r.status, 'detail', r.detail,
    'created_at', {iso("r.created_at")}, 'finished_at', {iso("r.finished_at")}"""
)
NOTE = _object(
    f"""'id', r.id, 'attempt_id', r.attempt_id, 'campaign_id', r.campaign_id, 'agent_id', r.agent_id,
    'disposition', r.disposition, 'at', {iso("to_timestamp(r.at)")}"""
)
CALL = _object(
    f"""'attempt_id', r.id, 'campaign_id', r.campaign_id, 'agent_id', r.agent_id, 'person_id', r.person_id,
    'number', r.number, 'outcome', r.outcome, 'started_at', {iso("r.dialed_at")},
    'ringing_at', {iso("r.ringing_at")}, 'answered_at', {iso("r.answered_at")},
    'bridged_at', {iso("r.bridged_at")}, 'ended_at', {iso("to_timestamp(r.ended_wall)")},
    'talk_seconds', r.talk_seconds, 'wait_seconds', r.wait_seconds, 'abandoned', r.abandoned,
    'cause', r.cause, 'sip_status', r.sip_status, 'recovered', r.recovered"""
)


def told(topic: str, rows: str, data: str, *, key: str = "r.id", where: str = "true") -> str:
    """SQL: a CTE that puts one event for each row `r` into the feed; `r.at` is epoch seconds.

    `key` is the event's id, the fact's own: the same fact again is the same event.
    """
    return f"""told AS (
        INSERT INTO event (id, tenant_id, topic, at, payload)
        SELECT {key}, r.tenant_id, '{topic}', to_timestamp(r.at), {data}
          FROM {rows} WHERE {where}
            ON CONFLICT (id) DO NOTHING)"""


def fact_id(at: float, *words: object) -> str:
    """The id of a fact that has none: UUIDv8 of its time (to the microsecond) and its words' hash.

    It sorts among UUIDv7 by that time.
    """
    micros = int(at * 1e6) % (1000 << 48)
    digest = int.from_bytes(hashlib.sha256(repr((at, words)).encode()).digest()[:8], "big")
    value = (micros // 1000) << 80 | 0x8 << 76 | (micros % 1000) << 64 | 0b10 << 62 | digest >> 2
    return str(uuid.UUID(int=value))


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the feed; `at` is the dialer's time, `recorded_at` PostgreSQL's when it was written.

    `age_seconds`: between that and the reading.
    """

    seq: int
    topic: str
    at: datetime
    recorded_at: datetime
    age_seconds: float
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The places of the oldest and newest event that is kept; 0 and 0 before the first."""

    oldest: int
    newest: int

    def holds_after(self, seq: int) -> bool:
        """Whether a reader that has `seq` misses nothing by reading on from there."""
        return self.oldest - 1 <= seq <= self.newest


_BOUNDS = text("SELECT coalesce(min(seq), 0) AS oldest, coalesce(max(seq), 0) AS newest FROM event")
_AFTER = text(
    f"""
    SELECT seq, topic, at, recorded_at, extract(epoch FROM clock_timestamp() - recorded_at)::float8 AS age,
           payload
      FROM event WHERE seq > :after AND {of_tenant()} ORDER BY seq LIMIT :limit
    """
)
_INSERT = text(
    """
    INSERT INTO event (id, tenant_id, topic, at, payload)
    VALUES (:id, CAST(:tenant_id AS uuid), :topic, clock_timestamp(), CAST(:payload AS jsonb))
    """
)


def bounds(db: Db) -> Bounds:
    """Where the feed begins and ends, over all tenants: to be asked as the owner."""
    row = db.execute(_BOUNDS).one()
    return Bounds(row.oldest, row.newest)


def after(db: Db, seq: int, limit: int, *, tenant_id: str | None = None) -> list[Event]:
    """The tenant's next events after place `seq`, in order."""
    rows = db.execute(_AFTER, {"after": seq, "limit": limit, "tenant_id": tenant_id})
    return [Event(*row) for row in rows]


def record(db: Db, topic: str, data: Mapping[str, Any], *, tenant_id: str | None) -> None:
    """Tell the feed of a fact that this transaction writes; not for facts of the dialer's journal.

    `tenant_id` None: of the installation, for no tenant's eyes.
    """
    values = {"id": new_id(), "tenant_id": tenant_id, "topic": topic, "payload": object_json(data)}
    db.execute(_INSERT, values)
    notify(db, EVENT_CHANNEL)


def unplaced(db: Db) -> tuple[int, float]:
    """(how many events have no place yet, the oldest's age in seconds), over all tenants: as the owner."""
    query = text(
        "SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8"
        " FROM event WHERE seq IS NULL"
    )
    number, age = db.execute(query).one()
    return number, age
