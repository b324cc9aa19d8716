"""The importer: woken, killed, stopped in the middle, taken over; and every file once or not at all."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from api.importer import MOST_TRIES, Importer, ImportPace
from models.enums import CampaignState, ImportState
from models.importing import ImportOptions, sample
from models.records import CampaignSettings
from models.repository import campaigns, imports, setup
from models.repository.imports import Job
from models.session import sync_engine
from tests.integration.models.world import World

ROOT = Path(__file__).resolve().parents[3]
NEVER = ImportPace(poll_seconds=3600, retry_seconds=0.01)
QUICK = ImportPace(poll_seconds=0.05, retry_seconds=0.01, progress_seconds=0.01)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = sync_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: Engine) -> World:
    return World.make(engine)


def queue(world: World, content: bytes, *, options: ImportOptions | None = None, name: str = "x.csv") -> str:
    with world.engine.begin() as db:
        return imports.queue(
            db,
            tenant_id=world.tenant,
            campaign_id=world.campaign,
            file_name=name,
            content=content,
            options=options,
        ).id


def job(world: World, job_id: str) -> Job:
    with world.engine.begin() as db:
        return imports.get(db, job_id)


def people(tmp_path: Path, leads: int, dirty: int = 0) -> bytes:
    path = tmp_path / "people.csv"
    sample.write_sample(path, leads=leads, dirty=dirty)
    return path.read_bytes()


@asynccontextmanager
async def running(importer: Importer) -> AsyncIterator[None]:
    task = asyncio.create_task(importer.run())
    try:
        yield
    finally:
        importer.stop()
        await asyncio.wait_for(task, 30)


async def until(condition: Callable[[], bool]) -> None:
    """Ask again and again; what it waits for is another process's or thread's work."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.01)


def over(world: World, *job_ids: str) -> Callable[[], bool]:
    return lambda: all(
        job(world, job_id).state in (ImportState.DONE, ImportState.FAILED) for job_id in job_ids
    )


def work(url: str, world: World, *job_ids: str, pace: ImportPace = QUICK) -> None:
    async def scenario() -> None:
        async with running(Importer(url, pace)):
            await until(over(world, *job_ids))

    asyncio.run(scenario())


def test_a_file_is_imported_and_told(database_url: str, world: World, tmp_path: Path) -> None:
    job_id = queue(world, people(tmp_path, 2500, 300))
    work(database_url, world, job_id)
    found = job(world, job_id)
    assert (found.state, found.accepted, found.refused, found.detail) == (ImportState.DONE, 2500, 300, "")
    assert found.rows_done == found.rows_total
    assert sum(found.report["by_reason"].values()) == 300
    assert len(found.report["refused_rows"]) == imports.SHOWN_ROWS
    assert world.value("SELECT count(*) FROM lead") == 2500
    with world.engine.begin() as db:
        packed = imports.refused_csv(db, job_id)
    assert packed is not None
    assert len(gzip.decompress(packed).decode("utf-8-sig").splitlines()) == 301
    assert world.value("SELECT content IS NULL FROM import_job")
    told = world.value(
        "SELECT string_agg(payload->>'state', ' ' ORDER BY id) FROM event WHERE topic = 'import'"
    )
    words = str(told).split()
    assert (words[0], words[1], words[-1]) == ("queued", "running", "done")
    assert world.value("SELECT count(*) FROM event WHERE tenant_id IS NULL") == 0


def test_a_notify_wakes_it_long_before_its_poll(database_url: str, world: World, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with running(Importer(database_url, NEVER)):
            first = queue(world, people(tmp_path, 10))
            await until(over(world, first))
            second = queue(world, b"phone\n212-555-0999\n")
            await until(over(world, second))

    asyncio.run(scenario())


def test_the_same_file_again_changes_nothing_and_says_so(
    database_url: str, world: World, tmp_path: Path
) -> None:
    content = people(tmp_path, 30, 6)
    work(database_url, world, first := queue(world, content))
    work(database_url, world, second := queue(world, content))
    assert job(world, second).accepted == job(world, first).accepted == 30
    assert "nothing was changed" in job(world, second).detail
    assert world.value("SELECT count(*) FROM lead") == 30
    assert world.value("SELECT count(*) FROM list") == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"phone,name\n", "no rows"),
        (b"name,city\nAda,Rome\n", "No column is named"),
        (b"PK\x03\x04" + b"\0" * 1000, "Excel or zip"),
        (bytes(range(256)) * 400, "no text file"),
        (b"\xff\xfe\x00", "utf-16|not text|empty|No column"),
        (b"\0" * 5000, "is empty"),
        (b"phone," + b"x" * 50_000_000, "can't be read"),
    ],
    ids=["nothing", "header", "no phone", "zip", "binary", "half a character", "NUL", "fifty megabytes"],
)
def test_a_bad_file_fails_with_a_sentence_and_leaves_nothing(
    database_url: str, world: World, content: bytes, sentence: str
) -> None:
    work(database_url, world, job_id := queue(world, content))
    found = job(world, job_id)
    assert found.state is ImportState.FAILED
    assert any(part in found.detail for part in sentence.split("|")), found.detail
    assert world.one(
        "SELECT (SELECT count(*) FROM lead), (SELECT count(*) FROM list), (SELECT count(*) FROM import_batch)"
    ) == (0, 0, 0)
    assert world.value("SELECT tries FROM import_job") == 1


def test_good_rows_of_a_hostile_file_come_in_once(database_url: str, world: World) -> None:
    content = (
        b"phone,name,note\n"
        b"212-555-0100,Ada,fine\n"
        b"212-555-0101,Gr\0ace,nul\n"
        b"212-555-0102,=cmd|' /C calc'!A0,formula\n"
        b"212-555-0103,Bob," + b"x" * 50_000_000 + b"\n"
        b"212-555-0104,\xff\xfe,not text\n"
        b'212-555-0105,"open,quote\n'
        b"212-555-0106,Zoe,fine\n"
        b"212-555-0100,Ada,twice\n"
    )
    work(database_url, world, job_id := queue(world, content))
    found = job(world, job_id)
    assert found.state is ImportState.DONE
    assert set(found.report["by_reason"]) >= {"formula", "field_too_long", "open_quote", "duplicate"}
    numbers = world.value("SELECT string_agg(number, ' ' ORDER BY number) FROM lead")
    assert str(numbers).split()[0] == "+12125550100"
    assert "+12125550106" in str(numbers)
    assert found.accepted + found.refused == 8


def test_a_job_whose_worker_was_killed_is_begun_anew(database_url: str, world: World, tmp_path: Path) -> None:
    job_id = queue(world, people(tmp_path, 6000))
    process = worker_process(database_url)
    asyncio.run(until_rows(world, job_id))
    process.kill()
    process.wait(20)
    assert process.stderr is not None
    process.stderr.close()
    assert world.value("SELECT count(*) FROM lead") == 0
    work(database_url, world, job_id)
    assert job(world, job_id).accepted == 6000
    assert world.value("SELECT count(*) FROM lead") == 6000
    assert world.value("SELECT tries FROM import_job") == 2


def test_a_stop_in_the_middle_is_prompt_and_no_try(database_url: str, world: World, tmp_path: Path) -> None:
    job_id = queue(world, people(tmp_path, 6000))
    process = worker_process(database_url)
    asyncio.run(until_rows(world, job_id))
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert time.monotonic() - began < 10
    assert process.stderr is not None
    process.stderr.close()
    left = job(world, job_id)
    assert (left.state, left.rows_done) == (ImportState.QUEUED, 0)
    assert world.one("SELECT tries, (SELECT count(*) FROM lead) FROM import_job") == (0, 0)
    work(database_url, world, job_id)
    assert job(world, job_id).accepted == 6000


def test_a_stop_ends_a_wait_for_another_import_of_the_campaign(
    database_url: str, world: World, engine: Engine
) -> None:
    async def scenario(job_id: str) -> None:
        importer = Importer(database_url, QUICK)
        async with running(importer):
            waits = (
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND query LIKE '%xact_lock%'"
            )
            await until(lambda: world.value(waits) == 1)

    with engine.begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": world.campaign})
        job_id = queue(world, b"phone\n212-555-0100\n")
        asyncio.run(scenario(job_id))
    assert job(world, job_id).state is ImportState.QUEUED


def test_a_file_that_kills_its_workers_is_given_up(database_url: str, world: World) -> None:
    job_id = queue(world, b"phone\n212-555-0100\n")
    for number in range(1, MOST_TRIES + 1):
        with world.engine.begin() as db:
            taken = imports.take(db, job_id)
            assert taken is not None
            assert taken.tries == number
    work(database_url, world, job_id)
    found = job(world, job_id)
    assert found.state is ImportState.FAILED
    assert "begun 3 times" in found.detail
    assert world.value("SELECT count(*) FROM lead") == 0


def test_a_worker_that_was_thought_dead_can_finish_nothing(
    database_url: str, world: World, engine: Engine
) -> None:
    """Its connection was lost, not the worker: the fence holds."""
    job_id = queue(world, b"phone\n212-555-0100\n")
    with engine.begin() as db:
        old = imports.take(db, job_id)
        assert old is not None
    work(database_url, world, job_id)
    assert job(world, job_id).accepted == 1
    with engine.begin() as db:
        with pytest.raises(imports.TakenAway):
            imports.content(db, old)
        imports.fail(db, old, "too late")
        imports.progress(db, old, 1, 1)
        imports.give_back(db, old)
    assert job(world, job_id).state is ImportState.DONE


def test_two_workers_import_each_file_once(database_url: str, world: World, tmp_path: Path) -> None:
    content = people(tmp_path, 400)
    lines = content.splitlines(keepends=True)
    parts = [lines[0] + b"".join(lines[1 + n :: 3]) for n in range(3)]
    ids = [queue(world, part, name=f"{n}.csv") for n, part in enumerate(parts)]

    async def scenario() -> None:
        async with running(Importer(database_url, QUICK)), running(Importer(database_url, QUICK)):
            await until(over(world, *ids))

    asyncio.run(scenario())
    assert world.value("SELECT count(*) FROM lead") == 400
    assert sum(job(world, job_id).accepted for job_id in ids) == 400
    assert world.value("SELECT max(tries) FROM import_job") == 1


def test_a_tenant_with_many_files_does_not_keep_another_waiting(world: World, engine: Engine) -> None:
    first, second = queue(world, b"1"), queue(world, b"2")
    with engine.begin() as db:
        tenant = setup.tenant(db, "other")
        campaign = campaigns.create(
            db,
            CampaignSettings(campaign_id="", name="other", state=CampaignState.DRAFT),
            switch_id=world.switch,
            tenant_id=tenant,
        )
        theirs = imports.queue(
            db, tenant_id=tenant, campaign_id=campaign.campaign_id, file_name="x.csv", content=b"3"
        ).id
        assert imports.waiting(db) == [first, second, theirs]
        imports.take(db, first)
        assert imports.waiting(db) == [first, theirs, second]


def worker_process(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "import typer, api.cli; typer.run(api.cli.worker)"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        stderr=subprocess.PIPE,
        text=True,
    )


async def until_rows(world: World, job_id: str) -> None:
    await until(lambda: 0 < job(world, job_id).rows_done < 6000)
