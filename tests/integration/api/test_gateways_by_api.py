"""Gateways and routes through the API: by the administrator of the only tenant, told to nobody too much."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from models.carrier_keys import Vault, new_carrier_key
from models.repository import carriers, gateways, live
from models.session import sync_engine
from tests.integration.api.office import Tenant, make_client, make_state, make_tenant, sign_in

PASSWORD = 'p"a<$${x}'
ACCOUNT = {"proxy": "sip.north.example", "username": "acme", "codecs": ["PCMA"]}


@dataclass
class Alone:
    """An installation of one tenant, its administrator signed in."""

    engine: Engine
    ours: Tenant
    client: TestClient
    vault: Vault

    def put(self, name: str = "north", **more: Any) -> Response:
        answer: Response = self.client.put("/v1/gateways", json={"name": name, **more})
        return answer

    def listed(self) -> dict[str, Any]:
        answer = self.client.get("/v1/gateways")
        assert answer.status_code == 200, answer.text
        assert 'p\\"a' not in answer.text
        return {one["name"]: one for one in answer.json()["items"]}

    def password(self) -> str | None:
        with self.engine.begin() as db:
            (one,) = carriers.of_switch(db, self.ours.switch_id)
        return None if one.password is None else self.vault.open(one.gateway_id, one.password)


@pytest.fixture
def alone(database_url: str) -> Iterator[Alone]:
    engine = sync_engine(database_url)
    ours = make_tenant(engine, "ours")
    state = make_state(database_url)
    state.vault = Vault((new_carrier_key(),))
    with make_client(state) as client:
        sign_in(client, "ours-admin")
        yield Alone(engine, ours, client, state.vault)
    engine.dispose()


def test_a_gateway_is_made_changed_and_removed(alone: Alone) -> None:
    assert alone.put(max_calls=20, account={**ACCOUNT, "password": PASSWORD}).status_code == 204
    (north,) = alone.listed().values()
    assert (north["max_calls"], north["enabled"], north["standing"]) == (20, True, None)
    assert north["account"]["proxy"] == "sip.north.example"
    assert north["account"]["has_password"] is True
    assert "password" not in north["account"]
    assert alone.password() == PASSWORD
    changed = alone.put(enabled=False, account={**ACCOUNT, "ping_seconds": 30})
    assert changed.status_code == 204
    (north,) = alone.listed().values()
    assert (north["max_calls"], north["enabled"], north["account"]["ping_seconds"]) == (None, False, 30)
    assert alone.password() == PASSWORD, "none given: it stays"
    alone.put(account={**ACCOUNT, "password": ""})
    assert alone.password() is None
    alone.put()
    assert alone.listed()["north"]["account"] is None
    assert alone.client.post("/v1/gateways/remove", json={"name": "north"}).status_code == 204
    assert alone.listed() == {}
    assert alone.client.post("/v1/gateways/remove", json={"name": "north"}).status_code == 404


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"name": "a/b"}, 422),
        ({"name": "$${x}"}, 422),
        ({"account": {"proxy": "x;y"}}, 422),
        ({"account": {"proxy": "$${switch_key}"}}, 422),
        ({"account": {"proxy": "x", "username": 'a"b'}}, 422),
        ({"account": {"proxy": "x", "password": "a\nb"}}, 422),
        ({"account": {"proxy": "x", "password": "a:b"}}, 422),
        ({"account": {"proxy": "x", "username": "a", "registers": True}}, 422),
        ({"account": {"proxy": "x", "codecs": ["PCMU:x"]}}, 422),
        ({"account": {}}, 422),
        ({"max_calls": 0}, 422),
        ({"switch_id": "0190d0d0-0000-7000-8000-000000000000"}, 404),
    ],
)
def test_what_can_t_be_is_refused_and_leaves_nothing(
    alone: Alone, wrong: dict[str, Any], status: int
) -> None:
    answer = alone.put(**wrong)
    assert answer.status_code == status, answer.text
    assert "a:b" not in answer.text
    assert alone.listed() == {}


def test_a_campaign_dials_by_its_routes(alone: Alone) -> None:
    alone.put("north")
    alone.put("south")
    campaign = alone.ours.campaign_id

    def route(gateway: str, **more: Any) -> int:
        status: int = alone.client.put("/v1/routes", json={"gateway": gateway, **more}).status_code
        return status

    assert route("north", weight=3) == 204
    assert route("south", campaign_id=campaign, tier=2) == 204
    shown = alone.listed()
    assert [one["weight"] for one in shown["north"]["routes"]] == [3.0]
    assert [(one["campaign_id"], one["tier"]) for one in shown["south"]["routes"]] == [(campaign, 2)]
    with alone.engine.begin() as db:
        assert gateways.plan(db, alone.ours.switch_id).routes[campaign][0].gateway == "south"
    assert alone.client.post("/v1/gateways/remove", json={"name": "south"}).status_code == 409
    assert route("south", campaign_id=campaign, weight=None) == 204
    assert route("south", campaign_id=campaign, weight=None) == 404
    assert route("nowhere") == 404
    assert route("north", weight=-1) == 422


def test_the_standing_is_what_a_dialer_shows_the_tenant(alone: Alone) -> None:
    alone.put("north")
    figures = {"gateways": [{"gateway": "north", "standing": "out"}]}
    with alone.engine.begin() as db:
        live.put(db, "dialer", {}, 1_900_000_000.0, campaigns={alone.ours.campaign_id: figures})
    assert alone.listed()["north"]["standing"] == "out"


def test_where_there_are_several_tenants_gateways_are_the_command_line_s(alone: Alone) -> None:
    alone.put("north", account={**ACCOUNT, "password": PASSWORD})
    make_tenant(alone.engine, "theirs")
    refused = alone.put("north")
    assert (refused.status_code, refused.json()["code"]) == (403, "several_tenants")
    assert alone.client.post("/v1/gateways/remove", json={"name": "north"}).status_code == 403
    answer = alone.client.get("/v1/gateways").json()
    assert answer["changeable"] is False
    assert (answer["items"][0]["has_account"], answer["items"][0]["account"]) == (True, None)
    assert alone.client.put("/v1/routes", json={"gateway": "north"}).status_code == 204
    sign_in(alone.client, "theirs-admin")
    theirs = alone.client.get("/v1/gateways")
    assert theirs.json()["items"][0]["routes"] == []
    assert "sip.north.example" not in theirs.text
    foreign = {"gateway": "north", "campaign_id": alone.ours.campaign_id}
    assert alone.client.put("/v1/routes", json=foreign).status_code == 404
    with alone.engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM route")).scalar_one() == 1


def test_a_supervisor_sees_gateways_and_changes_none(alone: Alone) -> None:
    alone.put("north", account=ACCOUNT)
    sign_in(alone.client, "ours-supervisor")
    answer = alone.client.get("/v1/gateways").json()
    assert answer["changeable"] is False
    assert answer["items"][0]["account"] is None
    assert alone.put("north").status_code == 403
    assert alone.client.put("/v1/routes", json={"gateway": "north"}).status_code == 403
