"""The importer: takes uploaded files one at a time and imports each, all or nothing.

Every worker has one. A job is taken under an advisory lock on a connection of the importer's own, so that a
worker that dies frees its job at once; the next one begins it anew, which is safe since nothing of the first
try was committed. After three such tries the file is given up, with a sentence. The import itself is
synchronous and runs in a thread; a stop ends it at its next row and leaves the job for the next worker.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from api.waiting import first_line, pause, until_notified
from models.errors import ModelsError
from models.importing import Refusals, import_bytes
from models.importing.refused_file import RefusedFile
from models.repository import imports
from models.repository.imports import IMPORT_CHANNEL, LOCK_KEY, Taken, TakenAway
from models.session import conninfo, sync_engine

log = logging.getLogger(__name__)

MOST_TRIES = 3
_GIVEN_UP = (
    f"The import was begun {MOST_TRIES} times and never came to its end: nothing was imported. The worker's"
    " log says why; try again, or split the file."
)


class Stopped(Exception):
    """The worker is to end: the import is left for the next one."""


@dataclass(frozen=True, slots=True)
class ImportPace:
    """In real seconds. Progress is written at most once in `progress_seconds`."""

    poll_seconds: float = 5.0
    retry_seconds: float = 1.0
    progress_seconds: float = 0.5
    jitter: float = 0.3


@dataclass(slots=True)
class _Run:
    """What the thread of an import and the loop tell each other."""

    job: Taken
    done: int = 0
    total: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    connection: Connection | None = None

    def alive(self) -> None:
        """Called by the thread at every row."""
        if self.stop.is_set():
            raise Stopped

    def progress(self, done: int, total: int) -> None:
        """Called by the thread after every thousand."""
        self.done, self.total = done, total
        self.alive()

    def end(self) -> None:
        """Called by the loop: end at the next row, and a statement that runs at once."""
        self.stop.set()
        connection = self.connection
        if connection is None:
            return
        with suppress(psycopg.Error, SQLAlchemyError):  # it may be ending by itself just now
            driver = connection.connection.driver_connection
            if isinstance(driver, psycopg.Connection):
                driver.cancel_safe(timeout=2.0)


@dataclass(slots=True)
class Importer:
    """One importer. `run` returns after `stop`; nothing else ends it but a programming error."""

    url: str
    pace: ImportPace = field(default_factory=ImportPace)
    draw: Callable[[], float] = random.random
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Leave a running import for the next worker, return from `run`."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped; a database that goes away is waited for."""
        engine, away = sync_engine(self.url, pool_size=2), False
        try:
            while not self._stopping.is_set():
                try:
                    connection = await AsyncConnection.connect(
                        conninfo(self.url),
                        autocommit=True,
                        connect_timeout=5,
                        application_name="ringmaster importer",
                    )
                    async with connection:
                        away = False
                        await self._serve(connection, engine)
                except (psycopg.OperationalError, OperationalError) as error:
                    if not away:
                        log.warning("the database is away, trying again: %s", first_line(error))
                    away = True
                    await pause(self._stopping, self._spread(self.pace.retry_seconds))
        finally:
            engine.dispose()

    async def _serve(self, connection: AsyncConnection, engine: Engine) -> None:
        await connection.execute(SQL("LISTEN {}").format(Identifier(IMPORT_CHANNEL)))
        while not self._stopping.is_set():
            if not await self._next(connection, engine):
                await until_notified(connection, self._stopping, self._spread(self.pace.poll_seconds))

    async def _next(self, connection: AsyncConnection, engine: Engine) -> bool:
        """Do one job; whether there was one."""
        for job_id in await asyncio.to_thread(_waiting, engine):
            if not await _lock(connection, job_id):
                continue
            try:
                job = await asyncio.to_thread(_take, engine, job_id)
                if job is not None:
                    await self._do(engine, job)
                    return True
            finally:
                with suppress(psycopg.OperationalError):  # a lost connection has lost its lock too
                    await connection.execute(f"SELECT pg_advisory_unlock({LOCK_KEY})".encode(), (job_id,))
        return False

    async def _do(self, engine: Engine, job: Taken) -> None:
        if job.tries > MOST_TRIES:
            log.error("import %s is given up after %d tries", job.id, MOST_TRIES)
            await asyncio.to_thread(_fail, engine, job, _GIVEN_UP)
            return
        run = _Run(job)
        work = asyncio.create_task(asyncio.to_thread(_import, engine, run))
        try:
            await self._watch(engine, run, work)
        finally:
            if not work.done():  # nobody watches any more: not even cancellation leaves a thread behind
                await asyncio.to_thread(run.end)
            await asyncio.wait({work})
        await _settle(engine, run, work)

    async def _watch(self, engine: Engine, run: _Run, work: asyncio.Task[None]) -> None:
        stopped, shown = asyncio.create_task(self._stopping.wait()), 0
        try:
            while not work.done() and not stopped.done():
                await asyncio.wait(
                    {work, stopped},
                    timeout=self.pace.progress_seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if not work.done() and run.done != shown:
                    shown = run.done
                    await asyncio.to_thread(_progress, engine, run)
        finally:
            stopped.cancel()

    def _spread(self, seconds: float) -> float:
        return seconds * (1 + self.pace.jitter * (2 * self.draw() - 1))


async def _settle(engine: Engine, run: _Run, work: asyncio.Task[None]) -> None:
    """What becomes of the job after its thread has ended."""
    job, error = run.job, work.exception()
    if error is None:
        log.info("import %s is done", job.id)
    elif isinstance(error, Stopped) or (run.stop.is_set() and isinstance(error, DBAPIError)):
        await asyncio.to_thread(_give_back, engine, job)
        log.info("import %s is left for the next worker", job.id)
    elif isinstance(error, ModelsError):
        await asyncio.to_thread(_fail, engine, job, str(error))
    elif isinstance(error, TakenAway):
        log.warning("import %s was taken over by another worker", job.id)
    elif isinstance(error, OperationalError):
        raise error  # the database is away: the job is taken again
    else:
        log.error("import %s failed, try %d of %d", job.id, job.tries, MOST_TRIES, exc_info=error)


def _import(engine: Engine, run: _Run) -> None:
    """The whole import in one transaction, with its own end in it."""
    job = run.job
    with RefusedFile() as file, engine.connect() as db:
        run.connection = db
        try:
            with db.begin():
                refusals = Refusals(keep=imports.SHOWN_ROWS, tell=file.write)
                report = import_bytes(
                    db,
                    imports.content(db, job),
                    file_name=job.file_name,
                    campaign_id=job.campaign_id,
                    list_name=job.list_name,
                    options=job.options,
                    progress=run.progress,
                    alive=run.alive,
                    refusals=refusals,
                )
                imports.finish(db, job, report, file.content())
        finally:
            run.connection = None


async def _lock(connection: AsyncConnection, job_id: str) -> bool:
    cursor = await connection.execute(f"SELECT pg_try_advisory_lock({LOCK_KEY})".encode(), (job_id,))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


def _waiting(engine: Engine) -> list[str]:
    with engine.begin() as db:
        return imports.waiting(db)


def _take(engine: Engine, job_id: str) -> Taken | None:
    with engine.begin() as db:
        return imports.take(db, job_id)


def _progress(engine: Engine, run: _Run) -> None:
    with engine.begin() as db:
        imports.progress(db, run.job, run.done, run.total)


def _fail(engine: Engine, job: Taken, sentence: str) -> None:
    with engine.begin() as db:
        imports.fail(db, job, sentence)


def _give_back(engine: Engine, job: Taken) -> None:
    with engine.begin() as db:
        imports.give_back(db, job)
