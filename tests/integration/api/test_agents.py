"""Agents through the API: who sees whom, what they ask of the dialer, and the call on an agent's desk."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from models import dispositions
from models.enums import AgentState, ApiScope, CommandKind, UserRole
from models.ids import new_id
from models.records import AgentStateChanged, AttemptAnswered, AttemptBridged, AttemptDialed
from models.repository import agents, lease
from models.repository.db import object_json
from models.rules import preset
from tests.integration.api.conftest import Office
from tests.integration.api.dialer import dialer
from tests.integration.api.office import Tenant, make_client, make_state, sign_in
from tests.integration.api.walls import NOBODY, WALLS, Wall, bearer
from tests.integration.models.world import NOON, World

S = AgentState
ACTIONS: list[tuple[str, Any]] = [
    ("login", {}),
    ("logout", None),
    ("pause", {"reason": "meal"}),
    ("ready", None),
    ("hang-up", {"attempt_id": NOBODY}),
    ("hold", {"attempt_id": NOBODY}),
    ("mute", {"attempt_id": NOBODY, "on": False}),
    ("digits", {"attempt_id": NOBODY, "digits": "12#"}),
    ("transfer", {"attempt_id": NOBODY, "to_agent_id": NOBODY}),
    ("transfer-out", {"attempt_id": NOBODY, "number": "+12125550188"}),
    ("disposition", {"attempt_id": NOBODY, "disposition": "success"}),
]


@pytest.fixture
def supervisor(client: TestClient) -> TestClient:
    sign_in(client, "ours-supervisor")
    return client


@pytest.fixture
def agent(client: TestClient, office: Office) -> TestClient:
    sign_in(client, office.ours.logins[UserRole.AGENT])
    return client


def second(office: Office, tenant: Tenant) -> str:
    with office.engine.begin() as db:
        made = agents.create(
            db,
            name="Bo",
            extension="1002",
            switch_id=tenant.switch_id,
            campaign_id=tenant.campaign_id,
            tenant_id=tenant.id,
        )
    return made.agent_id


def call(office: Office, tenant: Tenant, *, number: str = "+12125550100") -> tuple[World, str]:
    """The tenant's agent talks with a person; (world, attempt)."""
    with office.engine.begin() as db:
        held = lease.acquire(db, tenant.switch_id, "fake", 600.0)
    assert held is not None
    world = World(office.engine, tenant.id, tenant.switch_id, tenant.campaign_id, held.token)
    world.execute(
        "UPDATE campaign SET rules = CAST(:rules AS jsonb) WHERE id = :id",
        rules=object_json(preset("demo").to_json()),
        id=tenant.campaign_id,
    )
    (lead,) = world.add_numbers([number])
    world.execute('UPDATE lead SET fields = \'{"account": "A-1"}\' WHERE id = :id', id=lead)
    world.execute(
        "UPDATE person SET name = 'Grace' WHERE id = (SELECT person_id FROM lead WHERE id = :id)", id=lead
    )
    (attempt,) = world.claim(1).attempts
    world.apply(
        AttemptDialed(attempt_id=attempt.attempt_id, leg_id=new_id(), switch_id=world.switch, at=NOON),
        AttemptAnswered(attempt_id=attempt.attempt_id, at=NOON + 10),
        AttemptBridged(attempt_id=attempt.attempt_id, agent_id=tenant.agent_id, at=NOON + 11),
        AgentStateChanged(
            id=new_id(),
            agent_id=tenant.agent_id,
            state=S.TALKING,
            at=NOON + 11,
            campaign_id=tenant.campaign_id,
            attempt_id=attempt.attempt_id,
        ),
    )
    return world, attempt.attempt_id


def test_agents_of_the_tenant_and_of_a_campaign(supervisor: TestClient, office: Office) -> None:
    bo = second(office, office.ours)
    found = supervisor.get("/v1/agents").json()["items"]
    assert [(one["name"], one["state"], one["next"]) for one in found] == [
        ("Ada", "logged_out", ""),
        ("Bo", "logged_out", ""),
    ]
    assert found[0]["state_since"].endswith("Z")
    made = supervisor.post("/v1/campaigns", json={"name": "fall"}).json()
    assert supervisor.get("/v1/agents", params={"campaign_id": made["id"]}).json() == {"items": []}
    ours = supervisor.get("/v1/agents", params={"campaign_id": office.ours.campaign_id}).json()["items"]
    assert [one["id"] for one in ours] == [office.ours.agent_id, bo]
    for wrong, status in ((office.theirs.campaign_id, 404), ("x", 422)):
        assert supervisor.get("/v1/agents", params={"campaign_id": wrong}).status_code == status


def test_an_administrator_makes_agents(supervisor: TestClient, office: Office) -> None:
    wish = {"name": "Cy", "extension": "1003", "campaign_id": office.ours.campaign_id}
    assert supervisor.post("/v1/agents", json=wish).json()["code"] == "forbidden"
    sign_in(supervisor, "ours-admin")
    made = supervisor.post("/v1/agents", json=wish)
    assert (made.status_code, made.json()["state"]) == (201, "logged_out")
    for other in (wish, {**wish, "name": "Di"}, {**wish, "extension": "1004"}):
        again = supervisor.post("/v1/agents", json=other)
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
    theirs = {**wish, "name": "Di", "extension": "1005", "campaign_id": office.theirs.campaign_id}
    assert supervisor.post("/v1/agents", json=theirs).status_code == 404
    for wrong in ({"name": " "}, {"extension": "a b"}, {"extension": ""}, {"team": "x"}):
        assert supervisor.post("/v1/agents", json={**wish, **wrong}).status_code == 422
    assert (
        supervisor.post("/v1/agents", json={"name": "N\0", "extension": "1006"}).json()["name"] == "N\ufffd"
    )


def test_an_agent_asks_by_their_own_name(agent: TestClient, office: Office) -> None:
    _, attempt = call(office, office.ours)
    bo = second(office, office.ours)
    with dialer(office.engine, office.url, office.ours.switch_id) as fake:
        for action, body in ACTIONS:
            if action == "transfer":
                body = {"attempt_id": attempt, "to_agent_id": bo}
            elif action == "disposition":
                body = {"attempt_id": attempt, "disposition": "success", "text": "paid\0"}
            elif isinstance(body, dict) and "attempt_id" in body:
                body = {**body, "attempt_id": attempt}
            answer = agent.post(f"/v1/agents/me/{action}", json=body)
            assert answer.status_code == 200, answer.text
            assert answer.json()["status"] == "done"
            # What an agent asked for, the agent may look at.
            assert agent.get(f"/v1/commands/{answer.json()['id']}").json() == answer.json()
        assert agent.post(f"/v1/agents/{office.ours.agent_id}/ready").status_code == 200
    assert {command.agent_id for command in fake.heard} == {office.ours.agent_id}
    assert [(command.kind, command.payload) for command in fake.heard[:11]] == [
        (CommandKind.AGENT_LOGIN, {}),
        (CommandKind.AGENT_LOGOUT, {"reason": ""}),
        (CommandKind.AGENT_PAUSE, {"reason": "meal"}),
        (CommandKind.AGENT_READY, {}),
        (CommandKind.AGENT_HANG_UP, {"attempt_id": attempt}),
        (CommandKind.AGENT_HOLD, {"attempt_id": attempt, "on": True}),
        (CommandKind.AGENT_MUTE, {"attempt_id": attempt, "on": False}),
        (CommandKind.AGENT_DIGITS, {"attempt_id": attempt, "digits": "12#"}),
        (CommandKind.AGENT_TRANSFER, {"attempt_id": attempt, "to_agent_id": bo}),
        (CommandKind.AGENT_TRANSFER, {"attempt_id": attempt, "number": "+12125550188"}),
        (
            CommandKind.DISPOSITION,
            {"attempt_id": attempt, "disposition": "success", "text": "paid\ufffd"},
        ),
    ]
    assert fake.heard[0].campaign_id == office.ours.campaign_id


def test_whether_an_agent_is_muted_is_seen_until_the_call_ends(agent: TestClient, office: Office) -> None:
    world, attempt = call(office, office.ours)

    def is_muted() -> bool:
        muted: bool = agent.get("/v1/agents/me").json()["muted"]
        return muted

    with dialer(office.engine, office.url, office.ours.switch_id):
        for on in (True, False, True):
            assert is_muted() is not on
            asked = agent.post("/v1/agents/me/mute", json={"attempt_id": attempt, "on": on})
            assert (asked.status_code, is_muted()) == (200, on)
    world.execute("UPDATE agent SET state = 'on_hold'")
    assert (is_muted(), agent.get("/v1/agents/me").json()["call"]["attempt_id"]) == (True, attempt)
    world.execute("UPDATE agent SET state = 'wrap_up'")
    assert not is_muted()
    world.execute("UPDATE agent SET state = 'talking', attempt_id = NULL")
    assert not is_muted(), "the next call is another one"


def test_a_call_goes_to_colleagues_only(agent: TestClient, office: Office) -> None:
    world, attempt = call(office, office.ours)
    bo = second(office, office.ours)
    assert agent.get("/v1/agents/me/colleagues").json() == {"items": []}, "logged out"
    world.execute("UPDATE agent SET state = 'ready' WHERE id = :id", id=bo)
    assert agent.get("/v1/agents/me/colleagues").json() == {
        "items": [{"id": bo, "name": "Bo", "state": "ready"}]
    }
    for stranger in (office.theirs.agent_id, NOBODY):
        body = {"attempt_id": attempt, "to_agent_id": stranger}
        assert agent.post("/v1/agents/me/transfer", json=body).json()["code"] == "not_found"


@pytest.mark.parametrize("number", ["", "12125550188", "+0212555018", "+1212555018812345", "+12125550188;x"])
def test_a_number_that_nobody_can_dial_is_refused(agent: TestClient, office: Office, number: str) -> None:
    _, attempt = call(office, office.ours)
    answer = agent.post("/v1/agents/me/transfer-out", json={"attempt_id": attempt, "number": number})
    assert answer.status_code == 422


@pytest.mark.parametrize("keys", ["", "12 3", "w", "1" * 33, "1;2"])
def test_keys_that_no_phone_has_are_refused(agent: TestClient, office: Office, keys: str) -> None:
    _, attempt = call(office, office.ours)
    answer = agent.post("/v1/agents/me/digits", json={"attempt_id": attempt, "digits": keys})
    assert answer.status_code == 422


def test_the_same_key_gives_one_disposition(agent: TestClient, office: Office) -> None:
    _, attempt = call(office, office.ours)
    body, headers = {"attempt_id": attempt, "disposition": "a\u00e9", "text": "\0"}, {"Idempotency-Key": "k"}
    with dialer(office.engine, office.url, office.ours.switch_id) as fake:
        first = agent.post("/v1/agents/me/disposition", json=body, headers=headers)
        again = agent.post("/v1/agents/me/disposition", json=body, headers=headers)
        other = agent.post(
            "/v1/agents/me/disposition", json={**body, "disposition": "refusal"}, headers=headers
        )
    assert (first.status_code, again.json()) == (200, first.json())
    assert other.json()["code"] == "conflict"
    assert len(fake.heard) == 1


def test_a_login_moves_the_agent_to_the_campaign_s_switch(supervisor: TestClient, office: Office) -> None:
    world, _ = call(office, office.theirs)
    bo = second(office, office.ours)
    world.execute("UPDATE agent SET switch_id = NULL, campaign_id = NULL WHERE id = :id", id=bo)
    with dialer(office.engine, office.url, office.ours.switch_id) as fake:
        nowhere = supervisor.post(f"/v1/agents/{bo}/ready")
        assert (nowhere.status_code, nowhere.json()["code"]) == (409, "refused")
        unnamed = supervisor.post(f"/v1/agents/{bo}/login", json={})
        assert (unnamed.status_code, unnamed.json()["code"]) == (409, "refused")
        chosen = {"campaign_id": office.ours.campaign_id}
        assert supervisor.post(f"/v1/agents/{bo}/login", json=chosen).status_code == 200
        theirs = {"campaign_id": office.theirs.campaign_id}
        assert supervisor.post(f"/v1/agents/{bo}/login", json=theirs).status_code == 404
        assert world.value("SELECT switch_id::text FROM agent WHERE id = :id", id=bo) == world.switch
        # Whoever works on one switch is not taken to another.
        world.execute("INSERT INTO switch (id, name) VALUES (:id, 'second')", id=NOBODY)
        world.execute("UPDATE agent SET state = 'ready', switch_id = :s WHERE id = :id", s=NOBODY, id=bo)
        elsewhere = supervisor.post(f"/v1/agents/{bo}/login", json=chosen)
        assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "refused")
    assert len(fake.heard) == 1


def test_the_call_on_the_desk(agent: TestClient, office: Office) -> None:
    bare = agent.get("/v1/agents/me").json()
    assert (bare["call"], bare["next"]) == (None, "")
    assert bare["campaign"] == {
        "id": office.ours.campaign_id,
        "name": "spring",
        "wrap_up_limit_seconds": 120.0,
    }
    assert bare["dispositions"] == list(dispositions.OFFERED)
    assert "do_not_call" in bare["dispositions"]
    world, attempt = call(office, office.ours)
    shown = agent.get("/v1/agents/me").json()
    assert (shown["state"], shown["attempt_id"]) == ("talking", attempt)
    assert shown["call"] == {
        "attempt_id": attempt,
        "person_name": "Grace",
        "number": "+12125550100",
        "fields": {"account": "A-1"},
        "answered_at": "2026-01-05T14:00:10Z",
        "bridged_at": "2026-01-05T14:00:11Z",
        "state": "connected",
    }
    world.execute("UPDATE agent SET state = 'ready'")
    assert agent.get("/v1/agents/me").json()["call"] is None


def test_what_follows_the_call_is_the_last_wish_that_was_obeyed(agent: TestClient, office: Office) -> None:
    call(office, office.ours)

    def wish() -> Any:
        return agent.get("/v1/agents/me").json()["next"]

    with dialer(office.engine, office.url, office.ours.switch_id):
        for action, body, after in (
            ("pause", {"reason": "meal"}, "pause"),
            ("logout", {}, "logout"),
            ("ready", None, ""),
        ):
            agent.post(f"/v1/agents/me/{action}", json=body)
            assert wish() == after
    with dialer(office.engine, office.url, office.ours.switch_id, lambda command: "no"):
        assert agent.post("/v1/agents/me/pause", json={"reason": "meal"}).json()["detail"] == "No."
        assert wish() == ""


@pytest.mark.parametrize("word", ["", "x" * 101, "a\nb", "a\0b", "  ", "\x85"])
def test_a_disposition_is_a_word(agent: TestClient, office: Office, word: str) -> None:
    body = {"attempt_id": NOBODY, "disposition": word}
    answer = agent.post("/v1/agents/me/disposition", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "disposition")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("pause", {}),
        ("pause", {"reason": ""}),
        ("pause", {"reason": "x" * 201}),
        ("login", {"campaign_id": 5}),
        ("login", {"campaign": "x"}),
        ("disposition", {"attempt_id": "x", "disposition": "y"}),
        ("disposition", {"attempt_id": NOBODY, "disposition": "y", "text": "x" * 4001}),
    ],
)
def test_what_can_t_be_asked_for(agent: TestClient, action: str, body: dict[str, Any]) -> None:
    assert agent.post(f"/v1/agents/me/{action}", json=body).status_code == 422


# --- who may, and whose ---------------------------------------------------------------------------------


@WALLS
def test_another_tenant_s_agents_and_calls_are_not_there(office: Office, wall: Wall) -> None:
    _, attempt = call(office, office.theirs)
    theirs = office.theirs.agent_id
    with (
        dialer(office.engine, office.url, office.ours.switch_id) as fake,
        make_client(make_state(office.url, **wall)) as client,
    ):
        sign_in(client, "ours-supervisor")
        assert client.get(f"/v1/agents/{theirs}").status_code == 404
        for action, body in ACTIONS:
            answer = client.post(f"/v1/agents/{theirs}/{action}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        (only,) = client.get("/v1/agents").json()["items"]
        assert only["id"] == office.ours.agent_id
        # Not by an agent of ours about a call of theirs either: it might put a number on a list.
        body = {"attempt_id": attempt, "disposition": "do_not_call"}
        answer = client.post(f"/v1/agents/{office.ours.agent_id}/disposition", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        answer = client.post(f"/v1/agents/{office.ours.agent_id}/hang-up", json={"attempt_id": attempt})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        login = {"campaign_id": office.theirs.campaign_id}
        answer = client.post(f"/v1/agents/{office.ours.agent_id}/login", json=login)
        assert answer.status_code == 404
    assert fake.heard == []


def test_an_agent_speaks_for_nobody_else(agent: TestClient, office: Office) -> None:
    _, attempt = call(office, office.ours)
    bo = second(office, office.ours)
    with dialer(office.engine, office.url, office.ours.switch_id) as fake:
        assert agent.get(f"/v1/agents/{bo}").status_code == 404
        for action, body in ACTIONS:
            assert agent.post(f"/v1/agents/{bo}/{action}", json=body).status_code == 404
        assert agent.get("/v1/agents").status_code == 403
        assert agent.post("/v1/agents", json={"name": "x", "extension": "9"}).status_code == 403
        assert fake.heard == []
        # A supervisor may; but nobody gives a disposition to a call that was another agent's.
        sign_in(agent, "ours-supervisor")
        paused = agent.post(f"/v1/agents/{bo}/pause", json={"reason": "training"})
        assert paused.status_code == 200
        body = {"attempt_id": attempt, "disposition": "success"}
        assert agent.post(f"/v1/agents/{bo}/disposition", json=body).status_code == 404
        assert agent.get("/v1/agents/me").status_code == 404
        sign_in(agent, office.ours.logins[UserRole.AGENT])
        assert agent.get(f"/v1/commands/{paused.json()['id']}").status_code == 404


def test_a_program_with_the_scope_speaks_for_any_agent(client: TestClient, office: Office) -> None:
    path = f"/v1/agents/{office.ours.agent_id}"
    with dialer(office.engine, office.url, office.ours.switch_id):
        client.headers.update(bearer(office.engine, office.ours, ApiScope.CONTROL))
        assert client.post(f"{path}/login", json={}).status_code == 200
        assert client.get(path).status_code == 403
        assert client.post("/v1/agents/me/ready").status_code == 404
        client.headers.update(bearer(office.engine, office.ours, ApiScope.READ))
        assert client.get(path).json()["id"] == office.ours.agent_id
        assert client.post(f"{path}/ready").status_code == 403


def test_without_a_dialer_an_agent_is_told_so(agent: TestClient) -> None:
    answer = agent.post("/v1/agents/me/login", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "no_dialer")
