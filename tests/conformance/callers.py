"""Who called in, in a recording: the INVITE as it was on the wire, when it came, and when its BYE did.

The switch decodes `%XX` of a From, and a plain event can't tell a `%0A` that was decoded from one that was
not: the header is taken from a json event where there is one (j01).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from esl.codec import CommandReply, Connection, EventMessage, percent_decode
from esl.simulator.inbound import Invite

HEADER = "variable_sip_h_"
Get = Callable[[str], str | None]


@dataclass(frozen=True)
class Caller:
    """Epoch microseconds; `ended_us` 0: it was the switch that hung up."""

    invite: Invite
    created_us: int
    ended_us: int = 0


def callers(writes: Iterable[bytes]) -> list[Caller]:
    """The inbound calls of what the switch wrote, in the order of their creation."""
    found: dict[str, Caller] = {}
    ended: dict[str, int] = {}
    codec = Connection("client")
    for exact, message in ((b"event-json" in data, m) for data in writes for m in codec.receive(data)):
        get: Get
        if isinstance(message, EventMessage):
            names, get = [name for name, _ in message.event.items()], message.event.get
        elif isinstance(message, CommandReply) and message.get("Event-Name"):
            names, get = [name for name, _ in message.headers], _decoded(message)
        else:
            continue
        uuid = get("Unique-ID") or ""
        if get("Call-Direction") != "inbound" or not get("variable_sip_full_from"):
            continue
        if uuid not in found or exact:
            found[uuid] = _caller(uuid, names, get)
        if get("variable_sip_hangup_disposition") == "recv_bye":
            ended.setdefault(uuid, int(get("Event-Date-Timestamp") or 0))
    everybody = [Caller(c.invite, c.created_us, ended.get(uuid, 0)) for uuid, c in found.items()]
    return sorted(everybody, key=lambda caller: caller.created_us)


def _decoded(reply: CommandReply) -> Get:
    return lambda name: None if (value := reply.get(name)) is None else percent_decode(value.encode())


def _caller(uuid: str, names: list[str], get: Get) -> Caller:
    user = re.search(r"<sip:(.*)@", get("variable_sip_full_from") or "", re.DOTALL)
    custom = [name.removeprefix(HEADER) for name in names if name.startswith(HEADER)]
    headers = tuple((_unnumbered(name, custom), get(HEADER + name) or "") for name in custom)
    invite = Invite(
        number=get("Caller-Destination-Number") or "",
        caller=user[1] if user else "",
        display=get("variable_sip_from_display") or "",
        headers=headers,
        context=get("Caller-Context") or "public",
        port=int(get("variable_sip_network_port") or 0),
        uuid=uuid,
    )
    return Caller(invite, int(get("Caller-Channel-Created-Time") or 0))


def _unnumbered(name: str, names: list[str]) -> str:
    base = re.sub(r"-\d+$", "", name)
    return base if base in names else name
