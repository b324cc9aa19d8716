"""How FreeSWITCH writes values and messages: its percent-encoding and its frames, for the server side.

The encoding is `switch_url_encode` without double encoding (seen in FACTS section 2, every byte of the
recordings): space, controls, bytes over 0x7e and ``" # % & + : ; < = > ? @ [ \\ ] ^ ` { | }`` become
``%XX``, but a ``%`` that two upper-case hex digits follow is left alone. So ``a%20b`` and ``a b`` look the
same: **it is not reversible**.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote_to_bytes

from esl.errors import UnencodableValue

_UNSAFE = re.compile(rb"%(?![0-9A-F]{2})|[\x00-\x20\x7f-\xff\"#&+:;<=>?@\[\\\]^`{|}]")
_ENCODED = {bytes([byte]): b"%%%02X" % byte for byte in range(256)}


def to_bytes(text: str) -> bytes:
    """Text as the bytes it came from: UTF-8, lone surrogates back to the bytes that were not UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def to_text(raw: bytes) -> str:
    """Bytes as text that loses nothing: what is not UTF-8 becomes lone surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def percent_encode(value: str) -> bytes:
    """One header value as FreeSWITCH writes it in a plain event. An empty value is written ``_undef_``."""
    raw = to_bytes(value)
    if not raw:
        return b"_undef_"  # (source) switch_event_serialize
    return _UNSAFE.sub(lambda match: _ENCODED[match[0]], raw)


def percent_decode(raw: bytes) -> str:
    """A header value of a plain event as text; a malformed ``%`` stays as it is."""
    return to_text(unquote_to_bytes(raw)) if b"%" in raw else to_text(raw)


def auth_request() -> bytes:
    """The greeting of a switch."""
    return b"Content-Type: auth/request\n\n"


def encode_reply(text: str, extra_headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """A ``command/reply``.

    `extra_headers` follow Reply-Text (`Job-UUID` for bgapi). Raises UnencodableValue.
    """
    lines = ["Content-Type: command/reply", f"Reply-Text: {text}"]
    lines += [f"{name}: {value}" for name, value in extra_headers]
    if any("\n" in line for line in lines):
        raise UnencodableValue(f"A command/reply can't carry a newline: {text!r}")
    return to_bytes("\n".join(lines)) + b"\n\n"


def encode_api_response(body: str) -> bytes:
    """An ``api/response``; its length counts bytes."""
    return _with_body("api/response", to_bytes(body))


def disconnect_notice(headers: Iterable[tuple[str, str]] = (), body: str | None = None) -> bytes:
    """The farewell. `headers` stand between Content-Type and Content-Length, as for a controlled session."""
    text = "Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n" if body is None else body
    return _with_body("text/disconnect-notice", to_bytes(text), headers)


def rude_rejection() -> bytes:
    """What a client that the access list denies gets instead of an auth/request."""
    return _with_body("text/rude-rejection", b"Access Denied, go away.\n")


def encode_event(headers: Sequence[tuple[str, str]], fmt: str, body: str | None = None) -> bytes:
    """A whole event message, frame included, from (name, value) pairs in the order they shall have.

    `fmt` is ``plain`` or ``json``. `body` is an inner body (BACKGROUND_JOB): its Content-Length is added
    here. Raises UnencodableValue for a newline in a header name (names are not encoded) or an unknown
    format.
    """
    if any("\n" in name for name, _ in headers):
        raise UnencodableValue("A header name can't carry a newline")
    if fmt == "plain":
        return _event_frame(b"plain", plain_block(headers, body))
    if fmt == "json":
        return _event_frame(b"json", json_block(headers, body))
    raise UnencodableValue(f"Unknown event format {fmt!r}", "Use plain or json.")


def plain_block(headers: Iterable[tuple[str, str]], body: str | None = None) -> bytes:
    """The body of a plain event: header lines, a blank line, the inner body."""
    lines = [b"%b: %b\n" % (to_bytes(name), percent_encode(value)) for name, value in headers]
    if body is None:
        lines.append(b"\n")
    else:
        raw = to_bytes(body)
        lines.append(b"Content-Length: %d\n\n%b" % (len(raw), raw))
    return b"".join(lines)


def json_block(headers: Iterable[tuple[str, str]], body: str | None = None) -> bytes:
    """The body of a json event. Values are raw strings; what is not UTF-8 goes out as the bytes it was."""
    pairs = list(headers)
    if body is not None:
        pairs += [("Content-Length", str(len(to_bytes(body)))), ("_body", body)]
    # Not json.dumps of a dict: FreeSWITCH repeats a key (Hangup-Cause), a dict can't.
    members = (f"{_json_string(name)}:{_json_string(value)}" for name, value in pairs)
    return to_bytes("{" + ",".join(members) + "}")


_json_string = json.JSONEncoder(ensure_ascii=False).encode


def _event_frame(fmt: bytes, block: bytes) -> bytes:
    return b"Content-Length: %d\nContent-Type: text/event-%b\n\n%b" % (len(block), fmt, block)


def _with_body(content_type: str, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    lines = [f"Content-Type: {content_type}", *(f"{name}: {value}" for name, value in headers)]
    return to_bytes("\n".join(lines)) + b"\nContent-Length: %d\n\n%b" % (len(body), body)
