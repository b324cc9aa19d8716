"""Live snapshots: the newest figures of a topic for pages and terminals; never history, never recovered
from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text

from models.repository.db import Db, of_tenant, rows_json

LIVE_CHANNEL = "ringmaster_live"
STALE_SECONDS = 5.0  # a dialer writes about once a second: one that is silent for so long is gone

# Figures that are older by the dialer's clock change nothing, unless the writer of the newer ones is gone.
# The wake-up is in the same statement: between the write and the commit there is nothing to wait for.
_PUT = text(
    f"""
    WITH told AS (SELECT pg_notify('{LIVE_CHANNEL}', ''))
    INSERT INTO live_snapshot (topic, tenant_id, payload, at, updated_at)
    SELECT r.topic, c.tenant_id, r.payload, to_timestamp(:at), clock_timestamp()
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(topic text, campaign_id uuid, payload jsonb)
      CROSS JOIN told LEFT JOIN campaign c ON c.id = r.campaign_id
     WHERE r.campaign_id IS NULL OR c.id IS NOT NULL
        ON CONFLICT (topic) DO UPDATE
       SET payload = excluded.payload, at = excluded.at, updated_at = excluded.updated_at,
           tenant_id = excluded.tenant_id
     WHERE live_snapshot.at <= excluded.at
        OR live_snapshot.updated_at < clock_timestamp() - make_interval(secs => {STALE_SECONDS})
    """  # noqa: S608 - a constant of this module
)
_GET = text(
    """
    SELECT topic, payload, extract(epoch FROM at)::float8 AS at,
           extract(epoch FROM clock_timestamp() - updated_at)::float8 AS age_seconds
      FROM live_snapshot WHERE topic = :topic
    """
)
_CAMPAIGNS = text(
    f"""
    SELECT substr(topic, 10) AS campaign_id, payload, at, updated_at,
           extract(epoch FROM clock_timestamp() - updated_at)::float8 AS age_seconds,
           updated_at < clock_timestamp() - make_interval(secs => {STALE_SECONDS}) AS stale
      FROM live_snapshot WHERE topic LIKE 'campaign:%' AND {of_tenant()} ORDER BY topic
    """  # noqa: S608 - constants of models.repository
)


@dataclass(frozen=True, slots=True)
class Live:
    """A snapshot; `at` is the dialer's wall time, `age_seconds` real time since it was written."""

    topic: str
    at: float
    age_seconds: float
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CampaignLive:
    """A campaign's newest figures. `at`: the dialer's wall; `updated_at`: PostgreSQL's clock at the write.

    `stale`: no dialer has written for a while: these were the figures when the last one did.
    """

    campaign_id: str
    payload: Mapping[str, Any]
    at: datetime
    updated_at: datetime
    age_seconds: float
    stale: bool


def put(
    db: Db,
    topic: str,
    payload: Mapping[str, Any],
    at: float,
    *,
    campaigns: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Keep the newest payload of a topic, and of campaigns by their ids; older ones change nothing.

    A campaign's figures become its tenant's, under the topic `campaign:<id>`; of one that is unknown here,
    nobody's and not kept.
    """
    rows: list[dict[str, Any]] = [{"topic": topic, "campaign_id": None, "payload": dict(payload)}]
    rows += [
        {"topic": f"campaign:{campaign_id}", "campaign_id": campaign_id, "payload": dict(figures)}
        for campaign_id, figures in (campaigns or {}).items()
    ]
    db.execute(_PUT, {"rows": rows_json(rows), "at": at})


def get(db: Db, topic: str) -> Live | None:
    """The newest snapshot of a topic."""
    row = db.execute(_GET, {"topic": topic}).first()
    return None if row is None else Live(row.topic, row.at, row.age_seconds, row.payload)


def campaigns(db: Db, *, tenant_id: str | None = None) -> tuple[CampaignLive, ...]:
    """The newest figures of every campaign of the tenant that a dialer has ever worked for."""
    rows = db.execute(_CAMPAIGNS, {"tenant_id": tenant_id})
    return tuple(CampaignLive(*row) for row in rows)


def names(db: Db, *, tenant_id: str | None = None) -> dict[str, str]:
    """The names of the tenant's campaigns by their ids."""
    query = text(f"SELECT id::text, name FROM campaign WHERE {of_tenant()}")  # noqa: S608
    return {row.id: row.name for row in db.execute(query, {"tenant_id": tenant_id})}


def agent_counts(db: Db, *, tenant_id: str | None = None) -> dict[tuple[str, str], int]:
    """How many agents of the tenant are in which state, by (campaign id, state)."""
    query = text(
        f"SELECT campaign_id::text, state, count(*) FROM agent WHERE {of_tenant()}"  # noqa: S608
        " AND campaign_id IS NOT NULL GROUP BY 1, 2"
    )
    rows = db.execute(query, {"tenant_id": tenant_id})
    return {(campaign_id, state): number for campaign_id, state, number in rows}
