"""uuid_transfer, and an originate that ends in an extension: a leg goes to a new application list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esl.simulator import apps, dialplan, legs, sip
from esl.simulator.channel import STATE_NUMBER

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


def transfer(core: Core, channel: Channel, extension: str, plan: str, context: str) -> None:
    """The command's part; the leg's thread follows a tick later. The leg must not be bridged any more."""
    channel.logical_direction = "inbound"
    channel.bridged = 0
    _new_profile(core, channel, extension, plan, context)
    channel.state = STATE_NUMBER["CS_ROUTING"]
    channel.touch()
    channel.set_other_leg([])
    channel.apps.clear()
    core.after(1, lambda: route(core, channel, extension, plan, context))


def originated_into(core: Core, channel: Channel, extension: str, context: str, disposition: str) -> None:
    """An originate that ends in an extension of the XML dialplan; the caller id flips on the way (d33)."""
    channel.vars.set("endpoint_disposition", disposition)
    _new_profile(core, channel, extension, "XML", context)
    channel.context = context
    channel.touch()
    legs.run_state(core, channel, "CS_ROUTING")
    core.after(1, lambda: _into_plan(core, channel, extension, context, disposition))


def _into_plan(core: Core, channel: Channel, extension: str, context: str, disposition: str) -> None:
    if not channel.alive:
        return
    sip.flipped(channel, disposition)
    channel.callee_direction = "RECV"
    core.emit(channel, "CALL_UPDATE", head=[("Direction", "RECV")])
    _run_extension(core, channel, extension, context)


def _new_profile(core: Core, channel: Channel, extension: str, plan: str, context: str) -> None:
    source = f"{core.us // 1_000_000}:{core.new_uuid()}:bl_xfer:{extension}/{context}/{plan}"
    channel.transfer_source = source
    channel.profile_index += 1
    channel.profile_created = core.us
    channel.dialplan = plan
    channel.rdnis = channel.number
    channel.destination = extension
    channel.vars.set("max_forwards", "70")
    channel.vars.set("transfer_history", source)
    channel.vars.set("transfer_source", source)


def inline_transfer(core: Core, channel: Channel, target: str) -> None:
    """`EXTEN:DIALPLAN:CONTEXT` of transfer_after_bridge, done at once."""
    if ":inline" in target:
        extension = target[: target.index(":inline")]
        route(core, channel, extension.strip("'"), "inline")
    else:
        route(core, channel, target.split(":")[0], "XML")


def route(core: Core, channel: Channel, extension: str, plan: str, context: str = "default") -> None:
    """ROUTING and EXECUTE."""
    if not channel.alive:
        return
    apps.interrupt(core, channel)
    legs.run_state(core, channel, "CS_ROUTING")
    if plan.lower() != "inline":
        _run_extension(core, channel, extension, context)
        return
    channel.apps = apps.parse_inline(extension)
    channel.destination, channel.rdnis = channel.number, ""
    channel.touch()
    legs.run_state(core, channel, "CS_EXECUTE")
    apps.next_app(core, channel)


def _run_extension(core: Core, channel: Channel, extension: str, context: str) -> None:
    found = dialplan.find(core.extensions, context, extension)
    if found is None:
        legs.hang_up(core, channel, "NO_ROUTE_DESTINATION", "application", at_once=True)
        return
    channel.hit_dialplan = True
    channel.apps = found
    legs.run_state(core, channel, "CS_EXECUTE")
    apps.next_app(core, channel)
