"""Commands as values, one encoder, and builders that can't build a command which means something else.

A value is checked when it is made, so that `encode` can't fail: a line end would begin another command, and
what FreeSWITCH 1.11 does not carry unchanged in ``{...}`` of an originate (FACTS section 4, d41) raises
UnencodableValue. Lead data belongs on no channel; where a text must go there, `uuid_setvar` takes the rest
of its line literally.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from esl.checks import (
    CAUSE,
    DIAL_STRING,
    DIALABLE,
    EVENT,
    FENCE,
    GATEWAY,
    HEADER,
    IDENTITY,
    MAX_LINE,
    NAME,
    WORD,
    check_application,
    check_event_names,
    check_message,
    identity,
    leg_id,
    matches,
    one_line,
    variable_list,
)
from esl.errors import UnencodableValue


@dataclass(frozen=True, slots=True)
class Auth:
    """The password; never shown in a repr."""

    password: str = field(repr=False)

    def __post_init__(self) -> None:
        one_line(self.password, "The password")


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
            raise UnencodableValue(f"Unknown event format {self.fmt!r}", "Use plain or json.")


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
        one_line(self.value, "A filter's value")


@dataclass(frozen=True, slots=True)
class FilterDelete:
    """Take filters away: of a header and value, of a header, or (``all``) every one."""

    header: str
    value: str = ""

    def __post_init__(self) -> None:
        matches(NAME, self.header, "A filter's header")
        one_line(self.value, "A filter's value", empty=True)


@dataclass(frozen=True, slots=True)
class Api:
    """An api command. **It holds up its whole connection**, events too, until it is done.

    Only for quick ones.
    """

    name: str
    args: str = ""

    def __post_init__(self) -> None:
        matches(WORD, self.name, "An api's name")
        one_line(self.args, "An api's argument", empty=True, limit=MAX_LINE)


@dataclass(frozen=True, slots=True)
class BgApi:
    """An api command in the background; its result is a BACKGROUND_JOB event with this Job-UUID."""

    name: str
    args: str
    job_uuid: str

    def __post_init__(self) -> None:
        matches(WORD, self.name, "An api's name")
        one_line(self.args, "An api's argument", empty=True, limit=MAX_LINE)
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


@dataclass(frozen=True, slots=True)
class SendEvent:
    """An event for everyone who listens to `name`."""

    name: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str | None = None

    def __post_init__(self) -> None:
        matches(EVENT, self.name, "An event's name")
        check_message(self.headers, self.body)


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
    return text.encode() + b"\n\n"


def describe(command: Command) -> str:
    """A command for the log.

    Its kind and name, no argument (numbers and passwords are none of the log's business).
    """
    kind = type(command).__name__
    return f"{kind} {command.name}" if isinstance(command, Api | BgApi | SendEvent) else kind


def dialable(number: str) -> str:
    """`number` if it may be dialed (``^\\+?[1-9][0-9]{5,14}$``), else UnencodableValue."""
    if DIALABLE.fullmatch(number) is None:
        raise UnencodableValue(
            f"Not a number that can be dialed: {number[:40]!r}",
            "Correct the number: 6 to 15 digits, + in front or not.",
        )
    return number


def gateway_dial_string(gateway: str, number: str) -> str:
    """``sofia/gateway/GATEWAY/NUMBER``.

    `gateway` may be a fence ``${variable}`` for ``originate(expand=True)``.
    """
    return f"sofia/gateway/{matches(GATEWAY, gateway, 'A gateway')}/{dialable(number)}"


def originate(
    leg_uuid: str,
    dial_string: str,
    application: str,
    variables: Mapping[str, str],
    *,
    expand: bool = False,
) -> BgApi:
    """Dial one leg in the background; the leg's uuid is its Job-UUID too.

    `dial_string` names one far end: no ``,`` or ``|`` (each try is an attempt of its own). `application` is
    ``&park()``, an extension, or what `inline` gives. `expand=True` lets the switch put its global
    variables into ``${...}`` of the dial string (the lease's fence). Raises UnencodableValue.
    """
    matches(IDENTITY, leg_uuid, "A leg's uuid")
    if "origination_uuid" in variables and variables["origination_uuid"] != leg_uuid:
        raise UnencodableValue(
            "origination_uuid differs from the leg's uuid", "Leave it out: it is set here."
        )
    bare = FENCE.sub("x", dial_string) if expand else dial_string
    if ":_:" in bare:  # would start an enterprise originate: several calls at once
        raise UnencodableValue(f"A dial string must name one far end: {dial_string!r}")
    matches(DIAL_STRING, bare, "A dial string")
    check_application(application, "An originate's application")
    pairs = {"origination_uuid": leg_uuid, **variables}
    args = f"{variable_list(pairs, expand=expand)}{dial_string} {application}"
    return BgApi("expand", f"originate {args}", leg_uuid) if expand else BgApi("originate", args, leg_uuid)


def inline(applications: Sequence[tuple[str, str]]) -> str:
    """An application list that the switch works through by itself: ``'sleep:1900,hangup:NORMAL_CLEARING'
    inline``.

    Raises UnencodableValue for an argument with a comma, quote, backslash, brace or any control character.
    """
    if not applications:
        raise UnencodableValue("An application list must not be empty", "End it in a hangup.")
    parts = []
    for name, argument in applications:
        matches(HEADER, name, "An application")
        if re.search(r"[,'\"\\{}|<>&\x00-\x1f]", argument) or argument != argument.strip():
            raise UnencodableValue(f"The argument of {name} can't go into an inline list: {argument[:80]!r}")
        parts.append(f"{name}:{argument}" if argument else name)
    text = ",".join(parts)
    one_line(text, "An application list")
    return f"'{text}' inline"


def uuid_bridge(a: str, b: str) -> Api:
    """Let two answered legs hear each other. +OK means accepted; CHANNEL_BRIDGE means bridged."""
    return Api("uuid_bridge", f"{leg_id(a)} {leg_id(b)}")


def uuid_kill(uuid: str, cause: str = "NORMAL_CLEARING") -> Api:
    """End a leg."""
    return Api("uuid_kill", f"{leg_id(uuid)} {matches(CAUSE, cause, 'A hang-up cause')}")


def uuid_exists(uuid: str) -> Api:
    """Ask whether a leg is there: ``true`` or ``false``, at once right (unlike `show channels`)."""
    return Api("uuid_exists", leg_id(uuid))


def uuid_dump(uuid: str) -> Api:
    """Everything about a leg, as json."""
    return Api("uuid_dump", f"{leg_id(uuid)} json")


def uuid_setvar(uuid: str, name: str, value: str) -> Api:
    """Set a variable of a leg.

    `value` is taken literally, ``${...}`` is kept for who expands it later; empty unsets.
    """
    one_line(value, f"The value of {name}", empty=True)
    if value != value.strip():
        raise UnencodableValue(f"The value of {name} begins or ends with a space, which the switch cuts off")
    return Api("uuid_setvar", f"{leg_id(uuid)} {matches(NAME, name, 'A variable')} {value}".rstrip(" "))


def uuid_getvar(uuid: str, name: str) -> Api:
    """Read a variable of a leg; ``_undef_`` when unset."""
    return Api("uuid_getvar", f"{leg_id(uuid)} {matches(NAME, name, 'A variable')}")


def uuid_broadcast(uuid: str, path: str, leg: Literal["aleg", "bleg", "both"] = "aleg") -> Api:
    """Play a file (or run ``app::arg``) on a leg; `path` without spaces."""
    matches(DIAL_STRING, path, "A path to play")
    return Api("uuid_broadcast", f"{leg_id(uuid)} {path} {matches(HEADER, leg, 'A leg')}")


def uuid_transfer(uuid: str, destination: str, which: Literal["", "-bleg", "-both"] = "") -> Api:
    """Send a leg elsewhere: `destination` is what `inline` gives, or ``EXTENSION XML CONTEXT``."""
    if which not in ("", "-bleg", "-both"):
        raise UnencodableValue(f"Unknown leg {which!r}", "Use -bleg, -both or nothing.")
    if destination.startswith("&"):
        raise UnencodableValue(
            f"uuid_transfer takes no {destination!r}", "Use inline([(application, argument)])."
        )
    check_application(destination, "A transfer's destination")
    return Api("uuid_transfer", " ".join(part for part in (leg_id(uuid), which, destination) if part))


def uuid_break(uuid: str) -> Api:
    """Stop what is being played on a leg, and everything queued behind it."""
    return Api("uuid_break", f"{leg_id(uuid)} all")


def show_channels() -> Api:
    """Every leg, as json. Lags by 0.2 s both ways (FACTS section 14)."""
    return Api("show", "channels as json")


def global_setvar(name: str, value: str) -> Api:
    """Set a global variable of the switch (a fence); an empty value unsets it."""
    if value:
        matches(re.compile(r"[A-Za-z0-9_./:@+-]{1,512}"), value, "A global variable's value")
    return Api("global_setvar", f"{matches(NAME, name, 'A variable')}={value}")


def global_getvar(name: str) -> Api:
    """Read a global variable of the switch."""
    return Api("global_getvar", matches(NAME, name, "A variable"))


def hash_select(realm: str, key: str) -> Api:
    """Read what the switch's hash holds; empty when nothing."""
    return Api("hash", f"select/{identity(realm)}/{identity(key)}")


def hash_delete(realm: str, key: str) -> Api:
    """Delete from the switch's hash."""
    return Api("hash", f"delete/{identity(realm)}/{identity(key)}")


def sched_hangup(uuid: str, seconds: int, cause: str = "ALLOTTED_TIMEOUT") -> Api:
    """Let the switch itself end a leg, `seconds` (at least 1) from now."""
    if seconds < 1:
        raise UnencodableValue(f"A leg can't be ended in {seconds} seconds", "Use uuid_kill to end it now.")
    return Api("sched_hangup", f"+{seconds:d} {leg_id(uuid)} {matches(CAUSE, cause, 'A hang-up cause')}")


def sched_del(uuid: str) -> Api:
    """Call off what is scheduled for a leg."""
    return Api("sched_del", leg_id(uuid))


def status() -> Api:
    """How the switch is."""
    return Api("status")


def execute(uuid: str, application: str, argument: str = "", *, event_uuid: str = "") -> SendMsg:
    """Run an application on a leg; `event_uuid` comes back as Application-UUID."""
    headers = [
        ("call-command", "execute"),
        ("execute-app-name", matches(HEADER, application, "An application")),
    ]
    if argument:
        headers.append(("execute-app-arg", argument))
    if event_uuid:
        headers.append(("event-uuid", identity(event_uuid)))
    return SendMsg(uuid, tuple(headers))


def _with_headers(line: str, headers: tuple[tuple[str, str], ...], body: str | None) -> bytes:
    head = "".join(f"{text}\n" for text in (line, *(f"{name}: {value}" for name, value in headers)))
    if body is None:
        return head.encode() + b"\n"
    raw = body.encode()
    return head.encode() + b"Content-Length: %d\n\n%b" % (len(raw), raw)
