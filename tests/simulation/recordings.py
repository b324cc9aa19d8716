"""What agents ask of recordings, and what must hold of these: judged by what the switch was told and said."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise

from callflow.inputs import Input, SwitchEvent
from esl.commands import Api, Command
from models.enums import CommandKind, CommandStatus, Outcome, RecordingConsent, RecordingMode
from models.recordings import RecordingPlan
from models.records import Record, RecordingMarked, RecordingStarted
from tests.simulation.invariants import Checker
from tests.simulation.store import RecordingRow

Wish = tuple[float, CommandKind, dict[str, object]]


def wishes(attempt_id: str) -> Iterator[Wish]:
    """(seconds after the bridge, what) of one call: drawn by the call, so that nothing else is drawn
    differently."""
    rng = random.Random(f"{attempt_id}:recording")
    at = rng.uniform(0.0, 4.0)
    if rng.random() < 0.7:
        yield at, CommandKind.RECORDING_START, {"consent": rng.random() < 0.8}
    for _ in range(rng.choice((0, 0, 1, 2))):
        at += rng.choice((0.0, 0.01, rng.uniform(0.0, 6.0)))
        yield at, CommandKind.RECORDING_PAUSE, {}
        at += rng.choice((0.0, 0.01, rng.uniform(0.0, 6.0)))
        if rng.random() < 0.8:
            yield at, CommandKind.RECORDING_RESUME, {}
    if rng.random() < 0.2:
        yield at + rng.uniform(0.0, 5.0), CommandKind.RECORDING_STOP, {}


class RecordingWatch:
    """Sees everything, changes nothing."""

    def __init__(self, checker: Checker, plan: RecordingPlan) -> None:
        self._checker = checker
        self._plan = plan
        self._announced: set[str] = set()
        self._durable: set[str] = set()
        self._starts: dict[str, int] = {}
        self._silenced: set[tuple[str, bool]] = set()

    def told(self, what: Input) -> None:
        """An input of an engine: an announcement heard to its end counts."""
        if isinstance(what, SwitchEvent) and what.event.name == "PLAYBACK_STOP":
            heard = what.event.get("Playback-File-Path", "") == self._plan.announcement
            if heard and what.event.get("Playback-Status", "") == "done":
                self._announced.add(what.event.uuid)

    def saved(self, record: Record) -> None:
        """A durable record."""
        if isinstance(record, RecordingStarted):
            self._durable.add(record.path)
            self._may_record(record)
        elif isinstance(record, RecordingMarked):
            path = self._checker.store.recordings[record.recording_id].started.path
            if (path, record.masked) not in self._silenced:
                self._checker.fail("masks are the switch's word", f"{path} {record.masked}")

    def _may_record(self, record: RecordingStarted) -> None:
        plan, store = self._plan, self._checker.store
        row = store.attempts[record.attempt_id]
        asked = [
            command.command.payload
            for command in store.commands.values()
            if command.command.kind is CommandKind.RECORDING_START
            and command.command.payload.get("attempt_id") == record.attempt_id
        ]
        if row.bridged_at is None:
            self._checker.fail("only conversations", f"{record.path} before any bridge")
        if plan.mode is RecordingMode.OFF or (
            plan.mode is RecordingMode.SHARE and not plan.chooses(record.attempt_id)
        ):
            self._checker.fail("only calls that are to be", record.path)
        if plan.mode is RecordingMode.ON_DEMAND and not asked:
            self._checker.fail("only on demand", record.path)
        if plan.consent is RecordingConsent.ANNOUNCED and record.leg_id not in self._announced:
            self._checker.fail("announced first", record.path)
        if plan.consent is RecordingConsent.ASKED and not any(p.get("consent") for p in asked):
            self._checker.fail("consent first", record.path)

    def sent(self, command: Command) -> None:
        """A command is written to the switch."""
        if not isinstance(command, Api) or command.name != "uuid_record":
            return
        _, action, path = command.args.split(" ")[:3]
        if path not in self._durable:
            self._checker.fail("durable first", f"{action} {path}")
        if action == "start":
            self._starts[path] = self._starts.get(path, 0) + 1
            if self._starts[path] > 1:
                self._checker.fail("no file twice", path)

    def replied(self, command: Command, *, ok: bool) -> None:
        """The switch answered."""
        if ok and isinstance(command, Api) and command.name == "uuid_record":
            _, action, path = command.args.split(" ")[:3]
            if action in ("mask", "unmask"):
                self._silenced.add((path, action == "mask"))

    def finish(self) -> None:
        """The run is over."""
        store, fail = self._checker.store, self._checker.fail
        for row in store.recordings.values():
            self._history(row)
        by_attempt: dict[str, list[RecordingRow]] = {}
        for row in store.recordings.values():
            by_attempt.setdefault(row.started.attempt_id, []).append(row)
        for attempt_id, rows in by_attempt.items():
            for earlier, later in pairwise(rows):
                if earlier.stopped is None or earlier.stopped.at > later.started.at:
                    fail("one at a time", f"{attempt_id}: {earlier.started.path}")
        calm = not self._checker.troubles[1:]  # the first is the start itself
        if calm and self._plan.mode is RecordingMode.ALWAYS and self._plan.consent is RecordingConsent.NONE:
            for attempt in store.attempts.values():
                closed = attempt.closed
                connected = closed is not None and closed.outcome is Outcome.CONNECTED
                if connected and attempt.attempt_id not in by_attempt:
                    fail("every conversation", attempt.attempt_id)

    def _history(self, row: RecordingRow) -> None:
        fail, path = self._checker.fail, row.started.path
        if row.stopped is None:
            fail("every recording ends", path)
            return
        times = [row.started.at, *(mark.at for mark in row.marks.values()), row.stopped.at]
        if times != sorted(times):
            fail("in order", path)
        words = [mark.masked for mark in row.marks.values()]
        if any(word is (index % 2 == 1) for index, word in enumerate(words)):
            fail("masked and unmasked by turns", f"{path}: {words}")


def answered(checker: Checker) -> dict[CommandStatus, int]:
    """How the commands about recordings were answered."""
    found: dict[CommandStatus, int] = {}
    for row in checker.store.commands.values():
        if row.command.kind.value.startswith("recording_"):
            found[row.status] = found.get(row.status, 0) + 1
    return found
