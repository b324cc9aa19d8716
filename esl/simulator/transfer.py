"""uuid_transfer, and an originate that ends in an extension: a leg goes to a new application list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esl.simulator import apps, caller_id, dialplan, hold, legs
from esl.simulator.channel import STATE_NUMBER

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


def transfer(
    core: Core, channel: Channel, extension: str, plan: str, context: str, *, parks: bool = False
) -> None:
    """The command's part; the leg's thread follows a tick later. The leg must not be bridged any more.

    `parks`: its thread found the partner gone while the leg was taken off hold, and parked it (f03).
    """
    hold.release(core, channel)
    channel.vars.set("max_forwards", _fewer(channel.vars.get("max_forwards")))
    if parks:
        channel.vars.set("park_after_bridge", None)
        apps.park_after_bridge(core, channel)
    redirect(core, channel, extension, plan, context)
    core.after(legs.next_tick(core, channel), lambda: route(core, channel, extension, plan, context))


def transfer_at_once(core: Core, channel: Channel, target: str) -> None:
    """`EXTENSION:DIALPLAN:CONTEXT` of transfer_after_bridge: it is the leg's own thread that does it."""
    if ":inline" in target:
        parts = [target[: target.index(":inline")].strip("'"), "inline"]
    else:
        parts = target.split(":")
    extension, plan, context = [*parts, *("XML", "default")[len(parts) - 1 :]][:3]
    channel.vars.set("max_forwards", _fewer(channel.vars.get("max_forwards")))
    redirect(core, channel, extension, plan, context)
    channel.vars.set("signal_bond", None)
    route(core, channel, extension, plan, context)


def redirect(core: Core, channel: Channel, extension: str, plan: str, context: str) -> None:
    """A new caller profile, on its way to `extension`."""
    channel.logical_direction = "inbound"
    _new_profile(core, channel, extension, plan, context)
    channel.state = STATE_NUMBER["CS_ROUTING"]
    channel.set_other_leg([])
    channel.apps.clear()


def originated_into(core: Core, channel: Channel, extension: str, context: str, disposition: str) -> None:
    """An originate that ends in an extension of the XML dialplan; the caller id flips on the way (d33)."""
    channel.vars.set("endpoint_disposition", disposition)
    channel.vars.set("max_forwards", _fewer(channel.vars.get("max_forwards")))
    _new_profile(core, channel, extension, "XML", context)
    legs.run_state(core, channel, "CS_ROUTING")
    core.after(1, lambda: _run_extension(core, channel, extension, context))


def _new_profile(core: Core, channel: Channel, extension: str, plan: str, context: str) -> None:
    source = f"{core.us // 1_000_000}:{core.new_uuid()}:bl_xfer:{extension}/{context}/{plan}"
    channel.transfer_source = source
    channel.new_profile(core.us)
    channel.dialplan, channel.context = plan, context
    channel.rdnis = channel.destination
    channel.destination = extension
    channel.vars.push("transfer_history", source)
    channel.vars.set("transfer_source", source)


def _fewer(forwards: str | None) -> str:
    return str(int(forwards) - 1) if forwards is not None and forwards.isdigit() else "70"


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
    caller_id.sort(core, channel)
    legs.run_state(core, channel, "CS_EXECUTE")
    apps.next_app(core, channel)


def _run_extension(core: Core, channel: Channel, extension: str, context: str) -> None:
    if not channel.alive:
        return
    found = dialplan.find(core.extensions, context, extension)
    if found is None:
        legs.hang_up(core, channel, "NO_ROUTE_DESTINATION", "application", at_once=True)
        return
    channel.apps = found
    caller_id.sort(core, channel)
    legs.run_state(core, channel, "CS_EXECUTE")
    apps.next_app(core, channel)
