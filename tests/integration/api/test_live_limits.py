"""The WebSocket under strain, on the real server: who does not read, who says nothing or too much."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from api.frames import EventFrame, LiveFrame, Outbox
from models.repository import live
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_state
from tests.integration.api.served import Served, message, serving
from tests.integration.api.wall import number, tell

BUFFER = 8192
START = '{"resume": null}'


@pytest.fixture
def served(office: Office) -> Iterator[Served]:
    with serving(make_state(office.url), send_buffer=BUFFER) as running:
        yield running


@pytest.fixture
def cookie(served: Served) -> str:
    return served.sign_in("ours-supervisor")


def read_to_the_end(connection: ClientConnection, *, answer: bool = True) -> tuple[int, list[dict[str, Any]]]:
    """Read until the server closes: its code, and what came before."""
    got: list[dict[str, Any]] = []
    try:
        while True:
            got.append(message(connection) if answer else json.loads(connection.recv(timeout=60)))
    except ConnectionClosed as closed:
        return (closed.rcvd.code if closed.rcvd is not None else 1006), got


def code(connection: ClientConnection) -> int:
    return read_to_the_end(connection)[0]


def fill(office: Office, count: int) -> None:
    with office.engine.begin() as db:
        db.exec_driver_sql(
            "INSERT INTO event (id, tenant_id, topic, at, payload) SELECT gen_random_uuid(),"
            f" '{office.ours.id}', 'note', now(), jsonb_build_object('text', repeat('x', 500))"
            f" FROM generate_series(1, {count})"
        )
    number(office.engine)


def test_who_does_not_read_is_sent_away_and_comes_back_without_a_gap(
    served: Served, office: Office, cookie: str
) -> None:
    with served.connect(cookie, receive_buffer=BUFFER) as slow, served.connect(cookie) as quick:
        for connection in (slow, quick):
            connection.send(START)
            assert message(connection)["type"] == "snapshot"
        places = []
        for _ in range(6):
            fill(office, 400)
            places += [message(quick)["seq"] for _ in range(400)]
        assert places == list(range(1, 2401)), "one slow client holds nobody up"
        end, got = read_to_the_end(slow)
        assert end == 4008
    seen = [one["seq"] for one in got if one["type"] == "event"]
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) < 2400 - 1000
    with served.connect(cookie) as again:
        again.send(json.dumps({"resume": len(seen)}))
        assert message(again) == {"type": "resumed", "seq": len(seen)}
        rest = [message(again)["seq"] for _ in range(2400 - len(seen))]
    assert rest == list(range(len(seen) + 1, 2401))


def test_a_server_that_ends_says_that_it_will_be_back(served: Served, cookie: str) -> None:
    with served.connect(cookie) as connection:
        connection.send(START)
        assert message(connection)["type"] == "snapshot"
        served.stop()
        assert code(connection) == 1012


def test_long_messages_are_refused_before_they_are_read(served: Served, cookie: str) -> None:
    with served.connect(cookie) as connection:
        connection.send('{"resume": null, "x": "' + "y" * 100_000 + '"}')
        assert code(connection) == 1009


def test_who_asks_for_nothing_is_sent_away(
    served: Served, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.live.FIRST_SECONDS", 0.05)
    with served.connect(cookie) as connection:
        assert code(connection) == 4400


def test_who_answers_no_ping_is_sent_away(
    served: Served, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.live.PING_SECONDS", 0.1)
    monkeypatch.setattr("api.routes.live.SILENCE_SECONDS", 0.3)
    pings = 0
    with served.connect(cookie) as polite:
        polite.send(START)
        while pings < 10:
            if json.loads(polite.recv(timeout=30))["type"] == "ping":
                pings += 1
                polite.send('{"type":"pong"}')
    with served.connect(cookie) as mute:
        mute.send(START)
        end, got = read_to_the_end(mute, answer=False)
    assert end == 4408
    assert 1 <= [one["type"] for one in got].count("ping") <= 3


def test_a_lost_listener_is_made_again_and_loses_nothing(served: Served, office: Office, cookie: str) -> None:
    with served.connect(cookie) as connection:
        connection.send(START)
        message(connection)
        with office.engine.begin() as db:
            db.exec_driver_sql(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE application_name = 'ringmaster listen' AND datname = current_database()"
            )
        tell(office.engine, office.ours.id, text="said while nobody listened")
        number(office.engine)
        assert message(connection)["data"] == {"text": "said while nobody listened"}
        with office.engine.begin() as db:
            db.exec_driver_sql(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        tell(office.engine, office.ours.id, text="after every connection broke")
        number(office.engine)
        assert message(connection)["data"] == {"text": "after every connection broke"}


def test_live_figures_go_out_without_events(served: Served, office: Office, cookie: str) -> None:
    with served.connect(cookie) as connection:
        connection.send(START)
        message(connection)
        for step in range(3):
            with office.engine.begin() as db:
                live.put(db, "dialer", {}, time.time(), campaigns={office.ours.campaign_id: {"lines": step}})
            while True:
                shown = message(connection)["campaigns"][0]["live"]
                if shown["lines"] == step:
                    break


# --- the queue of one socket, without a socket --------------------------------------------------------------


def frame(seq: int, agent_id: str | None = None) -> EventFrame:
    return EventFrame(seq, str(seq), 0.0, agent_id)


def take(box: Outbox, count: int) -> list[str]:
    async def some() -> list[str]:
        return [(await box.next()).text for _ in range(count)]

    return asyncio.run(some())


def test_of_figures_only_the_newest_of_each_campaign_wait() -> None:
    box = Outbox()
    box.show(LiveFrame("1", {"a": "A1", "b": "B1"}, 0.0))
    box.show(LiveFrame("2", {"b": "B2"}, 0.0))
    box.add(frame(1))
    box.show(LiveFrame("3", {"b": "B3", "c": "C3"}, 0.0))
    assert take(box, 2) == ["1", '{"type":"live","at":"3","campaigns":[A1,B3,C3]}']


def test_the_limit_is_of_events_and_ends_everything() -> None:
    box = Outbox(limit=3)
    for seq in range(1, 4):
        box.add(frame(seq))
    assert take(box, 1) == ["1"]
    for seq in range(4, 7):
        box.add(frame(seq))
    assert asyncio.run(box.end()) == "overrun"


def test_places_already_sent_are_passed_over_and_others_agents_never_come() -> None:
    box = Outbox(agent_id="me", after=2)
    for seq, agent in ((1, "me"), (2, "me"), (3, "other"), (4, None), (5, "me")):
        box.add(frame(seq, agent))
    box.show(LiveFrame("1", {"a": "A1"}, 0.0))
    box.ping()
    assert take(box, 2) == ['{"type":"ping"}', "5"]
