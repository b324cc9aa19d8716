"""Signing in and out: right and wrong passwords, the lockout, the cookie, CSRF, links, a new password."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from api import secrets
from api.principal import COOKIE, CSRF_HEADER
from models.enums import UserRole
from models.repository import identity, users
from tests.integration.api.conftest import Office
from tests.integration.api.office import PASSWORD, make_client, make_state, sign_in

SUPERVISOR = "ours-supervisor"


def test_sign_in_sets_a_cookie_that_scripts_and_other_sites_never_see(client: TestClient) -> None:
    answer = sign_in(client, SUPERVISOR)
    assert answer.status_code == 200
    body = answer.json()
    assert body["user"]["role"] == "supervisor"
    assert body["tenant"]["name"] == "ours"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.cookies[COOKIE] not in answer.text
    assert client.get("/v1/session").json() == body


def test_over_https_the_cookie_is_secure(office: Office) -> None:
    with make_client(make_state(office.url)) as client:
        client.base_url = "https://ringmaster.test"
        assert "secure" in sign_in(client, SUPERVISOR).headers["set-cookie"].lower()


def test_logins_are_the_same_in_any_case(client: TestClient) -> None:
    assert sign_in(client, "  OURS-Supervisor ").status_code == 200


@pytest.mark.parametrize(
    ("login", "password"),
    [(SUPERVISOR, "wrong"), ("nobody", PASSWORD), (SUPERVISOR, ""), ("x\0y", PASSWORD), ("' OR 1=1 --", "x")],
)
def test_wrong_credentials_do_not_tell_what_was_wrong(client: TestClient, login: str, password: str) -> None:
    answer = client.post("/v1/session", json={"login": login, "password": password})
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    assert answer.headers["content-type"] == "application/problem+json"
    assert COOKIE not in client.cookies


@pytest.mark.parametrize("login", [SUPERVISOR, "nobody-of-that-name"])
def test_five_wrong_tries_lock_a_login_whether_it_exists_or_not(client: TestClient, login: str) -> None:
    for _ in range(identity.LOCK_AFTER):
        assert sign_in(client, login, "wrong").status_code == 401
    answer = sign_in(client, login)
    assert (answer.status_code, answer.json()["code"]) == (429, "locked")
    assert 0 < int(answer.headers["retry-after"]) <= identity.LOCK_SECONDS


def test_the_lock_opens_by_itself(client: TestClient, office: Office) -> None:
    for _ in range(identity.LOCK_AFTER):
        sign_in(client, SUPERVISOR, "wrong")
    with office.engine.begin() as db:
        db.execute(text("UPDATE sign_in_failure SET at = at - interval '16 minutes'"))
    assert sign_in(client, SUPERVISOR).status_code == 200


def test_one_address_can_t_try_many_logins(client: TestClient) -> None:
    for number in range(identity.ADDRESS_TRIES):
        assert sign_in(client, f"login-{number}", "wrong").status_code == 401
    answer = sign_in(client, SUPERVISOR)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")


def test_a_right_password_forgets_the_wrong_ones(client: TestClient) -> None:
    for _ in range(3):
        for _ in range(identity.LOCK_AFTER - 1):
            sign_in(client, SUPERVISOR, "wrong")
        assert sign_in(client, SUPERVISOR).status_code == 200


def test_a_disabled_user_is_out_at_once_and_can_t_come_back(client: TestClient, office: Office) -> None:
    sign_in(client, SUPERVISOR)
    with office.engine.begin() as db:
        users.change(db, office.ours.user_ids[UserRole.SUPERVISOR], {"disabled": True})
    assert client.get("/v1/session").status_code == 401
    assert sign_in(client, SUPERVISOR).json()["code"] == "wrong_credentials"


def test_a_session_ends_by_time(client: TestClient, office: Office) -> None:
    sign_in(client, SUPERVISOR)
    with office.engine.begin() as db:
        db.execute(text("UPDATE web_session SET expires_at = now()"))
    assert client.get("/v1/session").status_code == 401


def test_sign_out_ends_the_session_at_the_server(client: TestClient) -> None:
    sign_in(client, SUPERVISOR)
    token = client.cookies[COOKIE]
    assert client.delete("/v1/session").status_code == 204
    client.cookies.set(COOKIE, token)
    assert client.get("/v1/session").status_code == 401


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_nothing_changes_without_the_csrf_token(client: TestClient, token: str) -> None:
    sign_in(client, SUPERVISOR)
    answer = client.delete("/v1/session", headers={CSRF_HEADER: token})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")
    assert client.get("/v1/session").status_code == 200


def test_another_site_s_page_can_t_sign_anybody_in(client: TestClient) -> None:
    answer = client.post(
        "/v1/session",
        json={"login": SUPERVISOR, "password": PASSWORD},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf")


def test_a_link_signs_in_once(client: TestClient, office: Office) -> None:
    token = secrets.new_token()
    with office.engine.begin() as db:
        identity.make_link(db, office.ours.user_ids[UserRole.ADMIN], secrets.token_hash(token), 60.0)
    first = client.post("/v1/session/link", json={"token": token})
    assert first.json()["user"]["login"] == "ours-admin"
    client.cookies.clear()
    again = client.post("/v1/session/link", json={"token": token})
    assert (again.status_code, again.json()["code"]) == (401, "wrong_credentials")


def test_a_link_ends_by_time(client: TestClient, office: Office) -> None:
    token = secrets.new_token()
    with office.engine.begin() as db:
        identity.make_link(db, office.ours.user_ids[UserRole.ADMIN], secrets.token_hash(token), -1.0)
    assert client.post("/v1/session/link", json={"token": token}).status_code == 401


def test_a_new_password_ends_the_other_sessions(client: TestClient, office: Office) -> None:
    with make_client(make_state(office.url)) as elsewhere:
        sign_in(elsewhere, SUPERVISOR)
        sign_in(client, SUPERVISOR)
        wishes = {"current_password": PASSWORD, "new_password": "another long password"}
        assert client.put("/v1/session/password", json=wishes).status_code == 204
        assert client.get("/v1/session").status_code == 200
        assert elsewhere.get("/v1/session").status_code == 401
        assert sign_in(elsewhere, SUPERVISOR).status_code == 401
        assert sign_in(elsewhere, SUPERVISOR, "another long password").status_code == 200


def test_a_new_password_ends_the_links_that_are_out(client: TestClient, office: Office) -> None:
    token = secrets.new_token()
    with office.engine.begin() as db:
        identity.make_link(db, office.ours.user_ids[UserRole.SUPERVISOR], secrets.token_hash(token), 600.0)
    sign_in(client, SUPERVISOR)
    wishes = {"current_password": PASSWORD, "new_password": "another long password"}
    assert client.put("/v1/session/password", json=wishes).status_code == 204
    assert client.post("/v1/session/link", json={"token": token}).status_code == 401


@pytest.mark.parametrize("new", ["short", "ours-supervisor", "aaaaaaaaaaaaaaa", PASSWORD])
def test_a_password_that_is_easy_to_guess_is_refused(client: TestClient, new: str) -> None:
    sign_in(client, SUPERVISOR)
    answer = client.put("/v1/session/password", json={"current_password": PASSWORD, "new_password": new})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_the_current_password_must_be_right_and_tries_are_counted(client: TestClient) -> None:
    sign_in(client, SUPERVISOR)
    wishes = {"current_password": "wrong", "new_password": "another long password"}
    for _ in range(identity.LOCK_AFTER):
        assert client.put("/v1/session/password", json=wishes).status_code == 401
    assert client.put("/v1/session/password", json=wishes).json()["code"] == "locked"


def test_health_and_readiness_need_nobody(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"status": "ready", "database": "there", "migrations": "current"}


def test_a_database_that_is_away_is_said(office: Office) -> None:
    with make_client(make_state("postgresql://nobody@127.0.0.1:1/none")) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/ready").json()["database"] == "away"
        assert client.get("/ready").status_code == 503
        answer = sign_in(client, SUPERVISOR)
        assert (answer.status_code, answer.json()["code"]) == (503, "database_away")


def test_secrets_are_stored_as_hashes_only(client: TestClient, office: Office) -> None:
    sign_in(client, SUPERVISOR)
    token = client.cookies[COOKIE]
    with office.engine.begin() as db:
        rows = db.execute(text("SELECT to_jsonb(s)::text FROM web_session s")).scalars().all()
        people = db.execute(text("SELECT password_hash FROM user_account")).scalars().all()
    assert rows
    assert not any(token in row for row in rows)
    assert all(hashed.startswith("$argon2id$") for hashed in people)


def test_a_body_of_two_megabytes_is_refused(client: TestClient) -> None:
    answer = client.post(
        "/v1/session", content=b"x" * (2 << 20), headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_every_answer_protects_the_browser(client: TestClient) -> None:
    for path in ("/v1/session", "/health", "/v1/nothing"):
        headers = client.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert client.get("/v1/session").headers["cache-control"] == "no-store"
