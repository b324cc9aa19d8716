"""The event feed over HTTP and WebSocket: no gap, no reorder, no other tenant; whatever commits late.

Eight writers hold their transactions open for as long as a seeded schedule says; three readers look whenever
it says so: through GET /v1/events, and through a WebSocket that breaks at random and resumes.
"""

from __future__ import annotations

import json
import random
from contextlib import ExitStack
from dataclasses import dataclass, field

import psycopg
import pytest
from starlette.testclient import TestClient

from models.ids import new_id
from models.session import conninfo
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_client, make_state, sign_in
from tests.integration.api.wall import number, tell, wall

SUPERVISOR = "ours-supervisor"
INSERT = "INSERT INTO event (id, tenant_id, topic, at, payload) VALUES (%s, %s, 'note', now(), %s)"
WALLS = [{}, {"row_security": False}, {"tell_tenant": False}]


@pytest.fixture
def reader(client: TestClient) -> TestClient:
    sign_in(client, SUPERVISOR)
    return client


@dataclass
class Writer:
    """Holds its transaction open until the schedule commits it."""

    connection: psycopg.Connection
    open_events: list[tuple[str, str]] = field(default_factory=list)

    def insert(self, tenant_id: str | None, name: str) -> None:
        self.connection.execute(INSERT, (new_id(), tenant_id, json.dumps({"name": name})))
        self.open_events.append((tenant_id or "", name))

    def commit(self) -> list[tuple[str, str]]:
        self.connection.commit()
        done, self.open_events = self.open_events, []
        return done


@dataclass
class Reader:
    """Reads on from where it was: over HTTP, or over a socket that it opens for a while."""

    client: TestClient
    by_socket: bool
    chance: random.Random
    after: int = 0
    seen: list[tuple[int, str]] = field(default_factory=list)

    def look(self, expected: int) -> None:
        """`expected`: how many events of the tenant are numbered by now; a look may stop before them."""
        wanted = self.chance.randint(0, expected - len(self.seen))
        (self._listen if self.by_socket else self._get)(wanted)

    def finish(self, expected: int) -> None:
        """Read all of them."""
        while len(self.seen) < expected:
            self.look(expected)

    def _get(self, wanted: int) -> None:
        answer = self.client.get("/v1/events", params={"after": self.after, "limit": max(1, wanted)}).json()
        self.seen += [(one["seq"], one["data"]["name"]) for one in answer["items"]]
        self.after = answer["next"]

    def _listen(self, wanted: int) -> None:
        with wall(self.client, self.after) as shown:
            assert shown.next() == {"type": "resumed", "seq": self.after}
            if wanted:
                shown.until("event", wanted)
        self.seen += [(one["seq"], one["data"]["name"]) for one in shown.got]
        self.after = self.seen[-1][0] if self.seen else self.after


@pytest.mark.parametrize("only", WALLS, ids=["both", "own check alone", "row security alone"])
@pytest.mark.parametrize("seed", range(3))
def test_eight_writers_three_readers_no_gap_no_reorder(
    office: Office, seed: int, only: dict[str, bool]
) -> None:
    chance = random.Random(seed)
    owners = (office.ours.id, office.theirs.id, None)
    committed: list[set[str]] = [set()]  # ours, by the pass before which they were committed
    with ExitStack() as stack:
        client = stack.enter_context(make_client(make_state(office.url, **only)))
        sign_in(client, SUPERVISOR)
        writers = [Writer(stack.enter_context(psycopg.connect(conninfo(office.url)))) for _ in range(8)]
        readers = [Reader(client, by_socket, chance) for by_socket in (False, True, True)]

        def commit(writer: Writer) -> None:
            committed[-1].update(name for owner, name in writer.commit() if owner == office.ours.id)

        def pass_once() -> None:
            number(office.engine)
            committed.append(set())

        for step in range(250):
            action = chance.random()
            if action < 0.6:
                chance.choice(writers).insert(chance.choice(owners), f"n{step}")
            elif action < 0.8:
                commit(chance.choice(writers))
            elif action < 0.9:
                pass_once()
            else:
                chance.choice(readers).look(sum(map(len, committed[:-1])))
        for writer in writers:
            commit(writer)
        pass_once()
        total = sum(map(len, committed))
        for one in readers:
            one.finish(total)
    assert total > 20
    for one in readers:
        assert one.seen == readers[0].seen, "all see the same order"
        assert [seq for seq, _ in one.seen] == sorted({seq for seq, _ in one.seen})
    names, start = [name for _, name in readers[0].seen], 0
    for batch in committed:
        assert set(names[start : start + len(batch)]) == batch, "in the order of the commits"
        start += len(batch)


def test_a_page_at_a_time_until_there_is_no_more(reader: TestClient, office: Office) -> None:
    for step in range(5):
        tell(office.engine, office.ours.id, step=step)
        tell(office.engine, office.theirs.id, step=step)
    number(office.engine)
    after, seen = 0, []
    while items := (page := reader.get("/v1/events", params={"after": after, "limit": 2}).json())["items"]:
        seen += items
        after = page["next"]
    assert [one["data"]["step"] for one in seen] == list(range(5))
    assert (seen[0]["topic"], seen[0]["at"][-1]) == ("note", "Z")
    assert page == {"items": [], "next": after}


def test_what_has_no_place_yet_is_not_shown(reader: TestClient, office: Office) -> None:
    tell(office.engine, office.ours.id)
    assert reader.get("/v1/events").json() == {"items": [], "next": 0}


def test_a_reader_who_stayed_away_too_long_is_told(reader: TestClient, office: Office) -> None:
    for step in range(4):
        tell(office.engine, office.ours.id, step=step)
    number(office.engine)
    with office.engine.begin() as db:
        db.exec_driver_sql("DELETE FROM event WHERE seq <= 2")
    assert [one["seq"] for one in reader.get("/v1/events").json()["items"]] == [3, 4], "0 is from the oldest"
    for after in (1, 5, 2**62):
        answer = reader.get("/v1/events", params={"after": after})
        assert (answer.status_code, answer.json()["code"]) == (409, "events_gone")
    assert [one["seq"] for one in reader.get("/v1/events?after=2").json()["items"]] == [3, 4]
    assert reader.get("/v1/events?after=4").json() == {"items": [], "next": 4}


@pytest.mark.parametrize(
    "query",
    ["after=-1", "after=x", "after=9223372036854775808", "limit=0", "limit=1001", "after=NaN", "after="],
)
def test_nonsense_is_refused(reader: TestClient, query: str) -> None:
    answer = reader.get(f"/v1/events?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_agents_do_not_read_the_feed(client: TestClient) -> None:
    assert client.get("/v1/events").status_code == 401
    sign_in(client, "ours-agent")
    assert client.get("/v1/events").status_code == 403
