"""What goes to a socket: messages made once and shared by all sockets, and a bounded queue for each.

Events wait in order, up to a limit: whoever does not read loses the socket, not an event, and resumes later.
Of live figures only the newest of each campaign waits.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from models.repository.events import Event

End = Literal["overrun", "closing"]
"""More than the limit of events waited; the process ends."""
EVENTS_WAITING = 1000
PING = '{"type":"ping"}'


def moment(at: datetime) -> str:
    """A time as answers tell it: ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def dumps(value: Any) -> str:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class EventFrame:
    """An event as its message. `agent_id`: whose event it is, for topic agent.

    `born`: when the event was written, on this process's monotonic clock.
    """

    seq: int
    text: str
    born: float
    agent_id: str | None = None

    @classmethod
    def of(cls, event: Event) -> EventFrame:
        """The message of an event."""
        message = {
            "type": "event",
            "seq": event.seq,
            "topic": event.topic,
            "at": moment(event.at),
            "recorded_at": moment(event.recorded_at),
            "data": event.data,
        }
        whose = event.data.get("id") if event.topic == "agent" else None
        born = time.monotonic() - event.age_seconds
        return cls(event.seq, dumps(message), born, whose if isinstance(whose, str) else None)


class LiveFrame:
    """Live figures. A campaign's part is JSON already; the message is put together when first asked for."""

    def __init__(self, at: str, parts: Mapping[str, str], born: float) -> None:
        self.at = at
        self.parts = parts
        self.born = born
        self._text = ""

    @property
    def text(self) -> str:
        """The message."""
        if not self._text:
            self._text = f'{{"type":"live","at":"{self.at}","campaigns":[{",".join(self.parts.values())}]}}'
        return self._text

    def over(self, older: LiveFrame | None) -> LiveFrame:
        """This frame, with the campaigns that only the older one has."""
        if older is None or older.parts.keys() <= self.parts.keys():
            return self
        return LiveFrame(self.at, {**older.parts, **self.parts}, self.born)


@dataclass(frozen=True, slots=True)
class Plain:
    """A message that is not measured: ping, snapshot, resumed."""

    text: str
    born: None = None


@dataclass(eq=False, slots=True)
class Outbox:
    """What waits for one socket.

    Attributes:
        agent_id: the one agent whose events it gets, and no figures; None gets everything of the tenant.
        after: events up to this place are not sent again.
    """

    agent_id: str | None = None
    limit: int = EVENTS_WAITING
    after: int = 0
    _end: End | None = None
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _events: deque[EventFrame] = field(default_factory=deque)
    _live: LiveFrame | None = None
    _ping: bool = False
    _filled: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, frame: EventFrame) -> None:
        """An event, in its order."""
        if self._end or (self.agent_id is not None and frame.agent_id != self.agent_id):
            return
        if len(self._events) >= self.limit:
            self.close("overrun")
            return
        self._events.append(frame)
        self._filled.set()

    def show(self, frame: LiveFrame) -> None:
        """Live figures: they replace what waits."""
        if self.agent_id is None and not self._end:
            self._live = frame.over(self._live)
            self._filled.set()

    def close(self, why: End) -> None:
        """Nothing waits any more and nothing is added: the socket is to be closed."""
        self._end = self._end or why
        self._events.clear()
        self._ended.set()

    async def end(self) -> End:
        """Wait for the first `close`: why it was."""
        await self._ended.wait()
        return self._end or "closing"

    def ping(self) -> None:
        """Ask the client whether it is there."""
        self._ping = True
        self._filled.set()

    async def next(self) -> EventFrame | LiveFrame | Plain:
        """The next message to send: events before figures."""
        while True:
            if self._ping:
                self._ping = False
                return Plain(PING)
            while self._events:
                frame = self._events.popleft()
                if frame.seq > self.after:
                    self.after = frame.seq
                    return frame
            if self._live is not None:
                live, self._live = self._live, None
                return live
            self._filled.clear()
            await self._filled.wait()
