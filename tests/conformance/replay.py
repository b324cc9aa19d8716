"""Plays a recording of a real FreeSWITCH against the simulator and tells where the two differ.

The client's writes are sent at their recorded times. A client that reacted to an event may have been faster
than the model (which puts one tick where FreeSWITCH has zero or one), so a write waits until the model has
sent what the recording had received before it, at most `PATIENCE` seconds.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from xml.sax.saxutils import unescape

from esl.codec import (
    AuthRequest,
    CommandReply,
    Connection,
    DisconnectNotice,
    EventMessage,
    Message,
    OtherMessage,
    RudeRejection,
)
from esl.events import Event, from_plain
from esl.simulator import Softswitch, SwitchConfig
from esl.simulator.corpus import MISSING, SOUNDS
from tests.conformance.callers import OTHERS, Caller, callers, measured

FIXTURES = Path(__file__).parents[1] / "fixtures" / "corpus"
PATIENCE = 0.3
TICK = 0.02


@dataclass(frozen=True)
class Line:
    t: float
    direction: str
    data: bytes
    conn: int = 0


@dataclass
class Heard:
    """What one side said, in order."""

    messages: list[Message] = field(default_factory=list)
    formats: set[bytes] = field(default_factory=set)  # of its events
    renamed: dict[str, str] = field(
        default_factory=dict
    )  # uuids that the switch made: here, in the recording
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
    return [Line(float(e["t"]), e["dir"], _bytes(e["data"]), int(e.get("conn", 0))) for e in known]


def connections(lines: list[Line]) -> dict[int, list[Line]]:
    """The lines of each connection."""
    found: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        found[line.conn].append(line)
    return found


def calls_in(lines: list[Line]) -> list[Caller]:
    return callers(line.data for line in lines if line.direction == "recv")


_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FORMAT = re.compile(rb"^Content-Type: text/event-(\w+)$", re.MULTILINE)
_XML_HEADER = re.compile(r"^    <([^>]+)>(.*)</\1>$", re.MULTILINE)
_XML_BODY = re.compile(r"^  <body>(.*?)(?:(?<=\n)  )?</body>$", re.MULTILINE | re.DOTALL)


def understood(messages: list[Message]) -> list[Message]:
    """Xml events, which the client does not read (it keeps them whole), as the plain ones they would be."""
    return [_from_xml(m) if isinstance(m, OtherMessage) and "xml" in m.content_type else m for m in messages]


def _from_xml(message: OtherMessage) -> EventMessage:
    text = message.body.decode()
    body = _XML_BODY.search(text)
    lines = "".join(f"{name}: {value}\n" for name, value in _XML_HEADER.findall(text))
    inner = f"Content-Length: {len(body[1].encode())}\n\n{unescape(body[1])}" if body else "\n"
    return EventMessage(from_plain((lines + inner).encode()))


def switch_connects(lines: list[Line]) -> bool:
    """Whether the connection is one that the `socket` application made."""
    return lines[0].direction == "send" and lines[0].data.startswith(b"connect")


def _bytes(data: object) -> bytes:
    return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else b""


def recorded(lines: list[Line]) -> Heard:
    codec = Connection("client")
    heard = Heard()
    for line in lines:
        if line.direction == "recv":
            heard.messages += understood(codec.receive(line.data))
            heard.formats.update(_FORMAT.findall(line.data))
        heard.closed = heard.closed or line.direction == "closed"
    return heard


def epoch_offset_us(lines: list[Line]) -> int:
    """Puts the model on the recording's wall clock: whole-second timeouts and limits depend on it."""
    codec = Connection("client")
    asked = asked_for(lines)
    stamps = [
        (line.t, int(stamp))
        for line in lines
        if line.direction == "recv"
        for message in understood(codec.receive(line.data))
        if (stamp := _stamp(message, asked))
    ]
    offsets = [at_us - round(t * 1e6) for t, at_us in stamps]
    return round(median(offsets)) if offsets else 1_795_384_000_000_000


def _stamp(message: Message, asked: str) -> str | None:
    """When this message was made, if it is an event of the recording's own."""
    if isinstance(message, EventMessage) and message.event.uuid and message.event.uuid in asked:
        return str(message.event.timestamp_us)
    return message.get("Event-Date-Timestamp") if isinstance(message, CommandReply) else None


def asked_for(lines: list[Line]) -> str:
    """Everything the client wrote, and who called in: legs that are named in it are the recording's own."""
    writes = [line.data.decode("utf-8", "surrogateescape") for line in lines if line.direction == "send"]
    return "".join((*writes, *(caller.invite.uuid for caller in calls_in(lines))))


def play(lines: list[Line], seed: int = 1) -> Heard:
    """What the model says to the recording's client, which has one connection."""
    return play_all(lines, seed)[lines[0].conn]


def play_all(lines: list[Line], seed: int = 1, later: float = 0.0) -> dict[int, Heard]:
    """What the model says on each connection of the recording; the client writes `later` seconds after
    what it reacts to."""
    offset = epoch_offset_us(lines)
    config = SwitchConfig(
        profile="corpus",
        epoch_offset_us=offset,
        second_phase_us=(offset + _first_burst_us(lines) + 500_000) % 1_000_000,
        scheduler_phase_us=_scheduler_phase_us(lines),
        conference_members=_conference_members(lines),
        sound_seconds=SOUNDS,
        missing_files=MISSING,
        answer_race_probability=0.0,
        gateways=measured(line.data for line in lines if line.direction == "recv"),
        denies_clients=any(b"rude-rejection" in line.data for line in lines),
    )
    player = _Player(Softswitch(config, seed, 0.0))
    player.later = later
    for conn, own in connections(lines).items():
        if switch_connects(own):
            player.listen(conn)
        else:
            player.connect(conn)
    player.expect_calls(calls_in(lines), offset)
    player.expect_others(asked_for(lines))
    player.run_to(0.0)
    codec = Connection("client")
    asked = asked_for(lines)
    expected: dict[int, Counter[str]] = defaultdict(Counter)
    for line in lines:
        if line.direction == "recv":
            messages = understood(codec.receive(line.data))
            marks = [mark(message) for message in messages]
            player.theirs[line.conn] += messages
            named = [word for word in marks if word and word.split()[-1] in asked]
            expected[line.conn].update(word for word in named if not player.races(line.conn, word))
        elif line.direction == "send":
            player.write(line, expected[line.conn])
    player.run_to(max(lines[-1].t, player.now) + 0.2)
    return player.heard


def _first_burst_us(lines: list[Line]) -> int:
    """The bursts against sessions_per_second fell within one second of the switch's own count (d42, d43)."""
    return round(next((line.t for line in lines if b"originate" in line.data), 0.0) * 1e6)


def _scheduler_phase_us(lines: list[Line]) -> int:
    """When the scheduler looks: its deletions and the heartbeat are its doing."""
    events = (event for event in recorded(lines).events() if event.name in ("DEL_SCHEDULE", "HEARTBEAT"))
    return next((event.timestamp_us % 500_000 for event in events), 0)


# Clients that write a tick later, because the switch was a tick further than they had heard: j01 kills a leg
# whose application had begun, without having subscribed to it.
LATER = {"j01_hostile_input_plain_and_json": TICK}


def _conference_members(lines: list[Line]) -> int:
    """How many members the switch's conferences had had before: its commands name them by number."""
    numbers = [event.get("Member-ID") for event in recorded(lines).events()]
    return min((int(number) for number in numbers if number), default=1) - 1


class _Player:
    """The client's connections, and the people who call in."""

    def __init__(self, switch: Softswitch) -> None:
        self.switch = switch
        self.heard: dict[int, Heard] = {}
        self.theirs: dict[int, list[Message]] = defaultdict(list)  # what the recording heard so far
        self.now = self.later = 0.0
        self._codecs: dict[int, Connection[Message]] = {}
        self._seen: dict[int, Counter[str]] = defaultdict(Counter)
        self._given_up: dict[int, Counter[str]] = defaultdict(Counter)
        self._conn_of: dict[int, int] = {}
        self._ours: dict[str, str] = {}  # uuids that the client wrote, and what this switch calls them
        self._listens: list[int] = []
        self._made_by_switch: set[int] = set()
        self._acts: list[tuple[float, Callable[[float], object]]] = []

    def connect(self, conn: int) -> None:
        self._open(conn, self.switch.connect(0.0))

    def listen(self, conn: int) -> None:
        """The next connection that the switch makes is this one; without, nobody listens (g07)."""
        self.heard[conn] = Heard()
        self._listens.append(conn)
        self._made_by_switch.add(conn)

    def races(self, conn: int, word: str) -> bool:
        """Whether the client may or may not hear this: the park of the `socket` application (g02, g03)."""
        return word.startswith("CHANNEL_PARK") and conn in self._made_by_switch

    def expect_calls(self, calls: list[Caller], offset: int) -> None:
        for caller in calls:
            begins = (caller.created_us - offset) / 1e6 if not self._listens else 0.0
            self._acts.append((begins, partial(self.switch.call, caller.invite)))
            if caller.ended_us:
                ends = (caller.ended_us - offset) / 1e6
                self._acts.append((ends, partial(self.switch.hang_up, caller.invite.uuid)))
        self._acts.sort(key=lambda act: act[0])

    def expect_others(self, asked: str) -> None:
        """What another connection does to the recording's legs."""
        for uuid, writes in OTHERS.items():
            if uuid not in asked:
                continue
            cid = self.switch.connect(0.0)
            self.switch.receive(cid, b"auth ClueCon\n\n", 0.0)
            self._acts += [
                (at, partial(self.switch.receive, cid, f"{text}\n\n".encode())) for at, text in writes
            ]
        self._acts.sort(key=lambda act: act[0])

    def run_to(self, now: float) -> None:
        while self._acts and self._acts[0][0] <= now:
            at, act = self._acts.pop(0)
            self._advance(max(at, self.now))
            act(self.now)
            self._take(self.now)
        self._advance(now)

    def write(self, line: Line, expected: Counter[str]) -> None:
        self.run_to(max(line.t, self.now))
        waited = 0.0
        seen, given_up = self._seen[line.conn], self._given_up[line.conn]
        while (missing := expected - seen - given_up) and waited < PATIENCE:
            waited += TICK
            self._advance(self.now + TICK)
        self._given_up[line.conn] += missing
        self._advance(self.now + self.later)
        cids = [cid for cid, conn in self._conn_of.items() if conn == line.conn]
        if cids:
            self.switch.receive(cids[0], self._in_our_words(line), self.now)
        self._take(self.now)

    def _in_our_words(self, line: Line) -> bytes:
        """What the client writes, with the uuid that this switch made where it names one of its making."""
        text = line.data.decode("utf-8", "surrogateescape")
        heard = self.heard[line.conn]
        for uuid in dict.fromkeys(_UUID.findall(text)):
            if uuid not in self._ours:
                self._ours[uuid] = self._twin(uuid, line.conn) or uuid
            if self._ours[uuid] != uuid:
                heard.renamed[self._ours[uuid]] = uuid
                text = text.replace(uuid, self._ours[uuid])
        return text.encode("utf-8", "surrogateescape")

    def _twin(self, uuid: str, conn: int) -> str | None:
        """What this switch calls the partner that the recording's switch called `uuid`."""
        theirs = Heard(self.theirs[conn]).events()
        told = next((e for e in theirs if e.get("Other-Leg-Unique-ID") == uuid), None)
        if told is None or told.uuid == uuid:
            return None
        twins = [e for e in self.heard[conn].events() if (e.name, e.uuid) == (told.name, told.uuid)]
        return twins[0].get("Other-Leg-Unique-ID") if twins else None

    def _open(self, conn: int, cid: int) -> None:
        self.heard[conn] = Heard()
        self._conn_of[cid] = conn
        self._codecs[cid] = Connection("client")
        self._take(0.0)

    def _advance(self, now: float) -> None:
        while (due := self.switch.next_due()) is not None and due <= now:
            self.switch.advance(due)
            self._take(due)
        self.now = now
        self.switch.advance(now)
        self._take(now)

    def _take(self, now: float) -> None:
        for cid, _, _ in self.switch.take_dials():
            if self._listens:
                self.switch.dialed(cid, now)
                self._open(self._listens.pop(0), cid)
            else:
                self.switch.undialed(cid, now)
        for cid, data in self.switch.take_output():
            conn = self._conn_of.get(cid)
            if conn is None:  # another's
                continue
            if data is None:
                self.heard[conn].closed = True
                continue
            messages = understood(self._codecs[cid].receive(data))
            self.heard[conn].messages += messages
            self.heard[conn].formats.update(_FORMAT.findall(data))
            self._seen[conn].update(word for message in messages if (word := mark(message)))


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
