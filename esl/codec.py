"""The Event Socket without I/O, for both ends: bytes in, whole messages out.

A message is a header block, a blank line, and a body of Content-Length bytes. Bodies are cut out by length
and never looked into; only a header block (two lines, for an event) is split. However the stream is cut,
the same messages come out, and a body that is not there yet is waited for, not spun on.

**The bound.** Never more is kept than one unfinished message and one read: `max_header_bytes` is checked
while a block has no end yet, `max_body_bytes` as soon as its length is read and before a byte of it is
kept, and everything finished is handed out at once. The defaults: the largest header block of the switch is
the reply to `connect`, all channel data (34 kB at the largest in the recordings); the largest body is `show
channels as json`, about 1.5 kB a leg, so 16 MiB is ten times a switch of 1,000 sessions. Work is linear in
the bytes received: a scan for the end of a block resumes where it stopped, and an unfinished body costs one
comparison per read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Generic, Literal, NamedTuple, TypeVar, cast, overload

from esl.errors import ProtocolError
from esl.events import Event, from_json, from_plain
from esl.wire import (
    auth_request,
    disconnect_notice,
    encode_api_response,
    encode_event,
    encode_reply,
    percent_decode,
    rude_rejection,
    to_text,
)

__all__ = [
    "ApiResponse",
    "AuthRequest",
    "CommandReply",
    "Connection",
    "DisconnectNotice",
    "EventMessage",
    "Message",
    "OtherMessage",
    "Request",
    "RudeRejection",
    "auth_request",
    "disconnect_notice",
    "encode_api_response",
    "encode_event",
    "encode_reply",
    "percent_decode",
    "rude_rejection",
]

MAX_HEADER_BYTES: Final = 256 * 1024
MAX_BODY_BYTES: Final = 16 * 1024 * 1024

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """The switch greets and wants the password."""


@dataclass(frozen=True, slots=True)
class CommandReply:
    """The reply to every command but `api`. `text` is Reply-Text."""

    text: str
    headers: Headers = ()

    @property
    def ok(self) -> bool:
        """Whether it is not a refusal (a `getvar` reply is a bare value)."""
        return not self.text.startswith("-ERR")

    def get(self, name: str) -> str | None:
        """The first header of this name, as it stands on the wire."""
        return _first(self.headers, name)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """The reply to `api`: what the api wrote, with its line end if it wrote one."""

    body: str

    @property
    def text(self) -> str:
        """The body, under the name that a command reply has for its text."""
        return self.body

    @property
    def ok(self) -> bool:
        """Whether it does not begin as a refusal (-ERR, -ERROR, -USAGE)."""
        return not self.body.startswith(("-ERR", "-USAGE"))


class EventMessage(NamedTuple):
    """An event, plain or json. (A tuple is made in half the time of a frozen dataclass.)"""

    event: Event


@dataclass(frozen=True, slots=True)
class DisconnectNotice:
    """The switch says goodbye; unless it lingers it closes now."""

    text: str
    headers: Headers = ()

    @property
    def lingers(self) -> bool:
        """Whether the switch stays for the events that are left (outbound socket with `linger`)."""
        return _first(self.headers, "Content-Disposition") == "linger"


@dataclass(frozen=True, slots=True)
class RudeRejection:
    """The switch's access list denies our address."""

    text: str


@dataclass(frozen=True, slots=True)
class OtherMessage:
    """A content type that we know nothing about (log/data, text/event-xml): kept whole."""

    content_type: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks, as the switch's end reads it: a command line, header lines, a body."""

    line: bytes
    headers: Headers = ()
    body: bytes | None = None

    @property
    def text(self) -> str:
        """The command line as text that loses nothing."""
        return to_text(self.line)

    def get(self, name: str) -> str | None:
        """The first header of this name, whatever its case."""
        return _first(self.headers, name)


Message = (
    AuthRequest | CommandReply | ApiResponse | EventMessage | DisconnectNotice | RudeRejection | OtherMessage
)
_M = TypeVar("_M", Message, Request)

# Nearly everything a switch sends is this; one match instead of splitting lines.
_EVENT_FRAME = re.compile(
    rb"Content-Length: ([0-9]{1,10})\nContent-Type: text/event-(plain|json)\n\n(?:Event-Name: ([A-Z_]+)\n)?"
)
_BLOCK_END = re.compile(rb"\n\r?\n")
_NOT_BLANK = re.compile(rb"[^\r\n]")
_LENGTH = re.compile(r"[0-9]{1,10}")


class Connection(Generic[_M]):
    """One end of a connection: `Connection("client")` reads a switch, `Connection("server")` reads a client.

    `receive` returns the messages that the bytes completed. ProtocolError ends the connection: it carries in
    `received` what came whole before the offence, and every later call raises it again.
    """

    @overload
    def __init__(
        self: Connection[Message],
        role: Literal["client"],
        max_header_bytes: int = ...,
        max_body_bytes: int = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: Connection[Request],
        role: Literal["server"],
        max_header_bytes: int = ...,
        max_body_bytes: int = ...,
    ) -> None: ...
    def __init__(
        self,
        role: Literal["client", "server"],
        max_header_bytes: int = MAX_HEADER_BYTES,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self.role: Final = role
        self._max_header = max_header_bytes
        self._max_body = max_body_bytes
        self._kept = bytearray()
        self._need = 0  # the unfinished message has this many bytes; 0 = its header block has no end yet
        self._scanned = 0  # no block end begins before this place in _kept
        self._error: ProtocolError | None = None

    @property
    def kept_bytes(self) -> int:
        """Bytes of the message that is not whole yet."""
        return len(self._kept)

    def receive(self, data: bytes) -> list[_M]:
        """The messages that `data` completes, in order. Raises ProtocolError."""
        if self._error is not None:
            raise ProtocolError(self._error.message)
        if self._kept:
            if self._need and len(self._kept) + len(data) >= self._need:
                data = b"".join(
                    (self._kept, data)
                )  # as little copying as can be: this is every read of a flood
            else:
                self._kept += data
                if not self._may_be_whole():
                    return []
                data = bytes(self._kept)
            self._kept.clear()
            self._scanned = 0
        self._need = 0
        messages: list[Message | Request] = []
        try:
            used = self._frame(data, messages)
        except ProtocolError as error:
            self._error = error
            error.received = tuple(messages)
            raise
        self._kept += data[used:]
        return cast("list[_M]", messages)  # the role decides which; only _frame knows

    def _may_be_whole(self) -> bool:
        """Whether what is kept can hold a whole message; if not, nothing has to be copied or parsed."""
        if self._need:
            return len(self._kept) >= self._need
        if _BLOCK_END.search(self._kept, self._scanned) is not None:
            return True
        self._scanned = max(0, len(self._kept) - 2)  # the end may be cut after "\n" or "\n\r"
        return len(self._kept) > self._max_header  # let the framing refuse it

    def _frame(self, data: bytes, messages: list[Message | Request]) -> int:
        """Append the whole messages of `data`; return how many bytes they took."""
        at = 0
        size = len(data)
        client = self.role == "client"
        while at < size:
            if client and (frame := _EVENT_FRAME.match(data, at)) is not None:
                digits, kind, name = frame.groups()
                start = frame.end(2) + 2
                stop = start + int(digits)
                if (stop > size or stop - start > self._max_body) and not self._body_is_here(
                    at, start, stop - start, size
                ):
                    return at
                block = data[start:stop]
                if kind == b"plain":
                    # The name was read with the frame, if it is all within this body.
                    event = from_plain(block, name if name and frame.end() <= stop else None)
                else:
                    event = from_json(block)
                messages.append(EventMessage(event))
                at = stop
                continue
            something = _NOT_BLANK.search(data, at)
            if something is None:
                return size  # stray blank lines are nobody's message
            if something.start() != at:
                at = something.start()
                continue
            end = _BLOCK_END.search(data, at)
            self._check_header_size((end.start() if end else size) - at)
            if end is None:
                return at
            lines = to_text(data[at : end.start()]).replace("\r", "").split("\n")
            headers = _split(lines if client else lines[1:])
            length = self._length_of(headers)
            start = end.end()
            if not self._body_is_here(at, start, length, size):
                return at
            body = data[start : start + length]
            if client:
                messages.append(_message(headers, body))
            else:
                line = data[at : end.start()].split(b"\n", 1)[0].rstrip(b"\r")
                messages.append(Request(line, headers, body if length else None))
            at = start + length
        return at

    def _body_is_here(self, at: int, start: int, length: int, size: int) -> bool:
        if length > self._max_body:
            raise ProtocolError(f"A body of {length} bytes is over the bound of {self._max_body}")
        if start + length > size:
            self._need = start + length - at
            return False
        return True

    def _check_header_size(self, size: int) -> None:
        if size > self._max_header:
            raise ProtocolError(f"A header block has no end within {self._max_header} bytes")

    def _length_of(self, headers: Headers) -> int:
        values = {value.strip() for name, value in headers if name.lower() == "content-length"}
        if not values:
            return 0
        if len(values) > 1:
            raise ProtocolError(f"Content-Length is given twice and differs: {sorted(values)[:2]}")
        (value,) = values
        if _LENGTH.fullmatch(value) is None:
            raise ProtocolError(f"Content-Length is not a number: {value[:40]!r}")
        return int(value)


def _split(lines: list[str]) -> Headers:
    """Header lines as pairs; a line without a colon is dropped, as FreeSWITCH does."""
    pairs = (line.partition(":") for line in lines)
    return tuple((name.strip(), value.lstrip(" ")) for name, colon, value in pairs if colon)


def _first(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def _message(headers: Headers, body: bytes) -> Message:
    """What a switch's message is, by its content type."""
    match _first(headers, "Content-Type"):
        case "command/reply":
            return CommandReply(_first(headers, "Reply-Text") or "", headers)
        case "api/response":
            return ApiResponse(to_text(body))
        case "text/event-plain":
            return EventMessage(from_plain(body))
        case "text/event-json":
            return EventMessage(from_json(body))
        case "auth/request":
            return AuthRequest()
        case "text/disconnect-notice":
            return DisconnectNotice(to_text(body), headers)
        case "text/rude-rejection":
            return RudeRejection(to_text(body))
        case None:
            shown = ": ".join(headers[0])[:60] if headers else ""
            raise ProtocolError(f"A message has no Content-Type (it begins {shown!r}): not an event socket")
        case other:
            return OtherMessage(other, headers, body)
