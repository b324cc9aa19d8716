"""The soak in a short form, and that its books notice what must not be. `make soak` is the long one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from esl.commands import Api, BgApi, Command
from esl.events import from_headers
from tests.soak import virtual
from tests.soak.memory import Curve
from tests.soak.virtual import VirtualSoak
from tests.soak.work import Work


def play(seconds: float, rate: float, seed: int) -> VirtualSoak:
    soak = VirtualSoak(seconds, rate, seed)
    wrong = soak.run()
    assert not wrong, wrong[:5]
    return soak


def test_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute at 10 calls a second with a fault every five seconds; twice the same."""
    monkeypatch.setattr(virtual, "FAULT_EVERY_SECONDS", 5.0)
    soak = play(60.0, 10.0, 3)
    assert soak.work.counts["ended"] > 300
    assert soak.work.counts["faults"] > 8
    assert soak.work.counts["link_lost"] > 1
    assert len(soak.switch._core.listed_ghosts) < 50, "nobody lists channels, and nothing piles up"
    assert play(60.0, 10.0, 3).work.counts == soak.work.counts


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_longer(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three minutes at 100 calls a second."""
    monkeypatch.setattr(virtual, "FAULT_EVERY_SECONDS", 15.0)
    soak = play(180.0, 100.0, seed)
    assert soak.work.counts["ended"] > 15_000
    assert len(soak.switch.truth) < 6000, "a switch that forgets keeps those that are up, and some"


# --- the books notice ------------------------------------------------------------------------------------


class Deck:
    """Work whose commands wait for the test."""

    def __init__(self) -> None:
        self.sent: list[tuple[Command, object]] = []
        self.work = Work(1.0, lambda command, replied: self.sent.append((command, replied)))
        self.work.link(up=True)
        self.work.step(1.0)

    def reply(self, index: int, text: str) -> None:
        self.sent[index][1](text)  # type: ignore[operator]

    def event(self, name: str, leg: str, token: str) -> None:
        headers = {"Event-Name": name, "Unique-ID": leg, "variable_soak_token": token}
        self.work.heard(from_headers(headers))

    @property
    def leg(self) -> str:
        command = self.sent[0][0]
        assert isinstance(command, BgApi)
        return command.job_uuid


def test_all_is_well() -> None:
    deck = Deck()
    deck.reply(0, f"+OK Job-UUID: {deck.leg}")
    deck.event("CHANNEL_CREATE", deck.leg, "token-1")
    deck.event("CHANNEL_ANSWER", deck.leg, "token-1")
    for index, text in enumerate(("token-1", "+OK\n", "token-1", "+OK\n"), start=1):
        assert isinstance(deck.sent[index][0], Api)
        deck.reply(index, text)
    deck.event("CHANNEL_HANGUP_COMPLETE", deck.leg, "token-1")
    assert deck.work.finish() == []


def test_a_crossed_reply() -> None:
    deck = Deck()
    deck.reply(0, "+OK Job-UUID: another")
    assert "crossed reply" in deck.work.finish()[0]


def test_a_crossed_event() -> None:
    deck = Deck()
    deck.reply(0, f"+OK Job-UUID: {deck.leg}")
    deck.event("CHANNEL_CREATE", deck.leg, "token-2")
    assert "crossed event" in deck.work.finish()[0]


def test_a_lost_reply_and_a_call_without_end() -> None:
    deck = Deck()
    found = deck.work.finish()
    assert any("lost replies" in line for line in found)
    assert any("has no end" in line for line in found)


def test_what_a_lost_link_took_along_is_no_lost_reply() -> None:
    deck = Deck()
    deck.work.link(up=False)
    assert deck.work.finish() == []


def test_memory_that_grows() -> None:
    flat = Curve([100] * 10 + [102] * 10)
    assert flat.growth() == pytest.approx(0.02)
    assert replace(flat, samples=[100 + i for i in range(50)]).growth() > 0.2
