"""A campaign's figures minute by minute: what a chart shows. The definitions are KPI.md's, in measures.py."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text

from models.repository import measures
from models.repository.db import Db
from models.repository.reporting import SPANS

_CALLS = text(
    f"""
    SELECT floor(extract(epoch FROM a.dialed_at) / 60)::int8 AS minute,
           count(*) AS attempts,
           count(*) FILTER (WHERE {measures.LIVE_ANSWER}) AS live_answers,
           count(*) FILTER (WHERE {measures.ABANDONED}) AS abandoned,
           count(*) FILTER (WHERE a.bridged_at IS NOT NULL) AS connected
      FROM attempt a
     WHERE a.campaign_id = CAST(:campaign_id AS uuid)
       AND a.dialed_at >= to_timestamp(:since) AND a.dialed_at < to_timestamp(:until)
     GROUP BY 1
    """
)
_TIME = text(
    f"""
    WITH {SPANS}, pieces AS (
        SELECT w.state, minute, least(extract(epoch FROM w.ends), 60 * (minute + 1))
                                - greatest(extract(epoch FROM w.begins), 60 * minute) AS seconds
          FROM worked w
         CROSS JOIN LATERAL generate_series(floor(extract(epoch FROM w.begins) / 60)::int8,
                                            ceil(extract(epoch FROM w.ends) / 60)::int8 - 1) AS minute
         WHERE w.state IN {measures.AVAILABLE_STATES}
    )
    SELECT minute, coalesce(sum(seconds) FILTER (WHERE state IN {measures.BUSY_STATES}), 0)::float8 AS busy,
           sum(seconds)::float8 AS available
      FROM pieces GROUP BY 1
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """The minute that begins at `at` (epoch seconds). Calls count where they were dialed; rates are
    fractions, 0 where their denominator is 0."""

    at: float
    attempts: int
    live_answers: int
    abandoned: int
    connected: int
    abandon_rate: float
    occupancy: float


def by_minute(db: Db, campaign_id: str, until_wall: float, minutes: int) -> tuple[Minute, ...]:
    """The last `minutes` minutes up to `until_wall`, oldest first; the last of them is not over yet."""
    last = math.ceil(until_wall / 60) - 1
    first = last - minutes + 1
    span = {"campaign_id": campaign_id, "since": 60.0 * first, "until": until_wall}
    calls = {row.minute: row for row in db.execute(_CALLS, span)}
    time = {row.minute: row for row in db.execute(_TIME, span)}
    return tuple(_minute(one, calls.get(one), time.get(one)) for one in range(first, last + 1))


def _minute(minute: int, calls: Row[Any] | None, time: Row[Any] | None) -> Minute:
    answered, abandoned = (calls.live_answers, calls.abandoned) if calls is not None else (0, 0)
    return Minute(
        at=60.0 * minute,
        attempts=calls.attempts if calls is not None else 0,
        live_answers=answered,
        abandoned=abandoned,
        connected=calls.connected if calls is not None else 0,
        abandon_rate=abandoned / answered if answered else 0.0,
        occupancy=time.busy / time.available if time is not None and time.available else 0.0,
    )
