"""The figures of KPI.md again, from call records and the state log, by plain arithmetic over their rows."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

BUSY = frozenset({"talking", "on_hold", "wrap_up"})
FREE = frozenset({"ready", "reserved"})


@dataclass(slots=True)
class Figures:
    """Counts and rates of one campaign; rates are fractions, 0 where the denominator is 0."""

    attempts: int = 0
    live_answers: int = 0
    abandoned: int = 0
    ended_before_agent: int = 0
    talk_seconds: float = 0.0
    busy_seconds: float = 0.0
    free_seconds: float = 0.0

    @property
    def abandon_rate(self) -> float:
        """Abandoned over live answers."""
        return self.abandoned / self.live_answers if self.live_answers else 0.0

    @property
    def occupancy(self) -> float:
        """Busy over busy and ready time; reserved counts as ready."""
        logged = self.busy_seconds + self.free_seconds
        return self.busy_seconds / logged if logged else 0.0

    @property
    def talk_minutes_per_agent_hour(self) -> float:
        """Minutes in conversation per agent hour logged in and not paused."""
        hours = (self.busy_seconds + self.free_seconds) / 3600
        return self.talk_seconds / 60 / hours if hours else 0.0

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object, rates included."""
        return {
            **asdict(self),
            "abandon_rate": self.abandon_rate,
            "occupancy": self.occupancy,
            "talk_minutes_per_agent_hour": self.talk_minutes_per_agent_hour,
        }


# Finished calls from their records; those that are still open from their attempts.
_LAST_WORD = """
    (SELECT note.disposition FROM call_note note
      WHERE note.attempt_id = {key} ORDER BY note.at DESC, note.id DESC LIMIT 1) AS last_word
"""
_CALLS = text(
    f"""
    SELECT campaign_id::text, outcome, abandoned, extract(epoch FROM started_at)::float8 AS dialed,
           extract(epoch FROM answered_at)::float8 AS answered, extract(epoch FROM bridged_at)::float8 AS
           bridged,
           talk_seconds AS talk, {_LAST_WORD.format(key="call.attempt_id")}
      FROM call
    UNION ALL
    SELECT campaign_id::text, NULL, false, extract(epoch FROM dialed_at)::float8,
           extract(epoch FROM answered_at)::float8, extract(epoch FROM bridged_at)::float8, NULL,
           {_LAST_WORD.format(key="attempt.id")}
      FROM attempt WHERE state <> 'closed' AND dialed_at IS NOT NULL
    """  # noqa: S608 - a constant of this module
)
_LOG = text(
    """
    SELECT agent_id::text, campaign_id::text, state, extract(epoch FROM at)::float8 AS at
      FROM agent_state_log ORDER BY agent_id, at, id
    """
)


def figures(
    db: Session | Connection, *, since: float | None = None, until: float | None = None
) -> dict[str, Figures]:
    """Figures of every campaign over [since, until), epoch seconds; without limits over everything that
    ended."""
    low = -math.inf if since is None else since
    high = _last_moment(db) if until is None else until
    found: dict[str, Figures] = defaultdict(Figures)
    for call in db.execute(_CALLS):
        _count(found[call.campaign_id], call, low, high)
    for campaign_id, state, begins, ends in _spans(db.execute(_LOG), high):
        overlap = max(0.0, min(ends, high) - max(begins, low))
        if campaign_id is None or not overlap:
            continue
        if state in BUSY:
            found[campaign_id].busy_seconds += overlap
        elif state in FREE:
            found[campaign_id].free_seconds += overlap
    return dict(found)


def _count(into: Figures, call: Any, low: float, high: float) -> None:
    if call.bridged is not None:
        ends = high if call.talk is None else call.bridged + call.talk
        into.talk_seconds += max(0.0, min(ends, high) - max(call.bridged, low))
    if not low <= call.dialed < high:
        return
    lost = call.abandoned or call.outcome == "abandoned"
    unknown = call.outcome == "unknown" and call.answered is not None and call.bridged is None
    early = call.outcome == "ended_before_agent"
    person = (call.answered is not None or early or call.outcome == "connected") and (
        call.last_word != "answering_machine"
    )
    into.attempts += 1
    into.live_answers += bool(person or lost or unknown)
    into.abandoned += bool(lost or unknown)
    into.ended_before_agent += bool(early and not lost)


def _spans(rows: Iterable[Any], high: float) -> Iterable[tuple[str | None, str, float, float]]:
    """(campaign, state, begin, end) of every row; the last row of an agent lasts until `high`."""
    before: Any = None
    for row in rows:
        if before is not None:
            same = before.agent_id == row.agent_id
            yield before.campaign_id, before.state, before.at, row.at if same else high
        before = row
    if before is not None:
        yield before.campaign_id, before.state, before.at, high


def _last_moment(db: Session | Connection) -> float:
    """Just after the newest time in the database: the end of 'everything'."""
    newest = db.execute(
        text(
            """
            SELECT extract(epoch FROM greatest((SELECT max(greatest(claimed_at, dialed_at, closed_at)) FROM
            attempt),
                                               (SELECT max(at) FROM agent_state_log)))::float8
            """
        )
    ).scalar()
    return math.nextafter(float(newest), math.inf) if newest is not None else 0.0
