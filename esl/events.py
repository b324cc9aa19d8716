"""The events of a switch that a dialer needs, as values that decode on access.

An event keeps the bytes it came as. A header is found by a search for its name at the start of a line of
the header block; only then is its value unquoted, and a name never is: values are percent-encoded, so no
value can hold a real line end, and a caller named ``x%0AHangup-Cause: FAKE`` stays a caller with an odd
name (FACTS section 11). Of a header that comes twice the first counts. Numbers that are missing or not
numbers read as 0 (None where 0 means something).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar, Final, overload

from esl.errors import ProtocolError
from esl.wire import percent_decode, to_bytes, to_text

Pairs = tuple[tuple[str, str], ...]


class Event:
    """Any event, also one without an Event-Name (a hangup hook makes such) and one we have no class for.

    Frozen: there is nothing to set. Compared by headers and body, whatever the format they came in.
    """

    NAME: ClassVar[str] = ""
    __slots__ = ("_block", "_end", "_first", "_name", "_pairs", "_uuid")

    _block: bytes
    _end: int
    _name: str
    _uuid: str | None
    _pairs: Pairs | None
    _first: dict[str, str] | None

    @property
    def name(self) -> str:
        """Event-Name; empty when the event has none."""
        return self._name

    @property
    def uuid(self) -> str:
        """Unique-ID: the leg this event is about; empty when it is about none."""
        if self._uuid is None:
            if (
                self._first is None and self._end < 0
            ):  # each event is asked this, and most are asked nothing else
                raw = _find_early(self._block, b"\nUnique-ID: ")
                self._uuid = percent_decode(raw) if raw is not None else ""
            else:
                self._uuid = self.get("Unique-ID") or ""
        return self._uuid

    @property
    def core_uuid(self) -> str:
        """Core-UUID: the run of the switch; a new one means that every leg is gone."""
        return self.get("Core-UUID") or ""

    @property
    def timestamp_us(self) -> int:
        """Event-Date-Timestamp: the switch's clock, epoch microseconds, in steps of 20 ms."""
        return self.integer("Event-Date-Timestamp")

    @property
    def sequence(self) -> int:
        """Event-Sequence: nearly, not quite, the order of arrival (FACTS section 2)."""
        return self.integer("Event-Sequence")

    @property
    def body(self) -> str | None:
        """The inner body (BACKGROUND_JOB, sendevent); None when there is none."""
        if self._first is not None:
            return self._first.get("_body")
        rest = self._block[self._header_end() + 2 :]
        return to_text(rest) if rest else None

    @overload
    def get(self, header: str) -> str | None: ...
    @overload
    def get(self, header: str, default: str) -> str: ...
    def get(self, header: str, default: str | None = None) -> str | None:
        """The first value of `header`, decoded; `default` when the event does not have it."""
        if self._first is not None:
            return self._first.get(header, default)
        value = _find(self._block, self._header_end(), to_bytes(header))
        return default if value is None else percent_decode(value)

    @overload
    def variable(self, name: str) -> str | None: ...
    @overload
    def variable(self, name: str, default: str) -> str: ...
    def variable(self, name: str, default: str | None = None) -> str | None:
        """The channel variable `name` as of this event.

        `default` when unset or not carried (FACTS section 2).
        """
        value = self.get("variable_" + name)
        return default if value is None else value

    def integer(self, header: str) -> int:
        """A whole number; 0 when missing or not a number."""
        return _integer(self.get(header)) or 0

    def items(self) -> Pairs:
        """Every header as (name, value), in the order of the wire, repeated ones too; no inner body."""
        if self._pairs is None:
            self._pairs = tuple(
                (to_text(name), percent_decode(value))
                for name, colon, value in (
                    line.partition(b": ") for line in self._block[: self._header_end()].split(b"\n")
                )
                if colon
            )
        return self._pairs

    def headers(self) -> dict[str, str]:
        """Every header, the first value of each; for the log and for tests, not for the hot path."""
        return _first_of_each(self.items())

    def _header_end(self) -> int:
        if self._end < 0:
            self._end = _header_end(self._block)
        return self._end

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return self.items() == other.items() and self.body == other.body

    def __hash__(self) -> int:
        return hash((self._name, self.uuid, self.sequence))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name or '-'} {self.uuid or '-'} #{self.sequence}>"


class ChannelCreate(Event):
    """The leg exists."""

    NAME = "CHANNEL_CREATE"
    __slots__ = ()


class ChannelProgress(Event):
    """The far end rings (180)."""

    NAME = "CHANNEL_PROGRESS"
    __slots__ = ()


class ChannelProgressMedia(Event):
    """Early media (183 with SDP): the far end's network speaks; nobody has answered."""

    NAME = "CHANNEL_PROGRESS_MEDIA"
    __slots__ = ()


class ChannelAnswer(Event):
    """The far end answered."""

    NAME = "CHANNEL_ANSWER"
    __slots__ = ()


class ChannelExecute(Event):
    """An application begins on the leg."""

    NAME = "CHANNEL_EXECUTE"
    __slots__ = ()

    @property
    def application(self) -> str:
        """The application's name."""
        return self.get("Application", "")

    @property
    def application_data(self) -> str:
        """The application's argument."""
        return self.get("Application-Data", "")

    @property
    def application_uuid(self) -> str:
        """The `event-uuid` given with sendmsg, else one of the switch's making."""
        return self.get("Application-UUID", "")


class ChannelExecuteComplete(ChannelExecute):
    """An application ended on the leg."""

    NAME = "CHANNEL_EXECUTE_COMPLETE"
    __slots__ = ()

    @property
    def application_response(self) -> str:
        """How it ended: ``FILE PLAYED``, ``FILE NOT FOUND``, ``_none_`` ..."""
        return self.get("Application-Response", "")


class ChannelPark(Event):
    """The leg waits, parked."""

    NAME = "CHANNEL_PARK"
    __slots__ = ()


class ChannelBridge(Event):
    """Two legs hear each other. One event for both, on the first argument of uuid_bridge."""

    NAME = "CHANNEL_BRIDGE"
    __slots__ = ()

    @property
    def a_uuid(self) -> str:
        """The first argument of uuid_bridge."""
        return self.get("Bridge-A-Unique-ID", "")

    @property
    def b_uuid(self) -> str:
        """The second."""
        return self.get("Bridge-B-Unique-ID", "")


class ChannelUnbridge(ChannelBridge):
    """The two legs are apart again."""

    NAME = "CHANNEL_UNBRIDGE"
    __slots__ = ()


class ChannelHangup(Event):
    """The leg begins to end; the facts are in HANGUP_COMPLETE."""

    NAME = "CHANNEL_HANGUP"
    __slots__ = ()

    @property
    def cause(self) -> str:
        """Hangup-Cause by name."""
        return self.get("Hangup-Cause", "")


class ChannelHangupComplete(ChannelHangup):
    """The leg has ended. Times are the switch's epoch microseconds; 0 = it never happened."""

    NAME = "CHANNEL_HANGUP_COMPLETE"
    __slots__ = ()

    @property
    def q850(self) -> int:
        """The cause as a Q.850 number; 0 when the switch gave none."""
        return self.integer("variable_hangup_cause_q850")

    @property
    def sip_status(self) -> int | None:
        """The final SIP status of the far end (`sip_term_status`); None when there was none."""
        return _integer(self.get("variable_sip_term_status"))

    @property
    def created_us(self) -> int:
        """When the leg was made."""
        return self.integer("Caller-Channel-Created-Time")

    @property
    def progress_us(self) -> int:
        """First ringing."""
        return self.integer("Caller-Channel-Progress-Time")

    @property
    def progress_media_us(self) -> int:
        """First early media."""
        return self.integer("Caller-Channel-Progress-Media-Time")

    @property
    def answered_us(self) -> int:
        """Answer."""
        return self.integer("Caller-Channel-Answered-Time")

    @property
    def bridged_us(self) -> int:
        """First bridge."""
        return self.integer("Caller-Channel-Bridged-Time")

    @property
    def hangup_us(self) -> int:
        """Hang-up."""
        return self.integer("Caller-Channel-Hangup-Time")


class ChannelDestroy(Event):
    """The switch has forgotten the leg; for a gateway that is down the only event of it."""

    NAME = "CHANNEL_DESTROY"
    __slots__ = ()


class BackgroundJob(Event):
    """The result of a bgapi."""

    NAME = "BACKGROUND_JOB"
    __slots__ = ()

    @property
    def job_uuid(self) -> str:
        """The Job-UUID that the command gave."""
        return self.get("Job-UUID", "")

    @property
    def text(self) -> str:
        """The result as the switch wrote it: ``+OK ...`` or ``-ERR CAUSE``, often with a line end."""
        return self.body or ""

    @property
    def ok(self) -> bool:
        """Whether the result does not begin as a failure (``-ERR``, ``-USAGE``)."""
        return not self.text.startswith("-")

    @property
    def cause(self) -> str:
        """What stands behind ``-ERR``; empty when it went well."""
        return "" if self.ok else self.text.partition(" ")[2].strip()


class Heartbeat(Event):
    """Every 20 s: the switch's load."""

    NAME = "HEARTBEAT"
    __slots__ = ()

    @property
    def session_count(self) -> int:
        """Legs that are up."""
        return self.integer("Session-Count")

    @property
    def max_sessions(self) -> int:
        """Legs that may be up."""
        return self.integer("Max-Sessions")

    @property
    def idle_cpu(self) -> float:
        """Idle processor time, percent; 0 when the switch did not say."""
        try:
            return float(self.get("Idle-CPU", "0"))
        except ValueError:
            return 0.0


class Shutdown(Event):
    """The switch is going down in good order: SYSTEM_SHUTDOWN for every leg follows."""

    NAME = "SHUTDOWN"
    __slots__ = ()


class Custom(Event):
    """An event of a module."""

    NAME = "CUSTOM"
    __slots__ = ()

    @property
    def subclass(self) -> str:
        """Event-Subclass, for instance ``sofia::gateway_state``."""
        return self.get("Event-Subclass", "")


CLASSES: Final[Mapping[str, type[Event]]] = {
    cls.NAME: cls
    for cls in (
        ChannelCreate,
        ChannelProgress,
        ChannelProgressMedia,
        ChannelAnswer,
        ChannelExecute,
        ChannelExecuteComplete,
        ChannelPark,
        ChannelBridge,
        ChannelUnbridge,
        ChannelHangup,
        ChannelHangupComplete,
        ChannelDestroy,
        BackgroundJob,
        Heartbeat,
        Shutdown,
        Custom,
    )
}
_CLASSES_BY_BYTES: Final = {name.encode(): (cls, name) for name, cls in CLASSES.items()}
_EVENT_NAME: Final = b"Event-Name: "


def from_plain(block: bytes) -> Event:
    """The event whose text/event-plain body is `block`. Never fails.

    A block that makes no sense has no headers.
    """
    end = -1
    if block.startswith(_EVENT_NAME):  # nearly always the first line
        stop = block.find(b"\n", 12)
        raw_name: bytes | None = block[12:stop] if stop >= 0 else block[12:]
    else:
        end = _header_end(block)
        raw_name = _find(block, end, b"Event-Name")
    known = _CLASSES_BY_BYTES.get(raw_name) if raw_name is not None else None
    if known is not None:
        cls, name = known
    else:
        cls, name = Event, percent_decode(raw_name) if raw_name is not None else ""
    event = cls.__new__(cls)
    event._block = block
    event._end = end
    event._name = name
    event._uuid = event._pairs = event._first = None
    return event


def from_json(block: bytes) -> Event:
    """The event whose text/event-json body is `block`, bytes that are not UTF-8 kept.

    Raises ProtocolError.
    """
    try:
        pairs = json.loads(to_text(block), object_pairs_hook=_flatten)
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"An event's JSON can't be read: {error}") from error
    if not isinstance(pairs, tuple):
        raise ProtocolError("An event's JSON is not an object")
    return _from_pairs(pairs)


def from_headers(headers: Mapping[str, str], body: str | None = None) -> Event:
    """An event made by hand (tests, the simulator): the right subclass by Event-Name."""
    pairs = tuple(headers.items())
    return _from_pairs(pairs if body is None else (*pairs, ("_body", body)))


def _from_pairs(pairs: Pairs) -> Event:
    first = _first_of_each(pairs)
    name = first.get("Event-Name", "")
    cls = CLASSES.get(name, Event)
    event = cls.__new__(cls)
    event._block = b""
    event._end = 0
    event._name = name
    event._uuid = None
    event._first = first
    event._pairs = tuple(pair for pair in pairs if pair[0] != "_body")
    return event


def _first_of_each(pairs: Pairs) -> dict[str, str]:
    first: dict[str, str] = {}
    for name, value in pairs:
        first.setdefault(name, value)
    return first


def _flatten(pairs: list[tuple[str, object]]) -> Pairs:
    return tuple((name, _text_of(value)) for name, value in pairs)


def _text_of(value: object) -> str:
    """A JSON value as the text that plain would show: a header with several values is ``ARRAY::a|:b``."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "ARRAY::" + "|:".join(str(item) for item in value)
    return json.dumps(value)


def _header_end(block: bytes) -> int:
    end = block.find(b"\n\n")
    return end if end >= 0 else len(block)


def _find_early(block: bytes, key: bytes) -> bytes | None:
    """As `_find`, for a header that is not the first line and stands early: the rest is not scanned."""
    at = block.find(key)
    if at < 0 or block.find(b"\n\n", 0, at + 1) >= 0:  # only in the inner body
        return _find(block, _header_end(block), key[1:-2])
    start = at + len(key)
    stop = block.find(b"\n", start)
    return block[start:stop] if stop >= 0 else block[start:]


def _find(block: bytes, end: int, name: bytes) -> bytes | None:
    """The raw value of the first line of the header block that begins with `name` and a colon."""
    if block.startswith(name) and block.startswith(b": ", len(name)):
        start = len(name) + 2
    else:
        key = b"\n%b: " % name
        at = block.find(key, 0, end)
        if at < 0:
            return None
        start = at + len(key)
    stop = block.find(b"\n", start, end)
    return block[start : stop if stop >= 0 else end]


def _integer(text: str | None) -> int | None:
    # isdecimal alone lets other scripts' digits in; the length keeps int() cheap.
    if text is None or len(text) > 20 or not text.removeprefix("-").isdecimal() or not text.isascii():
        return None
    return int(text)
