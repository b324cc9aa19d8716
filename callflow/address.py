"""A switch's address as a person writes it: `esl://:PASSWORD@HOST:PORT`."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from callflow.errors import CallflowError

DEFAULT_PORT = 8021


class BadAddress(CallflowError):
    """What was given is no switch's address."""

    code = "switch_address"


@dataclass(frozen=True, slots=True)
class SwitchAddress:
    """Where a switch's event socket is. `password` is empty when the address has none."""

    host: str
    port: int = DEFAULT_PORT
    password: str = field(default="", repr=False)


def parse_switch(text: str) -> SwitchAddress:
    """Read `esl://[:PASSWORD@]HOST[:PORT]`; a password with `@ : / %` in it is percent-encoded.

    Raises:
        BadAddress: says how to write it, and never repeats what was given: it holds a password.
    """
    help_text = "write the switch as esl://:PASSWORD@HOST:PORT, for instance esl://:ClueCon@127.0.0.1:8021"
    try:
        parts = urlsplit(text if "://" in text else f"esl://{text}")
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise BadAddress(f"The switch's address can't be read: {help_text}.") from error
    if parts.scheme != "esl" or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise BadAddress(f"The switch's address can't be read: {help_text}.")
    return SwitchAddress(parts.hostname, port, unquote(parts.password or ""))
