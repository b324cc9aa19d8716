"""The simulator against recordings of FreeSWITCH 1.11.1: the same writes, the same answers."""

from __future__ import annotations

import pytest

from tests.conformance.compare import differences, event_differences
from tests.conformance.coverage import EVENTS_ONLY, FULL, NOT_COVERED, NOT_LIVE
from tests.conformance.replay import LATER, Heard, Line, connections, load, play, play_all, recorded


def sends_of(lines: list[Line]) -> list[str]:
    text = [line.data.decode("utf-8", "surrogateescape") for line in lines if line.direction == "send"]
    return [command for write in text for command in _commands(write)]


def _commands(write: str) -> list[str]:
    """A command with a body is a write of its own (g01)."""
    return [write] if "\ncontent-length:" in write.lower() else write.split("\n\n")


@pytest.mark.parametrize("name", FULL)
def test_full(name: str) -> None:
    lines = load(name)
    heard = play_all(lines, later=LATER.get(name, 0.0))
    for conn, own in connections(lines).items():
        assert differences(recorded(own), heard[conn], sends_of(own)) == []


@pytest.mark.parametrize("name", EVENTS_ONLY)
def test_events(name: str) -> None:
    lines = load(name)
    assert event_differences(recorded(lines), play(lines), sends_of(lines)) == []


@pytest.mark.parametrize("name", ["d01_answer_after_1s", "e03_nailed_customer_first_none"])
def test_another_seed_gives_the_same(name: str) -> None:
    lines = load(name)
    assert differences(recorded(lines), play(lines, seed=99), sends_of(lines)) == []


def test_the_comparison_finds_what_is_planted() -> None:
    """Comparing two different calls, and half a call, must not pass."""
    busy, answered = load("d05_busy_486"), load("d01_answer_after_1s")
    assert differences(recorded(busy), play(answered), sends_of(busy)) != []
    half = Heard(recorded(answered).messages[:20])
    assert differences(recorded(answered), half, sends_of(answered)) != []
    other = recorded(answered)
    other.messages = [m for m in other.messages if "CHANNEL_PARK" not in repr(m)]
    assert any("PARK" in text for text in differences(recorded(answered), other, sends_of(answered)))


def test_the_lists_do_not_overlap() -> None:
    assert len(set(FULL)) == len(FULL)
    assert not set(FULL) & (set(EVENTS_ONLY) | set(NOT_COVERED))
    assert set(NOT_LIVE) <= {*FULL, *EVENTS_ONLY}
