"""The first start: one administrator, whose password is told once and must be changed."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from api.first_run import LOGIN, ensure_admin, random_password, sign_in_link
from models.errors import NotFound
from models.ids import new_id
from models.session import sync_engine
from tests.integration.api.office import make_client, make_state, sign_in


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = sync_engine(database_url)
    yield engine
    engine.dispose()


def test_the_first_start_makes_an_admin_who_must_choose_a_password(engine: Engine, database_url: str) -> None:
    with engine.begin() as db:
        password = ensure_admin(db)
    assert password is not None
    with make_client(make_state(database_url)) as client:
        answer = sign_in(client, LOGIN, password)
        assert answer.json()["user"]["role"] == "admin"
        assert answer.json()["user"]["must_change_password"]
        assert client.get("/v1/users").json()["code"] == "password_change_required"
        wishes = {"current_password": password, "new_password": "another long password"}
        assert client.put("/v1/session/password", json=wishes).status_code == 204
        assert client.get("/v1/users").status_code == 200
    with engine.begin() as db:
        assert ensure_admin(db) is None
        # Nor does it come back for whoever disabled everybody.
        db.execute(text("UPDATE user_account SET disabled = true"))
        assert ensure_admin(db) is None


def test_two_processes_that_start_at_once_make_one_admin(engine: Engine) -> None:

    def start(_: int) -> str | None:
        with engine.begin() as db:
            return ensure_admin(db)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(start, range(4)))
    assert len([password for password in told if password]) == 1
    with engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM user_account")).scalar() == 1


def test_a_link_of_the_first_admin_signs_in_once(engine: Engine, database_url: str) -> None:
    with engine.begin() as db:
        ensure_admin(db)
        user_id = db.execute(text("SELECT id::text FROM user_account")).scalar_one()
        token = sign_in_link(db, user_id)
        with pytest.raises(NotFound):
            sign_in_link(db, new_id())
    with make_client(make_state(database_url)) as client:
        assert client.post("/v1/session/link", json={"token": token}).status_code == 200
        assert client.post("/v1/session/link", json={"token": token}).status_code == 401


def test_random_passwords_are_not_the_same_twice() -> None:
    made = {random_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(password) == 24 for password in made)
