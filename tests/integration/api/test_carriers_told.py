"""Carriers' accounts: set from the command line, told to their switch, and to nobody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from api import pull
from api.app import create_app
from api.pull import Door, PullFailed
from api.secrets import new_key
from models.carrier_keys import Vault
from models.carriers import CARRIER_DOMAIN
from models.gateway_cli import gateway as command
from models.repository import setup, switch_keys
from models.settings import Settings
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_state
from tests.integration.api.served import serving

PASSWORD = 'p"a<$${switch_key}'


@pytest.fixture(autouse=True)
def settings(office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DATABASE_URL", office.url)
    monkeypatch.setenv("RINGMASTER_DATA_DIRECTORY", str(tmp_path / "data"))


def run(*words: str, says: str = "") -> Result:
    return CliRunner().invoke(command, list(words), input=says)


def done(*words: str, says: str = "") -> str:
    result = run(*words, says=says)
    assert result.exit_code == 0, result.output
    return result.output


def key_of(office: Office, switch: str) -> str:
    made = new_key()
    with office.engine.begin() as db:
        switch_keys.create(db, setup.switch(db, switch), prefix=made.prefix, key_hash=made.key_hash)
    return made.key


@pytest.fixture
def switch(office: Office) -> Iterator[TestClient]:
    state = make_state(office.url)
    state.vault = Vault.of(Settings())
    with TestClient(create_app(state), client=("127.0.0.1", 5000)) as one:
        one.auth = ("switch", key_of(office, "main"))
        yield one


def ask(switch: TestClient, **more: str) -> bytes:
    form = {
        "section": "directory",
        "tag_name": "domain",
        "key_name": "name",
        "key_value": CARRIER_DOMAIN,
        **more,
    }
    answer = switch.post(
        "/v1/switch/directory",
        content=urlencode(form),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200, answer.text
    found: bytes = answer.content
    return found


def told(switch: TestClient, **more: str) -> dict[str, dict[str, str]]:
    document = ElementTree.fromstring(ask(switch, purpose="gateways", profile="ringmaster", **more))
    return {
        found.get("name", ""): {one.get("name", ""): one.get("value", "") for one in found.iter("param")}
        for found in document.iter("gateway")
    }


def test_an_account_is_set_changed_in_part_and_taken_away(switch: TestClient) -> None:
    done("add", "north")
    assert told(switch) == {}
    done(
        "account", "north", "--proxy", "sip.north.example", "--username", "acme", "--password", says=PASSWORD
    )
    first = told(switch)["north"]
    assert (first["proxy"], first["username"], first["password"]) == ("sip.north.example", "acme", PASSWORD)
    done("account", "north", "--register", "--ping-seconds", "30", "--codecs", "pcma, pcmu")
    second = told(switch)["north"]
    assert (second["register"], second["ping"], second["password"]) == ("true", "30", PASSWORD)
    assert second["contact-params"] != first["contact-params"], "each revision is another contact"
    assert b"PCMA" in ask(switch, purpose="gateways")
    assert run("account", "north", "--no-password").exit_code == 1, "it registers"
    done("account", "north", "--no-password", "--no-register", "--ping-seconds", "0")
    assert {"password", "ping"}.isdisjoint(told(switch)["north"])
    done("account", "north", "--remove")
    assert told(switch) == {}


def test_a_switch_is_told_of_its_own_gateways_alone(switch: TestClient) -> None:
    done("add", "far", "--switch", "far")
    done("account", "far", "--switch", "far", "--proxy", "sip.far.example")
    done("add", "plain")
    assert told(switch) == {}, "one without an account is in the switch's own configuration"


def test_the_password_is_nowhere_but_with_its_switch(
    office: Office, switch: TestClient, tmp_path: Path
) -> None:
    done("add", "north")
    said = done("account", "north", "--proxy", "sip.north.example", "--password", says=PASSWORD)
    assert told(switch)["north"]["password"] == PASSWORD
    with office.engine.connect() as db:
        kept = db.execute(
            text("SELECT to_jsonb(c)::text || to_jsonb(e)::text FROM carrier_account c, event e")
        ).all()
    assert kept
    shown = ElementTree.tostring(ElementTree.fromstring(ask(switch)), encoding="unicode")
    for one in (said, done("list"), str(kept), shown):
        assert "switch_key" not in one
    assert (tmp_path / "data" / "carrier.key").stat().st_mode & 0o077 == 0


def test_who_is_no_switch_or_has_another_key_is_told_nothing(
    switch: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    done("add", "north")
    done("account", "north", "--proxy", "sip.north.example", "--password", says=PASSWORD)
    switch.auth = ("switch", new_key().key)
    assert switch.post("/v1/switch/directory", content="").status_code == 401
    assert switch.get("/v1/switch/gateways").status_code == 401


def test_a_phone_s_lookup_never_becomes_one_of_gateways(switch: TestClient) -> None:
    done("add", "north")
    done("account", "north", "--proxy", "sip.north.example")
    assert b"north" in ask(switch)
    assert b"north" not in ask(switch, user="x", purpose="gateways"), "a phone always has a user"
    assert b"north" not in ask(switch, key_value="phones.gateway.invalid", purpose="gateways")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--proxy", "sip.x.example;transport=tls"),
        ("--proxy", "$${switch_key}"),
        ("--proxy", "x", "--username", 'a"b'),
        ("--proxy", "x", "--codecs", "PCMU:8000"),
        ("--proxy", "x", "--register", "--username", "a"),
        ("--username", "a"),
    ],
)
def test_what_can_t_be_an_account_is_refused_in_one_sentence(
    switch: TestClient, wrong: tuple[str, ...]
) -> None:
    done("add", "north")
    result = run("account", "north", *wrong)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert told(switch) == {}
    assert run("account", "nowhere", "--proxy", "x").exit_code == 1


def test_a_gateway_with_routes_is_not_removed(office: Office, switch: TestClient) -> None:
    done("add", "north")
    done("account", "north", "--proxy", "sip.north.example")
    done("route", "north", "--tenant", "ours")
    assert run("remove", "north").exit_code == 1
    assert run("unroute", "north").exit_code == 1, "of another tenant"
    assert run("route", "north", "--tenant", "nobody").exit_code == 1
    done("unroute", "north", "--tenant", "ours")
    done("remove", "north")
    assert told(switch) == {}
    with office.engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM carrier_account")).scalar_one() == 0


def test_gateways_are_kept_beside_the_switch(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done("add", "north")
    done("account", "north", "--proxy", "sip.north.example", "--password", says=PASSWORD)
    state = make_state(office.url)
    state.vault = Vault.of(Settings())
    with serving(state) as served:
        door = Door(served.url, key_of(office, "main"))
        assert pull.keep_gateways(door, tmp_path / "kept")
        assert not pull.keep_gateways(door, tmp_path / "kept"), "the same as before"
    file = tmp_path / "kept" / "carriers.xml"
    assert file.stat().st_mode & 0o777 == 0o600
    found = ElementTree.fromstring(file.read_text()).find(".//param[@name='password']")
    assert found is not None
    assert found.get("value") == PASSWORD
    assert re.search(r"\$|x-pre", file.read_text(), re.IGNORECASE) is None
    monkeypatch.setattr(Door, "get", lambda self, path, most: b"<html>")
    with pytest.raises(PullFailed):
        pull.keep_gateways(door, tmp_path / "kept")
    assert "north" in file.read_text(), "what was kept stays"
