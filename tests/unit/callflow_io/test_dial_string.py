"""A dial string is read at the edge, or refused with a sentence; what is sent always has its fence."""

from __future__ import annotations

import pytest

from callflow.dial_string import BadDialString, DialString, DialStrings
from callflow.switch import fence_name
from esl import commands
from tests.unit.engine.bench import Bench

LEG = "0190a000-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("sofia/gateway/carrier/{number}", "sofia/gateway/carrier/+12125550100"),
        ("sofia/gateway/{gateway}/{number}", "sofia/gateway/own/+12125550100"),
        ("sofia/gateway/gw-1.b/9#{number}", "sofia/gateway/gw-1.b/9#+12125550100"),
        (
            "sofia/gateway/gw/{number}@pbx.example:5070;user=phone",
            "sofia/gateway/gw/+12125550100@pbx.example:5070;user=phone",
        ),
    ],
)
def test_it_is_read_and_filled(text: str, filled: str) -> None:
    read = DialString.parse(text)
    assert str(read) == text
    assert read.fill("+12125550100", gateway="own") == filled
    fenced = read.fill("+12125550100", gateway="own", fence=fence_name(7))
    assert fenced == filled.replace("sofia/gateway/", "sofia/${rm_fence_7}/")
    # What the switch makes of it when the fence is down names no gateway and no profile.
    assert fenced.replace("${rm_fence_7}", "").startswith("sofia//")
    commands.originate(LEG, fenced, "&park()", {}, expand=True)  # refuses what the switch would misread


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sofia/gateway/carrier/", "exactly once"),
        ("sofia/gateway/carrier/{number}{number}", "exactly once"),
        ("sofia/gateway/a/{number},sofia/gateway/b/1", "one far end"),
        ("sofia/gateway/a/{number}|user/1000", "one far end"),
        ("sofia/gateway/a/{number}:_:user/1000", "one far end"),
        ("sofia/internal/{number}@carrier.example", "through a gateway"),
        ("user/{number}", "through a gateway"),
        ("loopback/{number}", "through a gateway"),
        ("sofia/gateway/{number}", "through a gateway"),
        ("sofia/gateway/a/b/{number}", "through a gateway"),
        ("sofia/gateway/${gw}/{number}", "can't be a gateway's name"),
        ("sofia/gateway/ /{number}", "can't be a gateway's name"),
        ("[a=b]sofia/gateway/a/{number}", "through a gateway"),
        ("sofia/gateway/a/{number} &park()", "would misread"),
        ("sofia/gateway/a/{number}\n", "would misread"),
        ("sofia/gateway/a/{number}'", "would misread"),
        ("sofia/gateway/a/${x}{number}", "would misread"),
        ("sofia/gateway/a/{number}!", "would misread"),
    ],
)
def test_everything_else_is_refused_with_a_sentence(text: str, words: str) -> None:
    with pytest.raises(BadDialString, match=words) as refused:
        DialString.parse(text)
    assert "sofia/gateway/carrier/{number}" in str(refused.value), "it shows how to write it"


def test_agents_have_a_gateway_of_their_own() -> None:
    with pytest.raises(BadDialString, match="Agents belong to no campaign"):
        DialStrings.parse("sofia/gateway/{gateway}/{number}", "sofia/gateway/{gateway}/{number}")


def test_the_command_line_gives_the_same_again() -> None:
    dial = DialStrings.parse("sofia/gateway/b/9{number}", "sofia/gateway/pbx/{number}")
    assert DialStrings.parse(*dial.arguments()[1::2]) == dial


def test_a_registered_phone_is_dialed_behind_the_fence_too() -> None:
    dial = DialStrings.parse("sofia/gateway/b/{number}", "sofia/phones/{agent}")
    assert str(dial.agents) == "sofia/phones/{agent}"
    assert DialStrings.parse(*dial.arguments()[1::2]) == dial
    assert dial.gateways() == {"b"}
    assert dial.agent(LEG, "1001") == f"sofia/phones/{LEG}%phones.gateway.invalid"
    fenced = dial.agent(LEG, "1001", fence=fence_name(7))
    assert fenced == f"sofia/phones/{LEG}%phones.${{rm_fence_7}}.invalid"
    commands.originate(LEG, fenced, "&park()", {}, expand=True)  # refuses what the switch would misread
    bench = Bench(fence="rm_fence_7", dial=dial)
    bench.log_in()
    (agent,) = bench.commands("expand")
    assert "%phones.${rm_fence_7}.invalid &park()" in agent
    assert "outbound_redirect_fatal=true" in agent


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sofia/gateway/{agent}", "can't be a profile's name"),
        ("sofia/a b/{agent}", "can't be a profile's name"),
        ("sofia/${x}/{agent}", "can't be a profile's name"),
        ("user/{agent}", "exactly once"),
        ("sofia/phones/{agent}@host", "exactly once"),
        ("sofia/phones/{agent},sofia/phones/{agent}", "exactly once"),
    ],
)
def test_other_ways_to_a_phone_are_refused(text: str, words: str) -> None:
    with pytest.raises(BadDialString, match=words):
        DialStrings.parse("sofia/gateway/b/{number}", text)


def test_customers_are_no_registered_phones() -> None:
    with pytest.raises(BadDialString, match="exactly once"):
        DialStrings.parse("sofia/phones/{agent}", "sofia/phones/{agent}")


def test_the_engine_dials_by_it_behind_its_fence() -> None:
    dial = DialStrings.parse("sofia/gateway/b/9{number}", "sofia/gateway/pbx/{number};x=1")
    bench = Bench(fence="rm_fence_7", dial=dial)
    bench.log_in()
    bench.dial()
    agent, customer = bench.commands("expand")
    assert "}sofia/${rm_fence_7}/pbx/" in agent
    assert ";x=1 &park()" in agent
    assert "}sofia/${rm_fence_7}/b/9+" in customer
