"""The writer against a real PostgreSQL that is stopped and started under it: nothing lost, all in order."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import gevent
import pytest
from gevent.event import Event
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callflow.journal import Journal
from callflow.writer import Writer
from models import migrate, postgres
from models.ids import new_id
from models.records import EventRecorded, Record
from models.repository import records
from models.session import sessions, sync_engine


def event(number: int) -> EventRecorded:
    return EventRecorded(id=new_id(), topic="test", at=float(number), payload={"number": number})


def numbers(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(
            connection.execute(text("SELECT (payload->>'number')::int FROM event ORDER BY at")).scalars()
        )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal", "switch", segment_bytes=4000)
    yield opened
    opened.close()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = sync_engine(database_url)
    yield made
    made.dispose()


class Running:
    """A writer in its greenlet, and the moments at which the database came and went."""

    def __init__(self, journal: Journal, engine: Engine) -> None:
        self.away, self.back = Event(), Event()
        self.writer = Writer(
            journal,
            sessions(engine).begin,
            records.apply,
            on_database=lambda there: (self.back if there else self.away).set(),
            batch_size=50,
            gather_seconds=0.0,
            max_backoff_seconds=0.2,
        )
        self.greenlet = gevent.spawn(self.writer.run)

    def stop(self) -> None:
        self.writer.stop()
        self.greenlet.join(timeout=10)
        assert self.greenlet.ready()
        if self.greenlet.exception is not None:
            raise self.greenlet.exception


def test_what_is_journaled_is_written_in_order_and_truncated(journal: Journal, engine: Engine) -> None:
    running = Running(journal, engine)
    for number in range(300):
        journal.append([event(number)])
    assert running.writer.drain(20)
    assert numbers(engine) == list(range(300))
    assert not journal.has_backlog
    assert len(list(journal.directory.glob("*.journal"))) == 1
    running.stop()
    assert running.writer.status() == {
        "database": "there",
        "written": 300,
        "rejected": 0,
        "ignored": 0,
        "retries": 0,
        "behind": False,
    }


def test_a_new_process_goes_on_where_the_dead_one_stopped(tmp_path: Path, engine: Engine) -> None:
    dead = Journal.open(tmp_path, "switch")
    dead.append([event(1), event(2)])
    writer = Writer(dead, sessions(engine).begin, records.apply, batch_size=1)
    writer.write_once()
    dead.append([event(3)])
    dead.close()  # as the kernel does at kill -9
    reborn = Journal.open(tmp_path, "switch")
    again = Writer(reborn, sessions(engine).begin, records.apply)
    while not again.write_once():
        pass
    assert numbers(engine) == [1, 2, 3]
    assert again.written == 2
    reborn.close()


@pytest.fixture
def own_server() -> Iterator[tuple[Path, str]]:
    """A PostgreSQL of this test alone: it will be stopped."""
    directory = Path(tempfile.mkdtemp(prefix="rm-writer-"))
    directory.chmod(0o755)  # as root the server runs under another account that must enter
    try:
        server = postgres.start(directory, durable=False)
        migrate.upgrade(server.url)
        yield directory, server.url
    finally:
        postgres.stop(directory)
        shutil.rmtree(directory, ignore_errors=True)


def test_a_database_that_goes_away_and_comes_back(own_server: tuple[Path, str], journal: Journal) -> None:
    directory, url = own_server
    engine = sync_engine(url)
    running = Running(journal, engine)
    journal.append([event(number) for number in range(10)])
    assert running.writer.drain(20)
    postgres.stop(directory)
    for number in range(10, 200):
        journal.append([event(number)])
    running.writer.notify()
    assert running.away.wait(20)
    assert not running.writer.drain(0.3)
    assert running.writer.status()["database"] == "away"
    postgres.start(directory, durable=False)
    assert running.back.wait(20)
    assert running.writer.drain(20)
    assert numbers(engine) == list(range(200))
    running.stop()
    assert running.writer.retries > 0
    engine.dispose()


def test_one_impossible_record_does_not_hold_up_the_others(journal: Journal, engine: Engine) -> None:
    def picky(session: Session, batch: Sequence[Record]) -> records.Applied:
        applied = records.apply(session, batch)
        if any(isinstance(record, EventRecorded) and record.payload["number"] == 2 for record in batch):
            raise IntegrityError("INSERT", {}, Exception("a constraint that no one expected"))
        return applied

    begin = sessions(engine).begin
    writer = Writer(journal, begin, picky)
    journal.append([event(number) for number in range(5)])
    assert writer.write_once()
    assert numbers(engine) == [0, 1, 3, 4]
    assert (writer.written, writer.rejected) == (4, 1)
    kept = (journal.directory / "rejected.jsonl").read_text()
    assert "a constraint that no one expected" in kept
    assert '"number": 2' in kept


def test_a_statement_that_never_ends_counts_as_away(
    journal: Journal, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callflow.writer.TRANSACTION_SECONDS", 0.05)
    stuck = [True]

    def apply(session: Session, batch: Sequence[Record]) -> records.Applied:
        if stuck.pop() if stuck else False:
            gevent.sleep(30)
        return records.apply(session, batch)

    running = Running(journal, engine)
    running.writer._apply = apply
    journal.append([event(1)])
    assert not running.writer.drain(0.0)
    assert running.away.wait(10)
    assert running.back.wait(10)
    assert running.writer.drain(10)
    assert numbers(engine) == [1]
    running.stop()
