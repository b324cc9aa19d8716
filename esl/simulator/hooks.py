"""What a leg's variables make the switch do by itself: api_hangup_hook, execute_on_*, api_on_*.

`switch_core_state_machine.c` api_hook and `switch_channel.c` switch_channel_execute_on: every variable whose
name begins with the moment's counts; a value is `app data`, or `app::data` for one that is queued to the leg
instead of done at once. Nothing else of the session is needed, so they work with no client connected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from esl.simulator import apps
from esl.simulator.render import PlainEvent

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

Moment = Literal["ring", "pre_answer", "answer", "media", "originate"]
_SPLIT: Final = re.compile(r"::| |:")


def on(core: Core, channel: Channel, *moments: Moment) -> None:
    """`execute_on_MOMENT`, then `api_on_MOMENT`, after the event of the moment and before its call state."""
    if not channel.vars.hooks:
        return
    for moment in moments:
        for value in _values(channel, f"execute_on_{moment}"):
            _execute(core, channel, value)
    for moment in reversed(moments):
        for value in _values(channel, f"api_on_{moment}"):
            _run(core, *_command(value), {}, channel)


def hangup_hook(core: Core, channel: Channel) -> None:
    """The command, and the event it makes: without an Event-Name, variables without their prefix (d31)."""
    hook = channel.vars.get("api_hangup_hook")
    if not hook or core.run_api is None:
        return
    bare = list(channel.vars.bare().items())
    shown = channel.pairs(variables=True)
    command, arguments = _command(hook)
    expanded = _run(core, command, arguments, {**dict(shown), **dict(bare)}, None)
    clients = core.interested("CHANNEL_DATA")
    if clients:
        core.publish(clients, PlainEvent([*bare, *shown, *api_pairs(command, expanded)]))


def _values(channel: Channel, prefix: str) -> list[str]:
    names = [name for name in channel.vars if name.startswith(prefix)]
    return [value for name in names if (value := channel.vars.get(name))]


def _execute(core: Core, channel: Channel, value: str) -> None:
    found = _SPLIT.search(value)
    app, data = (value[: found.start()], value[found.end() :]) if found else (value, "")
    if found and found[0] == "::":
        core.after(1, lambda: apps.start(core, channel, app, data, nested=True) if channel.alive else None)
    else:
        apps.start(core, channel, app, data, inside=True)


def _command(text: str) -> tuple[str, str]:
    """`name arguments`, or `name::arguments`."""
    first, double, rest = text.partition("::")
    if double and " " not in first:
        return first, rest
    name, _, rest = text.partition(" ")
    return name, rest


def _run(core: Core, name: str, arguments: str, data: dict[str, str], channel: Channel | None) -> str:
    expanded = (
        apps.expand_variables(channel, arguments)
        if channel is not None
        else re.sub(r"\$\{([^}]*)\}", lambda m: data.get(m[1], ""), arguments)
    )
    if core.run_api is not None:
        number, at_us = core.number(), core.us
        core.run_api(name, expanded)
        if channel is not None:
            core.emit_plain("API", api_pairs(name, expanded), sequence=number, at_us=at_us)
    return expanded


def api_pairs(name: str, arguments: str) -> list[tuple[str, str]]:
    """The headers of an API event."""
    argument = [("API-Command-Argument", arguments)] if arguments else []
    return [("API-Command", name), *argument]
