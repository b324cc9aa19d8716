"""Phones: their logins made and ended through the API, and looked up by a switch with a key of its own."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from api import directory
from api.app import create_app
from api.phones import Phones
from api.switch_cli import switch as switch_command
from models.phones import PHONE_DOMAIN, NewPhone
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_client, make_state, sign_in


@pytest.fixture(autouse=True)
def address(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", office.url)


def run(*words: str) -> Result:
    return CliRunner().invoke(switch_command, list(words))


def made_key() -> str:
    result = run("key", "main")
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


@pytest.fixture
def switch(office: Office) -> Iterator[TestClient]:
    """A switch on the api's own machine."""
    with TestClient(create_app(make_state(office.url)), client=("127.0.0.1", 5000)) as one:
        one.headers["Authorization"] = basic(made_key())
        yield one


def basic(key: str, user: str = "switch") -> str:
    return "Basic " + base64.b64encode(f"{user}:{key}".encode()).decode()


def look(switch: TestClient, user_name: str, **more: str) -> Response:
    form = {"section": "directory", "key_value": PHONE_DOMAIN, "user": user_name, "domain": PHONE_DOMAIN}
    body = urlencode({**form, "ip": "192.0.2.7", **more})
    answer: Response = switch.post(
        "/v1/switch/directory",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    return answer


def hash_of(answer: Response) -> str | None:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/xml")
    found = ElementTree.fromstring(answer.content).find(".//param[@name='a1-hash']")
    return None if found is None else found.get("value")


def ask(client: TestClient, who: str = "me") -> dict[str, Any]:
    answer = client.post(f"/v1/agents/{who}/phone")
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_an_agent_s_phone_gets_a_login_that_the_switch_knows(
    client: TestClient, office: Office, switch: TestClient
) -> None:
    sign_in(client, "ours-agent")
    made = ask(client)
    answer = look(switch, made["user_name"])
    assert hash_of(answer) == NewPhone(made["user_name"], made["password"]).a1_hash
    assert office.ours.agent_id in answer.text
    assert made["password"] not in answer.text
    with office.engine.connect() as db:
        kept = db.execute(text("SELECT to_jsonb(p)::text FROM phone_login p")).scalar_one()
    assert made["password"] not in kept


def test_a_browser_is_told_its_way(office: Office) -> None:
    state = make_state(office.url)
    state.phones = Phones(
        server="fs.example:5070",
        websocket="wss://fs.example:7443",
        ice=("stun:stun.example", "turn:turn.example"),
        turn_secret="shared with the server",
    )
    with make_client(state) as client:
        signed = sign_in(client, "ours-agent")
        made = ask(client)
    assert "connect-src 'self' wss://fs.example:7443;" in signed.headers["content-security-policy"]
    assert (made["server"], made["websocket"]) == ("fs.example:5070", "wss://fs.example:7443")
    stun, turn = made["ice_servers"]
    assert stun == {"urls": ["stun:stun.example"], "username": "", "credential": ""}
    until, _, name = turn["username"].partition(":")
    assert name == made["user_name"]
    assert int(until) == int(datetime.fromisoformat(made["expires_at"]).timestamp())
    assert "shared with the server" not in str(made)


def test_a_new_login_ends_the_last(client: TestClient, switch: TestClient) -> None:
    sign_in(client, "ours-agent")
    first, second = ask(client), ask(client)
    assert hash_of(look(switch, first["user_name"])) is None
    assert hash_of(look(switch, second["user_name"])) is not None


@pytest.mark.parametrize("way", ["ended", "signed out", "expired", "logged out"])
def test_a_login_ends(client: TestClient, office: Office, switch: TestClient, way: str) -> None:
    sign_in(client, "ours-agent")
    name = ask(client)["user_name"]
    if way == "ended":
        assert client.delete("/v1/agents/me/phone").status_code == 204
    elif way == "signed out":
        assert client.delete("/v1/session").status_code == 204
    elif way == "expired":
        with office.engine.begin() as db:
            db.execute(text("UPDATE phone_login SET expires_at = clock_timestamp()"))
    else:
        with office.engine.begin() as db:
            db.execute(text("UPDATE agent SET state = 'logged_out', state_since = clock_timestamp()"))
    assert hash_of(look(switch, name)) is None


def test_nobody_gets_another_s_phone(client: TestClient, office: Office) -> None:
    sign_in(client, "ours-agent")
    for stranger in (office.theirs.agent_id, "00000000-0000-7000-8000-000000000000"):
        assert client.post(f"/v1/agents/{stranger}/phone").status_code == 404
        assert client.delete(f"/v1/agents/{stranger}/phone").status_code == 404
    sign_in(client, "ours-supervisor")
    assert ask(client, office.ours.agent_id)["domain"] == PHONE_DOMAIN
    assert client.post(f"/v1/agents/{office.theirs.agent_id}/phone").status_code == 404
    assert client.post("/v1/agents/me/phone").status_code == 404


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic !", "Basic c3dpdGNo", "Bearer {key}", "basic-without-user", "Basic {wrong}"],
)
def test_only_a_switch_s_key_opens_the_door(office: Office, authorization: str) -> None:
    key = made_key()
    given = authorization.format(key=key, wrong=basic(f"{key}x").partition(" ")[2])
    with TestClient(create_app(make_state(office.url)), client=("127.0.0.1", 5000)) as one:
        one.headers["Authorization"] = given
        answer = look(one, "pabcdefghijkmnpq")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_a_revoked_key_holds_no_more_and_another_one_does(client: TestClient, switch: TestClient) -> None:
    first, second = made_key(), made_key()
    for key in (first, second):
        switch.headers["Authorization"] = basic(key)
        assert look(switch, "pabcdefghijkmnpq").status_code == 200
    assert run("revoke", first.split("_")[1]).exit_code == 0
    assert look(switch, "pabcdefghijkmnpq").status_code == 200
    switch.headers["Authorization"] = basic(first)
    assert look(switch, "pabcdefghijkmnpq").status_code == 401


def test_a_key_over_a_network_without_tls_is_refused(office: Office) -> None:
    with TestClient(create_app(make_state(office.url)), client=("192.0.2.9", 5000)) as one:
        one.headers["Authorization"] = basic(made_key())
        assert look(one, "pabcdefghijkmnpq").json()["code"] == "forbidden"
        one.base_url = "https://testserver"
        assert look(one, "pabcdefghijkmnpq").status_code == 200


def test_a_user_or_program_is_no_switch(client: TestClient) -> None:
    sign_in(client, "ours-admin")
    assert look(client, "pabcdefghijkmnpq").status_code == 401


def test_a_lookup_of_64_kib_and_more_is_refused(switch: TestClient) -> None:
    assert look(switch, "x" * (1 << 16)).status_code == 413


def test_who_asks_in_vain_too_often_is_not_looked_up(
    client: TestClient, switch: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "MISSES", 2)
    sign_in(client, "ours-agent")
    name = ask(client)["user_name"]
    for _ in range(2):
        assert hash_of(look(switch, "pabcdefghijkmnpq")) is None
    assert hash_of(look(switch, name)) is None
    assert hash_of(look(switch, name, ip="192.0.2.8")) is not None


def test_keys_are_listed_without_their_secret(office: Office) -> None:
    key = made_key()
    shown = run("keys").output
    _, prefix, secret = key.split("_", 2)
    assert prefix in shown
    assert secret not in shown
    with office.engine.connect() as db:
        kept = db.execute(text("SELECT to_jsonb(k)::text FROM switch_key k")).scalar_one()
    assert secret not in kept
    assert run("revoke", "nothing").exit_code == 1


def test_a_phone_s_login_from_the_command_line(office: Office, switch: TestClient) -> None:
    result = run("phone", "ours-1001", "--tenant", "ours")
    assert result.exit_code == 0, result.output
    told = dict(line.split(None, 1) for line in result.output.replace("user name", "user_name").splitlines())
    assert hash_of(look(switch, told["user_name"])) == NewPhone(told["user_name"], told["password"]).a1_hash
    assert run("phone", "theirs-1001", "--tenant", "ours").exit_code == 1


def test_a_switch_s_look_is_noted(office: Office, switch: TestClient) -> None:
    look(switch, "pabcdefghijkmnpq")
    with office.engine.connect() as db:
        assert db.execute(text("SELECT last_used_at IS NOT NULL FROM switch_key")).scalar_one()


def test_an_agent_who_signs_out_elsewhere_keeps_no_phone(office: Office, switch: TestClient) -> None:
    with make_client(make_state(office.url)) as one, make_client(make_state(office.url)) as other:
        sign_in(one, "ours-agent")
        sign_in(other, "ours-agent")
        name = ask(one)["user_name"]
        other.delete("/v1/session")
    assert hash_of(look(switch, name)) is None
