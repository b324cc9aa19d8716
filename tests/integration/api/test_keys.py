"""API keys: shown once, kept as a hash, good for their scopes only, until they expire or are revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.testclient import TestClient

from models.repository import keys
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_client, make_state, sign_in


@pytest.fixture
def admin(client: TestClient) -> TestClient:
    assert sign_in(client, "ours-admin").status_code == 200
    return client


def make(client: TestClient, *scopes: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/api-keys", json={"name": "CRM", "scopes": list(scopes), **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def ask(office: Office, key: str, path: str = "/v1/users") -> Response:
    with make_client(make_state(office.url)) as program:
        answer: Response = program.get(path, headers={b"Authorization": f"Bearer {key}".encode()})
        return answer


def test_a_key_is_shown_once_and_kept_as_a_hash(admin: TestClient, office: Office) -> None:
    made = make(admin, "admin", "read")
    secret = made["key"].split("_", 2)[2]
    assert (made["prefix"], made["created_by"], made["scopes"]) == (
        made["key"].split("_")[1],
        "ours-admin",
        ["read", "admin"],
    )
    listed = admin.get("/v1/api-keys")
    assert [key["id"] for key in listed.json()["items"]] == [made["id"]]
    assert secret not in listed.text
    with office.engine.connect() as db:
        assert secret not in db.execute(text("SELECT to_jsonb(k)::text FROM api_key k")).scalar_one()
    assert ask(office, made["key"]).status_code == 200
    assert admin.get("/v1/api-keys").json()["items"][0]["last_used_at"] is not None


def test_a_revoked_key_holds_no_more_at_once(admin: TestClient, office: Office) -> None:
    made = make(admin, "admin")
    assert admin.delete(f"/v1/api-keys/{made['id']}").status_code == 204
    assert ask(office, made["key"]).json()["code"] == "not_signed_in"
    assert admin.delete(f"/v1/api-keys/{made['id']}").status_code == 204
    assert admin.get("/v1/api-keys").json()["items"][0]["revoked_at"] is not None


def test_a_key_expires(admin: TestClient, office: Office) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    made = make(admin, "admin", expires_at=soon)
    assert ask(office, made["key"]).status_code == 200
    with office.engine.begin() as db:
        db.execute(text("UPDATE api_key SET expires_at = now()"))
    assert ask(office, made["key"]).status_code == 401


@pytest.mark.parametrize("scope", ["read", "control", "import", "metrics"])
def test_another_scope_does_not_administrate(admin: TestClient, office: Office, scope: str) -> None:
    made = make(admin, scope)
    assert ask(office, made["key"]).json()["code"] == "forbidden"
    assert ask(office, made["key"], "/v1/api-keys").json()["code"] == "forbidden"
    with make_client(make_state(office.url)) as program:
        program.headers["Authorization"] = f"Bearer {made['key']}"
        more = program.post("/v1/api-keys", json={"name": "more", "scopes": ["admin"]})
    assert more.json()["code"] == "forbidden"


@pytest.mark.parametrize("secret", ["", "x", "é", "a_b_c"])
def test_a_wrong_secret_is_nobody_s(admin: TestClient, office: Office, secret: str) -> None:
    made = make(admin, "admin")
    assert ask(office, f"rm_{made['prefix']}_{secret}").status_code == 401
    assert ask(office, f"{made['key']}x").status_code == 401


def test_a_key_of_scope_admin_works_within_its_tenant_only(admin: TestClient, office: Office) -> None:
    first = make(admin, "admin")
    with make_client(make_state(office.url)) as program:
        program.headers["Authorization"] = f"Bearer {first['key']}"
        second = make(program, "admin")
        # Whoever asks by a key made by a person asks for that person.
        assert second["created_by"] == "ours-admin"
        logins = {user["login"] for user in program.get("/v1/users").json()["items"]}
        assert logins == {"ours-admin", "ours-supervisor", "ours-agent"}
        for user_id in office.theirs.user_ids.values():
            assert program.patch(f"/v1/users/{user_id}", json={"disabled": True}).status_code == 404
        assert (
            program.put(
                "/v1/session/password", json={"current_password": "x", "new_password": "a long new password"}
            ).status_code
            == 403
        )
    with make_client(make_state(office.url)) as theirs:
        sign_in(theirs, "theirs-admin")
        assert theirs.get("/v1/api-keys").json()["items"] == []
        assert theirs.delete(f"/v1/api-keys/{first['id']}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []},
        {"scopes": ["everything"]},
        {"name": ""},
        {"name": "  "},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": 4_102_444_800},
        {"expires_at": "2100-01-01"},
        {"expires_at": "2100-01-01T00:00:00"},
        {"tenant_id": "00000000-0000-0000-0000-000000000000"},
        {"key_hash": "x"},
    ],
    ids=str,
)
def test_what_can_t_be_made(admin: TestClient, wrong: dict[str, Any]) -> None:
    answer = admin.post("/v1/api-keys", json={"name": "CRM", "scopes": ["read"]} | wrong)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert admin.get("/v1/api-keys").json()["items"] == []


def test_the_number_of_keys_has_an_end(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_KEYS", 2)
    first = make(admin, "read")
    make(admin, "read")
    assert admin.post("/v1/api-keys", json={"name": "x", "scopes": ["read"]}).status_code == 422
    admin.delete(f"/v1/api-keys/{first['id']}")
    make(admin, "read")
    newest = [key["id"] for key in admin.get("/v1/api-keys", params={"limit": 1}).json()["items"]]
    page = admin.get("/v1/api-keys", params={"limit": 2, "cursor": newest[0]}).json()
    assert page["items"][-1]["id"] == first["id"]
    assert page["next_cursor"] is None
