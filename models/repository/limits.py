"""Why a campaign dials no faster: the dialer's live figures, its abandon budget, and its leads that wait."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from models import limits
from models.enums import AgentState, CampaignState
from models.errors import NotFound
from models.repository import clock, live, measures
from models.repository.db import Db, of_tenant
from models.repository.lease import HELD
from models.tables.dialing import DUE_STATES

_CAMPAIGN = text(
    f"""
    SELECT campaign.state, target, cap, max_lines, calls_per_second, window_days,
           extract(epoch FROM window_start)::float8 AS window_start, coalesce({HELD}, false) AS has_dialer
      FROM campaign LEFT JOIN switch ON switch.id = campaign.switch_id
     WHERE campaign.id = CAST(:campaign_id AS uuid) AND {of_tenant("campaign.tenant_id")}
    """
)
_BUDGET = text(
    f"""
    SELECT count(*) FILTER (WHERE {measures.LIVE_ANSWER}) AS answered,
           count(*) FILTER (WHERE {measures.ABANDONED}) AS abandoned
      FROM attempt a WHERE a.campaign_id = CAST(:campaign_id AS uuid) AND a.dialed_at >= to_timestamp(:since)
    """
)
# A lead that waits keeps the reason for which it was put off: a rule's code, or its last outcome.
_LEADS = text(
    f"""
    SELECT due_at <= to_timestamp(:now) AS due,
           CASE WHEN due_at > to_timestamp(:now) THEN reason END AS reason,
           count(*) AS number, extract(epoch FROM min(due_at))::float8 AS next
      FROM lead WHERE campaign_id = CAST(:campaign_id AS uuid) AND {DUE_STATES}
     GROUP BY 1, 2
    """
)
# The dialer's own count lacks the calls that go on. With so many answers that is nothing, and to count them
# all again would take longer than a page should wait (0.15 s for a million attempts).
MANY_ANSWERS = 50_000
_RULES = frozenset({"do_not_call", "hold", "cool_down", "unknown_end", "abandon_lockout", "no_timezone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The abandon budget of the legal window, which ends at `window_end` (None: never)."""

    answered: int
    abandoned: int
    rate: float
    low: float
    high: float
    target: float
    cap: float
    window_start: float
    window_end: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Leads that could be dialed now (`due`), and those that wait, by what they wait for.

    `by_rule`: how many wait for which rule but the calling hours. `next_due_at` is epoch seconds.
    """

    due: int
    hours: int
    rules: int
    by_rule: Mapping[str, int]
    retry: int
    next_due_at: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The answer at `at` (epoch seconds, the dialer's). `live` is empty unless a dialer shows it now."""

    limited_by: str
    text: str
    at: float
    max_lines: int
    calls_per_second: float
    live: Mapping[str, Any]
    budget: Budget
    leads: Waiting


def why(db: Db, campaign_id: str, *, tenant_id: str | None = None) -> Limits:
    """Why the campaign dials no faster.

    Raises:
        NotFound: `campaign`.
    """
    campaign = db.execute(_CAMPAIGN, {"campaign_id": campaign_id, "tenant_id": tenant_id}).first()
    if campaign is None:
        raise NotFound("campaign", f"there is no campaign {campaign_id}")
    now = clock.campaign_time(db, campaign_id)
    shown = live.get(db, f"campaign:{campaign_id}")
    fresh = campaign.has_dialer and shown is not None and shown.age_seconds < live.STALE_SECONDS
    figures = shown.payload if shown is not None and fresh else {}
    code = str(figures.get("limited_by") or _without_figures(campaign))
    return Limits(
        limited_by=code,
        text=limits.sentence(code, _at_work(figures)),
        at=now,
        max_lines=campaign.max_lines,
        calls_per_second=campaign.calls_per_second,
        live=figures,
        budget=_budget(db, campaign_id, campaign, figures, now),
        leads=_waiting(db, campaign_id, now),
    )


def window(start: float, days: int, now: float) -> tuple[float, float | None]:
    """The legal window that `now` is in: successive spans of `days` from `start`; 0 days is one for ever."""
    if days == 0:
        return start, None
    span = days * 86_400.0
    begin = start + max(0.0, (now - start) // span) * span
    return begin, begin + span


def _without_figures(campaign: Row[Any]) -> str:
    if not campaign.has_dialer:
        return "no_dialer"
    return "starting" if campaign.state == CampaignState.RUNNING else str(campaign.state)


def _at_work(figures: Mapping[str, Any]) -> int | None:
    agents = figures.get("agents")
    if not isinstance(agents, dict):
        return None
    return sum(int(agents.get(state.value, 0)) for state in AgentState if state.is_available)


def _budget(db: Db, campaign_id: str, campaign: Row[Any], figures: Mapping[str, Any], now: float) -> Budget:
    begin, end = window(campaign.window_start, campaign.window_days, now)
    ledger = figures.get("ledger")
    if isinstance(ledger, list) and len(ledger) == 2 and ledger[0] > MANY_ANSWERS:
        answered, abandoned = int(ledger[0]), int(ledger[1])
    else:
        row = db.execute(_BUDGET, {"campaign_id": campaign_id, "since": begin}).one()
        answered, abandoned = row.answered, row.abandoned
    low, high = measures.wilson_interval(abandoned, answered)
    return Budget(
        answered=answered,
        abandoned=abandoned,
        rate=abandoned / answered if answered else 0.0,
        low=low,
        high=high,
        target=campaign.target,
        cap=campaign.cap,
        window_start=begin,
        window_end=end,
    )


def _waiting(db: Db, campaign_id: str, now: float) -> Waiting:
    rows = db.execute(_LEADS, {"campaign_id": campaign_id, "now": now}).all()
    later = [row for row in rows if not row.due]
    by_rule = {row.reason: row.number for row in later if _is_rule(row.reason)}
    hours = sum(row.number for row in later if row.reason == "hours")
    return Waiting(
        due=sum(row.number for row in rows if row.due),
        hours=hours,
        rules=sum(by_rule.values()),
        by_rule=by_rule,
        retry=sum(row.number for row in later) - hours - sum(by_rule.values()),
        next_due_at=min((row.next for row in later), default=None),
    )


def _is_rule(reason: str) -> bool:
    return reason in _RULES or reason.startswith("cap_")
