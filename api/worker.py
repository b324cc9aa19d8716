"""The worker: what runs once in the background of an installation, whatever number of workers is started.

The leader (advisory lock) numbers events (api.sequencer), closes commands that nobody took in time, and
deletes old events (api.retention); the others stand by and take over when its connection ends. It is woken by
NOTIFY; a jittered poll behind it finds what a lost wake-up left, and what is due by time alone. A database
that goes away is waited for.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

from api import retention
from api.sequencer import EVENT_CHANNEL, assign_all, take_lead
from api.waiting import first_line, pause, until_notified
from models.repository import events

log = logging.getLogger(__name__)

_EXPIRE = f"""
WITH moved AS (
    UPDATE command SET status = 'expired', finished_at = now(), detail = 'no dialer took it before it expired'
     WHERE status = 'pending' AND expires_at <= now()
    RETURNING *, extract(epoch FROM now())::float8 AS at
),
{events.told("command", "moved r", events.COMMAND)}
SELECT count(*), count(pg_notify('{EVENT_CHANNEL}', '')) FROM moved
"""  # noqa: S608 - constants of models.repository


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the worker looks by itself, in real seconds; each wait is spread by ±`jitter` of it."""

    poll_seconds: float = 1.0
    standby_seconds: float = 2.0
    retry_seconds: float = 1.0
    prune_seconds: float = 60.0
    jitter: float = 0.3

    def __post_init__(self) -> None:
        waits = (self.poll_seconds, self.standby_seconds, self.retry_seconds, self.prune_seconds)
        if min(waits) <= 0 or not 0 <= self.jitter < 1:
            raise ValueError("waits must be above 0 and the jitter in [0, 1)")


async def expire_commands(connection: AsyncConnection) -> int:
    """Close the commands that no dialer took before they expired; how many."""
    row = await (await connection.execute(_EXPIRE)).fetchone()
    return 0 if row is None else int(row[0])


@dataclass(slots=True)
class Worker:
    """One worker. `run` returns after `stop`; nothing else ends it but a programming error.

    Attributes:
        keep_seconds: how long numbered events are kept.
        leading: set while this worker leads.
        numbered: events that it gave a place so far.
    """

    conninfo: str
    pace: Pace = field(default_factory=Pace)
    draw: Callable[[], float] = random.random
    keep_seconds: float = retention.KEEP_SECONDS
    leading: asyncio.Event = field(default_factory=asyncio.Event)
    numbered: int = 0
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _prune_at: float = 0.0

    def stop(self) -> None:
        """Finish the pass that runs, give up the lead, return from `run`."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped; a database that goes away is waited for."""
        away = False
        while not self._stopping.is_set():
            try:
                connection = await AsyncConnection.connect(
                    self.conninfo, autocommit=True, connect_timeout=5, application_name="ringmaster worker"
                )
                async with connection:
                    if away:
                        log.warning("the database is back")
                    away = False
                    await self._serve(connection)
            except psycopg.OperationalError as error:
                if not away:
                    log.warning("the database is away, trying again: %s", first_line(error))
                away = True
                await self._pause(self.pace.retry_seconds)
            finally:
                self.leading.clear()

    async def _serve(self, connection: AsyncConnection) -> None:
        while not await take_lead(connection):
            await self._pause(self.pace.standby_seconds)
            if self._stopping.is_set():
                return
        await connection.execute(SQL("LISTEN {}").format(Identifier(EVENT_CHANNEL)))
        log.info("leading: numbering events")
        self.leading.set()
        while not self._stopping.is_set():
            expired = await expire_commands(connection)
            if expired:
                log.warning("%d commands expired: no dialer took them; is one running?", expired)
            self.numbered += await assign_all(connection)
            await self._prune(connection)
            await until_notified(connection, self._stopping, self._spread(self.pace.poll_seconds))

    async def _prune(self, connection: AsyncConnection) -> None:
        """One batch when it is due; while batches are full, at each round, so that numbering never waits."""
        if time.monotonic() >= self._prune_at:
            pruned = await retention.prune_once(connection, self.keep_seconds)
            full = pruned >= retention.BATCH
            self._prune_at = time.monotonic() + (0.0 if full else self._spread(self.pace.prune_seconds))

    async def _pause(self, seconds: float) -> None:
        await pause(self._stopping, self._spread(seconds))

    def _spread(self, seconds: float) -> float:
        return seconds * (1 + self.pace.jitter * (2 * self.draw() - 1))
