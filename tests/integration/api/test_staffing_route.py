"""POST /v1/staffing: the table, what is refused, and that nothing makes it fail."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

import pacing_core
from models.enums import ApiScope, UserRole
from tests.integration.api.conftest import Office
from tests.integration.api.office import sign_in
from tests.integration.api.walls import bearer

QUESTION: dict[str, Any] = {
    "calls": [100, 0, 250.5],
    "interval_seconds": 1800,
    "aht_seconds": 180,
    "targets": {"service_level": 0.8, "within_seconds": 20},
}


def ask(client: TestClient, **changed: Any) -> Response:
    answer: Response = client.post("/v1/staffing", json=QUESTION | changed)
    return answer


@pytest.fixture
def supervisor(office: Office, client: TestClient) -> TestClient:
    assert sign_in(client, office.ours.logins[UserRole.SUPERVISOR]).status_code == 200
    return client


def test_a_supervisor_gets_the_table(supervisor: TestClient) -> None:
    answer = ask(supervisor, shrinkage=0.3, hours_each=8)
    assert answer.status_code == 200
    told = answer.json()
    assert [row["agents"] for row in told["intervals"]] == [14, 0, 30]
    assert told["intervals"][0]["rostered_agents"] == pytest.approx(20)
    assert told["intervals"][2]["service_level"] == pytest.approx(
        pacing_core.queue(30, 25.05, aht_seconds=180, target_seconds=20).service_level
    )
    assert told["around"][0]["agents"] == 25
    assert told["around"][0]["mean_queue"] is None
    assert told["full_time_equivalents"] == pytest.approx(told["paid_hours"] / 8)


def test_patience_and_other_targets(supervisor: TestClient) -> None:
    told = ask(
        supervisor,
        calls=[100],
        patience_seconds=60,
        targets={"abandonment": 0.03, "occupancy": 0.9, "speed_of_answer_seconds": 5},
    ).json()
    (row,) = told["intervals"]
    assert row["abandonment"] <= 0.03
    assert row["occupancy"] <= 0.9
    assert row["speed_of_answer_seconds"] <= 5


def test_a_program_may_ask_with_the_scope_read(office: Office, client: TestClient) -> None:
    client.headers.update(bearer(office.engine, office.ours, ApiScope.READ))
    assert ask(client).status_code == 200


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"calls": []}, "calls"),
        ({"calls": [1] * 1001}, "calls"),
        ({"calls": ["100"]}, "calls"),
        ({"calls": [-1]}, "calls"),
        ({"calls": [1e7], "interval_seconds": 1}, "load"),
        ({"interval_seconds": 0}, "interval_seconds"),
        ({"aht_seconds": 1e300}, "aht_seconds"),
        ({"patience_seconds": 0}, "patience_seconds"),
        ({"shrinkage": 1}, "shrinkage"),
        ({"hours_each": 0}, "hours_each"),
        ({"calls": [9e6], "shrinkage": 1 - 1e-13, "hours_each": 1, "interval_seconds": 1e7}, "paid_hours"),
        ({"targets": {}}, "target"),
        ({"targets": {"service_level": 1}}, "service_level"),
        ({"targets": {"service_level": 0.8, "counting": "all"}}, "counting"),
        ({"targets": {"abandonment": 0.1}}, "patience_seconds"),
        ({"targets": {"occupancy": 1e-300}}, "occupancy"),
        ({"targets": {"speed": 3}}, "speed"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_is_refused_is_named(supervisor: TestClient, changed: dict[str, Any], named: str) -> None:
    answer = ask(supervisor, **changed)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert named in answer.text


@pytest.mark.parametrize("number", [0.0, 1e-300, 1e-6, 1.0, 1e7, 1e9, 1e308, -1.0, math.nan, math.inf])
def test_no_number_makes_it_fail(supervisor: TestClient, number: float) -> None:
    """Every number in every place: an answer of JSON numbers, or 422."""
    places: list[dict[str, Any]] = [{name: number} for name in ("interval_seconds", "aht_seconds")]
    places += [{name: number} for name in ("patience_seconds", "shrinkage", "hours_each")]
    places += [{"calls": [number, 3.0]}]
    places += [
        {"patience_seconds": 60, "targets": {"service_level": 0.5, name: number}}
        for name in (
            "service_level",
            "within_seconds",
            "speed_of_answer_seconds",
            "occupancy",
            "abandonment",
        )
    ]
    for changed in places:
        answer = supervisor.post(
            "/v1/staffing",
            content=json.dumps(QUESTION | changed),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code in (200, 422), f"{changed}: {answer.text}"
        assert "NaN" not in answer.text
        assert "Infinity" not in answer.text
