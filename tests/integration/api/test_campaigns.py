"""Campaigns through the API: made, read, and steered by what the dialer says it did."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from models.enums import ApiScope, CommandKind, UserRole
from models.records import OperatorCommand
from models.repository import lease
from tests.integration.api.conftest import Office
from tests.integration.api.dialer import dialer
from tests.integration.api.office import make_client, make_state, sign_in
from tests.integration.api.walls import NOBODY, WALLS, Wall, bearer

STEERING = [("POST", "start", None), ("POST", "pause", None), ("POST", "stop", None)]
STEERING_ALL = [*STEERING, ("PUT", "target", {"target": 0.02})]


@pytest.fixture
def supervisor(client: TestClient) -> TestClient:
    sign_in(client, "ours-supervisor")
    return client


def _count(office: Office, table: str) -> Any:
    with office.engine.connect() as db:
        return db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_a_campaign_with_its_defaults(supervisor: TestClient, office: Office) -> None:
    made = supervisor.post("/v1/campaigns", json={"name": " fall "})
    assert made.status_code == 201
    body = made.json()
    assert (body["state"], body["mode"], body["rules"]) == ("draft", "predictive", "us_telemarketing")
    assert (body["target"], body["cap"], body["ring_seconds"]) == (0.03, 0.03, 30.0)
    assert body["switch_id"] == office.ours.switch_id
    assert body["created_at"].endswith("Z")
    assert body["started_at"] is None
    assert set(body["leads"].values()) == {0}
    assert set(body["leads"]) == {
        *("new", "retry", "cooling", "dialing", "held", "closed", "expired", "erased"),
    }
    assert supervisor.get(f"/v1/campaigns/{body['id']}").json() == body
    names = [one["name"] for one in supervisor.get("/v1/campaigns").json()["items"]]
    assert names == [" fall ", "spring"]
    with office.engine.connect() as db:
        told = db.execute(text("SELECT topic, tenant_id::text, payload FROM event")).one()
    assert tuple(told) == (
        "campaign",
        office.ours.id,
        {"id": body["id"], "state": "draft", "target": 0.03},
    )


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"target": "0.03"}, "target"),
        ({"target": 0.0}, "target"),
        ({"target": 0.03, "cap": 0.02}, "target"),
        ({"cap": 1.5}, "cap"),
        ({"ring_seconds": 15}, "ring_seconds"),
        ({"grace_seconds": 11}, "grace_seconds"),
        ({"max_lines": 1.5}, "max_lines"),
        ({"max_lines": 10**30}, "max_lines"),
        ({"gateway": "a/b"}, "gateway"),
        ({"caller_id": "anonymous"}, "caller_id"),
        ({"message": "/etc/passwd"}, "message"),
        ({"message": "shell_stream://id"}, "message"),
        ({"message": "sounds/../../secret.wav"}, "message"),
        ({"message": "a,hangup"}, "message"),
        ({"rules": "none"}, "rules"),
        ({"switch_id": "x"}, "switch_id"),
        ({"state": "running"}, "state"),
    ],
)
def test_what_no_campaign_may_have_is_named(
    supervisor: TestClient, office: Office, wrong: dict[str, Any], field: str
) -> None:
    answer = supervisor.post("/v1/campaigns", json={"name": "fall", **wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert _count(office, "campaign") == 2


def test_a_lower_cap_lowers_the_target(supervisor: TestClient) -> None:
    made = supervisor.post("/v1/campaigns", json={"name": "fall", "cap": 0.01}).json()
    assert (made["target"], made["cap"]) == (0.01, 0.01)


def test_names_are_the_tenant_s_own(supervisor: TestClient, office: Office) -> None:
    again = supervisor.post("/v1/campaigns", json={"name": "spring"})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert supervisor.post("/v1/campaigns", json={"name": "with\0nul"}).json()["name"] == "with\ufffdnul"
    twice = supervisor.post("/v1/campaigns", json={"name": "with\0nul"})
    assert twice.status_code == 409


def test_a_cap_above_the_house_s_is_the_administrator_s(supervisor: TestClient) -> None:
    wish = {"name": "fall", "cap": 0.05, "target": 0.04}
    assert supervisor.post("/v1/campaigns", json=wish).json()["code"] == "forbidden"
    sign_in(supervisor, "ours-admin")
    assert supervisor.post("/v1/campaigns", json=wish).json()["target"] == 0.04


def test_rules_that_open_every_hour_are_for_the_demo_s_tenant(supervisor: TestClient, office: Office) -> None:
    wish = {"name": "night", "rules": "demo"}
    assert supervisor.post("/v1/campaigns", json=wish).json()["code"] == "conflict"
    with office.engine.begin() as db:
        db.execute(
            text("UPDATE campaign SET rules = jsonb_set(rules, '{name}', '\"demo\"') WHERE tenant_id = :t"),
            {"t": office.ours.id},
        )
    assert supervisor.post("/v1/campaigns", json=wish).json()["rules"] == "demo"
    sign_in(supervisor, "theirs-supervisor")
    assert supervisor.post("/v1/campaigns", json=wish).status_code == 409


def test_the_switch_is_chosen_when_there_are_several(supervisor: TestClient, office: Office) -> None:
    with office.engine.begin() as db:
        db.execute(text("INSERT INTO switch (id, name) VALUES (gen_random_uuid(), 'second')"))
    assert supervisor.post("/v1/campaigns", json={"name": "fall"}).status_code == 409
    chosen = {"name": "fall", "switch_id": office.ours.switch_id}
    assert supervisor.post("/v1/campaigns", json=chosen).status_code == 201
    unknown = {"name": "winter", "switch_id": NOBODY}
    assert supervisor.post("/v1/campaigns", json=unknown).status_code == 404


def test_a_command_is_answered_with_what_the_dialer_did(supervisor: TestClient, office: Office) -> None:
    with dialer(office.engine, office.url, office.ours.switch_id) as fake:
        started = supervisor.post(f"/v1/campaigns/{office.ours.campaign_id}/start")
        aimed = supervisor.put(f"/v1/campaigns/{office.ours.campaign_id}/target", json={"target": 0.02})
    assert started.status_code == aimed.status_code == 200
    body = started.json()
    assert (body["kind"], body["status"], body["detail"]) == ("campaign_start", "done", "")
    assert body["finished_at"].endswith("Z")
    assert supervisor.get(f"/v1/commands/{body['id']}").json() == body
    assert [(c.kind, c.campaign_id, c.payload) for c in fake.heard] == [
        (CommandKind.CAMPAIGN_START, office.ours.campaign_id, {}),
        (CommandKind.CAMPAIGN_TARGET, office.ours.campaign_id, {"target": 0.02}),
    ]
    shown = supervisor.get(f"/v1/campaigns/{office.ours.campaign_id}").json()
    assert (shown["state"], shown["started_at"]) == ("running", body["finished_at"])
    with office.engine.connect() as db:
        asked = db.execute(text("SELECT DISTINCT tenant_id::text, requested_by FROM command")).all()
    assert [tuple(row) for row in asked] == [(office.ours.id, "user ours-supervisor")]


def test_a_start_is_remembered_and_other_commands_are_not_one(supervisor: TestClient, office: Office) -> None:
    path = f"/v1/campaigns/{office.ours.campaign_id}"
    seen = []
    with dialer(office.engine, office.url, office.ours.switch_id):
        for step in ("start", "start", "pause", "start"):
            assert supervisor.post(f"{path}/{step}").status_code == 200
            seen.append(supervisor.get(path).json()["started_at"])
    assert seen[0] == seen[1] == seen[2] < seen[3]


def test_a_refusal_is_the_dialer_s_own_sentence(supervisor: TestClient, office: Office) -> None:
    def refuse(command: OperatorCommand) -> str:
        return "the target must be at most the cap, 0.03"

    with dialer(office.engine, office.url, office.ours.switch_id, refuse):
        answer = supervisor.put(f"/v1/campaigns/{office.ours.campaign_id}/target", json={"target": 0.9})
    assert (answer.status_code, answer.json()["code"]) == (409, "refused")
    assert answer.json()["detail"] == "The target must be at most the cap, 0.03."


@pytest.mark.parametrize(("method", "step", "body"), STEERING_ALL)
def test_without_a_dialer_nothing_is_asked(
    supervisor: TestClient, office: Office, method: str, step: str, body: dict[str, float] | None
) -> None:
    answer = supervisor.request(method, f"/v1/campaigns/{office.ours.campaign_id}/{step}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "no_dialer")
    assert "start one" in answer.json()["detail"]
    assert _count(office, "command") == 0


def test_a_dialer_whose_lease_is_over_counts_as_none(supervisor: TestClient, office: Office) -> None:
    with office.engine.begin() as db:
        assert lease.acquire(db, office.ours.switch_id, "dead", 600.0) is not None
        db.execute(text("UPDATE switch SET lease_expires_at = clock_timestamp()"))
    assert supervisor.post(f"/v1/campaigns/{office.ours.campaign_id}/start").status_code == 503


def test_a_dialer_that_does_not_answer(office: Office) -> None:
    state = make_state(office.url)
    state.command_seconds = 0.05
    with office.engine.begin() as db:
        assert lease.acquire(db, office.ours.switch_id, "slow", 600.0) is not None
    with make_client(state) as client:
        sign_in(client, "ours-supervisor")
        answer = client.post(f"/v1/campaigns/{office.ours.campaign_id}/start")
        assert (answer.status_code, answer.json()["status"]) == (202, "pending")
        command = f"/v1/commands/{answer.json()['id']}"
        assert client.get(command).json()["finished_at"] is None
        with office.engine.begin() as db:
            db.execute(text("UPDATE command SET status = 'unknown', finished_at = now(), detail = 'lost'"))
        assert client.get(command).json()["status"] == "unknown"


@pytest.mark.parametrize("status", ["expired", "unknown"])
def test_a_command_that_no_dialer_carried_out(supervisor: TestClient, office: Office, status: str) -> None:
    path, headers = f"/v1/campaigns/{office.ours.campaign_id}/start", {"Idempotency-Key": "one"}
    with dialer(office.engine, office.url, office.ours.switch_id):
        assert supervisor.post(path, headers=headers).status_code == 200
    with office.engine.begin() as db:
        db.execute(text("UPDATE command SET status = :status, detail = 'nobody'"), {"status": status})
    answer = supervisor.post(path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (503, "no_dialer")
    assert answer.json()["detail"].startswith("Nobody.")


def test_the_same_key_is_the_same_command(supervisor: TestClient, office: Office) -> None:
    path, headers = f"/v1/campaigns/{office.ours.campaign_id}", {"Idempotency-Key": "one"}
    with dialer(office.engine, office.url, office.ours.switch_id) as fake:
        first = supervisor.post(f"{path}/start", headers=headers).json()
        assert supervisor.post(f"{path}/start", headers=headers).json() == first
        # The key belongs to the route: a pause with it is another command.
        assert supervisor.post(f"{path}/pause", headers=headers).json()["id"] != first["id"]
        assert supervisor.put(f"{path}/target", headers=headers, json={"target": 0.01}).status_code == 200
        other = supervisor.put(f"{path}/target", headers=headers, json={"target": 0.02})
        assert (other.status_code, other.json()["code"]) == (409, "conflict")
        sign_in(supervisor, "theirs-supervisor")
        theirs = supervisor.post(f"/v1/campaigns/{office.theirs.campaign_id}/start", headers=headers)
        assert theirs.status_code == 200
    assert len(fake.heard) == 4
    # What was done before is told even when no dialer runs any more.
    sign_in(supervisor, "ours-supervisor")
    assert supervisor.post(f"{path}/start", headers=headers).json() == first


def test_stop_all_names_the_tenant_s_own_campaigns(supervisor: TestClient, office: Office) -> None:
    with dialer(office.engine, office.url, office.ours.switch_id) as fake:
        answer = supervisor.post("/v1/stop-all", headers={"Idempotency-Key": "one"})
        assert answer.status_code == 200
        assert [command["status"] for command in answer.json()["commands"]] == ["done"]
        supervisor.post("/v1/campaigns", json={"name": "fall"})
        again = supervisor.post("/v1/stop-all", headers={"Idempotency-Key": "one"})
        assert again.json() == answer.json()
    (heard,) = fake.heard
    assert (heard.kind, heard.payload) == (CommandKind.STOP_ALL, {"campaigns": [office.ours.campaign_id]})


def test_stop_all_without_a_dialer_says_what_may_go_on(supervisor: TestClient, office: Office) -> None:
    answer = supervisor.post("/v1/stop-all")
    assert (answer.status_code, answer.json()["code"]) == (503, "no_dialer")
    assert _count(office, "command") == 0


def test_lists_with_their_leads(supervisor: TestClient, office: Office) -> None:
    path = f"/v1/campaigns/{office.ours.campaign_id}/lists"
    assert supervisor.get(path).json() == {"items": []}
    with office.engine.begin() as db:
        values = {"t": office.ours.id, "c": office.ours.campaign_id}
        list_id = db.execute(
            text(
                "INSERT INTO list (id, tenant_id, campaign_id, name)"
                " VALUES (gen_random_uuid(), :t, :c, 'may') RETURNING id::text"
            ),
            values,
        ).scalar_one()
        for name, accepted in (("a", 2), ("b", 3)):
            db.execute(
                text(
                    "INSERT INTO import_batch (id, tenant_id, list_id, file_name, sha256, accepted, refused)"
                    " VALUES (gen_random_uuid(), :t, :l, :name, :name, :n, 1)"
                ),
                {"t": office.ours.id, "l": list_id, "name": name, "n": accepted},
            )
    (shown,) = supervisor.get(path).json()["items"]
    assert (shown["id"], shown["accepted"], shown["refused"], shown["leads"]["new"]) == (list_id, 5, 2, 0)


# --- who may, and whose ---------------------------------------------------------------------------------


@WALLS
def test_another_tenant_s_campaign_is_not_there(office: Office, wall: Wall) -> None:
    theirs = office.theirs.campaign_id
    reading = [("GET", part, None) for part in ("", "/lists")]
    steering = [(method, f"/{step}", body) for method, step, body in STEERING_ALL]
    with (
        dialer(office.engine, office.url, office.ours.switch_id) as fake,
        make_client(make_state(office.url, **wall)) as client,
    ):
        sign_in(client, "ours-supervisor")
        for method, part, body in [*reading, *steering]:
            answer = client.request(method, f"/v1/campaigns/{theirs}{part}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), part
        (only,) = client.get("/v1/campaigns").json()["items"]
        assert only["id"] == office.ours.campaign_id
        assert client.post("/v1/stop-all").status_code == 200
        sign_in(client, "theirs-supervisor")
        (command,) = fake.heard
        assert client.get(f"/v1/commands/{command.command_id}").status_code == 404
    assert command.payload == {"campaigns": [office.ours.campaign_id]}


def test_an_agent_steers_no_campaign(client: TestClient, office: Office) -> None:
    sign_in(client, office.ours.logins[UserRole.AGENT])
    path = f"/v1/campaigns/{office.ours.campaign_id}"
    for method, step, body in STEERING_ALL:
        assert client.request(method, f"{path}/{step}", json=body).status_code == 403
    for way in ("", "/lists"):
        assert client.get(f"{path}{way}").status_code == 403
    assert client.get("/v1/campaigns").status_code == 403
    assert client.post("/v1/campaigns", json={"name": "fall"}).status_code == 403
    assert client.post("/v1/stop-all").status_code == 403


def test_nobody_s_knock_is_not_answered(client: TestClient, office: Office) -> None:
    for path in ("/v1/campaigns", f"/v1/campaigns/{office.ours.campaign_id}", f"/v1/commands/{NOBODY}"):
        assert client.get(path).json()["code"] == "not_signed_in"
    assert client.post("/v1/stop-all").json()["code"] == "not_signed_in"


def test_a_program_reads_or_steers_by_its_scopes(client: TestClient, office: Office) -> None:
    path = f"/v1/campaigns/{office.ours.campaign_id}"
    with dialer(office.engine, office.url, office.ours.switch_id):
        client.headers.update(bearer(office.engine, office.ours, ApiScope.READ))
        assert client.get(path).status_code == 200
        assert client.post(f"{path}/start").json()["code"] == "forbidden"
        client.headers.update(bearer(office.engine, office.ours, ApiScope.CONTROL))
        assert client.get(path).json()["code"] == "forbidden"
        command = client.post(f"{path}/start").json()
        assert client.get(f"/v1/commands/{command['id']}").json() == command
