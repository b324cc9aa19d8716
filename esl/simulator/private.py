"""Private commands: what a broadcast or a sendmsg has a leg run on top of what it does, and its event.

When the leg's thread has run one, FreeSWITCH fires the command itself as an event (COMMAND for a broadcast,
PRIVATE_COMMAND for a sendmsg), the leg's own headers after the command's (switch_ivr.c parse_next_event).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from esl.simulator.render import PlainEvent

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core
    from esl.simulator.text import Pairs


class Private:
    """A command on its way: `name` of the event it will be, and its headers."""

    __slots__ = ("headers", "name")

    def __init__(self, name: str, headers: Pairs) -> None:
        self.name = name
        self.headers = headers


def broadcast(core: Core, app: str, data: str, *extra: tuple[str, str]) -> Private:
    """The command that uuid_broadcast makes now."""
    head = core.identity.pairs("COMMAND", "COMMAND", core.us, core.number())
    execute = [("call-command", "execute"), ("execute-app-name", app)]
    return Private("COMMAND", [*head, *execute, ("execute-app-arg", data), ("event-lock", "true"), *extra])


def done(core: Core, channel: Channel, command: Private) -> None:
    """The leg's thread has run it."""
    number = core.number()
    clients = core.interested(command.name)
    if clients:
        own = core.identity.pairs("PRIVATE_COMMAND", "PRIVATE_COMMAND", core.us, number)
        pairs = [*command.headers, *own, *channel.pairs(variables=False)]
        core.publish(clients, PlainEvent(pairs))
