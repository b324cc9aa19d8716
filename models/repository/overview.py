"""Campaigns as pages and programs see them: every setting, the rules' name, leads by state; their lists."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from models.enums import CampaignState, DialMode, LeadState
from models.errors import NotFound
from models.recordings import RecordingPlan
from models.repository import campaigns
from models.repository.db import Db, of_tenant
from models.rules import preset_names

CUSTOM = "custom"

_SELECT = f"""
    SELECT id::text, name, state, mode, target, cap, grace_seconds, ring_seconds, wrap_up_limit_seconds,
           gateway, caller_id, message, max_lines, calls_per_second, recording, rules->>'name' AS rules,
           window_start, window_days, switch_id::text, created_at, started_at
      FROM campaign WHERE {of_tenant()}
"""
_LISTS = text(
    f"""
    SELECT list.id::text, list.name, list.created_at, file.accepted, file.refused, counted.leads
      FROM list
     CROSS JOIN LATERAL (
           SELECT coalesce(sum(b.accepted), 0)::int8 AS accepted, coalesce(sum(b.refused), 0)::int8 AS refused
             FROM import_batch b WHERE b.list_id = list.id
           ) AS file
     CROSS JOIN LATERAL (
           SELECT coalesce(jsonb_object_agg(one.state, one.number), '{{}}'::jsonb) AS leads
             FROM (SELECT state, count(*) AS number FROM lead WHERE list_id = list.id GROUP BY state) AS one
           ) AS counted
     WHERE list.campaign_id = CAST(:campaign_id AS uuid) AND {of_tenant("list.tenant_id")}
     ORDER BY list.created_at, list.id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A campaign. `rules` is the preset's name, or `custom`; `leads` has every state."""

    id: str
    name: str
    state: CampaignState
    mode: DialMode
    target: float
    cap: float
    grace_seconds: float
    ring_seconds: float
    wrap_up_limit_seconds: float
    gateway: str
    caller_id: str
    message: str
    max_lines: int
    calls_per_second: float
    recording: RecordingPlan
    rules: str
    window_start: datetime
    window_days: int
    switch_id: str | None
    created_at: datetime
    started_at: datetime | None
    leads: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOverview:
    """A list of a campaign: its leads by state, and how many rows its files brought."""

    id: str
    name: str
    created_at: datetime
    leads: Mapping[str, int]
    accepted: int
    refused: int


def every(db: Db, *, tenant_id: str | None = None) -> tuple[Overview, ...]:
    """Every campaign of the tenant, by name."""
    rows = db.execute(text(f"{_SELECT} ORDER BY name, id"), {"tenant_id": tenant_id}).all()
    counts = campaigns.lead_counts(db, [row.id for row in rows])
    return tuple(_overview(row, counts[row.id]) for row in rows)


def one(db: Db, campaign_id: str, *, tenant_id: str | None = None) -> Overview:
    """A campaign of the tenant.

    Raises:
        NotFound: `campaign`.
    """
    query = text(f"{_SELECT} AND id = CAST(:id AS uuid)")
    row = db.execute(query, {"id": campaign_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("campaign", f"there is no campaign {campaign_id}")
    return _overview(row, campaigns.lead_counts(db, [campaign_id])[campaign_id])


def lists(db: Db, campaign_id: str, *, tenant_id: str | None = None) -> tuple[ListOverview, ...]:
    """The lists of a campaign, oldest first.

    Raises:
        NotFound: `campaign`.
    """
    campaigns.switch_of(db, campaign_id, tenant_id=tenant_id)
    rows = db.execute(_LISTS, {"campaign_id": campaign_id, "tenant_id": tenant_id})
    return tuple(ListOverview(**{**row._mapping, "leads": _every_state(row.leads)}) for row in rows)


def has_rules(db: Db, rules: str, *, tenant_id: str | None = None) -> bool:
    """Whether a campaign of the tenant has the rules of that name."""
    query = text(f"SELECT 1 FROM campaign WHERE rules->>'name' = :rules AND {of_tenant()} LIMIT 1")
    return db.execute(query, {"rules": rules, "tenant_id": tenant_id}).first() is not None


def _overview(row: Row[Any], leads: Mapping[str, int]) -> Overview:
    known = {
        "state": CampaignState(row.state),
        "mode": DialMode(row.mode),
        "rules": row.rules if row.rules in preset_names() else CUSTOM,
        "leads": _every_state(leads),
        "recording": RecordingPlan.from_json(row.recording),
    }
    return Overview(**{**row._mapping, **known})


def _every_state(leads: Mapping[str, int]) -> dict[str, int]:
    return {state.value: leads.get(state.value, 0) for state in LeadState}
