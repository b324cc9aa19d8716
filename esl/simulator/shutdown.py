"""What a switch says while it goes down in order: its calls end, its modules and gateways go (a08)."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from esl.simulator import legs
from esl.simulator.render import PlainEvent

if TYPE_CHECKING:
    from esl.simulator.core import Core

_GATEWAY_DELETE = "sofia::gateway_delete"


def announce(core: Core) -> None:
    """SHUTDOWN, a hang-up for each leg, then everything that the switch unloads."""
    core.shutting_down = True
    core.emit_plain("SHUTDOWN", [("Event-Info", "System Shutting Down")])
    for channel in list(core.channels.values()):
        legs.hang_up(core, channel, "SYSTEM_SHUTDOWN", "shutdown")
    if core.interested("MODULE_UNLOAD"):
        for interface in _interfaces():
            core.emit_plain("MODULE_UNLOAD", list(interface.items()))
    clients = core.interested("CUSTOM", _GATEWAY_DELETE)
    for name in core.gateways if clients else ():
        head = core.identity.pairs("CUSTOM", "CUSTOM/gateway", core.us, core.number())
        own = [("Event-Subclass", _GATEWAY_DELETE), *head, ("profile-name", "internal"), ("Gateway", name)]
        core.publish(clients, PlainEvent(own))


@cache
def _interfaces() -> list[dict[str, str]]:
    """What the modules of the recordings' switch had, in the order in which they went."""
    text = resources.files("esl.simulator").joinpath("data/modules.json").read_text("utf-8")
    return list(json.loads(text))
