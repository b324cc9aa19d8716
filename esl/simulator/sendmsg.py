"""sendmsg: commands that a client gives to one leg, whose thread does them one after another (g01, g08).

`execute` runs on top of what the leg does, and what it interrupts goes on afterwards; `hangup` ends the leg;
anything else is accepted and does nothing. The command itself comes back as an event when it is done.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import apps, legs, private
from esl.simulator.causes import known_cause

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.codec import Request
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

MAX_QUEUED: Final = 1000
"""Commands that wait for one leg; FreeSWITCH's own queue is bounded too, and answers `-ERR memory error`."""


def queue(core: Core, channel: Channel, request: Request) -> str:
    """The reply; the leg's thread takes the command a tick later."""
    if len(channel.orders) >= MAX_QUEUED:
        return "-ERR memory error"
    channel.orders.append(request)
    core.after(1, partial(work, core, channel))
    return "+OK"


def work(core: Core, channel: Channel) -> None:
    """The leg's thread looks for commands: not while one runs that was sent with `event-lock`."""
    while channel.orders and channel.alive and not any(run.locked for run in channel.runs):
        request = channel.orders.pop(0)
        command = private.Private("PRIVATE_COMMAND", [("Command", request.text), *request.headers])
        order(core, channel, request, command=command)


def order(
    core: Core,
    channel: Channel,
    request: Request,
    *,
    command: private.Private | None = None,
    after: Callable[[], None] | None = None,
) -> None:
    """Do one command now; `after` is called when it is over."""
    kind = (request.get("call-command") or "").lower()
    name = request.get("execute-app-name")
    if kind == "execute" and name:
        apps.start(
            core,
            channel,
            name,
            _argument(request),
            nested=True,
            event_uuid=request.get("event-uuid") or "",
            loops=_loops(request),
            locked=(request.get("event-lock") or "").lower() == "true",
            command=command,
            after=after,
        )
        return
    ends = kind == "hangup" and legs.announce(
        core, channel, known_cause(request.get("hangup-cause") or ""), "command"
    )
    if command is not None:
        private.done(core, channel, command)
    if ends:
        core.tear_down(channel)
    if after is not None:
        after()


def _argument(request: Request) -> str:
    argument = request.get("execute-app-arg")
    if argument or (request.get("content-type") or "").lower() != "text/plain":
        return argument or ""
    return (request.body or b"").decode("utf-8", "surrogateescape")


def _loops(request: Request) -> int:
    text = (request.get("loops") or "1").strip()
    return int(text) if text.lstrip("-").isdigit() and len(text) < 10 else 1
