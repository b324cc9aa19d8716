"""Plays a recording of a real FreeSWITCH against the simulator and tells where the two differ.

The client's writes are sent at their recorded times. A client that reacted to an event may have been faster
than the model (which puts one tick where FreeSWITCH has zero or one), so a write waits until the model has
sent what the recording had received before it, at most `PATIENCE` seconds, and all after it moves along.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from esl.codec import AuthRequest, Connection, DisconnectNotice, EventMessage, Message, RudeRejection
from esl.events import Event
from esl.simulator import Softswitch, SwitchConfig

FIXTURES = Path(__file__).parents[1] / "fixtures" / "corpus"
PATIENCE = 0.3
TICK = 0.02


@dataclass(frozen=True)
class Line:
    t: float
    direction: str
    data: bytes


@dataclass
class Heard:
    """What one side said, in order."""

    messages: list[Message] = field(default_factory=list)
    closed: bool = False

    def events(self) -> list[Event]:
        return [m.event for m in self.messages if isinstance(m, EventMessage)]

    def replies(self) -> list[Message]:
        return [m for m in self.messages if not isinstance(m, EventMessage)]


def load(name: str) -> list[Line]:
    path = next(p for p in (FIXTURES / f"{name}.jsonl", FIXTURES / f"{name}.jsonl.gz") if p.exists())
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    entries: list[dict[str, Any]] = [json.loads(line) for line in raw.splitlines()]
    known = [e for e in entries if e["dir"] in ("send", "recv", "closed")]
    return [Line(float(e["t"]), e["dir"], _bytes(e["data"])) for e in known]


def _bytes(data: object) -> bytes:
    return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else b""


def recorded(lines: list[Line]) -> Heard:
    codec = Connection("client")
    heard = Heard()
    for line in lines:
        if line.direction == "recv":
            heard.messages += codec.receive(line.data)
        heard.closed = heard.closed or line.direction == "closed"
    return heard


def epoch_offset_us(lines: list[Line]) -> int:
    """Puts the model on the recording's wall clock: whole-second timeouts and limits depend on it."""
    codec = Connection("client")
    asked = asked_for(lines)
    offsets = [
        message.event.timestamp_us - round(line.t * 1e6)
        for line in lines
        if line.direction == "recv"
        for message in codec.receive(line.data)
        if isinstance(message, EventMessage) and message.event.uuid and message.event.uuid in asked
    ]
    return round(median(offsets)) if offsets else 1_795_384_000_000_000


def asked_for(lines: list[Line]) -> str:
    """Everything the client wrote: legs that are named in it are the recording's own."""
    return "".join(line.data.decode("utf-8", "surrogateescape") for line in lines if line.direction == "send")


def play(lines: list[Line], seed: int = 1) -> Heard:
    offset = epoch_offset_us(lines)
    config = SwitchConfig(
        profile="corpus",
        epoch_offset_us=offset,
        second_phase_us=(offset + _first_burst_us(lines) + 500_000) % 1_000_000,
        scheduler_phase_us=_scheduler_phase_us(lines),
        sound_seconds=SOUNDS,
        answer_race_probability=0.0,
        denies_clients=any(b"rude-rejection" in line.data for line in lines),
    )
    player = _Player(Softswitch(config, seed, 0.0))
    expected: Counter[str] = Counter()
    codec = Connection("client")
    asked = asked_for(lines)
    for line in lines:
        if line.direction == "recv":
            marks = [mark(message) for message in codec.receive(line.data)]
            expected.update(word for word in marks if word and word.split()[-1] in asked)
        elif line.direction == "send":
            player.write(line, expected)
    player.run_to(lines[-1].t + player.lag + 0.2)
    return player.heard


def _first_burst_us(lines: list[Line]) -> int:
    """The bursts against sessions_per_second fell within one second of the switch's own count (d42, d43)."""
    return round(next((line.t for line in lines if b"originate" in line.data), 0.0) * 1e6)


def _scheduler_phase_us(lines: list[Line]) -> int:
    """When the scheduler looks: its deletions and the heartbeat are its doing."""
    events = (event for event in recorded(lines).events() if event.name in ("DEL_SCHEDULE", "HEARTBEAT"))
    return next((event.timestamp_us % 500_000 for event in events), 0)


# What played in the recordings, in seconds, as heard there (d32, f07; f02's tone is not valid: ends at once).
SOUNDS = {
    "tone_stream://%(500,0,440": 1.44,
    "tone_stream://%(300;0;400)": 0.0,
    "/var/lib/freeswitch/sounds/safe.wav": 2.0,
}


class _Player:
    def __init__(self, switch: Softswitch) -> None:
        self.switch = switch
        self.heard = Heard()
        self.lag = 0.0
        self._codec = Connection("client")
        self._seen: Counter[str] = Counter()
        self._given_up: Counter[str] = Counter()
        self._cid = switch.connect(0.0)
        self._take()

    def run_to(self, now: float) -> None:
        while (due := self.switch.next_due()) is not None and due <= now:
            self.switch.advance(due)
            self._take()
        self.switch.advance(now)
        self._take()

    def write(self, line: Line, expected: Counter[str]) -> None:
        self.run_to(line.t + self.lag)
        waited = 0.0
        while (missing := expected - self._seen - self._given_up) and waited < PATIENCE:
            waited += TICK
            self.run_to(line.t + self.lag + waited)
        self._given_up += missing
        self.lag += waited
        self.switch.receive(self._cid, line.data, line.t + self.lag)
        self._take()

    def _take(self) -> None:
        for _, data in self.switch.take_output():
            if data is None:
                self.heard.closed = True
                continue
            messages = self._codec.receive(data)
            self.heard.messages += messages
            self._seen.update(word for message in messages if (word := mark(message)))


def mark(message: Message) -> str:
    """What a client may have reacted to; nothing for events that come by themselves."""
    if isinstance(message, EventMessage):
        event = message.event
        if not event.name.startswith(("CHANNEL_", "PLAYBACK_", "BACKGROUND_")) or "STATE" in event.name:
            return ""
        return f"{event.name} {event.get('Application')} {event.get('Job-UUID') or event.uuid}"
    return ""


def describe(message: Message) -> str:
    """A reply as text to compare."""
    if isinstance(message, AuthRequest):
        return "auth/request"
    if isinstance(message, DisconnectNotice):
        return f"disconnect {message.text!r}"
    if isinstance(message, RudeRejection):
        return f"rude {message.text!r}"
    return f"{type(message).__name__} {getattr(message, 'text', '')!r}"


def by_leg(events: list[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.name and event.uuid:
            found[event.uuid].append(event)
    return found
