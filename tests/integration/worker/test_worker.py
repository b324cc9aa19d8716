"""The worker as a whole: woken, standing by, losing its database, stopping."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from api.sequencer import EVENT_CHANNEL, FEED_CHANNEL
from api.worker import Pace, Worker
from models.ids import new_id
from models.session import conninfo

ROOT = Path(__file__).resolve().parents[3]
INSERT = "INSERT INTO event (id, topic, at, payload) VALUES (%s, 't', now(), '{}')"
NEVER = Pace(poll_seconds=3600, standby_seconds=0.01, retry_seconds=0.01)
QUICK = Pace(poll_seconds=0.02, standby_seconds=0.01, retry_seconds=0.01)


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(worker.run())
    try:
        yield task
    finally:
        worker.stop()
        await asyncio.wait_for(task, 20)


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[AsyncConnection]:
    connection = await AsyncConnection.connect(conninfo(url), autocommit=True)
    async with connection:
        await connection.execute(f"LISTEN {FEED_CHANNEL}".encode())
        yield connection


async def heard(connection: AsyncConnection, payload: str) -> None:
    async for notification in connection.notifies(timeout=30):
        if notification.payload == payload:
            return
    raise AssertionError(f"nobody was told of {payload}")


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(scenario())


def test_a_notify_wakes_the_leader_long_before_its_poll(database_url: str) -> None:
    async def scenario() -> None:
        worker = Worker(conninfo(database_url), NEVER)
        async with running(worker), listening(database_url) as connection:
            await asyncio.wait_for(worker.leading.wait(), 20)
            await connection.execute(INSERT, (new_id(),))
            await connection.execute(f"NOTIFY {EVENT_CHANNEL}".encode())
            await heard(connection, "1")
        assert worker.numbered == 1

    run(scenario)


def test_the_poll_finds_what_nobody_announced(database_url: str) -> None:
    async def scenario() -> None:
        async with running(Worker(conninfo(database_url), QUICK)), listening(database_url) as connection:
            await connection.execute(INSERT, (new_id(),))
            await heard(connection, "1")

    run(scenario)


def test_a_second_worker_stands_by_and_takes_over(database_url: str) -> None:
    async def scenario() -> None:
        first, second = Worker(conninfo(database_url), QUICK), Worker(conninfo(database_url), QUICK)
        async with running(second):
            async with running(first):
                done, _ = await asyncio.wait(
                    {asyncio.create_task(first.leading.wait()), asyncio.create_task(second.leading.wait())},
                    return_when=asyncio.FIRST_COMPLETED,
                    timeout=20,
                )
                assert done
                assert not (first.leading.is_set() and second.leading.is_set())
            await asyncio.wait_for(second.leading.wait(), 20)

    run(scenario)


def test_a_lost_connection_is_made_again(database_url: str) -> None:
    async def scenario() -> None:
        worker = Worker(conninfo(database_url), QUICK)
        async with running(worker), listening(database_url) as connection:
            await connection.execute(INSERT, (new_id(),))
            await heard(connection, "1")
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE application_name = 'ringmaster worker'"
            )
            await connection.execute(INSERT, (new_id(),))
            await heard(connection, "2")

    run(scenario)


def test_a_database_that_is_not_there_is_waited_for(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    tries = 0

    async def scenario() -> None:
        def draw() -> float:
            nonlocal tries
            tries += 1
            if tries == 3:
                worker.stop()
            return 0.5

        worker = Worker(f"host={tmp_path} dbname=nothing", QUICK, draw=draw)
        await asyncio.wait_for(worker.run(), 20)

    run(scenario)
    assert tries == 3
    assert [r.message for r in caplog.records if "database is away" in r.message] != []
    assert len(caplog.records) == 1, "said once, not at each try"


def test_commands_that_nobody_took_expire(database_url: str) -> None:
    async def scenario() -> None:
        async with listening(database_url) as connection:
            switch, old, fresh = new_id(), new_id(), new_id()
            await connection.execute("INSERT INTO switch (id, name) VALUES (%s, 'main')", (switch,))
            for identifier, age in ((old, "-1 second"), (fresh, "1 hour")):
                await connection.execute(
                    "INSERT INTO command (id, switch_id, kind, status, expires_at) "
                    "VALUES (%s, %s, 'stop_all', 'pending', now() + %s::interval)",
                    (identifier, switch, age),
                )
            async with running(Worker(conninfo(database_url), QUICK)):
                await heard(connection, "1")
            rows = await (await connection.execute("SELECT id::text, status FROM command")).fetchall()
            assert dict(rows) == {old: "expired", fresh: "pending"}
            told = await (await connection.execute("SELECT topic, payload->>'status' FROM event")).fetchall()
            assert told == [("command", "expired")]

    run(scenario)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_cleanly_on_a_signal(database_url: str, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "import typer, api.cli; typer.run(api.cli.worker)"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database_url},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process.stderr:
        for line in process.stderr:
            if "leading" in line:
                break
        process.send_signal(number)
        assert process.wait(20) == 0


def test_without_a_database_it_says_so_and_exits_2(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("RINGMASTER_", "DATABASE_"))}
    finished = subprocess.run(
        [
            sys.executable,
            "-c",
            "import typer, api.cli; typer.run(api.cli.worker)",
            "--data-dir",
            str(tmp_path / "none"),
        ],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert finished.returncode == 2
    assert finished.stderr.startswith("ringmaster worker: There is no database: set DATABASE_URL")
    assert len(finished.stderr.splitlines()) == 1
