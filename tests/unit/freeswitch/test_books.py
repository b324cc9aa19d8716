"""The comparison with SIPp's books finds what is planted; the rest of the laboratory is as it says."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from esl.simulator.gateways import corpus_gateways
from tests.freeswitch.books import differences, figures, lawful
from tests.freeswitch.far_ends import scenario
from tests.freeswitch.people import WEIGHTS, draw, kind
from tests.freeswitch.sipp import SCENARIOS, Call

CALLS = {
    call.call_id: call
    for call in (
        Call("talker", "+12125550001", {"invited": 0.0, "ringing": 0.01, "answered": 0.6, "left": 6.6}),
        Call("alone", "+12125550002", {"invited": 0.0, "ringing": 0.01, "answered": 0.6, "let_go": 2.55}),
        Call("busy", "+12125554003", {"invited": 0.0, "refused_486": 0.01}),
        Call("absent", "+12125555004", {"invited": 0.0, "ringing": 0.01, "cancelled": 18.01}),
        Call("quick", "+12125553005", {"invited": 0.0, "ringing": 0.01, "answered": 0.6, "left": 0.63}),
    )
}
OUTCOMES = {
    "talker": "connected",
    "alone": "abandoned",
    "busy": "busy",
    "absent": "no_answer",
    "quick": "ended_before_agent",
}


def rows(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for one, call in CALLS.items():
        talked: dict[str, Any] = {"wait_seconds": 0.06, "talk_seconds": 5.92} if one == "talker" else {}
        row: dict[str, Any] = {
            "id": one,
            "leg": one,
            "number": call.number,
            "state": "closed",
            "outcome": OUTCOMES[one],
            "recovered": False,
            "refused_code": "",
        }
        row |= {"abandoned": one == "alone", "wait_seconds": None, "talk_seconds": 0.0}
        found.append({**row, **talked, **changes.get(one, {})})
    return found


def test_books_that_agree() -> None:
    assert differences(rows(), CALLS) == []
    never_rang = {**rows()[0], "id": "more", "leg": None, "outcome": "not_dialed"}
    assert differences([*rows(), never_rang], CALLS) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"talker": {"outcome": "abandoned"}}, "at the far end it was"),
        ({"talker": {"talk_seconds": 5.5}}, "lasted"),
        ({"talker": {"number": "+12125550009"}}, "was dialed"),
        ({"alone": {"outcome": "connected", "wait_seconds": 0.1}}, "at the far end it was"),
        ({"alone": {"outcome": "ended_before_agent"}}, "at the far end it was"),
        ({"busy": {"outcome": "no_answer"}}, "at the far end it was"),
        ({"absent": {"outcome": "unknown"}}, "at the far end it was"),
        ({"busy": {"state": "dialing"}}, "is open"),
        ({"busy": {"leg": "elsewhere"}}, "no phone rang"),
        ({"busy": {"leg": None, "outcome": "not_dialed"}}, "no attempt knows of"),
        ({"quick": {"id": "busy"}}, "two legs"),
    ],
)
def test_what_is_planted_is_found(changes: dict[str, dict[str, Any]], words: str) -> None:
    assert any(words in sentence for sentence in differences(rows(**changes), CALLS))


def test_a_ring_that_was_given_up_too_early_is_no_lawful_no_answer() -> None:
    early = Call("x", "+12125555001", {"ringing": 0.0, "cancelled": 12.0})
    assert lawful(early) == {"cancelled"}
    assert lawful(Call("x", "+12125555001", {"ringing": 0.0})) == set(), "a call that goes on is wrong"


def test_what_was_lost_with_the_switch() -> None:
    lost = rows(talker={"outcome": "switch_lost", "talk_seconds": 0.0})
    assert differences(lost, CALLS) != []
    assert differences(lost, CALLS, frozenset({"talker"})) == []
    assert differences(rows(talker={"outcome": "busy"}), CALLS, frozenset({"talker"})) != []


def test_the_figures() -> None:
    talker = rows()[0]
    more = [{**talker, "wait_seconds": wait} for wait in (0.04, 0.08, 1.0)]
    came_to = figures([*rows(), *more], CALLS)
    assert (came_to.attempts, came_to.live_answers, came_to.abandoned) == (8, 6, 1)
    assert (came_to.bridge_median_ms, came_to.at_once) == (70, 0.75)
    assert came_to.abandon_rate == pytest.approx(1 / 6)


def test_the_draw_is_mixed_and_the_same_again() -> None:
    drawn = draw(500, seed=1)
    assert drawn == draw(500, seed=1)
    assert len(set(drawn)) == 500
    assert {kind(number) for number in drawn[:100]} == set(WEIGHTS)


@pytest.mark.parametrize("name", sorted(corpus_gateways()))
def test_every_far_end_is_a_scenario(name: str) -> None:
    end = corpus_gateways()[name].behaviour(None, "")  # type: ignore[arg-type]
    steps = ElementTree.fromstring(scenario(end))
    targets = {step.get("next") for step in steps} | {step.get("ontimeout") for step in steps}
    assert targets - {None} <= {step.get("id") for step in steps}
    text = "".join(step.text or "" for step in steps.iter("send"))
    assert ("SIP/2.0 200 OK\n" in text.split("487")[0]) >= (end.answer is not None)
    assert ("180 Ringing" in text) == (end.ring is not None)
    assert ("183 Session" in text) == (end.early is not None)


def test_the_recordings_gateways_point_to_loopback_ports_of_their_own() -> None:
    path = SCENARIOS.parent / "gateways" / "recordings.xml"
    gateways = ElementTree.parse(path).getroot()
    proxies = [p.get("value", "") for p in gateways.iter("param") if p.get("name") == "proxy"]
    assert all(proxy.startswith("127.0.0.1:") for proxy in proxies)
    assert len(set(proxies)) == len(proxies) > 15
    assert {g.get("name") for g in gateways.iter("gateway")} <= corpus_gateways().keys()
