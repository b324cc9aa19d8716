"""`show channels`: a table that lags 0.2 s behind the truth both ways (FACTS section 14).

A new leg appears about 196 ms after its CREATE (294 at most), one that ended is still there for about 176 ms
(275 at most).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from esl.simulator.clock import stamp

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

_SHORTEST, _SPREAD = 8, 6
_B_COLUMNS = (
    *(
        "uuid",
        "direction",
        "created",
        "created_epoch",
        "name",
        "state",
        "cid_name",
        "cid_num",
        "ip_addr",
        "dest",
    ),
    *("presence_id", "presence_data", "accountcode", "callstate", "callee_name", "callee_num"),
    *("callee_direction", "sent_callee_name", "sent_callee_num"),
)
_A_COLUMNS = (*_B_COLUMNS[:17], "call_uuid", "hostname", *_B_COLUMNS[17:])


def appears(core: Core, channel: Channel) -> None:
    channel.listed_ip = channel.network_addr  # as the table learns it: from its CREATE

    def show() -> None:
        if core.channels.get(channel.uuid) is channel:
            channel.shown_as = {}

    core.after(_SHORTEST + core.rng.randrange(_SPREAD), show)


def gone(core: Core, channel: Channel) -> None:
    if channel.shown_as is None:
        return
    last = core.tick + _SHORTEST - 1 + core.rng.randrange(_SPREAD)
    ghosts, over = core.listed_ghosts, 0
    while over < len(ghosts) and ghosts[over][0] < core.tick:  # whether anybody lists them or not
        over += 1
    del ghosts[:over]
    ghosts.append((last, row(core, channel)))


def rows(core: Core) -> list[dict[str, str]]:
    core.listed_ghosts = [(last, shown) for last, shown in core.listed_ghosts if last >= core.tick]
    live = [row(core, c) for c in core.channels.values() if c.shown_as is not None]
    return [shown for _, shown in core.listed_ghosts] + live


def row(core: Core, channel: Channel) -> dict[str, str]:
    """One line of the table, in the order of FreeSWITCH's columns (b02)."""
    c = channel
    media = ("PCMU", "8000", "64000") if c.has_media else ("", "", "")
    application = "uuid_bridge" if c.bridge is not None else c.vars.get("current_application") or ""
    data = c.vars.get("bridge_uuid") if c.bridge is not None else c.vars.get("current_application_data")
    return {
        "uuid": c.uuid,
        "direction": "outbound",
        "created": stamp(c.created),
        "created_epoch": str(c.created // 1_000_000),
        "name": c.name,
        "state": c.running,
        "cid_name": c.cid_name,
        "cid_num": c.cid_number,
        "ip_addr": c.listed_ip,
        "dest": c.number,
        "application": application,
        "application_data": data or "",
        "dialplan": c.dialplan,
        "context": "default",
        "read_codec": media[0],
        "read_rate": media[1],
        "read_bit_rate": media[2],
        "write_codec": media[0],
        "write_rate": media[1],
        "write_bit_rate": media[2],
        "secure": "",
        "hostname": core.config.hostname,
        "presence_id": "",
        "presence_data": "",
        "accountcode": "",
        "callstate": c.callstate,
        "callee_name": c.callee_name,
        "callee_num": c.callee_number,
        "callee_direction": c.callee_direction,
        "call_uuid": c.call_uuid,
        "sent_callee_name": c.vars.get("last_sent_callee_id_name") or "",
        "sent_callee_num": c.vars.get("last_sent_callee_id_number") or "",
        "initial_cid_name": c.caller_id_name,
        "initial_cid_num": c.caller_id_number,
        "initial_ip_addr": "",
        "initial_dest": c.number,
        "initial_dialplan": "",
        "initial_context": "default",
    }


def calls(core: Core, found: list[dict[str, str]], *, bridged_only: bool) -> list[dict[str, str]]:
    """`show calls`: a bridged pair is one line (FACTS section 7); those with nobody come first (b02)."""
    alone: list[dict[str, str]] = []
    pairs: list[dict[str, str]] = []
    for line in found:
        channel = core.channels.get(line["uuid"])
        bridge = channel.bridge if channel is not None else None
        if bridge is None or bridge.phase != "up":
            alone.append(_call(line, None, ""))
        elif channel is bridge.a:
            pairs.append(_call(line, row(core, bridge.b), str(bridge.a.bridged // 1_000_000)))
    pairs.sort(key=lambda line: int(line["call_created_epoch"]))
    return pairs if bridged_only else [*alone, *pairs]


def _call(line: dict[str, str], partner: dict[str, str] | None, since: str) -> dict[str, str]:
    a = {name: line[name] for name in _A_COLUMNS}
    b = {f"b_{name}": partner[name] if partner else "" for name in _B_COLUMNS}
    return {**a, **b, "call_created_epoch": since}


def as_json(found: list[dict[str, str]]) -> str:
    """A blank after the colon and no `rows` when there is none (FACTS section 7)."""
    if not found:
        return '{"row_count": 0}\n'
    body = {"row_count": len(found), "rows": found}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def as_text(found: list[dict[str, str]]) -> str:
    if not found:
        return "\n0 total.\n"
    lines = [",".join(found[0]), *(",".join(line.values()) for line in found)]
    return "\n".join(lines) + f"\n\n{len(found)} total.\n"
