"""Any event of a switch, as a value that decodes on access; `esl.events` has the kinds and makes them.

An event keeps the bytes it came as. A header is found by a search for its name at the start of a line of
the header block; only then is its value unquoted, and a name never is: values are percent-encoded, so no
value can hold a real line end, and a caller named ``x%0AHangup-Cause: FAKE`` stays a caller with an odd
name (FACTS section 11). Of a header that comes twice the first counts. Numbers that are missing or not
numbers read as 0 (None where 0 means something).
"""

from __future__ import annotations

from typing import ClassVar, overload

from esl.wire import percent_decode, to_bytes, to_text

Pairs = tuple[tuple[str, str], ...]


class Event:
    """Any event, also one without an Event-Name (a hangup hook makes such) and one we have no class for.

    Frozen: there is nothing to set. Compared by headers and body, whatever the format they came in.
    """

    NAME: ClassVar[str] = ""
    __slots__ = ("_block", "_clear", "_end", "_first", "_name", "_pairs", "_uuid")

    _block: bytes
    _clear: int  # no blank line ends before this place: it is in the header block
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
        block = self._block
        key = _KEYS.get(header) or _key(header)
        at = block.find(key)
        if at < 0 or block.startswith(key[1:]):  # it is not there, or the first line, which no "\n" precedes
            return _decoded(block, len(key) - 1) if block.startswith(key[1:]) else default
        # Only as far as this header has the block to be searched for its end, and that once.
        if at > self._clear:
            if block.find(b"\n\n", self._clear, at + 1) >= 0:
                return default  # it stands in the inner body
            self._clear = at
        return _decoded(block, at + len(key))

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
        return integer(self.get(header)) or 0

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
        return first_of_each(self.items())

    def _header_end(self) -> int:
        if self._end < 0:
            self._end = header_end(self._block)
        return self._end

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return self.items() == other.items() and self.body == other.body

    def __hash__(self) -> int:
        return hash((self._name, self.uuid, self.sequence))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name or '-'} {self.uuid or '-'} #{self.sequence}>"


def first_of_each(pairs: Pairs) -> dict[str, str]:
    first: dict[str, str] = {}
    for name, value in pairs:
        first.setdefault(name, value)
    return first


def header_end(block: bytes) -> int:
    end = block.find(b"\n\n")
    return end if end >= 0 else len(block)


_KEYS: dict[str, bytes] = {}
_MOST_KEYS = 4096


def _key(header: str) -> bytes:
    """How a header begins after the line before it; remembered, for a client asks for the same few."""
    if len(_KEYS) >= _MOST_KEYS:
        _KEYS.clear()
    key = _KEYS[header] = b"\n%b: " % to_bytes(header)
    return key


def _decoded(block: bytes, start: int) -> str:
    stop = block.find(b"\n", start)
    return percent_decode(block[start:stop] if stop >= 0 else block[start:])


def find(block: bytes, end: int, name: bytes) -> bytes | None:
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


def integer(text: str | None) -> int | None:
    # isdecimal alone lets other scripts' digits in; the length keeps int() cheap.
    if text is None or len(text) > 20 or not text.isascii():
        return None
    return int(text) if text.isdecimal() or (text[:1] == "-" and text[1:].isdecimal()) else None
