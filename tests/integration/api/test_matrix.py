"""The security matrix: every operation of the document, tried by everybody who may not, and across tenants.

It is made of the application's own OpenAPI document and tests/integration/api/expectations.py. Tenants are
kept apart by two walls, and the second part is run with both, and with each of them alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from api import secrets
from api.openapi import document
from api.principal import COOKIE, CSRF_HEADER
from api.state import State
from models.enums import ApiScope, UserRole
from models.repository import identity, keys, lease
from models.session import sync_engine
from tests.integration.api.canaries import Planted, crossings, dump, plant
from tests.integration.api.expectations import COMMON, CURSORS, LINES, TABLES, Operation, operations
from tests.integration.api.office import make_client, make_state, make_tenant

OPERATIONS = operations(json.loads(document()))
WALLS = {
    "both walls": {},
    "row-level security alone": {"tell_tenant": False},
    "the application's check alone": {"row_security": False},
}


@dataclass
class Scene:
    """Two tenants with a row in every table, and the application in front of them."""

    engine: Engine
    client: TestClient
    ours: Planted
    theirs: Planted
    wrong: list[str] = field(default_factory=list)

    def session(self, login: str, *, seconds: float = 600.0) -> dict[str, str]:
        """The headers of a browser that is signed in."""
        token = secrets.new_token()
        with self.engine.begin() as db:
            user = identity.user_by_login(db, login)
            assert user is not None
            identity.open_session(
                db,
                user,
                token_hash=secrets.token_hash(token),
                seconds=seconds,
                address="",
                user_agent="",
            )
        return {"Cookie": f"{COOKIE}={token}", CSRF_HEADER: secrets.csrf_token(token)}

    def of_role(self, role: UserRole) -> dict[str, str]:
        """A user of our tenant."""
        return self.session(self.ours.tenant.logins[role])

    def of_scope(self, scope: ApiScope) -> dict[str, str]:
        """A program of our tenant."""
        new = secrets.new_key()
        with self.engine.begin() as db:
            keys.create(
                db,
                tenant_id=self.ours.tenant.id,
                name="program",
                prefix=new.prefix,
                key_hash=new.key_hash,
                scopes=[scope],
            )
        return {"Authorization": f"Bearer {new.key}"}

    def ask(
        self, one: Operation, headers: dict[str, str], *, of: Planted | None = None, **more: Any
    ) -> Response:
        """The operation with the ids of our tenant, or with another's."""
        whose = of or self.ours
        sent = one.send(whose) | more
        self.client.cookies.clear()
        answer: Response = self.client.request(one.method, one.url(whose), headers=headers, **sent)
        return answer

    def expect(self, what: str, one: Operation, answer: Response, *expected: object) -> None:
        """Note what is otherwise than expected: a status, or a status and a code."""
        told = answer.json() if answer.content and "json" in answer.headers["content-type"] else {}
        code = told.get("code", "")
        if answer.status_code not in expected and (answer.status_code, code) not in expected:
            self.wrong.append(
                f"{what}: {one.method} {one.path} -> {answer.status_code} {code}, not {expected}: "
                f"{answer.text[:150]}"
            )

    def expect_silence(self, what: str, one: Operation, answer: Response, sent: object = "") -> None:
        """Note what betrays the other tenant, but for what was in the request itself."""
        seen = answer.text + repr(answer.headers)
        for sign in self.theirs.signs():
            if sign in seen and sign not in str(sent):
                self.wrong.append(f"{what}: {one.method} {one.path} shows {sign!r}: {answer.text[:200]}")


@contextmanager
def scene(url: str, state: State) -> Iterator[Scene]:
    engine = sync_engine(url)
    state.command_seconds = 0.01
    ours = plant(engine, make_tenant(engine, "quokka"), "+12125550177", 1)
    theirs = plant(engine, make_tenant(engine, "wombat"), "+12125550188", 2)
    with engine.begin() as db:
        assert lease.acquire(db, ours.tenant.switch_id, "dialer of the test", 3600.0)
    try:
        with make_client(state) as client:
            stage = Scene(engine, client, ours, theirs)
            yield stage
        assert stage.wrong == [], "\n" + "\n".join(stage.wrong)
    finally:
        engine.dispose()


def rightful(one: Operation, stage: Scene) -> dict[str, str]:
    """The headers of somebody who may."""
    return {} if one.line.role is None else stage.of_role(UserRole.ADMIN)


def test_every_operation_has_its_line() -> None:
    unknown = {one.name for one in OPERATIONS} - set(LINES)
    assert not unknown, "say in expectations.py who may"
    assert set(LINES) == {one.name for one in OPERATIONS}, "lines of operations that are gone"
    assert {name for one in OPERATIONS for name in (*one.path_ids, *one.query_ids)} <= {*TABLES, "cursor"}
    assert {name for one in OPERATIONS for name in one.body_ids} <= {*TABLES, *COMMON}


def test_nobody_may_what_is_not_public(database_url: str) -> None:
    with scene(database_url, make_state(database_url)) as stage:
        for one in OPERATIONS:
            if one.line.role is None:
                stage.expect("nobody", one, stage.ask(one, {}), *one.line.ok)
                continue
            for what, headers in _strangers(stage).items():
                answer = stage.ask(one, headers)
                stage.expect(what, one, answer, (401, "not_signed_in"))
                stage.expect_silence(what, one, answer)


def _strangers(stage: Scene) -> dict[str, dict[str, str]]:
    expired = stage.session("quokka-admin", seconds=-1.0)
    return {
        "nobody": {},
        "expired": expired,
        "made-up cookie": {"Cookie": f"{COOKIE}={secrets.new_token()}"},
        "made-up key": {"Authorization": f"Bearer {secrets.new_key().key}"},
        "no key": {"Authorization": "Basic YTpi"},
    }


@pytest.mark.parametrize("role", list(UserRole))
def test_every_role_may_what_it_may_and_nothing_else(database_url: str, role: UserRole) -> None:
    with scene(database_url, make_state(database_url)) as stage:
        for one in OPERATIONS:
            answer = stage.ask(one, stage.of_role(role))
            may = one.line.role is None or role.includes(one.line.role)
            stage.expect(role, one, answer, *(one.line.ok if may else [(403, "forbidden")]))
            stage.expect_silence(role, one, answer)


@pytest.mark.parametrize("scope", list(ApiScope))
def test_every_key_may_what_its_scope_says_and_nothing_else(database_url: str, scope: ApiScope) -> None:
    with scene(database_url, make_state(database_url)) as stage:
        headers = stage.of_scope(scope)
        for one in OPERATIONS:
            answer = stage.ask(one, headers)
            may = one.line.role is None or scope in one.line.scopes
            stage.expect(scope, one, answer, *(one.line.ok if may else [one.line.key]))
            stage.expect_silence(scope, one, answer)


def test_nothing_changes_without_the_csrf_token(database_url: str) -> None:
    with scene(database_url, make_state(database_url)) as stage:
        before = dump(stage.engine, stage.ours)
        changing = [one for one in OPERATIONS if one.method != "GET" and one.line.role is not None]
        session, other = stage.of_role(UserRole.ADMIN), stage.of_role(UserRole.ADMIN)
        cookie = {"Cookie": session["Cookie"]}
        tries = {
            "without token": cookie,
            "another session's token": {**cookie, CSRF_HEADER: other[CSRF_HEADER]},
            "from another site": {**session, "Sec-Fetch-Site": "cross-site"},
        }
        for one in changing:
            for what, headers in tries.items():
                stage.expect(what, one, stage.ask(one, headers), (403, "csrf"))
        after = dump(stage.engine, stage.ours)
        changed = {table for table in before if before[table] != after[table]}
        assert changed <= {"web_session", "user_account"}, "but for the two who signed in"


def test_whoever_must_choose_a_password_may_nothing_else(database_url: str) -> None:
    with scene(database_url, make_state(database_url)) as stage:
        with stage.engine.begin() as db:
            db.execute(text("UPDATE user_account SET must_change_password = true"))
        for one in OPERATIONS:
            if one.line.role is not None and one.name not in ("get_session", "sign_out", "change_password"):
                answer = stage.ask(one, stage.of_role(UserRole.ADMIN))
                stage.expect("new password due", one, answer, (403, "password_change_required"))


def test_an_agent_speaks_for_nobody_else(database_url: str) -> None:
    with scene(database_url, make_state(database_url)) as stage:
        for one in OPERATIONS:
            if "agent_id" not in one.path_ids:
                continue
            headers = stage.of_role(UserRole.AGENT)
            sent = one.send(stage.ours)
            url = one.path.format(agent_id=stage.ours.tenant.agent_id)
            stage.expect(
                "a colleague", one, stage.client.request(one.method, url, headers=headers, **sent), 404
            )
            mine = one.path.format(agent_id="me")
            answer = stage.client.request(one.method, mine, headers=headers, **sent)
            stage.expect("me", one, answer, *one.line.ok)


@pytest.mark.parametrize("walls", WALLS)
def test_another_tenant_does_not_exist(database_url: str, walls: str) -> None:
    with scene(database_url, make_state(database_url, **WALLS[walls])) as stage:
        before = dump(stage.engine, stage.theirs)
        seen = ""
        for one in OPERATIONS:
            headers = rightful(one, stage)
            own = stage.ask(one, headers)
            stage.expect_silence("own ids", one, own)
            seen += own.text
            if one.path.startswith("/v1/switch/"):
                continue  # asked with a switch's key, never with a session: 401 whatever is named
            headers = rightful(one, stage)  # signing out has ended the first
            _try_paths(stage, one, headers)
            _try_queries(stage, one, headers)
            _try_bodies(stage, one, headers)
        assert all(sign in seen for sign in (stage.ours.word, stage.ours.number)), "canaries are seen at home"
        assert dump(stage.engine, stage.theirs) == before, "their rows are as they were"
        assert crossings(stage.engine) == []


def _try_paths(stage: Scene, one: Operation, headers: dict[str, str]) -> None:
    if one.path_ids:
        # With their body too, and with ours: neither makes it exist.
        for of_body in (stage.theirs, stage.ours):
            sent = one.send(of_body)
            answer = stage.ask(one, headers, of=stage.theirs, **sent)
            stage.expect("their id in the path", one, answer, (404, "not_found"))
            stage.expect_silence("their id in the path", one, answer)


def _try_queries(stage: Scene, one: Operation, headers: dict[str, str]) -> None:
    for name in one.query_ids:
        table = CURSORS[one.name] if name == "cursor" else TABLES[name]
        asked = {name: stage.theirs.ids[table]}
        answer = stage.ask(one, headers, params=asked)
        stage.expect("their id in the query", one, answer, 200, (404, "not_found"))
        stage.expect_silence("their id in the query", one, answer)


def _try_bodies(stage: Scene, one: Operation, headers: dict[str, str]) -> None:
    for name in set(one.body_ids) - COMMON:
        sent = one.send(stage.ours, **{name: stage.theirs.ids[TABLES[name]]})
        answer = stage.ask(one, headers, **sent)
        stage.expect("their id in the body", one, answer, (404, "not_found"), (409, "conflict"))
        stage.expect_silence("their id in the body", one, answer, sent)
    if one.takes_json:
        for name in ("tenant_id", "id"):
            sent = one.send(stage.ours, **{name: stage.theirs.tenant.id})
            stage.expect("a field too many", one, stage.ask(one, headers, **sent), (422, "invalid"))


@pytest.mark.parametrize("walls", WALLS)
def test_an_idempotency_key_is_the_tenant_s_own(database_url: str, walls: str) -> None:
    with scene(database_url, make_state(database_url, **WALLS[walls])) as stage:
        start = next(one for one in OPERATIONS if one.name == "start_campaign")
        key = {"Idempotency-Key": "the same"}
        theirs = stage.client.post(
            start.url(stage.theirs), headers=stage.session("wombat-admin") | key
        ).json()
        ours = stage.ask(start, stage.of_role(UserRole.ADMIN) | key)
        stage.expect("their key", start, ours, 202)
        assert ours.json()["id"] != theirs["id"]
        again = stage.ask(start, stage.of_role(UserRole.ADMIN) | key)
        assert again.json()["id"] == ours.json()["id"]


@pytest.mark.parametrize("walls", WALLS)
@pytest.mark.parametrize("role", list(UserRole))
def test_the_live_socket_shows_the_own_tenant_only(database_url: str, walls: str, role: UserRole) -> None:
    with scene(database_url, make_state(database_url, **WALLS[walls])) as stage:
        headers = stage.of_role(role) | {"Origin": "http://ringmaster.test"}
        with stage.client.websocket_connect("ws://ringmaster.test/v1/live", headers=headers) as socket:
            socket.send_json({"resume": None})
            snapshot = socket.receive_text()
        assert stage.ours.word in snapshot
        assert [sign for sign in stage.theirs.signs() if sign in snapshot] == []
