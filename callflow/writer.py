"""Brings the journal to PostgreSQL: batches in order, one transaction each, for as long as it takes.

The journal's files are the queue: however long the database stays away, memory does not grow. A record that
the database refuses for what it says is set aside in `rejected.jsonl`, counted and logged as an error, so
that one impossible fact does not hold up all later ones.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import gevent
from gevent.event import Event
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from callflow.journal import Batch, Journal, Position
from models.errors import ModelsError
from models.records import Record, to_json
from models.repository.records import Applied

log = logging.getLogger(__name__)

Apply = Callable[[Session, Sequence[Record]], Applied]
Begin = Callable[[], AbstractContextManager[Session]]
"""Opens a session with a transaction that is committed at the end of the block (`sessionmaker.begin`)."""

_REFUSALS = (IntegrityError, DataError, ModelsError, ValueError)
_TRY_AGAIN = ("40001", "40P01")  # serialization failure, deadlock: PostgreSQL's way to say "once more"
TRANSACTION_SECONDS = 30.0


class Writer:
    """One greenlet's work: `run`. `on_database` hears True and False as the database comes and goes."""

    def __init__(
        self,
        journal: Journal,
        begin: Begin,
        apply: Apply,
        *,
        on_database: Callable[[bool], None] = lambda there: None,
        on_written: Callable[[Position], None] = lambda position: None,
        batch_size: int = 500,
        gather_seconds: float = 0.1,
        max_backoff_seconds: float = 5.0,
        rng: random.Random | None = None,
    ) -> None:
        self._journal = journal
        self._begin = begin
        self._apply = apply
        self._on_database = on_database
        self._on_written = on_written
        self._batch_size = batch_size
        self._gather = gather_seconds
        self._max_backoff = max_backoff_seconds
        self._rng = rng or random.Random()  # noqa: S311 - jitter
        self._wake = Event()
        self._idle = Event()
        self._stopping = False
        self._at: Position = journal.checkpoint
        self.available = True
        self.written = 0
        self.rejected = 0
        self.ignored = 0
        self.retries = 0

    # --- called by others -----------------------------------------------------------------------------------

    def notify(self) -> None:
        """The journal has grown."""
        self._idle.clear()
        self._wake.set()

    def drain(self, timeout: float) -> bool:
        """Wait until PostgreSQL has all that is in the journal now.

        False if that takes longer than `timeout` s.
        """
        self.notify()
        with gevent.Timeout(timeout, False):
            self._idle.wait()
        return self._at >= self._journal.end

    def database_failed(self, error: BaseException) -> None:
        """Somebody else found the database away: from here on this writer finds out when it is back."""
        self._away(error)
        self._wake.set()

    def stop(self) -> None:
        """End `run` after the transaction in hand. What is left is in the journal."""
        self._stopping = True
        self._wake.set()

    def status(self) -> dict[str, object]:
        """Live figures."""
        return {
            "database": "there" if self.available else "away",
            "written": self.written,
            "rejected": self.rejected,
            "ignored": self.ignored,
            "retries": self.retries,
            "behind": self._at < self._journal.end,
        }

    # --- the greenlet ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """Write until stopped."""
        backoff = 0.0
        while not self._stopping:
            self._wake.clear()
            try:
                caught_up = self.write_once()
            except (DBAPIError, gevent.Timeout) as error:
                self.retries += 1
                if not may_try_again(error):
                    self._away(error)
                backoff = min(self._max_backoff, max(0.2, backoff * 2))
                # Jitter, so that the dialers of a site do not return all at once.
                gevent.sleep(backoff * self._rng.uniform(0.5, 1.0))
                continue
            backoff = 0.0
            if caught_up:
                self._idle.set()
                if self._wake.wait(timeout=1.0) and not self._stopping:
                    gevent.sleep(self._gather)  # let a batch gather: commits are what a database is short of

    def write_once(self) -> bool:
        """Write one batch. True when nothing is left.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is away or not migrated; nothing of the batch was kept.
            gevent.Timeout: the database did not answer in `TRANSACTION_SECONDS`.
        """
        batch = self._journal.read(self._at, self._batch_size)
        if batch.records:
            self._write(batch)
        elif not self.available:
            self._probe()
        self._back()
        self._at = batch.end
        self._journal.mark(batch.end)
        self._on_written(batch.end)
        return self._at >= self._journal.end

    def _probe(self) -> None:
        with gevent.Timeout(TRANSACTION_SECONDS), self._begin() as session:
            session.execute(text("SELECT 1"))

    def _write(self, batch: Batch) -> None:
        try:
            with gevent.Timeout(TRANSACTION_SECONDS), self._begin() as session:
                applied = self._apply(session, batch.records)
            self._count(applied)
        except _REFUSALS:
            self._write_one_by_one(batch.records)

    def _count(self, applied: Applied) -> None:
        self.written += applied.records
        self.ignored += len(applied.ignored)
        for kind, key in applied.ignored:
            whose = {"attempt_id": key} if kind.startswith("attempt_") else {}
            log.debug("no row for a record", extra={"kind": kind, "id": key, **whose})

    def _write_one_by_one(self, records: Sequence[Record]) -> None:
        for record in records:
            try:
                with gevent.Timeout(TRANSACTION_SECONDS), self._begin() as session:
                    applied = self._apply(session, (record,))
                self._count(applied)
            except _REFUSALS as error:
                self._set_aside(record, error)

    def _set_aside(self, record: Record, error: Exception) -> None:
        self.rejected += 1
        path = self._journal.directory / "rejected.jsonl"
        line = {
            "at": time.time(),
            "error": f"{type(error).__name__}: {error}"[:2000],
            "record": to_json(record),
        }
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        log.error(
            "the database refused a record; it is kept in rejected.jsonl",
            extra={
                "attempt_id": getattr(record, "attempt_id", None),
                "kind": record.kind,
                "error": first_line(error),
                "file": str(path),
            },
        )

    def _away(self, error: BaseException) -> None:
        if self.available:
            self.available = False
            log.warning(
                "the database is away: dialing stops, calls go on, the journal holds what happens",
                extra={"error": first_line(error)},
            )
            self._on_database(False)

    def _back(self) -> None:
        if not self.available:
            self.available = True
            log.info("the database is back: catching up from the journal")
            self._on_database(True)


def may_try_again(error: BaseException) -> bool:
    """Whether PostgreSQL took the transaction back only because another was in its way."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in _TRY_AGAIN


def first_line(error: BaseException) -> str:
    """What an error says, for one log line.

    The driver's words without SQLAlchemy's statement and parameters.
    """
    words = str(getattr(error, "orig", None) or error).strip()
    return words.splitlines()[0] if words else type(error).__name__
