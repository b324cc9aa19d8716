"""Old events go from the front, in batches; places stay without a gap and go on counting."""

from __future__ import annotations

import asyncio

import pytest
from psycopg import AsyncConnection
from sqlalchemy import create_engine

from api.retention import prune_once
from api.sequencer import assign_all
from api.worker import Pace, Worker
from models.ids import new_id
from models.session import conninfo, normalise_url
from models.verify.invariants import check_rows

DAY = 86_400.0
INSERT = (
    "INSERT INTO event (id, topic, at, payload, recorded_at)"
    " VALUES (%s, 't', now(), '{}', now() - %s * '1 s'::interval)"
)


async def fill(connection: AsyncConnection, *ages: float) -> None:
    """Events of these ages (seconds), numbered in this order."""
    for age in ages:
        await connection.execute(INSERT, (new_id(), age))
    await assign_all(connection)


async def places(connection: AsyncConnection) -> list[int]:
    cursor = await connection.execute("SELECT seq FROM event WHERE seq IS NOT NULL ORDER BY seq")
    return [int(row[0]) for row in await cursor.fetchall()]


def run(url: str, ages: list[float], batch: int) -> tuple[list[int], list[int]]:
    """(how many each pass deleted until one finds nothing, the places left)."""

    async def scenario() -> tuple[list[int], list[int]]:
        async with await AsyncConnection.connect(conninfo(url), autocommit=True) as connection:
            await fill(connection, *ages)
            passes = [await prune_once(connection, 7 * DAY, batch=batch)]
            while passes[-1]:
                passes.append(await prune_once(connection, 7 * DAY, batch=batch))
            return passes, await places(connection)

    return asyncio.run(scenario())


def verify(url: str) -> set[str]:
    engine = create_engine(normalise_url(url))
    with engine.connect() as db:
        found = {violation.code for violation in check_rows(db, at_rest=True)}
    engine.dispose()
    return found


@pytest.mark.parametrize(
    ("ages", "batch", "passes", "left"),
    [
        ([9 * DAY] * 5 + [DAY] * 3, 2, [2, 2, 1, 0], [6, 7, 8]),
        ([DAY, 9 * DAY, 9 * DAY, DAY], 10, [0], [1, 2, 3, 4]),
        ([9 * DAY, 9 * DAY, DAY, 9 * DAY, DAY], 10, [2, 0], [3, 4, 5]),
        ([9 * DAY] * 4, 10, [3, 0], [4]),
    ],
    ids=["from the front", "a young one in front keeps all", "no gap", "the newest stays"],
)
def test_old_events_go(
    database_url: str, ages: list[float], batch: int, passes: list[int], left: list[int]
) -> None:
    assert run(database_url, ages, batch) == (passes, left)
    assert verify(database_url) == set()


def test_places_go_on_after_everything_old_is_gone(database_url: str) -> None:
    run(database_url, [9 * DAY] * 4, 10)
    assert run(database_url, [0.0], 10)[1] == [5], "place 4 stayed until 5 was there"
    assert verify(database_url) == set()


def test_the_leader_prunes_and_leaves_what_has_no_place(database_url: str) -> None:
    async def scenario() -> None:
        async with await AsyncConnection.connect(conninfo(database_url), autocommit=True) as connection:
            await fill(connection, *[9 * DAY] * 3, 0.0)
            await connection.execute("LISTEN done")
            await connection.execute(
                "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN PERFORM pg_notify('done', ''); RETURN NULL; END $$"
            )
            await connection.execute(
                "CREATE TRIGGER told AFTER DELETE ON event FOR EACH STATEMENT EXECUTE FUNCTION told()"
            )
            worker = Worker(conninfo(database_url), Pace(poll_seconds=0.02), keep_seconds=7 * DAY)
            task = asyncio.create_task(worker.run())
            async for _ in connection.notifies(timeout=30, stop_after=1):
                pass
            worker.stop()
            await task
            assert await places(connection) == [4]

    asyncio.run(scenario())
