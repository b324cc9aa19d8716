"""Live snapshots: the newest figures of a topic for pages and terminals; never history, never recovered
from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from models.repository.db import Db, notify, object_json

LIVE_CHANNEL = "ringmaster_live"

_PUT = text(
    """
    INSERT INTO live_snapshot (topic, payload, at, updated_at)
    VALUES (:topic, CAST(:payload AS jsonb), to_timestamp(:at), clock_timestamp())
        ON CONFLICT (topic) DO UPDATE
       SET payload = excluded.payload, at = excluded.at, updated_at = excluded.updated_at
     WHERE live_snapshot.at <= excluded.at
    """
)
_GET = text(
    """
    SELECT topic, payload, extract(epoch FROM at)::float8 AS at,
           extract(epoch FROM clock_timestamp() - updated_at)::float8 AS age_seconds
      FROM live_snapshot WHERE topic = :topic
    """
)


@dataclass(frozen=True, slots=True)
class Live:
    """A snapshot; `at` is the dialer's wall time, `age_seconds` real time since it was written."""

    topic: str
    at: float
    age_seconds: float
    payload: Mapping[str, Any] = field(default_factory=dict)


def put(db: Db, topic: str, payload: Mapping[str, Any], at: float) -> None:
    """Keep the newest payload of a topic; an older one than the stored changes nothing."""
    db.execute(_PUT, {"topic": topic, "payload": object_json(payload), "at": at})
    notify(db, LIVE_CHANNEL)


def get(db: Db, topic: str) -> Live | None:
    """The newest snapshot of a topic."""
    row = db.execute(_GET, {"topic": topic}).first()
    return None if row is None else Live(row.topic, row.at, row.age_seconds, row.payload)
