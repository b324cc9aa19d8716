"""`loopback/EXTENSION[/CONTEXT]`: two legs back to back, the second of which goes into the dialplan (d29).

No call leaves the switch, so a dialer must not dial it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import apps, inbound, legs, null, originate
from esl.simulator.callees import FarEnd
from esl.simulator.channel import Channel
from esl.simulator.gateways import Gateway, fixed

if TYPE_CHECKING:
    from esl.simulator.core import Core

ENDS: Final = Gateway("loopback", fixed(FarEnd(trying=True)), sip=False)


def created(core: Core, a: Channel, wanted: dict[str, str]) -> None:
    """The first leg; the second one follows."""
    extension, _, context = a.number.partition("/")
    context = context or "default"
    core.session_ids += 1
    b = Channel(core.new_uuid(), extension, ENDS, core.session_ids, core.us)
    a.destination, a.callee_number, a.dialplan, a.context = extension, context, "xml", context
    null.born(core, a, f"loopback/{a.number}-a", f"loopback/{extension}-a", "loopback", wanted)
    for leg, other, which in ((a, b, "A"), (b, a, "B")):
        leg.loop = other
        leg.vars.update({"other_loopback_leg_uuid": other.uuid, "loopback_leg": which})
    core.after(0, partial(_second, core, a, b))


def _second(core: Core, a: Channel, b: Channel) -> None:
    if not a.alive:
        return
    b.name, b.source, b.codec = f"loopback/{b.number}-b", "mod_loopback", null.L16
    b.direction = b.logical_direction = "inbound"
    b.hit_dialplan = True
    b.calls_as(a.caller_id_name, a.caller_id_number)
    b.callee_number, b.dialplan, b.context = a.context, "xml", a.context
    legs.codecs(core, b)
    own = {"direction": "inbound", "uuid": b.uuid, "call_uuid": b.uuid, "session_id": str(b.session_id)}
    b.vars.update({**own, "channel_name": b.name, **null.VARIABLES})
    b.vars.set("origination_uuid", a.vars.get("origination_uuid"))
    core.channels[b.uuid] = b
    inbound.begin(core, b)


def answered(core: Core, b: Channel) -> None:
    """The dialplan answers the second leg: so is the first."""
    if b.loop is not None and b.loop.alive and not b.loop.answered:
        originate.answered(core, b.loop)
    legs.answer(core, b)
    b.vars.set("endpoint_disposition", "ANSWER")


def leg_ends(core: Core, channel: Channel) -> None:
    """One of them is hung up: the other one too."""
    other, channel.loop = channel.loop, None
    if other is None or not other.alive:
        return
    other.loop = None
    apps.interrupt(core, other)
    legs.hang_up(core, other, channel.hangup_cause or "NORMAL_CLEARING", "partner", at_once=True)
