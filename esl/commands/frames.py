"""The commands of the Event Socket as values, and the one encoder.

A value is checked when it is made, so that `encode` can't fail: a line end would begin another command.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from esl.checks import (
    EVENT,
    IDENTITY,
    MAX_LINE,
    NAME,
    WORD,
    check_event_names,
    check_message,
    matches,
    not_unloading,
    one_line,
)
from esl.errors import UnencodableValue


@dataclass(frozen=True, slots=True)
class Auth:
    """The password; never shown in a repr."""

    password: str = field(repr=False)

    def __post_init__(self) -> None:
        one_line(self.password, "The password")
        not_unloading(self.password)


@dataclass(frozen=True, slots=True)
class Exit:
    """Say goodbye: the switch replies and closes."""


@dataclass(frozen=True, slots=True)
class SubscribeEvents:
    """Events wanted, added to those wanted before. Names after ``CUSTOM`` are subclasses."""

    names: tuple[str, ...]
    fmt: Literal["plain", "json"] = "plain"

    def __post_init__(self) -> None:
        check_event_names(self.names)
        if self.fmt not in ("plain", "json"):
            raise UnencodableValue(
                f"Event format {self.fmt!r} is not read here",
                "Use plain or json: xml says the same in twice the bytes and needs a parser of documents.",
            )


@dataclass(frozen=True, slots=True)
class NixEvent:
    """Events no longer wanted."""

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        check_event_names(self.names)


@dataclass(frozen=True, slots=True)
class NoEvents:
    """No events wanted at all."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Only events with this header and value (several filters: any of them).

    ``/.../`` is a regular expression.
    """

    header: str
    value: str

    def __post_init__(self) -> None:
        matches(NAME, self.header, "A filter's header")
        if self.header.lower() in ("add", "delete"):
            raise UnencodableValue(f"A header can't be named {self.header!r}: it is a word of the command")
        one_line(self.value, "A filter's value")
        if self.value.startswith(" "):
            raise UnencodableValue("A filter's value begins with a space")
        not_unloading(self.header, self.value)


@dataclass(frozen=True, slots=True)
class FilterDelete:
    """Take filters away: of a header and value, of a header, or (``all``) every one."""

    header: str
    value: str = ""

    def __post_init__(self) -> None:
        matches(NAME, self.header, "A filter's header")
        one_line(self.value, "A filter's value", empty=True)
        not_unloading(self.header, self.value)


@dataclass(frozen=True, slots=True)
class Api:
    """An api command. **It holds up its whole connection**, events too, until it is done.

    Only for quick ones.
    """

    name: str
    args: str = ""

    def __post_init__(self) -> None:
        matches(WORD, self.name, "An api's name")
        _check_api(self.name, self.args)


@dataclass(frozen=True, slots=True)
class BgApi:
    """An api command in the background; its result is a BACKGROUND_JOB event with this Job-UUID."""

    name: str
    args: str
    job_uuid: str

    def __post_init__(self) -> None:
        matches(WORD, self.name, "An api's name")
        _check_api(self.name, self.args, self.job_uuid)
        matches(IDENTITY, self.job_uuid, "A Job-UUID")


@dataclass(frozen=True, slots=True)
class SendMsg:
    """A message to a channel (on an outbound socket `uuid` may be empty: its own channel)."""

    uuid: str
    headers: tuple[tuple[str, str], ...]
    body: str | None = None

    def __post_init__(self) -> None:
        if self.uuid:
            matches(IDENTITY, self.uuid, "A channel's uuid")
        check_message(self.headers, self.body)
        not_unloading(self.uuid, *(text for pair in self.headers for text in pair))


@dataclass(frozen=True, slots=True)
class SendEvent:
    """An event for everyone who listens to `name`."""

    name: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None

    def __post_init__(self) -> None:
        matches(EVENT, self.name, "An event's name")
        check_message(self.headers, self.body)
        not_unloading(self.name, *(text for pair in self.headers for text in pair))


@dataclass(frozen=True, slots=True)
class Connect:
    """The first command on an outbound socket; its reply holds all data of the channel."""


@dataclass(frozen=True, slots=True)
class MyEvents:
    """The events of one channel: on an outbound socket its own, on an inbound one that of `uuid`.

    On an inbound socket the connection is tied to that channel and ends with it. There the format is always
    sent: without one a `uuid` that does not exist would be answered ``+OK``, and then every other channel's
    events come (FACTS section 3, c06); but FreeSWITCH 1.11 then ignores ``json`` (c07), so it is refused.
    """

    uuid: str = ""
    fmt: Literal["plain", "json"] = "plain"

    def __post_init__(self) -> None:
        if self.fmt not in ("plain", "json"):
            raise UnencodableValue(f"Event format {self.fmt!r} is not read here", "Use plain or json.")
        if self.uuid:
            matches(IDENTITY, self.uuid, "A channel's uuid")
            not_unloading(self.uuid)
            if self.fmt == "json":
                raise UnencodableValue(
                    "The switch ignores json when myevents names a channel",
                    "Use plain, or subscribe with SubscribeEvents(..., 'json') and a Filter on Unique-ID.",
                )


@dataclass(frozen=True, slots=True)
class Linger:
    """Keep the outbound socket open after the hang-up, for the last events: `seconds`, or until we close."""

    seconds: int | None = None

    def __post_init__(self) -> None:
        if self.seconds is not None and not 1 <= self.seconds <= 3600:
            raise UnencodableValue(f"A socket can't linger {self.seconds} seconds", "Use 1 to 3600, or None.")


@dataclass(frozen=True, slots=True)
class NoLinger:
    """Close the outbound socket with the channel after all."""


@dataclass(frozen=True, slots=True)
class DivertEvents:
    """Events of the channel's own queue (detected speech ...) to this outbound socket too, or no longer."""

    on: bool = True


Command = (
    Auth
    | Exit
    | SubscribeEvents
    | NixEvent
    | NoEvents
    | Filter
    | FilterDelete
    | Api
    | BgApi
    | SendMsg
    | SendEvent
    | Connect
    | MyEvents
    | Linger
    | NoLinger
    | DivertEvents
)


def encode(command: Command) -> bytes:
    """The bytes of a command, blank line included."""
    match command:
        case Auth(password):
            text = f"auth {password}"
        case Exit():
            text = "exit"
        case SubscribeEvents(names, fmt):
            text = f"event {fmt} {' '.join(names)}"
        case NixEvent(names):
            text = f"nixevent {' '.join(names)}"
        case NoEvents():
            text = "noevents"
        case Filter(header, value):
            text = f"filter {header} {value}"
        case FilterDelete(header, value):
            text = f"filter delete {header} {value}".rstrip(" ")
        case Api(name, args):
            text = f"api {name} {args}" if args else f"api {name}"
        case BgApi(name, args, job_uuid):
            text = (
                f"bgapi {name} {args}\nJob-UUID: {job_uuid}"
                if args
                else f"bgapi {name}\nJob-UUID: {job_uuid}"
            )
        case SendMsg(uuid, headers, body):
            return _with_headers(f"sendmsg {uuid}".rstrip(" "), headers, body)
        case SendEvent(name, headers, body):
            return _with_headers(f"sendevent {name}", headers, body)
        case Connect():
            text = "connect"
        case MyEvents(uuid, fmt):
            words = ["myevents", uuid, fmt] if uuid else ["myevents", "json" if fmt == "json" else ""]
            text = " ".join(word for word in words if word)
        case Linger(seconds):
            text = "linger" if seconds is None else f"linger {seconds:d}"
        case NoLinger():
            text = "nolinger"
        case DivertEvents(on):
            text = f"divert_events {'on' if on else 'off'}"
    return text.encode() + b"\n\n"


def describe(command: Command) -> str:
    """A command for the log.

    Its kind and name, no argument (numbers and passwords are none of the log's business).
    """
    kind = type(command).__name__
    return f"{kind} {command.name}" if isinstance(command, Api | BgApi | SendEvent) else kind


def _check_api(name: str, args: str, job_uuid: str = "") -> None:
    one_line(args, "An api's argument", empty=True, limit=MAX_LINE)
    if not (name in ("reload", "unload") and args == "mod_event_socket"):  # then it is meant
        not_unloading(name, args, job_uuid)


def _with_headers(line: str, headers: tuple[tuple[str, str], ...], body: str | None) -> bytes:
    head = "".join(f"{text}\n" for text in (line, *(f"{name}: {value}" for name, value in headers)))
    if body is None:
        return head.encode() + b"\n"
    raw = body.encode()
    return head.encode() + b"Content-Length: %d\n\n%b" % (len(raw), raw)
