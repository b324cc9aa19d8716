"""uuid_transfer: a leg leaves what it runs for a new application list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esl.simulator import apps, legs
from esl.simulator.channel import STATE_NUMBER

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


def transfer(core: Core, channel: Channel, extension: str, dialplan: str, context: str) -> None:
    """The command's part; the leg's thread follows a tick later. The leg must not be bridged any more."""
    source = f"{core.us // 1_000_000}:{core.new_uuid()}:bl_xfer:{extension}/{context}/{dialplan}"
    channel.transfer_source = source
    channel.logical_direction = "inbound"
    channel.profile_index += 1
    channel.profile_created = core.us
    channel.bridged = 0
    channel.dialplan = dialplan
    channel.rdnis = channel.number
    channel.destination = extension
    channel.state = STATE_NUMBER["CS_ROUTING"]
    channel.touch()
    channel.set_other_leg([])
    channel.vars.set("max_forwards", "70")
    channel.vars.set("transfer_history", source)
    channel.vars.set("transfer_source", source)
    channel.apps.clear()
    core.after(1, lambda: route(core, channel, extension, dialplan))


def inline_transfer(core: Core, channel: Channel, target: str) -> None:
    """`EXTEN:DIALPLAN:CONTEXT` of transfer_after_bridge, done at once."""
    if ":inline" in target:
        extension = target[: target.index(":inline")]
        route(core, channel, extension.strip("'"), "inline")
    else:
        route(core, channel, target.split(":")[0], "XML")


def route(core: Core, channel: Channel, extension: str, dialplan: str) -> None:
    """ROUTING and EXECUTE. There is no XML dialplan here: an extension of it has no route."""
    if not channel.alive:
        return
    apps.interrupt(core, channel)
    legs.run_state(core, channel, "CS_ROUTING")
    if dialplan.lower() != "inline":
        legs.hang_up(core, channel, "NO_ROUTE_DESTINATION", "application", at_once=True)
        return
    channel.apps = apps.parse_inline(extension)
    channel.destination, channel.rdnis = channel.number, ""
    channel.touch()
    legs.run_state(core, channel, "CS_EXECUTE")
    apps.next_app(core, channel)
