"""How long the event feed is kept: the oldest numbered events go, a batch at a time.

Only from the front, so that the places that are left have no gap: an event that is still young keeps those
behind it. The newest numbered event always stays: the sequencer goes on from it.
"""

from __future__ import annotations

from psycopg import AsyncConnection

KEEP_SECONDS = 7 * 86400.0
BATCH = 1000

_PRUNE = """
WITH oldest AS (
    SELECT id, seq, recorded_at < now() - make_interval(secs => %(keep)s) AS old
      FROM event WHERE seq IS NOT NULL ORDER BY seq LIMIT %(batch)s
), kept AS (
    SELECT least((SELECT min(seq) FROM oldest WHERE NOT old), (SELECT max(seq) FROM event)) AS seq
)
DELETE FROM event USING oldest, kept WHERE event.id = oldest.id AND oldest.seq < kept.seq
"""


async def prune_once(connection: AsyncConnection, keep_seconds: float, *, batch: int = BATCH) -> int:
    """Delete up to `batch` events that were written longer ago than `keep_seconds`; how many there were."""
    return (await connection.execute(_PRUNE, {"keep": keep_seconds, "batch": batch})).rowcount
