"""What a dialer reads at its start: recovery is the normal start."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from sqlalchemy import text

from models.enums import AttemptState
from models.records import DialerSnapshot, OpenAttempt
from models.repository import agents, campaigns, measures
from models.repository.clock import wall_start
from models.repository.db import Db

_OPEN = text(
    """
    SELECT a.id::text AS attempt_id, a.campaign_id::text, a.number, a.state,
           extract(epoch FROM a.claimed_at)::float8 AS claimed_at,
           extract(epoch FROM a.dialed_at)::float8 AS dialed_at,
           extract(epoch FROM a.answered_at)::float8 AS answered_at,
           extract(epoch FROM a.bridged_at)::float8 AS bridged_at,
           a.agent_id::text, leg.id::text AS leg_id
      FROM attempt a
      LEFT JOIN LATERAL (
           SELECT leg.id FROM leg WHERE leg.attempt_id = a.id ORDER BY leg.opened_at DESC, leg.id DESC LIMIT 1
           ) AS leg ON true
     WHERE a.switch_id = CAST(:switch_id AS uuid) AND a.state <> 'closed'
     ORDER BY a.claimed_at, a.id
    """
)

# The legal window of a campaign: successive spans of window_days from window_start; 0 days is one window for
# ever.
_LEDGER = text(
    f"""
    SELECT c.id::text, count(a.id) FILTER (WHERE {measures.LIVE_ANSWER}),
           count(a.id) FILTER (WHERE {measures.ABANDONED})
      FROM (SELECT campaign.*, CASE WHEN window_days = 0 THEN window_start
                   ELSE window_start + floor(greatest(extract(epoch FROM to_timestamp(:now) - window_start),
                   0)
                                             / (window_days * 86400)) * make_interval(secs => window_days *
                                             86400)
                   END AS since
              FROM campaign WHERE switch_id = CAST(:switch_id AS uuid)) AS c
      LEFT JOIN attempt a ON a.campaign_id = c.id AND a.dialed_at >= c.since
     GROUP BY c.id
    """
)


def snapshot(db: Db, switch_id: str, now_wall: float | None = None) -> DialerSnapshot:
    """Open attempts, agents, campaigns and abandon ledgers of a switch.

    `now_wall` (epoch seconds) chooses the legal window; None takes the start of a dialer that starts now.
    """
    now = wall_start(db) if now_wall is None else now_wall
    attempts = tuple(
        OpenAttempt(**{**row._mapping, "state": AttemptState(row.state)})
        for row in db.execute(_OPEN, {"switch_id": switch_id})
    )
    ledger = {
        campaign_id: (live, abandoned)
        for campaign_id, live, abandoned in db.execute(_LEDGER, {"switch_id": switch_id, "now": now})
    }
    return DialerSnapshot(
        campaigns=campaigns.list_all(db, switch_id=switch_id),
        agents=agents.homed_on(db, switch_id),
        attempts=attempts,
        ledger=ledger,
    )
