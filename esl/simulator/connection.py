"""One client of the event socket: what it subscribed to, its filters, and what is on the way to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from esl.codec import Connection as Codec

if TYPE_CHECKING:
    from esl.codec import Request
    from esl.simulator.outbound_socket import Control
    from esl.simulator.render import Event
    from esl.simulator.reorder import Shuffle
    from esl.simulator.text import Pairs

# What `myevents` subscribes to (mod_event_socket.c)
MY_EVENTS = frozenset(
    {
        *(f"CHANNEL_{name}" for name in ("ANSWER", "APPLICATION", "BRIDGE", "CREATE", "DATA", "DESTROY")),
        *(f"CHANNEL_{name}" for name in ("EXECUTE", "EXECUTE_COMPLETE", "HANGUP", "HANGUP_COMPLETE")),
        *(f"CHANNEL_{name}" for name in ("ORIGINATE", "UUID", "OUTGOING", "PARK", "PROGRESS")),
        *(f"CHANNEL_{name}" for name in ("PROGRESS_MEDIA", "STATE", "UNBRIDGE", "UNPARK")),
        *("DETECTED_SPEECH", "DTMF", "NOTALK", "TALK"),
    }
)


class Client:
    """State of one connection. Output is queued as (not before this tick, bytes) and keeps its order.

    While a command blocks the connection (`api originate`, FACTS section 1) later commands wait in `waiting`
    and events in `held`.
    """

    def __init__(self, cid: int) -> None:
        self.cid = cid
        self.codec = Codec("server")
        self.authenticated = False
        self.closing = False
        self.fmt = "plain"
        self.events: set[str] = set()
        self.subclasses: set[str] = set()
        self.all_events = False
        self.filters: list[tuple[str, str, re.Pattern[str] | None]] = []
        self.tied_to: str | None = None  # the leg of `myevents`; empty: every leg
        self.control: Control | None = None  # a connection that the switch made (outbound_socket.py)
        self.blocked = False
        self.waiting: list[Request] = []
        self.held: list[bytes] = []
        self.out: list[tuple[int, bytes | None]] = []
        self.cut_after: int | None = None
        self.losing = 0
        self.shuffle: Shuffle | None = None
        self.delay_ticks = 0
        self.stalled_until = 0

    @property
    def listening(self) -> bool:
        return bool(self.events or self.subclasses or self.all_events)

    def wants(self, name: str, subclass: str) -> bool:
        if self.all_events:
            return True
        if name == "CUSTOM" and subclass:
            return subclass in self.subclasses
        return name in self.events

    def passes(self, pairs: Callable[[], Pairs]) -> bool:
        """Several filters are OR; a filter on a header the event lacks does not match (FACTS section 3)."""
        if not self.filters and self.tied_to is None:
            return True
        headers: dict[str, str] = {}
        for name, value in pairs():
            headers.setdefault(name.lower(), value)
        if self.tied_to is not None:
            uuid = headers.get("unique-id", "")
            if uuid != self.tied_to and (self.tied_to or not uuid):
                return False
        return not self.filters or any(_matches(headers, *entry) for entry in self.filters)

    def add_filter(self, header: str, value: str) -> None:
        pattern = re.compile(value[1:-1]) if len(value) > 1 and value[0] == value[-1] == "/" else None
        self.filters.append((header, value, pattern))

    def delete_filter(self, header: str, value: str) -> None:
        if header.lower() == "all":
            self.filters.clear()
            return
        self.filters = [
            entry
            for entry in self.filters
            if entry[0].lower() != header.lower() or (value and entry[1] != value)
        ]

    def forget_events(self) -> None:
        self.events.clear()
        self.subclasses.clear()
        self.all_events = False

    def event(self, event: Event) -> bytes:
        otherwise = event.xml if self.fmt == "xml" else event.json
        body = event.plain() if self.fmt == "plain" else otherwise()
        return b"Content-Length: %d\nContent-Type: text/event-%b\n\n%b" % (len(body), self.fmt.encode(), body)


def _matches(headers: dict[str, str], header: str, value: str, pattern: re.Pattern[str] | None) -> bool:
    found = headers.get(header.lower())
    if found is None:
        return False
    if pattern is not None:
        return pattern.search(found) is not None
    return value.lower() in found.lower()
