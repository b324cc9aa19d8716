"""Finished calls through the API: pages without gaps, filters, one call's file, whose they are."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from models.enums import AgentState, ApiScope, Outcome, UserRole
from models.ids import new_id
from models.records import NoteAdded
from models.repository import lease
from models.repository.db import object_json
from models.rules import preset
from tests.integration.api.conftest import Office
from tests.integration.api.office import Tenant, make_client, make_state, sign_in
from tests.integration.api.walls import NOBODY, WALLS, Wall, bearer
from tests.integration.models.world import NOON, World

OUTCOMES = (Outcome.CONNECTED, Outcome.NO_ANSWER, Outcome.ABANDONED, Outcome.ENDED_BEFORE_AGENT)


def world_of(office: Office, tenant: Tenant) -> World:
    with office.engine.begin() as db:
        held = lease.acquire(db, tenant.switch_id, "holder-1", 3600.0)
    assert held is not None
    world = World(office.engine, tenant.id, tenant.switch_id, tenant.campaign_id, held.token)
    world.execute(
        "UPDATE campaign SET rules = CAST(:rules AS jsonb) WHERE id = :id",
        rules=object_json(preset("demo").to_json()),
        id=tenant.campaign_id,
    )
    return world


def finish(
    world: World, agent: str, *, count: int = 4, at: float = NOON, first: int = 0, step: float = 60.0
) -> list[str]:
    """Calls dialed every `step` seconds, of every outcome in turn; their ids, the newest first."""
    world.add_leads(count, first=first)
    world.apply(*world.states(agent, (AgentState.READY, at)))
    ids = []
    for number, attempt in enumerate(world.claim(count, at).attempts):
        outcome = OUTCOMES[number % 4]
        world.apply(*world.story(attempt, outcome, at=at + step * number, agent=agent, talk=30.0))
        ids.append(attempt.attempt_id)
    return ids[::-1]


@pytest.fixture
def world(office: Office) -> World:
    return world_of(office, office.ours)


@pytest.fixture
def supervisor(client: TestClient) -> TestClient:
    sign_in(client, "ours-supervisor")
    return client


def ids(client: TestClient, **query: Any) -> list[str]:
    answer = client.get("/v1/calls", params=query)
    assert answer.status_code == 200, answer.text
    return [one["attempt_id"] for one in answer.json()["items"]]


def test_a_finished_call(supervisor: TestClient, world: World, office: Office) -> None:
    *_, connected = finish(world, office.ours.agent_id)
    shown = supervisor.get("/v1/calls").json()
    assert shown["next_cursor"] is None
    call = shown["items"][-1]
    assert call == {
        "attempt_id": connected,
        "campaign_id": office.ours.campaign_id,
        "agent_id": office.ours.agent_id,
        "person_id": call["person_id"],
        "person_name": "",
        "number": call["number"],
        "outcome": "connected",
        "started_at": "2026-01-05T14:00:00Z",
        "ringing_at": "2026-01-05T14:00:02Z",
        "answered_at": "2026-01-05T14:00:10Z",
        "bridged_at": "2026-01-05T14:00:10.500000Z",
        "ended_at": "2026-01-05T14:00:40.500000Z",
        "talk_seconds": 30.0,
        "wait_seconds": 0.5,
        "abandoned": False,
        "cause": "NORMAL_CLEARING",
        "sip_status": None,
        "recovered": False,
    }


@pytest.mark.parametrize("step", [60.0, 0.0])
def test_pages_have_neither_gaps_nor_repeats(
    supervisor: TestClient, world: World, office: Office, step: float
) -> None:
    """Also when all calls began at the same instant, and while new ones end."""
    everything = sorted(finish(world, office.ours.agent_id, count=7, step=step), reverse=True)
    if step:
        everything = ids(supervisor)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(10):
        page = supervisor.get("/v1/calls", params={"limit": 2, **cursor}).json()
        seen += [one["attempt_id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
        finish(world, office.ours.agent_id, count=1, at=NOON + 9000, first=50 + len(seen))
    assert seen == everything


def test_calls_of_several_campaigns_are_one_list(
    supervisor: TestClient, world: World, office: Office
) -> None:
    first = finish(world, office.ours.agent_id, count=2)
    other = supervisor.post("/v1/campaigns", json={"name": "fall"}).json()["id"]
    world.execute("UPDATE call SET campaign_id = :c WHERE attempt_id = :a", c=other, a=first[0])
    assert ids(supervisor) == first
    assert ids(supervisor, campaign_id=other) == first[:1]
    assert ids(supervisor, campaign_id=office.ours.campaign_id) == first[1:]


def test_calls_are_chosen(supervisor: TestClient, world: World, office: Office) -> None:
    early, abandoned, unheard, connected = finish(world, office.ours.agent_id)
    assert ids(supervisor, agent_id=office.ours.agent_id) == [connected]
    assert ids(supervisor, agent_id=office.ours.agent_id, campaign_id=office.ours.campaign_id) == [connected]
    assert ids(supervisor, outcome="abandoned") == [abandoned]
    assert ids(supervisor, since="2026-01-05T14:01:00Z", until="2026-01-05T15:03:00+01:00") == [
        abandoned,
        unheard,
    ]
    assert ids(supervisor, since="0001-01-01T00:00:00Z", until="9999-12-31T23:59:59Z") == [
        early,
        abandoned,
        unheard,
        connected,
    ]


@pytest.mark.parametrize(
    "cursor", ["", "x", "0" * 47, "0" * 49, "A" * 48, "g" * 48, "\0" * 48, "0" * 47 + "\ud7ff"]
)
def test_what_is_no_cursor_is_refused(supervisor: TestClient, cursor: str) -> None:
    answer = supervisor.get("/v1/calls", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


def test_any_cursor_is_a_place(supervisor: TestClient, world: World, office: Office) -> None:
    found = finish(world, office.ours.agent_id, count=1)
    assert ids(supervisor, cursor="f" * 48) == found
    assert ids(supervisor, cursor="0" * 48) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"limit": "9" * 40}, "limit"),
        ({"outcome": "late"}, "outcome"),
        ({"agent_id": "me"}, "agent_id"),
        ({"since": "5"}, "since"),
    ],
)
def test_what_can_t_be_chosen(supervisor: TestClient, query: dict[str, str], field: str) -> None:
    answer = supervisor.get("/v1/calls", params=query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_one_call_with_all_that_is_kept(supervisor: TestClient, world: World, office: Office) -> None:
    (connected,) = finish(world, office.ours.agent_id, count=1)
    note = NoteAdded(
        id=new_id(),
        attempt_id=connected,
        agent_id=office.ours.agent_id,
        disposition="success",
        at=NOON + 60,
        text="pays on Friday",
    )
    world.apply(note)
    found = supervisor.get(f"/v1/calls/{connected}").json()
    assert found["notes"] == [
        {
            "id": note.id,
            "agent_id": office.ours.agent_id,
            "agent_name": "Ada",
            "disposition": "success",
            "text": "pays on Friday",
            "at": "2026-01-05T14:01:00Z",
        }
    ]
    (leg,) = found["legs"]
    assert (leg["kind"], leg["cause"], leg["ended_at"]) == ("customer", "NORMAL_CLEARING", found["ended_at"])
    assert found["rule_verdict"]["allowed"] is True
    assert found["rule_inputs"]["number"] == found["number"]
    (listed,) = supervisor.get("/v1/calls").json()["items"]
    assert {name: found[name] for name in listed} == listed


def test_a_call_that_goes_on_is_not_finished(supervisor: TestClient, world: World) -> None:
    world.add_leads(1)
    (attempt,) = world.claim(1).attempts
    for attempt_id in (attempt.attempt_id, NOBODY):
        answer = supervisor.get(f"/v1/calls/{attempt_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert ids(supervisor) == []


# --- who may, and whose ---------------------------------------------------------------------------------


@WALLS
def test_another_tenant_s_calls_are_not_there(office: Office, wall: Wall) -> None:
    theirs = finish(world_of(office, office.theirs), office.theirs.agent_id)
    ours = finish(world_of(office, office.ours), office.ours.agent_id, first=20)
    with make_client(make_state(office.url, **wall)) as client:
        sign_in(client, "ours-supervisor")
        assert ids(client) == ours
        assert ids(client, agent_id=office.ours.agent_id) == ours[-1:]
        assert client.get(f"/v1/calls/{theirs[0]}").status_code == 404
        for query in ({"campaign_id": office.theirs.campaign_id}, {"agent_id": office.theirs.agent_id}):
            answer = client.get("/v1/calls", params=query)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/v1/calls", f"/v1/calls/{NOBODY}"])
def test_calls_are_the_supervisor_s(client: TestClient, office: Office, path: str) -> None:
    assert client.get(path).status_code == 401
    client.headers.update(bearer(office.engine, office.ours, ApiScope.CONTROL))
    assert client.get(path).status_code == 403
    client.headers.update(bearer(office.engine, office.ours, ApiScope.READ))
    assert client.get(path).status_code in (200, 404)
    del client.headers["Authorization"]
    sign_in(client, office.ours.logins[UserRole.AGENT])
    assert client.get(path).status_code == 403
