"""Report, chart and 'why not faster' through the API: the dialer's clock, the last start, who may ask."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from models import limits
from models.enums import AgentState, CampaignState, Outcome, UserRole
from models.records import AgentStateChanged, CampaignChanged
from models.repository import lease, live, reporting
from models.repository.db import object_json
from models.repository.limits import window
from models.rules import preset
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_client, make_state, sign_in
from tests.integration.api.walls import WALLS, Wall
from tests.integration.models.world import NOON, World

S = AgentState
PATHS = ("report", "series", "limits")


@pytest.fixture
def world(office: Office) -> World:
    """Our tenant's campaign, which any hour may dial, with a dialer that commands its switch."""
    ours = office.ours
    with office.engine.begin() as db:
        held = lease.acquire(db, ours.switch_id, "holder-1", 3600.0)
    assert held is not None
    world = World(office.engine, ours.id, ours.switch_id, ours.campaign_id, held.token)
    world.execute(
        "UPDATE campaign SET rules = CAST(:rules AS jsonb), window_start = to_timestamp(:w) WHERE id = :id",
        rules=object_json(preset("demo").to_json()),
        w=NOON - 86_400,
        id=ours.campaign_id,
    )
    return world


@pytest.fixture
def supervisor(client: TestClient) -> TestClient:
    sign_in(client, "ours-supervisor")
    return client


def ask(client: TestClient, world: World, what: str, **query: str) -> Any:
    answer = client.get(f"/v1/campaigns/{world.campaign}/{what}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def show(world: World, at: float, **payload: object) -> None:
    """What the campaign's dialer shows of it."""
    with world.engine.begin() as db:
        live.put(db, "dialer", {}, at, campaigns={world.campaign: payload})


def start(world: World, at: float) -> None:
    running = CampaignState.RUNNING
    world.execute("UPDATE campaign SET state = 'paused' WHERE id = :id", id=world.campaign)
    world.apply(CampaignChanged(campaign_id=world.campaign, state=running, target=0.03, at=at))


def iso(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).isoformat().replace("+00:00", "Z")


def work(world: World, agent: str, at: float) -> None:
    """Four attempts dialed at `at`: connected for 90 s, abandoned, ended early, no answer."""
    world.add_leads(4, first=int(at - NOON), due=NOON - 3600)
    one, two, three, four = world.claim(4, at).attempts
    world.apply(
        *world.states(agent, (S.READY, at), (S.RESERVED, at + 10)),
        *world.story(one, Outcome.CONNECTED, agent=agent, talk=90.0, at=at),
        *world.story(two, Outcome.ABANDONED, at=at),
        *world.story(three, Outcome.ENDED_BEFORE_AGENT, at=at),
        *world.story(four, Outcome.NO_ANSWER, at=at),
        *world.states(agent, (S.TALKING, at + 10.5), (S.WRAP_UP, at + 100.5), (S.PAUSED, at + 110.5)),
    )


def test_the_report_begins_with_the_first_dial_after_the_last_start(
    supervisor: TestClient, world: World, office: Office
) -> None:
    work(world, office.ours.agent_id, NOON)
    start(world, NOON + 490)
    work(world, office.ours.agent_id, NOON + 500)
    show(world, NOON + 700)
    found = ask(supervisor, world, "report")
    assert (found["since"], found["until"]) == (iso(NOON + 500), iso(NOON + 700))
    assert (found["attempts"], found["live_answers"], found["abandoned"], found["connected"]) == (4, 3, 1, 1)
    assert found["occupancy"] == pytest.approx(100 / 110.5)
    assert found["talk_seconds"] == pytest.approx(90)
    with world.engine.connect() as db:
        terminal = reporting.report(db, world.campaign, NOON + 500, NOON + 700)
    assert {**found, "since": 0, "until": 0} == {**terminal.to_json(), "since": 0, "until": 0}
    whole = ask(supervisor, world, "report", since=iso(NOON), until=iso(NOON + 500))
    assert (whole["attempts"], whole["until"]) == (4, iso(NOON + 500))
    assert ask(supervisor, world, "report", since=iso(NOON))["attempts"] == 8


def test_a_campaign_that_never_ran_reports_nothing(supervisor: TestClient, world: World) -> None:
    found = ask(supervisor, world, "report")
    assert (found["attempts"], found["occupancy"], found["abandon_high"]) == (0, 0.0, 1.0)
    assert found["since"] == iso(NOON - 86_400)
    # No dialer shows anything: the present is PostgreSQL's.
    assert abs(datetime.fromisoformat(found["until"]).timestamp() - time.time()) < 60


def test_the_present_is_never_behind_what_a_dialer_has_shown(supervisor: TestClient, world: World) -> None:
    ahead = time.time() + 36_000  # a demo's clock ran faster, and has ended
    show(world, ahead)
    world.execute("UPDATE live_snapshot SET updated_at = now() - interval '1 hour'")
    until = ask(supervisor, world, "report")["until"]
    assert datetime.fromisoformat(until).timestamp() == pytest.approx(ahead, abs=1e-3)


@pytest.mark.parametrize(
    "since", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-01-05T14:00:00Z"]
)
def test_any_time_may_be_asked_for(supervisor: TestClient, world: World, since: str) -> None:
    found = ask(supervisor, world, "report", since=since, until="1970-01-01T00:00:00Z")
    assert found["until"] == found["since"]


@pytest.mark.parametrize("since", ["yesterday", "2026-01-05", "2026-01-05T14:00:00", "1", "\0", "NaN"])
def test_what_is_no_time_is_refused(supervisor: TestClient, world: World, since: str) -> None:
    answer = supervisor.get(f"/v1/campaigns/{world.campaign}/report", params={"since": since})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "since")


def test_the_chart_minute_by_minute(supervisor: TestClient, world: World, office: Office) -> None:
    work(world, office.ours.agent_id, NOON)
    show(world, NOON + 130)
    items = ask(supervisor, world, "series", minutes="4")["items"]
    assert [one["at"] for one in items] == [iso(NOON + 60 * n) for n in (-1, 0, 1, 2)]
    assert [one["attempts"] for one in items] == [0, 4, 0, 0]
    assert (items[1]["live_answers"], items[1]["abandoned"], items[1]["connected"]) == (3, 1, 1)
    assert items[1]["abandon_rate"] == pytest.approx(1 / 3)
    # Busy from 10.5 s on, away from 110.5 s on.
    assert [one["occupancy"] for one in items] == pytest.approx([0.0, 49.5 / 60, 1.0, 0.0])


def test_the_chart_adds_up_to_the_report(supervisor: TestClient, world: World, office: Office) -> None:
    agent = office.ours.agent_id
    for at in (NOON, NOON + 130, NOON + 395):
        work(world, agent, at)
    (away,) = world.states(agent, (S.READY, NOON + 600))
    world.apply(AgentStateChanged(**{**_fields(away), "campaign_id": None, "agent_id": agent}))
    show(world, NOON + 599)
    items = ask(supervisor, world, "series", minutes="30")["items"]
    report = ask(supervisor, world, "report", since=items[0]["at"])
    for name in ("attempts", "live_answers", "abandoned", "connected"):
        assert sum(one[name] for one in items) == report[name]
    assert report["attempts"] == 12


def _fields(record: AgentStateChanged) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


@pytest.mark.parametrize("minutes", ["0", "1441", "x", "99999999999999999999999", "NaN", ""])
def test_a_chart_has_a_day_at_most(supervisor: TestClient, world: World, minutes: str) -> None:
    answer = supervisor.get(f"/v1/campaigns/{world.campaign}/series", params={"minutes": minutes})
    assert answer.status_code == 422
    assert len(ask(supervisor, world, "series", minutes="1440")["items"]) == 1440


# --- why not faster -------------------------------------------------------------------------------------


def test_why_not_faster_with_the_dialer_s_figures(supervisor: TestClient, world: World) -> None:
    show(
        world,
        NOON,
        limited_by="lines",
        state="running",
        target=0.03,
        lines=70,
        waiting=2,
        free_agents=3.5,
        expected_answers=4.5,
        abandon_risk=0.01,
        ledger=[200_000, 4_000],
        agents={"ready": 3},
        switch_lag_p95_ms=12.5,
    )
    found = ask(supervisor, world, "limits")
    assert (found["limited_by"], found["at"]) == ("lines", iso(NOON))
    assert "more lines make it faster" in found["text"]
    assert found["figures"] == {
        "lines": 70,
        "max_lines": 1000,
        "calls_per_second": 50.0,
        "free_agents": 3.5,
        "expected_answers": 4.5,
        "abandon_risk": 0.01,
        "waiting": 2,
        "switch_lag_p95_ms": 12.5,
        "leads_due": 0,
    }
    budget = found["budget"]
    assert (budget["answered"], budget["abandoned"], budget["rate"]) == (200_000, 4_000, 0.02)
    assert 0.0193 < budget["low"] < 0.02 < budget["high"] < 0.0207
    assert (budget["target"], budget["cap"]) == (0.03, 0.03)
    assert (budget["window_start"], budget["window_end"]) == (iso(NOON - 86_400), iso(NOON + 29 * 86_400))


def test_the_budget_is_counted_with_the_calls_that_go_on(
    supervisor: TestClient, world: World, office: Office
) -> None:
    work(world, office.ours.agent_id, NOON)
    found = ask(supervisor, world, "limits")
    # The legal window of today is another one than that of those calls.
    assert found["budget"]["answered"] == 0
    show(world, NOON + 200, limited_by="agents", agents={"paused": 1}, ledger=[2, 1])
    found = ask(supervisor, world, "limits")
    assert (found["budget"]["answered"], found["budget"]["abandoned"]) == (3, 1)
    assert found["text"] == limits.NOBODY_IN


def test_leads_that_wait_by_what_they_wait_for(supervisor: TestClient, world: World) -> None:
    show(world, NOON)
    world.add_leads(3)
    for first, reason in ((10, "hours"), (20, "cap_number_24h"), (30, "hold"), (40, "no_answer")):
        leads = world.add_leads(2, first=first, due=NOON + first)
        world.execute(
            "UPDATE lead SET reason = :r WHERE id = ANY (CAST(:ids AS uuid[]))", r=reason, ids=leads
        )
    found = ask(supervisor, world, "limits")
    assert found["leads"] == {
        "due": 3,
        "hours": 2,
        "rules": 4,
        "by_rule": {"cap_number_24h": 2, "hold": 2},
        "retry": 2,
        "next_due_at": iso(NOON + 10),
    }
    assert found["figures"]["leads_due"] == 3


@pytest.mark.parametrize(
    ("state", "held", "code"),
    [
        ("running", False, "no_dialer"),
        ("running", True, "starting"),
        ("draft", True, "draft"),
        ("paused", True, "paused"),
        ("stopped", True, "stopped"),
        ("winding_down", True, "winding_down"),
    ],
)
def test_why_not_faster_without_figures(
    supervisor: TestClient, world: World, state: str, held: bool, code: str
) -> None:
    world.execute("UPDATE campaign SET state = :state", state=state)
    if not held:
        show(world, NOON, limited_by="agents")
        world.execute("UPDATE switch SET lease_expires_at = clock_timestamp()")
    found = ask(supervisor, world, "limits")
    assert (found["limited_by"], found["text"]) == (code, limits.SENTENCES[code])
    assert found["figures"]["lines"] is None


def test_every_code_has_its_sentence() -> None:
    root = Path(__file__).parents[3]
    pacer = re.findall(r'Self::\w+ => "(\w+)"', (root / "pacing_core/src/pacer.rs").read_text())
    dialing = (root / "callflow/engine/dialing.py").read_text()
    engine = re.findall(r'^\s+return "(\w+)"', dialing, re.MULTILINE)
    runner = [
        word
        for file in ("process", "drain", "engine/legs", "engine/recovery")
        for pair in re.findall(
            r'allow\(\w+, "(\w+)"\)|blocked\["(\w+)"\]', (root / f"callflow/{file}.py").read_text()
        )
        for word in pair
        if word
    ]
    claims = re.findall(r'ClaimResult\(\(\), "(\w+)"\)', (root / "models/repository/hopper.py").read_text())
    codes = {*pacer, *engine, *runner, *claims, "hours", "rules", "hopper_empty"}
    assert {"agents", "clock_skew", "switch_away", "lease", "database_away", "winding_down"} <= codes
    assert codes <= set(limits.SENTENCES)
    assert limits.sentence("new_code") == "The dialer says 'new_code'."


def test_legal_windows_follow_each_other() -> None:
    day = 86_400.0
    assert window(100.0, 30, 50.0) == (100.0, 100.0 + 30 * day)
    assert window(100.0, 30, 100.0 + 30 * day) == (100.0 + 30 * day, 100.0 + 60 * day)
    assert window(100.0, 0, 1e9) == (100.0, None)


# --- who may, and whose ---------------------------------------------------------------------------------


@WALLS
def test_another_tenant_s_figures_are_not_there(office: Office, wall: Wall) -> None:
    with make_client(make_state(office.url, **wall)) as client:
        for who in ("ours", "theirs"):
            sign_in(client, f"{who}-supervisor")
            for path in PATHS:
                answer = client.get(f"/v1/campaigns/{office.ours.campaign_id}/{path}")
                assert answer.status_code == (200 if who == "ours" else 404), path


def test_an_agent_sees_no_report(client: TestClient, office: Office) -> None:
    sign_in(client, office.ours.logins[UserRole.AGENT])
    for path in PATHS:
        answer = client.get(f"/v1/campaigns/{office.ours.campaign_id}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
