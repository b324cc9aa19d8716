"""The dialplan of the simulated switch: what an extension runs, as `dialplan/*.xml` says it of a real one.

An extension is asked for by an inbound call, by `uuid_transfer UUID EXTENSION XML CONTEXT`, and by an
originate that ends in an extension. There is one condition each, on the destination number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Apps = list[tuple[str, str]]
_GROUP: Final = re.compile(r"\$(\d)")


@dataclass(frozen=True, slots=True)
class Extension:
    """`pattern` is searched in the destination number, as FreeSWITCH does: anchor it with `^` and `$`.

    `apps` are (application, data); `$1` in the data is the pattern's first group. An empty `context` is in
    every context. Raises ValueError if the pattern is not a regular expression.
    """

    pattern: str
    apps: tuple[tuple[str, str], ...]
    context: str = ""

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"extension {self.pattern!r} is not a regular expression: {error}") from error


def find(extensions: Sequence[Extension], context: str, number: str) -> Apps | None:
    """What the first extension that matches runs; None: there is no route."""
    for extension in extensions:
        if extension.context not in ("", context):
            continue
        found = re.search(extension.pattern, number)
        if found is not None:
            groups = ("", *found.groups(""))
            return [(app, _with_groups(data, groups)) for app, data in extension.apps]
    return None


def _with_groups(data: str, groups: tuple[str, ...]) -> str:
    return _GROUP.sub(lambda m: groups[int(m[1])] if int(m[1]) < len(groups) else "", data)


def corpus_dialplan() -> tuple[Extension, ...]:
    """The extensions that the recordings' calls ran."""
    table = {
        "7001": (("park", ""),),
        "7002": (("socket", "127.0.0.1:8084 async full"),),
        "7003": (("answer", ""), ("callcenter", "support@default")),
        "7004": (("answer", ""), ("park", "")),
        "7005": (("socket", "127.0.0.1:8084"),),
        "7006": (("answer", ""), ("playback", "local_stream://moh")),
        "7007": (("answer", ""), ("echo", "")),
    }
    return tuple(Extension(f"^{number}$", apps) for number, apps in table.items())


def waiting_dialplan(
    wait_ms: int = 4000, limit: int = 100, message: str = "tone_stream://%(400,200,480,620);loops=5"
) -> tuple[Extension, ...]:
    """What deploy/freeswitch does with calls that come in (RINGMASTER_INBOUND=waiting).

    They ring and wait for the engine so many milliseconds; if nobody came, the switch answers, says a message
    and ends the call.
    """
    call = (
        ("set", "rm_inbound=true"),
        ("set", "hangup_after_bridge=true"),
        ("limit", f"hash ringmaster inbound {limit} full XML waiting"),
        ("ring_ready", ""),
        ("sleep", str(wait_ms)),
        ("answer", ""),
        ("sleep", "500"),
        ("playback", message),
        ("hangup", "NORMAL_CLEARING"),
    )
    return (
        Extension("^full$", (("respond", "503"),), "waiting"),
        Extension(r"^\+?[0-9]{2,20}$", call, "waiting"),
        Extension("", (("respond", "404"),), "waiting"),
    )
