"""Connections: subscriptions, formats, filters, several clients, bytes however they are cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from esl.simulator import Softswitch, SwitchConfig
from tests.unit.simulator.driver import EPOCH_US, Driver


def test_subscriptions_are_cumulative_and_json_switches_all() -> None:
    d = Driver(events="CHANNEL_ANSWER")
    d.reply("event json CHANNEL_PARK")
    d.originate("a", "ans0/1")
    d.run(0.2)
    assert [e.name for e in d.events("a")] == ["CHANNEL_ANSWER", "CHANNEL_PARK"]
    assert b"text/event-plain" not in d.raw
    assert d.reply("nixevent CHANNEL_PARK") == "+OK events nixed"
    assert d.reply("noevents") == "+OK no longer listening for events"
    assert d.reply("noevents") == "-ERR not listening for events"


def test_filters_are_or_and_regex() -> None:
    d = Driver()
    d.reply("filter Unique-ID b")
    d.reply("filter Event-Name /^CHANNEL_PA/")
    for name in ("a", "b"):
        d.originate(name, "ans0/1")
    d.run(0.2)
    assert d.names("a") == ["CHANNEL_PARK"]
    assert "CHANNEL_ANSWER" in d.names("b")
    assert not d.events(name="BACKGROUND_JOB")


def test_myevents_ends_with_its_leg() -> None:
    d = Driver(events="")
    d.originate("a", "ans0/1")
    d.run(0.2)
    assert d.reply("myevents a json") == "+OK Events Enabled"
    assert d.reply("myevents a") == "-ERR aready enabled."
    d.api("uuid_kill a")
    d.run(0.1)
    assert [e.name for e in d.events("a")] == ["CHANNEL_HANGUP"]
    assert b"Controlled-Session-UUID: a\n" in d.raw
    assert d.closed


def test_api_originate_blocks_its_connection_and_no_other() -> None:
    d = Driver(events="CHANNEL_CREATE")
    other = d.switch.connect(d.now)
    d.switch.take_output()
    d.write("api originate {origination_uuid=a}sofia/gateway/ring2/1 &park()\n\napi echo late\n\n")
    assert not d.events("a")
    d.switch.receive(other, b"auth ClueCon\n\napi echo now\n\n", d.now)
    assert any(b"now" in (data or b"") for cid, data in d.switch.take_output() if cid == other)
    d.run(2.5)
    assert d.raw.index(b"+OK a\n") < d.raw.index(b"late") < d.raw.index(b"CHANNEL_CREATE")


def test_nothing_is_said_to_a_client_that_is_gone() -> None:
    d = Driver()
    d.originate("a", "ans0/1")
    d.switch.disconnect(d.cid, d.now)
    d.run(1)
    assert d.switch.live_uuids() == {"a"}
    assert d.switch.take_output() == []


def test_variables_survive_the_wire() -> None:
    d = Driver()
    d.originate("a", "ans0/1", v="'a b\\,c'")
    d.run(0.2)
    assert d.api("uuid_getvar a v") == "a b,c"
    d.api('uuid_setvar a name Ann "AJ" O\'Hara; 100% <é>')
    park = d.api("uuid_dump a")
    assert "variable_name: Ann%20%22AJ%22%20O'Hara%3B%20100%25%20%3C%C3%A9%3E\n" in park


SCRIPT = (
    b"auth ClueCon\n\nevent plain all\n\n\n\napi status\r\n\r\n"
    b"bgapi originate {origination_uuid=a}sofia/gateway/ans0/1 &park()\nJob-UUID: a\n\napi uuid_exists a\n\n"
)


def _answer(pieces: list[bytes]) -> bytes:
    switch = Softswitch(SwitchConfig(profile="corpus", epoch_offset_us=EPOCH_US), 3, 0.0)
    cid = switch.connect(0.0)
    for piece in pieces:
        switch.receive(cid, piece, 0.0)
    switch.advance(1.0)
    return b"".join(data for _, data in switch.take_output() if data)


@given(st.lists(st.integers(0, len(SCRIPT)), max_size=6))
def test_the_answer_does_not_depend_on_how_the_bytes_are_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(SCRIPT)]
    pieces = [SCRIPT[a:b] for a, b in pairwise(places)]
    assert _answer(pieces) == _answer([SCRIPT])


@given(st.binary(max_size=300))
def test_hostile_bytes_never_break_the_switch(data: bytes) -> None:
    switch = Softswitch(SwitchConfig(profile="corpus"), 3, 0.0)
    cid = switch.connect(0.0)
    switch.receive(cid, b"auth ClueCon\n\nevent plain all\n\n" + data + b"\n\n", 0.0)
    switch.advance(70.0)
    other = switch.connect(70.0)
    switch.receive(other, b"auth ClueCon\n\n", 70.0)
    assert any(b"+OK accepted" in (out or b"") for to, out in switch.take_output() if to == other)
