"""Who else acts in a recording: another connection, and those who call in.

Of a call: the INVITE as it was on the wire, when it came, and when its BYE did.

The switch decodes `%XX` of a From, and a plain event can't tell a `%0A` that was decoded from one that was
not: the header is taken from a json event where there is one (j01).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from esl.codec import CommandReply, Connection, EventMessage, percent_decode
from esl.simulator.callees import FarEnd
from esl.simulator.gateways import Behaviour, Gateway, corpus_gateways
from esl.simulator.inbound import Invite

HEADER = "variable_sip_h_"
Get = Callable[[str], str | None]

# What another connection did, which the file of c07 does not hold but shows: seconds, write.
_C07 = "101a49a1-b911-4ba5-a949-5c3997aecf66"
_DIAL = f"{{origination_uuid={_C07},ignore_early_media=true}}sofia/gateway/ans0/5550100"
_PLAY = "call-command: execute\nexecute-app-name: playback\nexecute-app-arg: tone_stream://%(300,0,400)"
OTHERS: dict[str, tuple[tuple[float, str], ...]] = {
    _C07: (
        (0.0, f"bgapi originate {_DIAL} &park()"),
        (0.69, f"sendmsg {_C07}\n{_PLAY}\nevent-uuid: 6e7521c5-5e3b-43db-b9b6-975447253fd1"),
        (1.09, f"api uuid_kill {_C07}"),
    )
}


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


def measured(writes: Iterable[bytes]) -> dict[str, Gateway]:
    """The far ends of a campaign as they were, by number: they answered and talked at random (i01)."""
    ends: dict[str, FarEnd] = {}
    codec = Connection("client")
    for event in (m.event for data in writes for m in codec.receive(data) if isinstance(m, EventMessage)):
        if event.name == "CHANNEL_HANGUP_COMPLETE" and event.get("variable_campaign_id"):
            ends[event.get("Caller-Destination-Number") or ""] = _far_end(event.get)
    if not ends:
        return {}
    return {
        name: replace(gateway, behaviour=_as_it_was(gateway, ends))
        for name, gateway in corpus_gateways().items()
    }


def _as_it_was(gateway: Gateway, ends: dict[str, FarEnd]) -> Behaviour:
    return lambda rng, number: ends.get(number) or gateway.behaviour(rng, number)


def _far_end(get: Get) -> FarEnd:
    def after(name: str, since: str = "Created") -> float | None:
        at, begun = (int(get(f"Caller-Channel-{moment}-Time") or 0) for moment in (name, since))
        return (at - begun) / 1e6 if at else None

    how = get("variable_sip_hangup_disposition")
    status = int(get("variable_sip_term_status") or 0)
    return FarEnd(
        ring=after("Progress"),
        early=after("Progress-Media"),
        answer=after("Answered"),
        fail=(after("Hangup") or 0.0, status) if how == "recv_refuse" else None,
        bye_after_answer=after("Hangup", "Answered") if how == "recv_bye" else None,
    )
