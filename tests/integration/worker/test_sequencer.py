"""The event feed has no gap and no reordering, whatever the order of the commits.

The delays between insert and commit are not sleeps: a seeded schedule decides at each step which writer
inserts, which commits, when the sequencer passes and which reader looks.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import psycopg
import pytest
from psycopg import AsyncConnection

from api.sequencer import FEED_CHANNEL, assign_all, assign_once, take_lead
from models.ids import new_id
from models.session import conninfo

INSERT = "INSERT INTO event (id, topic, at, payload) VALUES (%s, %s, now(), '{}')"
READ = "SELECT seq, id::text FROM event WHERE seq > %s ORDER BY seq LIMIT %s"


@dataclass
class Writer:
    """Holds its transaction open until the schedule commits it."""

    connection: AsyncConnection
    open_ids: list[str] = field(default_factory=list)

    async def insert(self) -> None:
        identifier = new_id()
        await self.connection.execute(INSERT, (identifier, "test"))
        self.open_ids.append(identifier)

    async def commit(self) -> list[str]:
        await self.connection.commit()
        done, self.open_ids = self.open_ids, []
        return done


@dataclass
class Reader:
    connection: AsyncConnection
    seen: list[tuple[int, str]] = field(default_factory=list)

    async def look(self, limit: int) -> None:
        last = self.seen[-1][0] if self.seen else 0
        rows = await (await self.connection.execute(READ, (last, limit))).fetchall()
        self.seen.extend((int(seq), str(identifier)) for seq, identifier in rows)


async def _connect(url: str, *, autocommit: bool = True) -> AsyncConnection:
    return await AsyncConnection.connect(conninfo(url), autocommit=autocommit)


async def _scenario(url: str, seed: int, steps: int = 400) -> None:
    rng = random.Random(seed)
    writers = [Writer(await _connect(url, autocommit=False)) for _ in range(8)]
    readers = [Reader(await _connect(url)) for _ in range(3)]
    sequencer = await _connect(url)
    assert await take_lead(sequencer)
    passes: list[set[str]] = [set()]  # ids by the pass before which they were committed
    for _ in range(steps):
        action = rng.random()
        if action < 0.55:
            await rng.choice(writers).insert()
        elif action < 0.75:
            passes[-1].update(await rng.choice(writers).commit())
        elif action < 0.85:
            assert await assign_all(sequencer, batch=rng.randint(1, 20)) == len(passes[-1])
            passes.append(set())
        else:
            await rng.choice(readers).look(rng.randint(1, 50))
    for writer in writers:
        passes[-1].update(await writer.commit())
    assert await assign_all(sequencer) == len(passes[-1])
    total = sum(map(len, passes))
    for reader in readers:
        await reader.look(total)
        assert [seq for seq, _ in reader.seen] == list(range(1, total + 1))
        assert reader.seen == readers[0].seen
    order = [identifier for _, identifier in readers[0].seen]
    start = 0
    for committed in passes:
        assert set(order[start : start + len(committed)]) == committed
        start += len(committed)
    assert total > 100
    for connection in [*(w.connection for w in writers), *(r.connection for r in readers), sequencer]:
        await connection.close()


@pytest.mark.parametrize("seed", range(3))
def test_eight_writers_three_readers_no_gap_no_reorder(database_url: str, seed: int) -> None:
    asyncio.run(_scenario(database_url, seed))


def test_the_same_with_a_plain_sequence_loses_events(database_url: str) -> None:
    """The schedule is able to find the fault that the sequencer is there to prevent."""

    async def scenario() -> None:
        early = await _connect(database_url, autocommit=False)
        late = await _connect(database_url, autocommit=False)
        reader = Reader(await _connect(database_url))
        plain = "INSERT INTO event (id, seq, topic, at, payload) VALUES (%s, nextval('s'), 't', now(), '{}')"
        await reader.connection.execute("CREATE SEQUENCE s")
        await early.execute(plain, (new_id(),))
        await late.execute(plain, (new_id(),))
        await late.commit()
        await reader.look(10)
        await early.commit()
        await reader.look(10)
        assert [seq for seq, _ in reader.seen] == [2]
        for connection in (early, late, reader.connection):
            await connection.close()

    asyncio.run(scenario())


def test_a_writer_that_rolls_back_leaves_no_gap(database_url: str) -> None:
    async def scenario() -> None:
        writer = await _connect(database_url, autocommit=False)
        sequencer = await _connect(database_url)
        await writer.execute(INSERT, (new_id(), "kept"))
        await writer.commit()
        await writer.execute(INSERT, (new_id(), "dropped"))
        await assign_all(sequencer)
        await writer.rollback()
        await writer.execute(INSERT, (new_id(), "kept too"))
        await writer.commit()
        assert await assign_all(sequencer) == 1
        reader = Reader(sequencer)
        await reader.look(10)
        assert [seq for seq, _ in reader.seen] == [1, 2]
        for connection in (writer, sequencer):
            await connection.close()

    asyncio.run(scenario())


def test_one_leader_until_its_connection_ends(database_url: str) -> None:
    async def scenario() -> None:
        first, second = await _connect(database_url), await _connect(database_url)
        assert await take_lead(first)
        assert not await take_lead(second)
        pid = first.info.backend_pid
        await second.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(psycopg.OperationalError):
            await assign_once(first)
        assert await take_lead(second)
        for connection in (first, second):
            await connection.close()

    asyncio.run(scenario())


def test_readers_are_woken_once_per_pass_with_the_newest_place(database_url: str) -> None:
    async def scenario() -> None:
        sequencer, reader = await _connect(database_url), await _connect(database_url)
        await reader.execute(f"LISTEN {FEED_CHANNEL}".encode())
        for _ in range(5):
            await sequencer.execute(INSERT, (new_id(), "t"))
        assert await assign_all(sequencer) == 5
        assert await assign_all(sequencer) == 0
        await sequencer.execute(f"NOTIFY {FEED_CHANNEL}, 'end'".encode())
        heard: list[str] = []
        async for notification in reader.notifies(timeout=20):
            heard.append(notification.payload)
            if notification.payload == "end":
                break
        assert heard == ["5", "end"]
        for connection in (sequencer, reader):
            await connection.close()

    asyncio.run(scenario())
