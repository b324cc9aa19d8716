"""The runner: one greenlet owns the engine, effects in order, timers exact, a failing engine ends it all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import gevent
import pytest

from callflow.clock import ScaledClock
from callflow.effects import Claim, Effect, Publish, Save, Send, StartTimer, StopTimer
from callflow.errors import EngineFailed
from callflow.inputs import DialingAllowed, Input, LinkDown, TimerFired
from callflow.journal import Journal
from callflow.runner import Runner
from esl import commands
from models.records import AttemptAnswered

Script = Callable[[Input, float], list[Effect]]


class ScriptedEngine:
    """Answers each input with what the test says, and remembers it."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.heard: list[Input] = []
        self.times: list[float] = []

    def handle(self, given: Input, now: float) -> list[Effect]:
        self.heard.append(given)
        self.times.append(now)
        return self.script(given, now)

    def status(self) -> dict[str, object]:
        return {"heard": len(self.heard)}


class World:
    """Everything around a runner, and the order in which it was used."""

    def __init__(self, journal: Journal, script: Script, *, speed: float = 100.0) -> None:
        self.order: list[str] = []
        self.sent: list[Send] = []
        self.engine = ScriptedEngine(script)
        self.clock = ScaledClock(speed)
        self.journal = journal
        append = journal.append

        def noted(records: Sequence[object]) -> object:
            self.order.append(f"journal {len(records)}")
            return append(records)  # type: ignore[arg-type]

        journal.append = noted  # type: ignore[method-assign,assignment]
        self.runner = Runner(
            self.engine,
            self.clock,
            journal,
            switch=self,
            claim=lambda claim: self.order.append(f"claim {claim.count}"),
            publish=lambda publish: self.order.append(f"publish {publish.topic}"),
            journaled=lambda: self.order.append("journaled"),
        )

    def send(self, sends: Sequence[Send]) -> None:
        self.order.append(f"send {len(sends)}")
        self.sent += sends

    def run(self) -> None:
        with gevent.Timeout(10):
            self.runner.run()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path, "switch")
    yield opened
    opened.close()


SAVE = Save(AttemptAnswered(attempt_id="a", at=1.0))
SEND = Send(commands.status(), "token")


def test_saves_are_journaled_with_one_write_before_one_send(journal: Journal) -> None:
    world = World(journal, lambda given, now: [SEND, SAVE, Claim(1, "c", 5), SEND, Publish("dialer"), SAVE])
    world.runner.tell(LinkDown("x"))
    world.runner.stop()
    world.run()
    assert world.order == ["journal 2", "send 2", "journaled", "claim 5", "publish dialer"]
    assert list(journal.replay()) == [SAVE.record, SAVE.record]


def test_inputs_reach_the_engine_in_the_order_they_were_told(journal: Journal) -> None:
    world = World(journal, lambda given, now: [])
    told = [LinkDown(str(n)) for n in range(100)]
    for item in told:
        world.runner.tell(item)
    world.runner.stop()
    world.run()
    assert world.engine.heard == told
    assert world.engine.times == sorted(world.engine.times)


def test_a_timer_fires_once_at_its_time_on_the_scaled_clock(journal: Journal) -> None:
    def script(given: Input, now: float) -> list[Effect]:
        if isinstance(given, TimerFired):
            world.runner.stop()
            return []
        return [StartTimer("t", now + 5.0)]

    world = World(journal, script)
    world.runner.tell(LinkDown("start"))
    world.run()
    assert world.engine.heard[1:] == [TimerFired("t")]
    assert 5.0 <= world.engine.times[1] - world.engine.times[0] < 60.0


def test_a_timer_that_is_due_but_stopped_by_an_earlier_one_does_not_fire(journal: Journal) -> None:
    def script(given: Input, now: float) -> list[Effect]:
        if given == TimerFired("first"):
            return [StopTimer("second"), StartTimer("end", now)]
        if given == TimerFired("end"):
            world.runner.stop()
        if isinstance(given, LinkDown):
            return [StartTimer("first", now), StartTimer("second", now)]
        return []

    world = World(journal, script)
    world.runner.tell(LinkDown("start"))
    world.run()
    assert TimerFired("second") not in world.engine.heard


def test_a_faster_clock_wakes_the_loop(journal: Journal) -> None:
    def script(given: Input, now: float) -> list[Effect]:
        if isinstance(given, TimerFired):
            world.runner.stop()
            return []
        return [StartTimer("t", now + 30.0)]

    world = World(journal, script, speed=1.0)
    world.runner.tell(LinkDown("start"))

    def faster() -> None:
        world.clock.set_speed(1000.0)
        world.runner.wake()

    gevent.spawn(faster)
    world.run()
    assert world.engine.heard[-1] == TimerFired("t")


def test_dialing_is_opened_and_closed_once_per_reason(journal: Journal) -> None:
    world = World(journal, lambda given, now: [])
    for allowed in (True, False, False, True, True):
        world.runner.allow(allowed, "database_away")
    world.runner.allow(False, "lease")
    world.runner.stop()
    world.run()
    assert world.engine.heard == [
        DialingAllowed(False, "database_away"),
        DialingAllowed(True, "database_away"),
        DialingAllowed(False, "lease"),
    ]
    assert world.runner.blocked == {"lease"}


def test_an_engine_that_fails_ends_the_loop_with_its_input_in_the_log(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    def script(given: Input, now: float) -> list[Effect]:
        raise KeyError("leg")

    world = World(journal, script)
    world.runner.tell(LinkDown("the culprit"))
    with caplog.at_level(logging.CRITICAL), pytest.raises(EngineFailed, match="LinkDown"):
        world.run()
    assert "the culprit" in str(caplog.records[0].__dict__["input"])
    assert world.sent == []


def test_lateness_counts_in_virtual_milliseconds(journal: Journal) -> None:
    world = World(journal, lambda given, now: [])
    world.runner._inbox.put((world.runner._real() - 0.01, LinkDown("10 ms late")))
    world.runner.stop()
    world.run()
    status = world.runner.status()
    assert 1000.0 <= float(str(status["lag_p99_ms"])) < 10_000.0
    assert status["inputs"] == 1
    assert status["heard"] == 1


def test_what_the_switch_keeps_of_a_call_goes_only_when_postgresql_has_its_end(journal: Journal) -> None:
    delete = Send(commands.hash_delete("rm_outcome", "leg-1"))
    world = World(journal, lambda given, now: [SAVE, delete, SEND])
    world.runner.tell(LinkDown("x"))
    before = journal.end
    world.runner.stop()
    world.run()
    assert world.sent == [SEND]
    world.runner.clean_up(before)
    assert world.sent == [SEND]
    world.runner.clean_up(journal.end)
    assert world.sent == [SEND, delete]
