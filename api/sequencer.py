"""The one sequencer: gives each event its place (`event.seq`) after its commit.

Why not a sequence: a writer draws 7, another draws 8 and commits, a reader that has read 8 goes on from 8,
then 7 commits and that reader never sees it. So writers leave `seq` empty, and one process numbers what is
*committed*: a statement sees only rows committed before it began, so every pass numbers later commits after
earlier ones. Rows that one pass finds together were committed between two passes and are taken in the order
of their UUIDv7.

A pass is one statement in one transaction: readers see all of its numbers or none, so `WHERE seq > last
ORDER BY seq` never shows a gap. There is one sequencer because it holds an advisory lock *on the connection
it writes with*: a leader that lost its lock has lost that connection too, and can't write.

The newest numbered row is where the next pass goes on: retention must leave it.
"""

from __future__ import annotations

from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier, Literal

EVENT_CHANNEL = "ringmaster_event"  # writers: rows without a place were committed
FEED_CHANNEL = "ringmaster_feed"  # the sequencer: payload is the newest seq
LEADER_LOCK = 0x52494E47_53455155  # "RING" "SEQU"
BATCH = 1000

_ASSIGN = """
WITH last AS (SELECT COALESCE(max(seq), 0) AS seq FROM event),
fresh AS (
    SELECT id, row_number() OVER (ORDER BY id) AS place
    FROM (SELECT id FROM event WHERE seq IS NULL ORDER BY id LIMIT %(batch)s) AS unplaced
),
placed AS (
    UPDATE event SET seq = last.seq + fresh.place FROM last, fresh WHERE event.id = fresh.id
    RETURNING event.seq
)
SELECT count(*), max(seq) FROM placed
"""


async def take_lead(connection: AsyncConnection) -> bool:
    """Become the leader if nobody is. The lock is the session's: it is held until this connection ends.

    Raises:
        psycopg.OperationalError: the database is away.
    """
    cursor = await connection.execute("SELECT pg_try_advisory_lock(%s)", (LEADER_LOCK,))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def assign_once(connection: AsyncConnection, *, batch: int = BATCH) -> int:
    """Number up to `batch` committed events and wake the readers; how many there were.

    `connection` holds the lead and is in autocommit mode: numbers and wake-up are one transaction.
    """
    async with connection.transaction():
        cursor = await connection.execute(_ASSIGN, {"batch": batch})
        row = await cursor.fetchone()
        count, newest = (0, None) if row is None else (int(row[0]), row[1])
        if newest is not None:
            await connection.execute(
                SQL("NOTIFY {}, {}").format(Identifier(FEED_CHANNEL), Literal(str(newest)))
            )
    return count


async def assign_all(connection: AsyncConnection, *, batch: int = BATCH) -> int:
    """Passes until one finds nothing more; how many events were numbered."""
    total = 0
    while (count := await assign_once(connection, batch=batch)) > 0:
        total += count
        if count < batch:
            break
    return total
