"""Users by their administrators: made, changed, dismissed; and what may never happen to the last one."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from models.enums import UserRole
from models.repository import identity, users
from tests.integration.api.conftest import Office
from tests.integration.api.office import HASH, PASSWORD, make_client, make_state, sign_in

NEW = {"login": "grace", "display_name": "Grace", "role": "supervisor", "password": "a long first password"}


@pytest.fixture
def admin(client: TestClient) -> TestClient:
    assert sign_in(client, "ours-admin").status_code == 200
    return client


def user_id(office: Office, role: UserRole = UserRole.SUPERVISOR) -> str:
    return office.ours.user_ids[role]


def test_a_new_user_must_choose_a_password_of_their_own(admin: TestClient, office: Office) -> None:
    made = admin.post("/v1/users", json=NEW)
    assert made.status_code == 201
    assert made.json()["must_change_password"] is True
    assert "password" not in {key for key in made.json() if key != "must_change_password"}
    with make_client(make_state(office.url)) as grace:
        assert sign_in(grace, "Grace", NEW["password"]).json()["user"]["must_change_password"] is True
        assert grace.get("/v1/users").json()["code"] == "password_change_required"
        wishes = {"current_password": NEW["password"], "new_password": "a long second password"}
        assert grace.put("/v1/session/password", json=wishes).status_code == 204
        assert grace.get("/v1/users").json()["code"] == "forbidden"
        assert grace.get("/v1/session").json()["user"]["must_change_password"] is False


def test_the_list_is_read_in_pages(admin: TestClient) -> None:
    whole = [user["login"] for user in admin.get("/v1/users").json()["items"]]
    assert whole == ["ours-admin", "ours-agent", "ours-supervisor"]
    seen, cursor = [], ""
    for _ in range(4):
        page = admin.get("/v1/users", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [user["login"] for user in page["items"]]
        cursor = page["next_cursor"] or ""
        if not cursor:
            break
    assert seen == whole


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"login": "OURS-Supervisor"}, 409),
        ({"login": "theirs-admin"}, 409),  # logins are unique over the installation
        ({"login": " \u200b"}, 422),
        ({"login": ""}, 422),
        ({"role": "agent"}, 409),  # an agent of no agent
        ({"role": "root"}, 422),
        ({"password": "short"}, 422),
        ({"password": "gracegrace", "login": "gracegrace"}, 422),
        ({"tenant_id": "00000000-0000-0000-0000-000000000000"}, 422),
        ({"disabled": True}, 422),
        ({"display_name": "x" * 201}, 422),
        ({"agent_id": "nonsense"}, 422),
    ],
)
def test_what_can_t_be_made(admin: TestClient, change: dict[str, Any], status: int) -> None:
    answer = admin.post("/v1/users", json=NEW | change)
    assert answer.status_code == status, answer.text
    assert len(admin.get("/v1/users").json()["items"]) == 3


def test_a_login_may_hold_any_printable_text(admin: TestClient) -> None:
    for login in ("żółć@example.org", "a\0b", "Robert'); DROP TABLE user_account;--"):
        answer = admin.post("/v1/users", json=NEW | {"login": login})
        assert answer.status_code == 201
        assert answer.json()["login"] == login.replace("\0", "\ufffd")


def test_an_agent_belongs_to_one_user_and_to_the_own_tenant(admin: TestClient, office: Office) -> None:
    agent = NEW | {"role": "agent"}
    taken = admin.post("/v1/users", json=agent | {"agent_id": office.ours.agent_id})
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    theirs = admin.post("/v1/users", json=agent | {"agent_id": office.theirs.agent_id})
    nobodys = admin.post("/v1/users", json=agent | {"agent_id": user_id(office)})
    assert theirs.status_code == nobodys.status_code == 409
    assert theirs.json()["detail"].replace(office.theirs.agent_id, "") == nobodys.json()["detail"].replace(
        user_id(office), ""
    )


@pytest.mark.parametrize(
    "change",
    [{"role": "admin"}, {"disabled": True}, {"password": "another long password"}],
    ids=lambda change: next(iter(change)),
)
def test_what_ends_the_sessions_of_a_user(admin: TestClient, office: Office, change: dict[str, Any]) -> None:
    with make_client(make_state(office.url)) as other:
        sign_in(other, "ours-supervisor")
        renamed = admin.patch(
            f"/v1/users/{user_id(office)}", json={"display_name": "Anna", "role": "supervisor"}
        )
        assert renamed.json()["display_name"] == "Anna"
        assert other.get("/v1/session").status_code == 200
        assert admin.patch(f"/v1/users/{user_id(office)}", json=change).status_code == 200
        assert other.get("/v1/session").status_code == 401


def test_a_password_of_the_administrator_s_is_for_once_and_unlocks(admin: TestClient, office: Office) -> None:
    with make_client(make_state(office.url)) as other:
        for _ in range(identity.LOCK_AFTER):
            sign_in(other, "ours-supervisor", "wrong")
        shown = {user["login"]: user for user in admin.get("/v1/users").json()["items"]}
        assert shown["ours-supervisor"]["locked_until"] is not None
        assert shown["ours-admin"]["locked_until"] is None
        answer = admin.patch(f"/v1/users/{user_id(office)}", json={"password": "a given password"})
        assert answer.json()["locked_until"] is None
        assert answer.json()["must_change_password"] is True
        assert sign_in(other, "ours-supervisor", PASSWORD).status_code == 401
        assert sign_in(other, "ours-supervisor", "a given password").status_code == 200


@pytest.mark.parametrize("change", [{"disabled": True}, {"role": "supervisor"}])
def test_the_last_administrator_stays_one(admin: TestClient, office: Office, change: dict[str, Any]) -> None:
    me = f"/v1/users/{user_id(office, UserRole.ADMIN)}"
    refused = admin.patch(me, json=change)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert admin.get("/v1/session").status_code == 200
    admin.patch(f"/v1/users/{user_id(office)}", json={"role": "admin"})
    assert admin.patch(me, json=change).status_code == 200


def test_two_administrators_who_dismiss_each_other_at_once_do_not_both_succeed(office: Office) -> None:
    """A disabled one and another tenant's do not count."""
    with office.engine.begin() as db:
        second = users.create(
            db, tenant_id=office.ours.id, login="second", role=UserRole.ADMIN, password_hash=HASH
        )
        users.create(db, tenant_id=office.ours.id, login="third", role=UserRole.ADMIN, password_hash=HASH)
        third = users.by_login(db, "third")
        users.change(db, third.id, {"disabled": True})
    ids = (user_id(office, UserRole.ADMIN), second.id)
    with make_client(make_state(office.url)) as one, make_client(make_state(office.url)) as two:
        sign_in(one, "ours-admin")
        sign_in(two, "second")

        def dismiss(pair: tuple[TestClient, str]) -> int:
            return int(pair[0].patch(f"/v1/users/{pair[1]}", json={"disabled": True}).status_code)

        with ThreadPoolExecutor(2) as pool:
            statuses = sorted(pool.map(dismiss, ((one, ids[1]), (two, ids[0]))))
    # The slower one is refused: as the last, or because it is dismissed already.
    assert statuses[0] == 200
    assert statuses[1] in (401, 409)


def test_nulls_and_unknown_fields_are_refused(admin: TestClient, office: Office) -> None:
    path = f"/v1/users/{user_id(office)}"
    for wrong in ({"role": None}, {"disabled": "yes"}, {"disabled": 1}, {"login": "x"}, {"password": None}):
        assert admin.patch(path, json=wrong).status_code == 422, wrong
    assert admin.patch(path, json={}).status_code == 200
    assert admin.patch(path, json={"agent_id": None}).status_code == 200


def test_what_was_done_and_by_whom_is_in_the_log(
    admin: TestClient, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "api.audit"):
        admin.post("/v1/users", json=NEW)
        admin.patch(f"/v1/users/{user_id(office)}", json={"password": "a given password"})
    told = [
        (record.getMessage(), record.__dict__["by"])
        for record in caplog.records
        if record.name == "api.audit"
    ]
    assert told == [("user made", "user ours-admin"), ("user changed", "user ours-admin")]
    assert "password" not in "".join(str(record.__dict__.get("msg")) for record in caplog.records)
    assert not any("a given password" in str(record.__dict__) for record in caplog.records)
