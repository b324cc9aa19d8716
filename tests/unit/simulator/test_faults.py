"""Faults on demand do what they say, from the seed, and leave the model whole."""

from __future__ import annotations

import pytest

from esl.simulator import Crash, Cut, Delay, DropEvents, Refuse, Reorder, Restart, Stall, SwitchAway
from esl.simulator.faults import parse
from esl.simulator.reorder import FARTHEST, FREE
from tests.unit.simulator.driver import Driver


def test_a_cut_falls_inside_a_message() -> None:
    d = Driver()
    before = len(d.raw)
    d.switch.inject(Cut(1000))
    d.originate("a", "ans0/1")
    d.run(0.2)
    assert d.closed
    assert len(d.raw) - before == 1000
    assert d.switch.live_uuids() == {"a"}


def test_a_seeded_cut_is_the_same_for_the_same_seed() -> None:
    lengths = []
    for seed in (1, 1, 2):
        d = Driver(seed=seed)
        d.switch.inject(Cut())
        d.originate("a", "ans0/1")
        d.run(0.2)
        lengths.append(len(d.raw))
    assert lengths[0] == lengths[1] != lengths[2]


def test_a_stall_loses_nothing_and_a_delay_keeps_the_order() -> None:
    plain, stalled, delayed = Driver(), Driver(), Driver()
    stalled.switch.inject(Stall(2.0))
    delayed.switch.inject(Delay(0.5))
    for d in (plain, stalled, delayed):
        d.originate("a", "ans0/1")
        d.run(1.0)
    assert stalled.events() == []
    stalled.run(1.5)
    assert len(plain.events()) == len(stalled.events()) == len(delayed.events())
    assert [e.name for e in plain.events()] == [e.name for e in stalled.events()]
    late = Driver()
    late.switch.inject(Delay(0.5))
    late.originate("a", "ans0/1")
    late.run(0.48)
    assert late.events() == []


def test_lost_events_are_lost_and_replies_are_not() -> None:
    d = Driver()
    d.switch.inject(DropEvents(5))
    d.originate("a", "ans0/1")
    assert len(d.events("a")) == 1  # six at the creation
    assert d.api("uuid_exists a") == "true"


def test_a_crash_takes_everything_but_the_truth() -> None:
    d = Driver()
    d.originate("a", "ans0/1")
    d.run(0.5)
    d.api("global_setvar fence=ans0")
    d.api("hash insert/r/k/v")
    core = d.switch.core_uuid
    events = len(d.events())
    d.switch.inject(Crash(down_seconds=3.0))
    d.run(1.0)
    assert d.closed
    assert len(d.events()) == events
    assert d.switch.live_uuids() == set()
    truth = d.switch.truth[0]
    assert (truth.outcome, truth.ended_by) == ("lost", "crash")
    assert truth.ended
    with pytest.raises(SwitchAway):
        d.switch.connect(d.now)
    d.run(2.5)
    d.connect()
    assert d.switch.core_uuid != core
    assert d.api("global_getvar fence") == "-ERR no reply\n"
    assert d.api("hash select/r/k") == "-ERR no reply\n"
    assert d.api("uuid_exists a") == "false"
    d.originate("a", "ans0/1")
    d.run(0.5)
    assert d.job("a") == "+OK a\n"
    assert len(d.switch.truth) == 2


def test_a_restart_is_announced() -> None:
    d = Driver()
    d.originate("a", "ans0/1")
    d.run(0.5)
    d.switch.inject(Restart(1.0))
    d.run(0.5)
    assert d.events(name="SHUTDOWN")
    assert d.events("a", "CHANNEL_HANGUP_COMPLETE")[0].get("Hangup-Cause") == "SYSTEM_SHUTDOWN"
    assert d.closed
    d.run(1.0)
    assert d.switch.accepts(d.now)


def test_refusing_leaves_those_who_are_there() -> None:
    d = Driver()
    d.switch.inject(Refuse(1.0))
    assert not d.switch.accepts(d.now)
    assert d.api("echo x") == "x"
    d.run(1.1)
    assert d.switch.accepts(d.now)


def test_faults_of_the_command_line() -> None:
    assert parse("crash@30") == (30.0, Crash())
    assert parse("stall=2.5@1") == (1.0, Stall(2.5))
    assert parse("cut=10@1") == (1.0, Cut(10))
    for wrong in ("crash", "nosuch@1", "crash@x"):
        with pytest.raises(ValueError, match=r".+"):
            parse(wrong)


def _busy(fault: Reorder | None) -> Driver:
    """Twenty calls at a time, ten pairs of them bridged."""
    d = Driver(seed=3)
    if fault is not None:
        d.switch.inject(fault)
    for n in range(20):
        d.originate(f"leg-{n}", "ans0/1" if n % 2 else "agent/1")
    d.run(1.0)
    for n in range(0, 20, 2):
        d.api(f"uuid_bridge leg-{n} leg-{n + 1}")
    d.run(1.0)
    d.api("fsctl hupall")
    d.run(1.0)
    return d


def test_events_change_places_where_freeswitch_keeps_no_order() -> None:
    plain, mixed = _busy(None), _busy(Reorder(60.0))
    numbers = [int(e.get("Event-Sequence") or 0) for e in mixed.events() if e.uuid]
    highest = [max(numbers[: place + 1]) for place in range(len(numbers))]
    late = [top - number for top, number in zip(highest, numbers, strict=True) if number < top]
    assert 0.02 < len(late) / len(numbers) < 0.10
    assert sorted(numbers) == sorted(set(numbers))
    assert len(numbers) == len([e for e in plain.events() if e.uuid])
    places = [sorted(numbers).index(number) for number in numbers]
    assert max(here - place for here, place in enumerate(places)) <= FARTHEST + 2  # two late ones may meet
    for n in range(20):
        ordered = [e.name for e in mixed.events(f"leg-{n}") if e.name not in FREE]
        own = [int(e.get("Event-Sequence") or 0) for e in mixed.events(f"leg-{n}") if e.name not in FREE]
        assert own == sorted(own)
        assert ordered[0] == "CHANNEL_OUTGOING"
        assert ordered[-1] == "CHANNEL_DESTROY"
    jobs = [e for e in mixed.events() if e.name == "BACKGROUND_JOB"]
    assert len(jobs) == 20


def test_a_reorder_ends_and_keeps_nothing_back() -> None:
    d = _busy(Reorder(0.5))
    numbers = [int(e.get("Event-Sequence") or 0) for e in d.events() if e.uuid]
    assert len(numbers) == len([e for e in _busy(None).events() if e.uuid])
    half = numbers[len(numbers) // 2 :]
    assert half == sorted(half)
