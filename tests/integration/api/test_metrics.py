"""GET /metrics: who may, whose figures, hostile names; and the access log beside it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.testclient import TestClient

from models import logs
from models.enums import UserRole
from models.ids import new_id
from models.repository import live
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_client, make_state, sign_in
from tests.integration.api.wall import key, tell, wall

HOSTILE = 'a"b\\c\nd{e}=\u202e\N{PILE OF POO}'
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape(client: TestClient, **headers: str) -> Samples:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def show(office: Office, **figures: object) -> None:
    both = {one.campaign_id: figures for one in (office.ours, office.theirs)}
    with office.engine.begin() as db:
        live.put(db, "dialer", {}, time.time(), campaigns=both)


@pytest.mark.parametrize(
    "only", [{"row_security": False}, {"tell_tenant": False}], ids=["own check", "row security"]
)
def test_figures_are_of_the_key_s_tenant(office: Office, only: dict[str, bool]) -> None:
    with office.engine.begin() as db:
        db.execute(
            text("UPDATE campaign SET name = 'theirs' WHERE tenant_id = CAST(:t AS uuid)"),
            {"t": office.theirs.id},
        )
        db.execute(text("UPDATE campaign SET name = :n WHERE name = 'spring'"), {"n": HOSTILE})
    show(office, calls={"ringing": 2}, dialed=7, live_answers=3, abandoned=1, limited_by="lines")
    with make_client(make_state(office.url, **only)) as client:
        found = scrape(client, **key(office, "metrics"))
    mine = ("campaign", HOSTILE)
    assert found["ringmaster_calls", (mine, ("stage", "ringing"))] == 2
    assert found["ringmaster_agents", (mine, ("state", "logged_out"))] == 1
    assert found["ringmaster_agents", (mine, ("state", "ready"))] == 0
    assert [
        found[f"ringmaster_{name}_total", (mine,)] for name in ("dialed", "live_answers", "abandoned")
    ] == [7, 3, 1]
    assert found["ringmaster_limited_by", (mine, ("code", "lines"))] == 1
    assert found["ringmaster_figures_stale", (mine,)] == 0
    assert {dict(labels)["campaign"] for _, labels in found if "campaign" in dict(labels)} == {HOSTILE}


def test_figures_of_a_dead_dialer_are_no_calls(client: TestClient, office: Office) -> None:
    show(office, calls={"ringing": 2}, dialed=7, limited_by="lines")
    with office.engine.begin() as db:
        db.exec_driver_sql("UPDATE live_snapshot SET updated_at = now() - interval '1 minute'")
    found = scrape(client, **key(office, "metrics"))
    assert found["ringmaster_figures_stale", (("campaign", "spring"),)] == 1
    assert not [name for name, _ in found if name in ("ringmaster_calls", "ringmaster_limited_by")]


def test_requests_sockets_and_the_feed_are_counted(client: TestClient, office: Office) -> None:
    tell(office.engine, office.ours.id)
    sign_in(client, "ours-admin")
    client.get(f"/v1/campaigns/{office.ours.campaign_id}?secret=1")
    client.get(f"/v1/campaigns/{new_id()}")
    client.request("BREW", "/v1/campaigns")
    with wall(client) as shown:
        shown.until("snapshot")
        during = scrape(client)
    route = ("route", "/v1/campaigns/{campaign_id}")
    for status in ("200", "404"):
        labels = (("method", "GET"), route, ("status", status))
        assert during["ringmaster_http_requests_total", labels] == 1
    assert during["ringmaster_live_sockets", ()] == 1
    assert during["ringmaster_events_unplaced", ()] == 1
    assert during["ringmaster_events_lag_seconds", ()] > 0
    assert not [labels for _, labels in during if "BREW" in str(labels) or "secret" in str(labels)]
    assert scrape(client)["ringmaster_live_sockets_closed_total", (("code", "1000"),)] == 1


@pytest.mark.parametrize("role", [UserRole.AGENT, UserRole.SUPERVISOR])
def test_who_may_not(client: TestClient, role: UserRole) -> None:
    assert client.get("/metrics").status_code == 401
    sign_in(client, f"ours-{role}")
    assert client.get("/metrics").status_code == 403


def test_a_key_of_another_scope_may_not(client: TestClient, office: Office) -> None:
    assert client.get("/metrics", headers=key(office, "read", "admin")).status_code == 403


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logs.JsonLines())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("httpx"):  # the test's own client
            self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[Lines]:
    kept, root = Lines(), logging.getLogger()
    root.addHandler(kept)
    root.setLevel(logging.INFO)
    yield kept
    root.removeHandler(kept)
    root.setLevel(logging.WARNING)


def test_what_nobody_thought_of_is_answered_like_anything_else(
    client: TestClient, office: Office, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    sign_in(client, "ours-admin")
    monkeypatch.setattr("models.repository.overview.every", broken)
    answer = client.get("/v1/campaigns")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "fault" not in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    failed, request = (json.loads(line) for line in lines.lines[-2:])
    assert "a fault of ours" in failed["trace"]
    assert failed["request_id"] == request["request_id"] == answer.headers["x-request-id"]
    labels = (("method", "GET"), ("route", "/v1/campaigns"), ("status", "500"))
    assert scrape(client)["ringmaster_http_requests_total", labels] == 1


def test_every_request_has_a_line_with_its_id_and_no_secret(
    client: TestClient, office: Office, lines: Lines
) -> None:
    given = key(office, "metrics")
    sign_in(client, "ours-admin")
    answer = client.get("/v1/session?token=hush", headers={"X-Request-ID": "from-outside.1"})
    odd = client.get("/metrics", headers={"X-Request-ID": 'a" b', **given})
    said = [line for line in map(json.loads, lines.lines) if line["log"] == "api.access"]
    assert answer.headers["x-request-id"] == "from-outside.1"
    assert said[-2]["request_id"] == "from-outside.1"
    assert said[-1]["request_id"] == odd.headers["x-request-id"] != 'a" b'
    assert len({line["request_id"] for line in said}) == len(said)
    assert (said[-2]["path"], said[-2]["status"]) == ("/v1/session", 200)
    assert said[-1]["who"].startswith("key ")
    client.get("/v1/campaigns")
    last = json.loads(lines.lines[-1])
    assert last["who"] == f"user {office.ours.user_ids[UserRole.ADMIN]}"
    everything = "\n".join(lines.lines)
    for secret in (
        "hush",
        client.cookies["ringmaster_session"],
        given["Authorization"].split()[1],
        "correct horse",
    ):
        assert secret not in everything
