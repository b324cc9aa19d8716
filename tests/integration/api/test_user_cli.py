"""`ringmaster user` on a real database: what it makes signs in at the api."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from api.user_cli import user
from models.enums import UserRole
from models.repository import identity
from tests.integration.api.conftest import Office
from tests.integration.api.office import PASSWORD, sign_in


@pytest.fixture(autouse=True)
def address(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", office.url)


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(user, list(words), input=typed)


def done(*words: str, typed: str = "") -> str:
    result = run(*words, typed=typed)
    assert result.exit_code == 0, result.output
    return result.output


def refused(*words: str, typed: str = "") -> str:
    result = run(*words, typed=typed)
    assert result.exit_code == 1, result.output
    return " ".join(result.output.split())


def test_a_user_is_made_with_a_password_from_standard_input(client: TestClient) -> None:
    done("create", "grace", "--role", "admin", "--tenant", "ours", typed="a long password\n")
    assert sign_in(client, "grace", "a long password").json()["tenant"]["name"] == "ours"
    assert "already" in refused("create", "Grace", "--tenant", "ours", typed="a long password\n")


def test_a_user_of_role_agent_works_as_an_agent_of_the_tenant(client: TestClient, office: Office) -> None:
    agent = ("create", "joan", "--role", "agent", "--tenant", "ours")
    assert "agent" in refused(*agent, typed="a long password\n")
    assert "no agent 'theirs-1001'" in refused(*agent, "--agent", "theirs-1001", typed="a long password\n")
    assert "already" in refused(*agent, "--agent", "ours-1001", typed="a long password\n")
    assert sign_in(client, "joan", "a long password").status_code == 401


@pytest.mark.parametrize("typed", ["", "short\n", "ours-admin\n", "aaaaaaaaaaaa\n"])
def test_a_bad_password_changes_nothing(client: TestClient, typed: str) -> None:
    assert "nothing was changed" in refused("password", "ours-admin", typed=typed)
    assert sign_in(client, "ours-admin", PASSWORD).status_code == 200


def test_a_new_password_unlocks_and_ends_the_sessions(client: TestClient) -> None:
    sign_in(client, "ours-admin")
    for _ in range(identity.LOCK_AFTER):
        client.post("/v1/session", json={"login": "ours-admin", "password": "wrong"})
    assert re.search(r"ours-admin .* locked", done("list", "--tenant", "ours"))
    done("password", "OURS-admin", typed="another long password\n")
    assert client.get("/v1/session").status_code == 401
    assert sign_in(client, "ours-admin", "another long password").status_code == 200


def test_a_link_signs_in_once(client: TestClient) -> None:
    path = done("link", "ours-supervisor").strip()
    page, _, token = path.partition("#token=")
    assert page == "/sign-in"
    assert client.post("/v1/session/link", json={"token": token}).json()["user"]["login"] == "ours-supervisor"
    assert client.post("/v1/session/link", json={"token": token}).status_code == 401


def test_who_is_disabled_is_out_until_unlocked(client: TestClient) -> None:
    sign_in(client, "ours-supervisor")
    done("disable", "ours-supervisor")
    assert client.get("/v1/session").status_code == 401
    assert "disabled" in refused("link", "ours-supervisor")
    assert "last administrator" in refused("disable", "ours-admin")
    done("unlock", "ours-supervisor")
    assert sign_in(client, "ours-supervisor").status_code == 200


def test_the_list_shows_every_tenant_s_users_and_no_secret() -> None:
    shown = done("list")
    assert all(f"{tenant}-{role}" in shown for tenant in ("ours", "theirs") for role in UserRole)
    assert "argon2" not in shown
    assert "theirs" not in done("list", "--tenant", "ours")


def test_a_user_or_a_database_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("password", "link", "disable", "unlock"):
        assert "no user 'nobody'" in refused(command, "nobody", typed="a long password\n")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert "can't be reached" in refused("list")


def test_no_command_takes_a_password_as_an_argument() -> None:
    for command in ("create", "password"):
        assert run(command, "x", "--password", "y").exit_code == 2
