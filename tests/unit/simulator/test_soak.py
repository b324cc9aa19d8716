"""Random commands at random moments: whatever a client does, every leg is told of once and ends once."""

from __future__ import annotations

import random

import pytest

from esl.events import Event
from esl.simulator import SwitchConfig
from tests.unit.simulator.driver import EPOCH_US, Driver

EVENTS = (
    "CHANNEL_EXECUTE CHANNEL_CREATE CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_PARK "
    "CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB"
)
LIST = "'sleep:1900,playback:/m.wav,hangup:NORMAL_CLEARING' inline"
AGENTS = [f"ag{n}" for n in range(5)]


def _anything(d: Driver, rng: random.Random, dialed: int) -> None:
    leg, other, agent = f"c{rng.randrange(dialed)}", f"c{rng.randrange(dialed)}", rng.choice(AGENTS)
    d.api(
        rng.choice(
            [
                f"uuid_kill {leg}",
                f"uuid_kill {agent}",
                f"uuid_bridge {leg} {other}",
                f"uuid_bridge {agent} {leg}",
                f"uuid_transfer {leg} 'park' inline",
                f"uuid_transfer {leg} -both 'playback:/m.wav' inline",
                f"uuid_transfer {agent} -bleg 'playback:/m.wav' inline",
                f"uuid_broadcast {leg} /m.wav both",
                f"uuid_broadcast {leg} playback!user_busy::/m.wav aleg",
                f"uuid_park {agent}",
                f"uuid_hold toggle {leg}",
                f"uuid_break {leg}",
                f"sched_hangup +1 {leg}",
            ]
        )
    )


def _play(seed: int) -> Driver:
    rng = random.Random(seed)
    config = SwitchConfig(epoch_offset_us=EPOCH_US, answer_probability=0.7, sessions_per_second=100)
    d = Driver(config, seed=seed, events=EVENTS)
    for name in AGENTS:
        d.originate(name, f"agents/{name}", park_after_bridge="true")
    d.run(2)
    dialed = seen = 0
    for _ in range(250):
        d.run(rng.random())
        if rng.random() < 0.5:
            keep = rng.choice(["true", "false"])
            d.originate(f"c{dialed}", f"carrier/1555{dialed}", LIST, hangup_after_bridge=keep)
            dialed += 1
        elif dialed:
            _anything(d, rng, dialed)
        waiting = [e.uuid for e in d.events()[seen:] if e.get("Application") == "sleep"]
        seen = len(d.events())
        for uuid in waiting:
            d.api(f"uuid_bridge {uuid} {rng.choice(AGENTS)}")
    d.api("fsctl hupall")
    d.run(2)
    return d


def _check_order(events: list[Event]) -> None:
    ended: set[str] = set()
    bridged: set[str | None] = set()
    for event in events:
        assert event.uuid not in ended, f"{event.name} of {event.uuid} after its end"
        ends = {event.get("Bridge-A-Unique-ID"), event.get("Bridge-B-Unique-ID")}
        if event.name == "CHANNEL_BRIDGE":
            assert not ends & bridged, f"{ends} bridged twice"
            bridged |= ends
        elif event.name == "CHANNEL_UNBRIDGE":
            bridged -= ends
        elif event.name == "CHANNEL_HANGUP_COMPLETE":
            ended.add(event.uuid)


@pytest.mark.parametrize("seed", range(6))
def test_every_leg_is_told_of_once_and_ends_once(seed: int) -> None:
    d = _play(seed)
    assert d.switch.live_uuids() == set()
    created = {e.uuid for e in d.events(name="CHANNEL_CREATE")}
    ended = [e.uuid for e in d.events(name="CHANNEL_HANGUP_COMPLETE")]
    jobs = [e.get("Job-UUID") for e in d.events(name="BACKGROUND_JOB")]
    assert sorted(ended) == sorted(created)
    assert len(jobs) == len(set(jobs))
    assert created <= set(jobs)
    assert len(d.events(name="CHANNEL_BRIDGE")) == len(d.events(name="CHANNEL_UNBRIDGE"))
    assert {truth.uuid for truth in d.switch.truth if truth.ended} == created
    _check_order([e for e in d.events() if e.uuid])
