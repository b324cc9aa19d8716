"""The WebSocket: who may look, what they see first, every event in its order, and again after a break."""

from __future__ import annotations

import time

import pytest
from starlette.testclient import TestClient

from models.enums import UserRole
from models.repository import live, users
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_client, make_state, sign_in
from tests.integration.api.wall import ORIGIN, URL, Wall, key, number, tell, wall

SUPERVISOR = "ours-supervisor"
WALLS = pytest.mark.parametrize(
    "only", [{"row_security": False}, {"tell_tenant": False}], ids=["own check alone", "row security alone"]
)


@pytest.fixture
def board(client: TestClient) -> TestClient:
    """A signed-in supervisor's browser."""
    sign_in(client, SUPERVISOR)
    return client


def code_of(client: TestClient, first: str = '{"resume": null}', **headers: str) -> int:
    """With which code a socket is closed."""
    with client.websocket_connect(URL, headers=headers) as socket:
        socket.send_text(first)
        return Wall(socket).end()


def test_the_snapshot_has_campaigns_with_figures_and_agents(board: TestClient, office: Office) -> None:
    with office.engine.begin() as db:
        live.put(db, "dialer", {}, time.time(), campaigns={office.ours.campaign_id: {"lines": 3}})
    tell(office.engine, office.ours.id)
    number(office.engine)
    with wall(board) as shown:
        snapshot = shown.next()
    assert (snapshot["type"], snapshot["seq"]) == ("snapshot", 1)
    (campaign,) = snapshot["campaigns"]
    plain = board.get("/v1/campaigns").json()["items"]
    assert [{k: v for k, v in campaign.items() if k not in ("live", "report")}] == plain
    assert (campaign["live"]["lines"], campaign["live"]["stale"]) == (3, False)
    assert campaign["report"]["attempts"] == 0
    assert snapshot["agents"] == board.get("/v1/agents").json()["items"]
    assert [agent["id"] for agent in snapshot["agents"]] == [office.ours.agent_id]


def test_events_come_in_order_and_of_the_tenant_only(board: TestClient, office: Office) -> None:
    with wall(board) as shown:
        shown.until("snapshot")
        for step in range(20):
            tell(office.engine, office.theirs.id, step=step)
            tell(office.engine, office.ours.id, step=step)
            tell(office.engine, None, step=step)
            if step % 3 == 2 or step == 19:
                number(office.engine)
        shown.until("event", 20)
    assert [event["data"]["step"] for event in shown.got] == list(range(20))
    assert [event["seq"] for event in shown.got] == [3 * step + 2 for step in range(20)]


@WALLS
def test_each_wall_alone_keeps_tenants_apart(office: Office, only: dict[str, bool]) -> None:
    campaigns = {one.campaign_id: {"lines": 1} for one in (office.ours, office.theirs)}
    with make_client(make_state(office.url, **only)) as client:
        sign_in(client, SUPERVISOR)
        with wall(client) as shown:
            snapshot = shown.until("snapshot")
            tell(office.engine, office.theirs.id, whose="theirs")
            tell(office.engine, office.ours.id, whose="ours")
            number(office.engine)
            with office.engine.begin() as db:
                live.put(db, "dialer", {}, time.time(), campaigns=campaigns)
            while not (shown.got and shown.figures):
                shown.next()
        assert [event["data"] for event in shown.got] == [{"whose": "ours"}]
        assert set(shown.figures) == {office.ours.campaign_id}
        assert [one["id"] for one in snapshot["campaigns"]] == [office.ours.campaign_id]
        assert [one["id"] for one in snapshot["agents"]] == [office.ours.agent_id]
        with wall(client, 0) as again:
            assert again.next() == {"type": "resumed", "seq": 0}
            again.until("event")
        assert [event["data"] for event in again.got] == [{"whose": "ours"}]


def test_a_break_loses_nothing(board: TestClient, office: Office) -> None:
    with wall(board) as shown:
        seq = shown.until("snapshot")["seq"]
    for step in range(5):
        tell(office.engine, office.ours.id, step=step)
    number(office.engine)
    with wall(board, seq) as shown:
        assert shown.next() == {"type": "resumed", "seq": seq}
        shown.until("event", 5)
        tell(office.engine, office.ours.id, step=5)
        number(office.engine)
        shown.until("event")
    assert [event["data"]["step"] for event in shown.got] == list(range(6))


def test_who_was_away_too_long_gets_a_snapshot(board: TestClient, office: Office) -> None:
    for step in range(4):
        tell(office.engine, office.ours.id, step=step)
    number(office.engine)
    with office.engine.begin() as db:
        db.exec_driver_sql("DELETE FROM event WHERE seq <= 2")
    for resume, kind in ((0, "snapshot"), (1, "snapshot"), (2, "resumed"), (4, "resumed"), (5, "snapshot")):
        with wall(board, resume) as shown:
            assert (resume, shown.next()["type"]) == (resume, kind)


def test_more_than_five_thousand_missed_events_are_a_snapshot(board: TestClient, office: Office) -> None:
    with office.engine.begin() as db:
        db.exec_driver_sql(
            "INSERT INTO event (id, tenant_id, topic, at, payload) SELECT gen_random_uuid(),"
            f" '{office.ours.id}', 'note', now(), '{{}}' FROM generate_series(1, 5001)"
        )
    number(office.engine)
    with wall(board, 0) as shown:
        assert shown.next()["type"] == "snapshot"
    with wall(board, 1) as shown:
        assert shown.next()["type"] == "resumed"
        shown.until("event", 5000)
    assert [event["seq"] for event in shown.got] == list(range(2, 5002))


def test_an_agent_sees_their_own_state_only(client: TestClient, office: Office) -> None:
    sign_in(client, "ours-agent")
    with wall(client) as shown:
        snapshot = shown.until("snapshot")
        with office.engine.begin() as db:
            live.put(db, "dialer", {}, time.time(), campaigns={office.ours.campaign_id: {"lines": 1}})
        tell(office.engine, office.ours.id, "agent", id=office.theirs.agent_id, state="ready")
        tell(office.engine, office.ours.id, "call", attempt_id="x")
        tell(office.engine, office.ours.id, "agent", id=office.ours.agent_id, state="ready")
        number(office.engine)
        shown.until("event")
    assert snapshot["agents"] == [client.get("/v1/agents/me").json()]
    assert [(one["id"], one["live"], one["report"]) for one in snapshot["campaigns"]] == [
        (office.ours.campaign_id, None, None)
    ]
    assert [event["data"]["id"] for event in shown.got] == [office.ours.agent_id]
    assert not shown.figures
    with wall(client, 0) as again:
        again.until("event")
    assert [event["data"]["id"] for event in again.got] == [office.ours.agent_id]


def test_a_fault_of_ours_ends_the_sockets_and_the_next_ones_are_served(
    board: TestClient, office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    with wall(board) as shown:
        shown.until("snapshot")
        with monkeypatch.context() as broke:
            broke.setattr("models.repository.events.after", broken)
            tell(office.engine, office.ours.id)
            number(office.engine)
            assert shown.end() == 1012
    assert "live data of a tenant are broken off" in caplog.text
    with wall(board, 0) as again:
        again.until("event")


def test_nobody_looks_without_signing_in(client: TestClient) -> None:
    assert code_of(client, **ORIGIN) == 4401
    assert code_of(client, **ORIGIN, Cookie="ringmaster_session=nonsense") == 4401
    assert code_of(client, Authorization="Bearer rm_none_none") == 4401


def test_a_key_looks_with_the_scope_to_read(client: TestClient, office: Office) -> None:
    assert code_of(client, **key(office, "control", "admin", "metrics")) == 4403
    with wall(client, headers=key(office, "read")) as shown:
        assert shown.next()["type"] == "snapshot"


@pytest.mark.parametrize("origin", ["", "http://evil.test", "null", "http://ringmaster.test.evil.test"])
def test_another_site_s_page_can_t_look(board: TestClient, origin: str) -> None:
    assert code_of(board, Origin=origin) == 4403


def test_who_must_change_the_password_does_that_first(board: TestClient, office: Office) -> None:
    with office.engine.begin() as db:
        db.exec_driver_sql("UPDATE user_account SET must_change_password = true")
    assert code_of(board, **ORIGIN) == 4403


@pytest.mark.parametrize(
    "first",
    ["", "{}", "[]", "null", '{"resume": -1}', '{"resume": true}', '{"resume": 1.0}', '{"resume": "1"}',
     '{"resume": 9223372036854775808}', '{"resume": null, "more": 1}', '{"resume": NaN}', "[" * 1000,
     '{"resume": null, "x": "' + "y" * 2000 + '"}', '{"resume": 1' + "0" * 900 + "}", "\0", '"\\ud800"'],
)  # fmt: skip
def test_a_bad_first_message_is_told(board: TestClient, first: str) -> None:
    assert code_of(board, first, **ORIGIN) == 4400


@pytest.mark.parametrize("said", ["{}", '{"type": "ping"}', '{"resume": null}', "x" * 2000])
def test_later_there_is_only_pong(board: TestClient, said: str) -> None:
    with wall(board) as shown:
        shown.until("snapshot")
        shown.socket.send_text('{"type": "pong"}')
        shown.socket.send_text(said)
        assert shown.end() == 4400


def test_binary_is_refused(board: TestClient) -> None:
    with board.websocket_connect(URL, headers=ORIGIN) as socket:
        socket.send_bytes(b'{"resume": null}')
        assert Wall(socket).end() == 4400


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.routes.live.CHECK_SECONDS", 0.05)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("DELETE FROM web_session", 4401),
        ("UPDATE web_session SET expires_at = now()", 4401),
        ("UPDATE user_account SET disabled = true", 4401),
        ("UPDATE user_account SET role = 'admin'", 4403),
        ("UPDATE user_account SET must_change_password = true", 4403),
    ],
)
def test_who_may_look_no_longer_is_sent_away(
    board: TestClient, office: Office, change: str, code: int
) -> None:
    with wall(board) as shown:
        shown.until("snapshot")
        with office.engine.begin() as db:
            db.exec_driver_sql(change)
        assert shown.end() == code


def test_a_supervisor_who_becomes_an_agent_sees_less_at_once(board: TestClient, office: Office) -> None:
    with office.engine.begin() as db:
        users.change(db, office.ours.user_ids[UserRole.AGENT], {"disabled": True})
        db.exec_driver_sql(
            "UPDATE user_account SET agent_id = NULL, role = 'supervisor' WHERE role = 'agent'"
        )
        users.change(
            db, office.ours.user_ids[UserRole.SUPERVISOR], {"role": "agent", "agent_id": office.ours.agent_id}
        )
    with wall(board) as shown:
        assert [one["live"] for one in shown.until("snapshot")["campaigns"]] == [None]
