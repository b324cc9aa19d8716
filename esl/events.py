"""The kinds of events that a dialer needs, and the making of them. `esl.event` says how they are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from esl.errors import ProtocolError
from esl.event import Event, Pairs, find, first_of_each, header_end, integer
from esl.wire import percent_decode, to_text

__all__ = [
    "CLASSES",
    "BackgroundJob",
    "ChannelAnswer",
    "ChannelBridge",
    "ChannelCreate",
    "ChannelDestroy",
    "ChannelExecute",
    "ChannelExecuteComplete",
    "ChannelHangup",
    "ChannelHangupComplete",
    "ChannelHold",
    "ChannelPark",
    "ChannelProgress",
    "ChannelProgressMedia",
    "ChannelUnbridge",
    "ChannelUnhold",
    "Custom",
    "Event",
    "Heartbeat",
    "Shutdown",
    "from_headers",
    "from_json",
    "from_plain",
]


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


class ChannelHold(Event):
    """The leg is on hold, by `uuid_hold` or by its phone's own key; its partner hears music."""

    NAME = "CHANNEL_HOLD"
    __slots__ = ()


class ChannelUnhold(ChannelHold):
    """The leg is off hold again."""

    NAME = "CHANNEL_UNHOLD"
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
        return integer(self.get("variable_sip_term_status"))

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
    def sessions_per_second(self) -> int:
        """Legs that may be made in one second."""
        return self.integer("Session-Per-Sec")

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
        ChannelHold,
        ChannelUnhold,
        ChannelHangup,
        ChannelHangupComplete,
        ChannelDestroy,
        BackgroundJob,
        Heartbeat,
        Shutdown,
        Custom,
    )
}
# The switch's own events of a channel have no inner body, so where one ends as headers end it need not be
# searched for a blank line, which costs more than to find a header. Who may send such an event with a body
# (another client, by sendevent) may give it any header as well.
_CLASSES_BY_BYTES: Final = {
    name.encode(): (cls, name, name.startswith("CHANNEL_")) for name, cls in CLASSES.items()
}
_EVENT_NAME: Final = b"Event-Name: "


def from_plain(block: bytes, first: bytes | None = None) -> Event:
    """The event whose text/event-plain body is `block`. Never fails.

    A block that makes no sense has no headers. `first` is the Event-Name where that is known to be line one.
    """
    end = -1
    if first is not None:
        raw_name: bytes | None = first
    elif block.startswith(_EVENT_NAME):  # nearly always the first line
        stop = block.find(b"\n", 12)
        raw_name = block[12:stop] if stop >= 0 else block[12:]
    else:
        end = header_end(block)
        raw_name = find(block, end, b"Event-Name")
    known = _CLASSES_BY_BYTES.get(raw_name) if raw_name is not None else None
    if known is not None:
        cls, name, bodyless = known
    else:
        cls, name, bodyless = Event, percent_decode(raw_name) if raw_name is not None else "", False
    event = cls.__new__(cls)
    event._block = block
    event._end = end
    event._clear = len(block) if bodyless and block.endswith(b"\n\n") else 0
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
    first = first_of_each(pairs)
    name = first.get("Event-Name", "")
    cls = CLASSES.get(name, Event)
    event = cls.__new__(cls)
    event._block = b""
    event._end = event._clear = 0
    event._name = name
    event._uuid = None
    event._first = first
    event._pairs = tuple(pair for pair in pairs if pair[0] != "_body")
    return event


def _flatten(pairs: list[tuple[str, object]]) -> Pairs:
    return tuple((name, _text_of(value)) for name, value in pairs)


def _text_of(value: object) -> str:
    """A JSON value as the text that plain would show: a header with several values is ``ARRAY::a|:b``."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "ARRAY::" + "|:".join(str(item) for item in value)
    return json.dumps(value)
