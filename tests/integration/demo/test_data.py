"""What the demo keeps in the database, and what its robots ask for, without any other process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from callflow import demo_data, demo_leads
from callflow.robots import Plan, Robots
from models.enums import AgentState
from models.errors import InvalidValue
from models.importing import import_file
from models.repository import campaigns, live
from models.session import sync_engine


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = sync_engine(database_url)
    yield made
    made.dispose()


def test_preparing_again_finds_the_same_rows_and_takes_the_new_target(engine: Engine) -> None:
    first = demo_data.prepare(engine, agent_count=5, target=0.03)
    again = demo_data.prepare(engine, agent_count=5, target=0.05)
    assert first.is_new
    assert not again.is_new
    assert (again.campaign_id, again.switch_id, again.agent_ids) == (
        first.campaign_id,
        first.switch_id,
        first.agent_ids,
    )
    with engine.connect() as db:
        settings = campaigns.get(db, again.campaign_id)
        rules = campaigns.rules(db, again.campaign_id)
    assert (settings.target, settings.cap) == (0.05, 0.05)
    assert rules.hours == (((0, 1440),),) * 7


def test_fewer_agents_than_before_work_alone_and_more_are_added(engine: Engine) -> None:
    five = demo_data.prepare(engine, agent_count=5, target=0.03)
    three = demo_data.prepare(engine, agent_count=3, target=0.03)
    assert three.agent_ids == five.agent_ids[:3]
    with engine.connect() as db:
        homed = db.execute(text("SELECT count(*) FROM agent WHERE switch_id IS NOT NULL")).scalar_one()
    assert homed == 3
    seven = demo_data.prepare(engine, agent_count=7, target=0.03)
    assert seven.agent_ids[:5] == five.agent_ids
    assert len(set(seven.agent_ids)) == 7


def test_each_file_of_people_goes_on_after_the_last_and_they_end(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = demo_leads.numbers(1)[:250]
    monkeypatch.setattr(demo_leads, "numbers", lambda seed: pool)
    place = demo_data.prepare(engine, agent_count=1, target=0.03)
    assert demo_data.dialable(engine, place, place.wall) == 0
    accepted = 0
    for name in ("people-1.csv", "people-2.csv", "people-3.csv"):
        path = demo_data.next_file(engine, place, tmp_path / "people", seed=1, count=100)
        assert path is not None
        assert path.name == name
        with engine.begin() as db:
            report = import_file(db, path, campaign_id=place.campaign_id)
        assert "already_there" not in report.by_reason()
        accepted += report.accepted
        assert demo_data.dialable(engine, place, place.wall) == accepted
    assert 230 < accepted < 250
    assert demo_data.next_file(engine, place, tmp_path / "people", seed=1, count=100) is None


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(engine: Engine, tmp_path: Path) -> None:
    place = demo_data.prepare(engine, agent_count=1, target=0.03)
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidValue, match="choose another --data-dir"):
        demo_data.next_file(engine, place, tmp_path / "file" / "people", seed=1, count=10)


def _commands(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as db:
        query = text("SELECT kind, payload->>'disposition' FROM command ORDER BY created_at, id")
        return [(str(kind), str(word)) for kind, word in db.execute(query)]


def test_robots_log_in_once_and_end_each_wrap_up_once(engine: Engine) -> None:
    place = demo_data.prepare(engine, agent_count=3, target=0.03)
    robots = Robots(
        engine,
        Plan(1, place.agent_ids),
        switch_id=place.switch_id,
        campaign_id=place.campaign_id,
    )
    robots._step()
    assert _commands(engine) == [], "without a dialer's clock a robot does nothing"
    with engine.begin() as db:
        live.put(db, "dialer", {"speed": 20.0}, place.wall)
    for _ in range(3):
        robots._step()
    assert [kind for kind, _ in _commands(engine)] == ["agent_login"] * 3
    with engine.begin() as db:
        db.execute(
            text(
                "UPDATE agent SET state = 'wrap_up', state_since = to_timestamp(:since), "
                "state_log_id = gen_random_uuid() WHERE id = CAST(:id AS uuid)"
            ),
            {"id": place.agent_ids[0], "since": place.wall - 3600},
        )
    for _ in range(3):
        robots._step()
    assert robots.count(AgentState.WRAP_UP) == 1
    asked = _commands(engine)[3:]
    assert [kind for kind, _ in asked] == ["disposition"]
    assert asked[0][1] in {"success", "refusal", "call_back", "wrong_person"}


def test_robots_who_go_home_do_not_log_in_again(engine: Engine) -> None:
    place = demo_data.prepare(engine, agent_count=2, target=0.03)
    robots = Robots(
        engine, Plan(1, place.agent_ids), switch_id=place.switch_id, campaign_id=place.campaign_id
    )
    with engine.begin() as db:
        live.put(db, "dialer", {"speed": 1.0}, place.wall)
    robots.go_home()
    robots._step()
    assert _commands(engine) == []
