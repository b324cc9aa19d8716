"""Campaigns: made valid, read as the engine's CampaignSettings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from models.enums import CampaignState, DialMode, RecordingConsent
from models.errors import InvalidValue, NotFound
from models.ids import new_id
from models.recordings import RecordingPlan
from models.records import CampaignSettings
from models.repository import setup
from models.repository.db import Db, clean_text, object_json, of_tenant
from models.rules import RetryPolicy, RuleSet, preset

_COLUMNS = """
    id::text AS campaign_id, name, state, mode, target, cap, grace_seconds, ring_seconds,
    wrap_up_limit_seconds,
    gateway, caller_id, message, max_lines, calls_per_second, client_id::text, recording,
    rules->>'recording' AS asked_for
"""
_INSERT = text(
    """
    INSERT INTO campaign (id, tenant_id, client_id, switch_id, name, state, mode, target, cap, grace_seconds,
                          ring_seconds, wrap_up_limit_seconds, gateway, caller_id, message, max_lines,
                          calls_per_second, rules, retries, recording, window_start,
                          window_days)
    VALUES (:id, :tenant_id, :client_id, :switch_id, :name, :state, :mode, :target, :cap, :grace_seconds,
            :ring_seconds, :wrap_up_limit_seconds, :gateway, :caller_id, :message, :max_lines,
            :calls_per_second, CAST(:rules AS jsonb), CAST(:retries AS jsonb),
            CAST(:recording AS jsonb),
            coalesce(to_timestamp(:window_start), now()), :window_days)
        ON CONFLICT (tenant_id, name) DO NOTHING
    RETURNING id::text
    """
)


def create(
    db: Db,
    settings: CampaignSettings,
    *,
    switch_id: str,
    tenant_id: str | None = None,
    client_id: str | None = None,
    rules: RuleSet | None = None,
    retries: RetryPolicy | None = None,
    window_start: float | None = None,
    window_days: int = 30,
) -> CampaignSettings:
    """Make a campaign that the switch's dialer runs; returns its settings with the id it got.

    `settings.campaign_id` may be empty: a new id is given. Without tenant, client, rules or retries the
    defaults hold (rules: the strictest preset, us_telemarketing).

    Raises:
        InvalidValue: a setting that no campaign may have, or a name that the tenant already uses.
    """
    validate(settings)
    rules = rules or preset("us_telemarketing")
    settings.recording.check_under(rules.recording)
    tenant_id = tenant_id or setup.tenant(db)
    client_id = client_id or settings.client_id or setup.client(db, tenant_id)
    campaign_id = settings.campaign_id or new_id()
    values = {
        "id": campaign_id,
        "tenant_id": tenant_id,
        "client_id": client_id,
        "switch_id": switch_id,
        "name": clean_text(settings.name),
        "state": settings.state.value,
        "mode": settings.mode.value,
        "target": settings.target,
        "cap": settings.cap,
        "grace_seconds": settings.grace_seconds,
        "ring_seconds": settings.ring_seconds,
        "wrap_up_limit_seconds": settings.wrap_up_limit_seconds,
        "gateway": settings.gateway,
        "caller_id": settings.caller_id,
        "message": clean_text(settings.message),
        "max_lines": settings.max_lines,
        "calls_per_second": settings.calls_per_second,
        "rules": object_json(rules.to_json()),
        "retries": object_json((retries or RetryPolicy()).to_json()),
        "recording": object_json(settings.recording.to_json()),
        "window_start": window_start,
        "window_days": window_days,
    }
    if db.execute(_INSERT, values).scalar() is None:
        raise InvalidValue(
            "campaign_name", f"there is a campaign {settings.name!r} already: choose another name"
        )
    return get(db, campaign_id)


def validate(settings: CampaignSettings) -> None:
    """Refuse what no campaign may have; the table's CHECKs are the last line behind this.

    Raises:
        InvalidValue: with the setting's name and its lawful range.
    """
    wrong: str | None = None
    if not settings.name.strip() or len(settings.name) > 200:
        wrong = "a campaign needs a name of 1 to 200 characters"
    elif not 0 < settings.target <= settings.cap <= 1:
        wrong = f"target {settings.target} must be above 0 and at most the cap {settings.cap} (a fraction)"
    elif not 0 < settings.grace_seconds <= 10:
        wrong = f"grace {settings.grace_seconds} s must be above 0 and at most 10"
    elif not 16 <= settings.ring_seconds <= 120:
        wrong = (
            f"ring time {settings.ring_seconds} s must be 16 to 120: shorter is unlawful (15 s or 4 rings)"
        )
    elif settings.wrap_up_limit_seconds < 0 or settings.max_lines < 1 or settings.calls_per_second <= 0:
        wrong = "wrap-up limit, lines and calls per second can't be negative or zero"
    elif not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", settings.gateway):
        wrong = f"gateway {settings.gateway!r} must be 1 to 64 letters, digits, '_', '.', '-'"
    elif settings.caller_id and not re.fullmatch(r"\+?[0-9]{3,15}", settings.caller_id):
        wrong = f"caller id {settings.caller_id!r} must be a number"
    if wrong is not None:
        raise InvalidValue("campaign_settings", wrong)


def get(db: Db, campaign_id: str) -> CampaignSettings:
    """One campaign.

    Raises:
        NotFound: `campaign`.
    """
    query = text(f"SELECT {_COLUMNS} FROM campaign WHERE id = CAST(:id AS uuid)")  # noqa: S608
    row = db.execute(query, {"id": campaign_id}).first()
    if row is None:
        raise NotFound(
            "campaign", f"there is no campaign {campaign_id}: `ringmaster campaign list` shows them"
        )
    return _settings(row)


def find(db: Db, name: str, *, tenant_id: str | None = None) -> CampaignSettings | None:
    """The campaign of that name or id, of one tenant or of any.

    Raises:
        InvalidValue: `campaign_ambiguous`, when several tenants have a campaign of that name.
    """
    query = text(
        f"SELECT {_COLUMNS} FROM campaign WHERE (name = :name OR id::text = :name)"  # noqa: S608
        " AND (CAST(:tenant_id AS uuid) IS NULL OR tenant_id = CAST(:tenant_id AS uuid)) LIMIT 2"
    )
    rows = db.execute(query, {"tenant_id": tenant_id, "name": name}).all()
    if len(rows) > 1:
        raise InvalidValue("campaign_ambiguous", f"several tenants have a campaign {name!r}: give its id")
    return _settings(rows[0]) if rows else None


def list_all(db: Db, *, switch_id: str | None = None) -> tuple[CampaignSettings, ...]:
    """Every campaign, or those of one switch, by name."""
    query = text(
        f"SELECT {_COLUMNS} FROM campaign"  # noqa: S608
        " WHERE CAST(:switch_id AS uuid) IS NULL OR switch_id = CAST(:switch_id AS uuid) ORDER BY name"
    )
    return tuple(_settings(row) for row in db.execute(query, {"switch_id": switch_id}))


def rules(db: Db, campaign_id: str) -> RuleSet:
    """The campaign's rules.

    Raises:
        NotFound: `campaign`.
    """
    query = text("SELECT rules FROM campaign WHERE id = CAST(:id AS uuid)")
    found = db.execute(query, {"id": campaign_id}).scalar()
    if found is None:
        raise NotFound("campaign", f"there is no campaign {campaign_id}")
    return RuleSet.from_json(found)


def record(db: Db, campaign_id: str, plan: RecordingPlan, *, tenant_id: str | None = None) -> None:
    """Let the campaign's calls be recorded so; its dialer follows within seconds, for calls bridged then.

    Raises:
        NotFound: `campaign`, of this tenant.
        InvalidValue: `recording`; the campaign's rules ask for more consent.
    """
    switch_of(db, campaign_id, tenant_id=tenant_id)
    plan.check_under(rules(db, campaign_id).recording)
    query = text("UPDATE campaign SET recording = CAST(:plan AS jsonb) WHERE id = CAST(:id AS uuid)")
    db.execute(query, {"id": campaign_id, "plan": object_json(plan.to_json())})


def switch_of(db: Db, campaign_id: str, *, tenant_id: str | None = None) -> str | None:
    """The switch whose dialer runs the campaign.

    Raises:
        NotFound: `campaign`, of this tenant.
    """
    query = text(f"SELECT switch_id::text FROM campaign WHERE id = CAST(:id AS uuid) AND {of_tenant()}")  # noqa: S608
    row = db.execute(query, {"id": campaign_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("campaign", f"there is no campaign {campaign_id}")
    return None if row[0] is None else str(row[0])


def lead_counts(db: Db, campaign_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Leads by state, for each campaign."""
    query = text(
        "SELECT campaign_id::text, state, count(*) FROM lead"
        " WHERE campaign_id = ANY (CAST(:ids AS uuid[])) GROUP BY 1, 2"
    )
    counts: dict[str, dict[str, int]] = {campaign_id: {} for campaign_id in campaign_ids}
    for campaign_id, state, number in db.execute(query, {"ids": list(campaign_ids)}):
        counts[campaign_id][state] = number
    return counts


def _settings(row: Row[Any]) -> CampaignSettings:
    values = dict(row._mapping)
    values["state"], values["mode"] = CampaignState(values["state"]), DialMode(values["mode"])
    asked_for = RecordingConsent(values.pop("asked_for") or RecordingConsent.ANNOUNCED)
    values["recording"] = RecordingPlan.from_json(values["recording"]).under(asked_for)
    settings = CampaignSettings(**values)
    validate(settings)
    return settings
