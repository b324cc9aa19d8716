"""What a dialer reads at its start: recovery is the normal start."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text

from models.enums import AttemptState
from models.records import DialerSnapshot, OpenAttempt, OpenRecording, OpenThirdLeg
from models.repository import agents, campaigns, clients, gateways, learned, measures, recordings
from models.repository.clock import wall_start
from models.repository.db import Db
from models.repository.hopper import lead_facts

_OPEN = text(
    """
    SELECT a.id::text AS attempt_id, a.campaign_id::text, a.number, a.state,
           extract(epoch FROM a.claimed_at)::float8 AS claimed_at,
           extract(epoch FROM a.dialed_at)::float8 AS dialed_at,
           extract(epoch FROM a.answered_at)::float8 AS answered_at,
           extract(epoch FROM a.bridged_at)::float8 AS bridged_at,
           a.agent_id::text, a.moved, leg.id::text AS leg_id, coalesce(leg.gateway, '') AS gateway,
           recorded.id::text AS recording_id, recorded.path, recorded.masked, recorded.stopped,
           lead.tries, lead.list_id::text AS list_id, person.timezones, before.outcome AS last_outcome
      FROM attempt a
      JOIN lead ON lead.id = a.lead_id
      JOIN person ON person.id = a.person_id
      LEFT JOIN LATERAL (
           SELECT b.outcome FROM attempt b
            WHERE b.tenant_id = a.tenant_id AND b.number = a.number AND b.counted AND b.outcome IS NOT NULL
            ORDER BY b.claimed_at DESC LIMIT 1
           ) AS before ON true
      LEFT JOIN LATERAL (
           SELECT r.id, r.path, r.stopped_at IS NOT NULL AS stopped,
                  coalesce((SELECT e.deed = 'masked' FROM recording_event e
                             WHERE e.recording_id = r.id AND e.deed IN ('masked', 'unmasked')
                             ORDER BY e.at DESC, e.id DESC LIMIT 1), false) AS masked
             FROM recording r WHERE r.attempt_id = a.id ORDER BY r.id DESC LIMIT 1
           ) AS recorded ON true
      LEFT JOIN LATERAL (
           SELECT leg.id, leg.gateway FROM leg WHERE leg.attempt_id = a.id
            ORDER BY leg.opened_at DESC, leg.id DESC LIMIT 1
           ) AS leg ON true
     WHERE a.switch_id = CAST(:switch_id AS uuid) AND a.state <> 'closed'
     ORDER BY a.claimed_at, a.id
    """
)

_THIRDS = text(
    """
    SELECT id::text AS leg_id, transfer_of::text AS attempt_id, agent_id::text, number, gateway,
           extract(epoch FROM bridged_at)::float8 AS joined_at
      FROM leg
     WHERE switch_id = CAST(:switch_id AS uuid) AND kind = 'third_party' AND ended_at IS NULL
     ORDER BY opened_at, id
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
              FROM campaign WHERE id = ANY (CAST(:ids AS uuid[]))) AS c
      LEFT JOIN attempt a ON a.campaign_id = c.id AND a.dialed_at >= c.since
     GROUP BY c.id
    """
)


def snapshot(db: Db, switch_id: str, now_wall: float | None = None) -> DialerSnapshot:
    """Open attempts, agents, campaigns and abandon ledgers of a switch.

    `now_wall` (epoch seconds) chooses the legal window; None takes the start of a dialer that starts now.
    """
    now = wall_start(db) if now_wall is None else now_wall
    attempts = tuple(_open(row) for row in db.execute(_OPEN, {"switch_id": switch_id}))
    found = campaigns.list_all(db, switch_id=switch_id)
    return DialerSnapshot(
        campaigns=found,
        agents=agents.homed_on(db, switch_id),
        attempts=attempts,
        ledger=ledgers(db, [settings.campaign_id for settings in found], now),
        clients=clients.budgets(db, switch_id, lambda ids: ledgers(db, ids, now)),
        learned=learned.of_switch(db, switch_id),
        carriers=gateways.plan(db, switch_id),
        recording_room=recordings.room(db, switch_id),
        thirds=tuple(OpenThirdLeg(**row._mapping) for row in db.execute(_THIRDS, {"switch_id": switch_id})),
    )


def _open(row: Row[Any]) -> OpenAttempt:
    own = {name: row._mapping[name] for name in OpenAttempt.__slots__ if name in row._mapping}
    known = {"state": AttemptState(row.state), "facts": lead_facts(row), "recording": _recording(row)}
    return OpenAttempt(**{**own, **known})


def _recording(row: Row[Any]) -> OpenRecording | None:
    if row.recording_id is None:
        return None
    return OpenRecording(recording_id=row.recording_id, path=row.path, masked=row.masked, stopped=row.stopped)


def ledgers(db: Db, campaign_ids: Sequence[str], now_wall: float) -> dict[str, tuple[int, int]]:
    """(live answers, abandoned) of each campaign in the legal window that `now_wall` (epoch seconds) is
    in."""
    if not campaign_ids:
        return {}
    rows = db.execute(_LEDGER, {"ids": list(campaign_ids), "now": now_wall})
    return {campaign_id: (live, abandoned) for campaign_id, live, abandoned in rows}
