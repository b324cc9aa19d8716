"""The one place where an engine meets the world.

One greenlet, `Runner.run`, owns the engine. Everybody else (the link's reader, claims, commands, the lease)
only calls `tell`. Effects are performed in their order: the Saves of a step go to the journal with one
write(2), then the Sends to the switch with one socket write. What the switch keeps of a call for recovery is
deleted only when PostgreSQL has its end: a dialer on another machine can't read this one's journal. Timers
live in the same loop: a timer that was stopped or restarted can never fire late out of a queue.

An exception of the engine ends the process: it is logged with the input that caused it, and the restart
recovers from journal, database and switch, as every start does. A state that raised is not to be trusted any
further.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol, assert_never

from gevent.queue import Empty, SimpleQueue

from callflow.clock import ScaledClock
from callflow.effects import Claim, Effect, Publish, Save, Send, StartTimer, StopTimer
from callflow.errors import EngineFailed
from callflow.inputs import DialingAllowed, Input, TimerFired
from callflow.journal import Journal, Position
from callflow.lag import LagMeter
from callflow.timers import Timers
from esl.commands import Api
from models.records import AttemptClosed, Record, to_json

log = logging.getLogger(__name__)

MAX_WAIT_SECONDS = 0.5  # real; the longest wait of the loop


class EngineLike(Protocol):
    """What the runner asks of an engine."""

    def handle(self, input: Input, now: float) -> list[Effect]: ...

    def status(self) -> dict[str, object]: ...


class SwitchPort(Protocol):
    """Where Sends go. Replies come back through `tell(Replied(...))`."""

    def send(self, sends: Sequence[Send]) -> None:
        """Write all in one piece.

        While the link is down they are lost, which the engine hears as LinkDown.
        """


class Runner:
    """Owns one engine. All callables are called from its greenlet and must not wait for the engine."""

    def __init__(
        self,
        engine: EngineLike,
        clock: ScaledClock,
        journal: Journal,
        *,
        switch: SwitchPort,
        claim: Callable[[Claim], None],
        publish: Callable[[Publish], None],
        journaled: Callable[[], None] = lambda: None,
        ready: Callable[[], None] = lambda: None,
        real: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._journal = journal
        self._switch = switch
        self._claim = claim
        self._publish = publish
        self._journaled = journaled
        self._ready = ready
        self._real = real
        self._inbox: SimpleQueue[tuple[float, Input | Callable[[], None] | None]] = SimpleQueue()
        self._timers = Timers()
        self._blocked: set[str] = set()
        self._stopping = False
        self._cleanups: deque[tuple[Position, Send]] = deque()
        self.lag = LagMeter()
        self.inputs = 0

    # --- called by anybody ----------------------------------------------------------------------------------

    def tell(self, item: Input) -> None:
        """Put an input behind all that were told before."""
        self._inbox.put((self._real(), item))

    def call(self, action: Callable[[], None]) -> None:
        """Run `action` in the engine's greenlet, between two inputs."""
        self._inbox.put((self._real(), action))

    def record(self, records: Sequence[Record]) -> None:
        """Journal facts that are not the engine's."""
        self._journal.append(records)
        self._journaled()

    def allow(self, allowed: bool, reason: str) -> None:
        """Open or close dialing for one reason; the engine hears changes only."""
        if allowed == (reason not in self._blocked):
            return
        (self._blocked.discard if allowed else self._blocked.add)(reason)
        self.tell(DialingAllowed(allowed, reason))

    def written(self, position: Position) -> None:
        """PostgreSQL has the journal up to `position`: what the switch kept of it for recovery may go."""
        if self._cleanups:
            self.call(lambda: self.clean_up(position))

    def clean_up(self, position: Position) -> None:
        """Send the clean-ups that were held back until PostgreSQL had their step.

        From the engine's greenlet.
        """
        ready: list[Send] = []
        while self._cleanups and self._cleanups[0][0] <= position:
            ready.append(self._cleanups.popleft()[1])
        if ready:
            self._switch.send(ready)

    def wake(self) -> None:
        """Look at the clock again (its speed changed)."""
        self._inbox.put((self._real(), None))

    def stop(self) -> None:
        """End `run` after the inputs told so far."""
        self.call(self._stop)

    def _stop(self) -> None:
        self._stopping = True

    @property
    def inbox_length(self) -> int:
        """Inputs that wait."""
        return int(self._inbox.qsize())

    @property
    def blocked(self) -> frozenset[str]:
        """The reasons for which dialing is closed by the runner."""
        return frozenset(self._blocked)

    def status(self) -> dict[str, object]:
        """The engine's live figures, and the runner's own."""
        p50, p99 = self.lag.percentiles()
        return {
            **self._engine.status(),
            "inputs": self.inputs,
            "inbox": self.inbox_length,
            "timers": len(self._timers),
            "blocked": sorted(self._blocked),
            "speed": self._clock.speed,
            "lag_p50_ms": round(p50, 1),
            "lag_p99_ms": round(p99, 1),
            "lag_worst_p99_ms": round(self.lag.worst_p99_ms, 1),
        }

    # --- the loop -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until stopped.

        Raises:
            EngineFailed: the engine raised; its input is in the log.
            JournalUnwritable: nothing may leave the process any more.
        """
        while not self._stopping:
            self._ready()
            self._fire_timers()
            waits = self._next_wait()
            try:
                told_at, item = self._inbox.get(timeout=waits) if waits > 0 else self._inbox.get_nowait()
            except Empty:
                continue
            if item is None:
                continue
            if callable(item):
                item()
                continue
            self.lag.add((self._real() - told_at) * self._clock.speed * 1000.0)
            self._step(item)

    def _next_wait(self) -> float:
        due = self._timers.next_due()
        if due is None:
            return MAX_WAIT_SECONDS
        return min(MAX_WAIT_SECONDS, self._clock.real_seconds(due - self._clock.now()))

    def _fire_timers(self) -> None:
        """All timers due at this moment; those they start for right now wait for one input first."""
        until = self._clock.now()
        while (fired := self._timers.pop_due(until)) is not None:
            key, due = fired
            self.lag.add((self._clock.now() - due) * 1000.0)
            self._step(TimerFired(key))

    def _step(self, item: Input) -> None:
        self.inputs += 1
        try:
            effects = self._engine.handle(item, self._clock.now())
        except Exception as error:
            log.critical(
                "the engine failed; the process ends and its restart recovers", extra={"input": repr(item)}
            )
            raise EngineFailed(f"The engine failed on {type(item).__name__}: {error!r}") from error
        if effects:
            self._perform(effects)

    def _perform(self, effects: Sequence[Effect]) -> None:
        records: list[Record] = []
        sends: list[Send] = []
        cleanups: list[Send] = []
        later: list[Claim | Publish] = []
        for effect in effects:
            match effect:
                case Send():
                    (cleanups if _is_cleanup(effect) else sends).append(effect)
                case Save():
                    records.append(effect.record)
                case StartTimer():
                    self._timers.start(effect.key, effect.due)
                case StopTimer():
                    self._timers.stop(effect.key)
                case Claim() | Publish():
                    later.append(effect)
                case _:
                    assert_never(effect)
        if records:
            self._journal.append(records)
            _log(records)
        if cleanups:
            end = self._journal.end
            self._cleanups.extend((end, send) for send in cleanups)
        if sends:
            self._switch.send(sends)
        if records:
            self._journaled()
        for other in later:
            if isinstance(other, Claim):
                self._claim(other)
            else:
                self._publish(other)


def _log(records: Sequence[Record]) -> None:
    """One line per attempt that ended, keyed by its id; every other fact at DEBUG."""
    for record in records:
        if isinstance(record, AttemptClosed):
            log.info(
                "attempt closed",
                extra={
                    "attempt_id": record.attempt_id,
                    "leg_id": record.leg_id,
                    "outcome": str(record.outcome),
                    "cause": record.cause,
                    "agent_id": record.agent_id,
                    "talk_seconds": round(record.talk_seconds, 2),
                    "abandoned": record.abandoned,
                },
            )
        elif log.isEnabledFor(logging.DEBUG):
            log.debug(
                "fact", extra={"attempt_id": getattr(record, "attempt_id", None), "fact": to_json(record)}
            )


def _is_cleanup(send: Send) -> bool:
    """Whether it only deletes what the switch kept of a leg that has ended."""
    command = send.command
    return isinstance(command, Api) and command.name == "hash" and command.args.startswith("delete/")
