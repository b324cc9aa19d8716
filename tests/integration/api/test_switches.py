"""Switches through the API: shared by all tenants, with what a tenant's own campaigns showed of them."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from models.enums import UserRole
from models.repository import lease, live
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_client, make_state, sign_in
from tests.integration.api.walls import WALLS, Wall
from tests.integration.models.world import NOON


def test_a_switch_has_a_dialer_while_its_lease_is_held(client: TestClient, office: Office) -> None:
    sign_in(client, "ours-supervisor")
    bare = {
        "id": office.ours.switch_id,
        "name": "main",
        "has_dialer": False,
        "link_up": None,
        "switch_lag_p95_ms": None,
        "core_uuid": None,
        "at": None,
    }
    assert client.get("/v1/switches").json() == {"items": [bare]}
    with office.engine.begin() as db:
        held = lease.acquire(db, office.ours.switch_id, "one", 600.0)
    assert held is not None
    assert client.get("/v1/switches").json() == {"items": [{**bare, "has_dialer": True}]}
    with office.engine.begin() as db:
        db.execute(text("UPDATE switch SET lease_expires_at = clock_timestamp()"))
    assert client.get("/v1/switches").json() == {"items": [bare]}


@WALLS
def test_another_tenant_s_figures_are_not_shown(office: Office, wall: Wall) -> None:
    figures = {"link_up": True, "switch_lag_p95_ms": 12.0}
    with office.engine.begin() as db:
        live.put(db, "dialer", {"link_up": True}, NOON, campaigns={office.theirs.campaign_id: figures})
    with make_client(make_state(office.url, **wall)) as client:
        sign_in(client, "ours-supervisor")
        assert client.get("/v1/switches").json()["items"][0]["link_up"] is None
        sign_in(client, "theirs-supervisor")
        (shown,) = client.get("/v1/switches").json()["items"]
    assert (shown["link_up"], shown["switch_lag_p95_ms"]) == (True, 12.0)
    assert shown["at"] == "2026-01-05T14:00:00Z"


@pytest.mark.parametrize(("role", "status"), [(UserRole.AGENT, 403), (UserRole.ADMIN, 200)])
def test_switches_are_the_supervisor_s(
    client: TestClient, office: Office, role: UserRole, status: int
) -> None:
    sign_in(client, office.ours.logins[role])
    assert client.get("/v1/switches").status_code == status
