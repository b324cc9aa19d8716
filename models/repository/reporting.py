"""The outbound report of a campaign over a span: the definitions are KPI.md's, in measures.py."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text

from models.repository import measures
from models.repository.db import Db


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Figures over [since, until), epoch seconds. Rates are fractions, 0 where their denominator is 0.

    `abandon_low`, `abandon_high`: the 95 % Wilson interval of the abandon rate.
    """

    since: float
    until: float
    attempts: int
    live_answers: int
    abandoned: int
    ended_before_agent: int
    connected: int
    abandon_rate: float
    abandon_low: float
    abandon_high: float
    contact_rate: float
    busy_seconds: float
    available_seconds: float
    talk_seconds: float
    occupancy: float
    talk_minutes_per_agent_hour: float

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object."""
        return asdict(self)


_CALLS = text(
    f"""
    SELECT count(*) AS attempts,
           count(*) FILTER (WHERE {measures.LIVE_ANSWER}) AS live_answers,
           count(*) FILTER (WHERE {measures.ABANDONED}) AS abandoned,
           count(*) FILTER (WHERE {measures.ENDED_BEFORE_AGENT}) AS ended_before_agent,
           count(*) FILTER (WHERE a.bridged_at IS NOT NULL) AS connected
      FROM attempt a
     WHERE a.campaign_id = CAST(:campaign_id AS uuid) AND {measures.ATTEMPT}
       AND a.dialed_at >= to_timestamp(:since) AND a.dialed_at < to_timestamp(:until)
    """
)
# Conversation that falls into the span, also of calls dialed before it; one that goes on counts until now. No
# call goes on for a day, nor does it ring for an hour: older dials need not be looked at.
_TALK = text(
    """
    SELECT coalesce(sum(greatest(0, extract(epoch FROM
               least(to_timestamp(:until), CASE WHEN a.state = 'closed'
                     THEN a.bridged_at + make_interval(secs => a.talk_seconds) ELSE to_timestamp(:until) END)
               - greatest(to_timestamp(:since), a.bridged_at)))), 0)::float8
      FROM attempt a
     WHERE a.campaign_id = CAST(:campaign_id AS uuid) AND a.bridged_at < to_timestamp(:until)
       AND a.dialed_at >= to_timestamp(:since) - interval '25 hours' AND a.dialed_at < to_timestamp(:until)
    """
)
# A state lasts until the agent's next row. The campaign is that of the row in which the agent works for it.
# Each agent's rows are read from the last one before the span on: an index gives both, also under row-level
# security, where a condition that holds a subquery could not use it.
SPANS = """
    worked AS (
        SELECT one.state, greatest(one.begins, to_timestamp(:since)) AS begins,
               least(one.ends, to_timestamp(:until)) AS ends
          FROM agent
         CROSS JOIN LATERAL (
               SELECT coalesce(max(l.at), to_timestamp(:since)) AS at FROM agent_state_log l
                WHERE l.agent_id = agent.id AND l.at <= to_timestamp(:since)
               ) AS first
         CROSS JOIN LATERAL (
               SELECT l.state, l.campaign_id, l.at AS begins,
                      lead(l.at, 1, 'infinity') OVER (ORDER BY l.at, l.id) AS ends
                 FROM agent_state_log l
                WHERE l.agent_id = agent.id AND l.at >= first.at AND l.at < to_timestamp(:until)
               ) AS one
         WHERE agent.tenant_id = (SELECT tenant_id FROM campaign WHERE id = CAST(:campaign_id AS uuid))
           AND one.campaign_id = CAST(:campaign_id AS uuid) AND one.ends > to_timestamp(:since)
    )
"""
_TIME = text(
    f"""
    WITH {SPANS}
    SELECT coalesce(sum(seconds) FILTER (WHERE state IN {measures.BUSY_STATES}), 0)::float8 AS busy,
           coalesce(sum(seconds) FILTER (WHERE state IN {measures.AVAILABLE_STATES}), 0)::float8 AS available
      FROM (SELECT state, extract(epoch FROM ends - begins) AS seconds FROM worked) AS spans
    """
)


def report(db: Db, campaign_id: str, since_wall: float, until_wall: float) -> Report:
    """The campaign's figures over [since_wall, until_wall)."""
    span = {"campaign_id": campaign_id, "since": since_wall, "until": until_wall}
    calls = db.execute(_CALLS, span).one()
    talk = float(db.execute(_TALK, span).scalar_one())
    time = db.execute(_TIME, span).one()
    low, high = measures.wilson_interval(calls.abandoned, calls.live_answers)
    return Report(
        since=since_wall,
        until=until_wall,
        attempts=calls.attempts,
        live_answers=calls.live_answers,
        abandoned=calls.abandoned,
        ended_before_agent=calls.ended_before_agent,
        connected=calls.connected,
        abandon_rate=_share(calls.abandoned, calls.live_answers),
        abandon_low=low,
        abandon_high=high,
        contact_rate=_share(calls.live_answers, calls.attempts),
        busy_seconds=time.busy,
        available_seconds=time.available,
        talk_seconds=talk,
        occupancy=_share(time.busy, time.available),
        talk_minutes_per_agent_hour=60 * _share(talk, time.available),
    )


def last_start(db: Db, campaign_id: str) -> float:
    """Where a report since the campaign's last start begins: its first dial since then.

    Without a dial since, the start itself; of a campaign that was never started, its legal window's begin.
    """
    query = text(
        "SELECT extract(epoch FROM coalesce(started_at, window_start))::float8 FROM campaign"
        " WHERE id = CAST(:campaign_id AS uuid)"
    )
    started = float(db.execute(query, {"campaign_id": campaign_id}).scalar_one())
    dialed = dialing_window(db, campaign_id, started)
    return started if dialed is None else dialed[0]


def dialing_window(db: Db, campaign_id: str, since_wall: float = 0.0) -> tuple[float, float] | None:
    """First and last dial of the campaign from `since_wall` on, epoch seconds; None if there was none."""
    query = text(
        """
        SELECT extract(epoch FROM min(dialed_at))::float8, extract(epoch FROM max(dialed_at))::float8
          FROM attempt WHERE campaign_id = CAST(:campaign_id AS uuid) AND dialed_at >= to_timestamp(:since)
        """
    )
    first, last = db.execute(query, {"campaign_id": campaign_id, "since": since_wall}).one()
    return None if first is None else (float(first), float(last))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
