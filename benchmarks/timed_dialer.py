"""The dialer process as it is, with a clock held to its bridges: `ringmaster dialer` and a file of times.

    python -m benchmarks.timed_dialer TIMES.jsonl [options of the dialer]

One JSON line for each uuid_bridge that was written, each bridge that was heard, and each long pause; times in
seconds of CLOCK_MONOTONIC, which all processes of a machine share:

- `{"bridge": leg, "at": t, "queued": s, "total": s, "processor": s}`: from when the bytes with the event that
  allowed it were read off the socket to when its step began, and to when the command had been handed to the
  socket; of the latter, what this process was given of a processor: the rest of it others were.
- `{"bridge": leg, "at": t, "by": "timer wrap"}`: allowed by something that is no event (a wrap-up's end).
- `{"heard": leg, "at": t, "since_answer": s, "stamps": s, "by": "event"}`: CHANNEL_BRIDGE read, since
  CHANNEL_ANSWER was; the same by the switch's own stamps of both.
- `{"collected": generation, "at": t, "seconds": s}`: the garbage collector's runs over one millisecond.
- `{"held": input, "at": t, "seconds": s}`: a step of the engine over three milliseconds.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import gc  # noqa: E402
import json  # noqa: E402
import re  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from typing import IO, Any  # noqa: E402
from unittest import mock  # noqa: E402

import callflow.process  # noqa: E402
import esl.link  # noqa: E402
from callflow import dialer  # noqa: E402
from callflow.inputs import Input, SwitchEvent, TimerFired  # noqa: E402
from callflow.runner import Runner  # noqa: E402
from esl.client import Client  # noqa: E402
from esl.events import ChannelAnswer, ChannelBridge, ChannelHangupComplete, Event  # noqa: E402

BRIDGE = re.compile(rb"^api uuid_bridge (\S+)", re.MULTILINE)
LONG_COLLECTION, LONG_STEP = 0.001, 0.003


class Times:
    """What was measured; written down as it comes."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self.read_at = self.read_used = 0.0
        self.reads: dict[int, tuple[float, float]] = {}
        """When each event that waits for the engine was read, by the object's id; processor time too."""
        self.answers: dict[str, tuple[float, int]] = {}
        self.trigger: Input | None = None
        self.trigger_read: tuple[float, float] | None = None
        self.step_began = 0.0
        self.bridged_by: dict[str, str] = {}
        self._collection_began = 0.0

    def say(self, **line: Any) -> None:
        self._out.write(json.dumps(line) + "\n")

    def heard(self, event: Event) -> None:
        """An event is about to be put into the engine's inbox."""
        self.reads[id(event)] = self.read_at, self.read_used
        if isinstance(event, ChannelAnswer):
            self.answers[event.uuid] = (self.read_at, event.timestamp_us)
        elif isinstance(event, ChannelBridge):
            leg = event.uuid
            if leg in self.answers:
                read_at, stamp = self.answers.pop(leg)
                by = self.bridged_by.pop(leg, "")
                stamps = (event.timestamp_us - stamp) / 1e6
                self.say(
                    heard=leg, at=self.read_at, since_answer=self.read_at - read_at, stamps=stamps, by=by
                )
        elif isinstance(event, ChannelHangupComplete):
            self.answers.pop(event.uuid, None)
            self.bridged_by.pop(event.uuid, None)

    def step(self, given: Input) -> None:
        """The engine begins with an input."""
        self.trigger, self.step_began = given, time.monotonic()
        self.trigger_read = self.reads.pop(id(given.event), None) if isinstance(given, SwitchEvent) else None

    def stepped(self) -> None:
        """It is done with it."""
        took = time.monotonic() - self.step_began
        if took > LONG_STEP:
            self.say(held=_name(self.trigger), at=self.step_began, seconds=took)
        self.trigger = None

    def wrote(self, data: bytes) -> None:
        """Commands were handed to the socket."""
        for found in BRIDGE.finditer(data):
            leg, now = found[1].decode(), time.monotonic()
            if self.trigger_read is None:
                self.bridged_by[leg] = _name(self.trigger)
                self.say(bridge=leg, at=now, by=_name(self.trigger))
            else:
                self.bridged_by[leg] = "event"
                read_at, read_used = self.trigger_read
                used = time.thread_time() - read_used
                queued = self.step_began - read_at
                self.say(bridge=leg, at=now, queued=queued, total=now - read_at, processor=used)

    def collecting(self, phase: str, info: dict[str, int]) -> None:
        """The garbage collector begins, or is done."""
        now = time.monotonic()
        if phase == "start":
            self._collection_began = now
        elif now - self._collection_began > LONG_COLLECTION:
            self.say(collected=info["generation"], at=now, seconds=now - self._collection_began)


def _name(given: Input | None) -> str:
    if isinstance(given, SwitchEvent):
        return given.event.name
    if isinstance(given, TimerFired):
        return f"timer {given.key.partition(':')[0]}"
    return type(given).__name__


class TimedSocket:
    """A socket that notes when bytes came, and which commands went."""

    def __init__(self, sock: Any, times: Times) -> None:
        self._sock, self._times = sock, times

    def recv(self, size: int) -> bytes:
        data: bytes = self._sock.recv(size)
        self._times.read_at, self._times.read_used = time.monotonic(), time.thread_time()
        return data

    def sendall(self, data: bytes) -> None:
        self._sock.sendall(data)
        self._times.wrote(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


@contextmanager
def a_clock_held_to_the_dialer(times: Times) -> Iterator[None]:
    """Put the clock between the dialer's parts."""

    class TimedClient(Client):
        def __init__(self, *args: Any, on_event: Callable[[Event], None], **others: Any) -> None:
            def heard(event: Event) -> None:
                times.heard(event)
                on_event(event)

            super().__init__(*args, on_event=heard, **others)

        def _start_reading(self, sock: Any) -> None:
            super()._start_reading(TimedSocket(sock, times))

    class TimedRunner(Runner):
        def _step(self, item: Input) -> None:
            times.step(item)
            super()._step(item)
            times.stepped()

    gc.callbacks.append(times.collecting)
    with (
        mock.patch.object(esl.link, "Client", TimedClient),
        mock.patch.object(callflow.process, "Runner", TimedRunner),
    ):
        yield


def main() -> None:
    """Run the dialer."""
    with open(sys.argv.pop(1), "w", encoding="utf-8") as out, a_clock_held_to_the_dialer(Times(out)):
        dialer.main()


if __name__ == "__main__":
    main()
