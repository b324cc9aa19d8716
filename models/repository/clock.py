"""The wall clock of a dialer's start: PostgreSQL's, never behind what the database already holds.

A run on a scaled clock writes times ahead of the real ones; the next run goes on after them.
"""

from __future__ import annotations

from sqlalchemy import text

from models.repository import live
from models.repository.db import Db

_WALL = text(
    """
    SELECT extract(epoch FROM greatest(
        clock_timestamp(),
        (SELECT max(greatest(claimed_at, dialed_at, closed_at)) FROM attempt),
        (SELECT max(at) FROM agent_state_log),
        (SELECT max(ended_at) FROM leg),
        (SELECT max(changed_at) FROM campaign)
    ))::float8
    """
)


def wall_start(db: Db) -> float:
    """Epoch seconds at which a dialer that starts now begins its wall clock."""
    return float(db.execute(_WALL).scalar_one())


def database_time(db: Db) -> float:
    """PostgreSQL's own clock, epoch seconds: to measure skew."""
    return float(db.execute(text("SELECT extract(epoch FROM clock_timestamp())::float8")).scalar_one())


def campaign_time(db: Db, campaign_id: str) -> float:
    """What a campaign's dialer calls now: its newest live figure's time, as its clock may run faster.

    Without a dialer PostgreSQL's clock, never behind what the last one has shown.
    """
    shown = live.get(db, f"campaign:{campaign_id}")
    if shown is not None and shown.age_seconds < live.STALE_SECONDS:
        return shown.at
    return max(database_time(db), 0.0 if shown is None else shown.at)
