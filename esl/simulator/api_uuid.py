"""The api commands that name a leg; replies to wrong uuids and arguments as in FACTS section 7."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator import apps, audio, bridge, bugs, dtmf, hearing, hold, legs, private, recording
from esl.simulator.causes import known_cause
from esl.simulator.render import ChannelEvent
from esl.simulator.text import split_arguments
from esl.simulator.transfer import transfer
from esl.simulator.words import separate

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

OK: Final = "+OK\n"
NO_CHANNEL: Final = "-ERR No such channel!\n"
INVALID: Final = "-ERR Invalid uuid\n"
LEAD: Final = (("lead-frames", "5"),)
BROADCAST_TICKS: Final = 6  # a broadcast begins 0.1 to 0.2 s later


def _usage(text: str) -> str:
    return f"-USAGE: {text}\n"


def uuid_kill(core: Core, args: str) -> str:
    words = args.split()
    if not words:
        return _usage("<uuid> [cause]")
    channel = core.find(words[0])
    if channel is None:
        return NO_CHANNEL
    legs.hang_up(core, channel, known_cause(words[1] if len(words) > 1 else ""), "command")
    return OK


def uuid_exists(core: Core, args: str) -> str:
    return "true" if core.find(args.strip()) is not None else "false"


def uuid_getvar(core: Core, args: str) -> str:
    words = args.split()
    if len(words) < 2:
        return _usage("<uuid> <var>")
    channel = core.find(words[0])
    if channel is None:
        return NO_CHANNEL
    return channel.vars.get(words[1]) or "_undef_"


def uuid_setvar(core: Core, args: str) -> str:
    """The rest of the line is the value, read as every last word is; an empty one unsets."""
    words = separate(args, limit=3)
    if len(words) < 2 or not words[1]:
        return _usage("<uuid> <var> [value]")
    channel = core.find(words[0])
    if channel is None:
        return NO_CHANNEL
    channel.vars.set(words[1], words[2] if len(words) > 2 else None)
    return OK


def uuid_setvar_multi(core: Core, args: str) -> str:
    uuid, _, rest = args.partition(" ")
    if not rest:
        return _usage("<uuid> <var>=<value>;<var>=<value>...")
    channel = core.find(uuid)
    if channel is None:
        return NO_CHANNEL
    for item in separate(rest, ";", 64):
        name, _, value = item.partition("=")
        if name and "${" not in value:  # such a value is dropped (switch_channel_set_variable)
            channel.vars.set(name, value)
    return OK


def uuid_dump(core: Core, args: str) -> str:
    words = args.split()
    if not words:
        return _usage("<uuid> [format]")
    channel = core.find(words[0])
    if channel is None:
        return NO_CHANNEL
    head = ("CHANNEL_DATA", "CHANNEL_DATA", core.us, core.number())
    event = ChannelEvent(core.identity, head, channel, [], [], True)
    body = event.json() if len(words) > 1 and words[1] == "json" else event.plain()
    return body.decode("utf-8", "surrogateescape")


def uuid_bridge(core: Core, args: str) -> str:
    words = args.split()
    if len(words) < 2:
        return _usage("<uuid> <other_uuid>")
    a, b = core.find(words[0]), core.find(words[1])
    if a is None or b is None:
        return INVALID
    bridge.uuid_bridge(core, a, b)
    return f"+OK {b.uuid}\n"


def uuid_transfer(core: Core, args: str) -> str:
    words = split_arguments(args)
    if words is None or len(words) < 2:
        return _usage("<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]")
    channel = core.find(words[0])
    if channel is None:
        return NO_CHANNEL
    flag = words[1] if words[1] in ("-bleg", "-both") else ""
    rest = words[2:] if flag else words[1:]
    if not rest:
        return _usage("<uuid> [-bleg|-both] <dest-exten> [<dialplan>] [<context>]")
    extension = rest[0]
    dialplan = rest[1] if len(rest) > 1 else "XML"
    context = rest[2] if len(rest) > 2 else "default"
    move(core, channel, flag, (extension, dialplan, context))
    return OK


def move(core: Core, channel: Channel, flag: str, target: tuple[str, str, str]) -> None:
    """A transfer of this leg, its partner (`-bleg`) or both."""
    partner = channel.bridge.other(channel) if channel.bridge is not None else None
    moved = partner if flag == "-bleg" and partner is not None else channel
    second = channel.held and channel.bridge is not None and channel is channel.bridge.b
    other = bridge.part(core, moved)
    transfer(core, moved, *target, parks=flag == "-both" and second)
    if other is None or not other.alive:
        return
    if flag == "-both":
        transfer(core, other, *target)
    else:
        hearing.left(core, other)
        core.after(1, lambda: bridge.survive(core, other))


def uuid_park(core: Core, args: str) -> str:
    words = args.split()
    if not words:
        return _usage("<uuid>")
    channel = core.find(words[0])
    if channel is None:
        return NO_CHANNEL
    other = bridge.part(core, channel, forget=False)

    def parked() -> None:
        if channel.alive:
            apps.interrupt(core, channel)
            apps.park_after_bridge(core, channel)

    if other is not None and other.alive:
        core.after(1, lambda: bridge.survive(core, other))
    core.after(1, parked)
    return OK


def uuid_broadcast(core: Core, args: str) -> str:
    words = args.split()
    if len(words) < 2:
        return _usage("<uuid> <path> [aleg|bleg|holdb|both]")
    channel = core.find(words[0])
    if channel is None:
        return "-ERR invalid uuid\n"
    which = words[2] if len(words) > 2 else "aleg"
    partner = channel.bridge.other(channel) if channel.bridge is not None else None
    targets = [channel] if which in ("aleg", "both", "holdb") else []
    if which in ("bleg", "both") and partner is not None:
        targets.append(partner)
    for leg in targets:
        _broadcast(core, leg, words[1])
    return "+OK Message sent\n"


def _broadcast(core: Core, channel: Channel, path: str) -> None:
    """`FILE`, `app::data`, or `app!cause::data`, which hangs up when it has ended."""
    app, data = ("playback", path) if "::" not in path else path.split("::", 1)
    app, _, cause = app.partition("!")
    command = private.broadcast(core, app, data, *LEAD)
    ending = private.broadcast(core, "hangup", cause) if cause else None

    def begin() -> None:
        if not channel.alive:
            return
        apps.start(core, channel, app, data, nested=True, command=command, then=ending)

    core.after(BROADCAST_TICKS + core.rng.randrange(4), begin)


def uuid_break(core: Core, args: str) -> str:
    words = args.split()
    if not words:
        return _usage("<uuid> [all]")
    channel = core.find(words[0])
    if channel is None:
        return NO_CHANNEL
    core.after(1, lambda: apps.break_playback(core, channel) if channel.alive else None)
    return OK


def uuid_answer(core: Core, args: str) -> str:
    words = args.split()
    return OK if words and core.find(words[0]) is not None else "-ERROR\n"


def _no_session(usage: str) -> Callable[[Core, str], str]:
    """Commands whose effect is not modelled; a wrong uuid and wrong arguments are answered as recorded."""

    def run(core: Core, args: str) -> str:
        words = args.split()
        if not words:
            return _usage(usage)
        return OK if core.find(words[0]) is not None else "-ERR Cannot locate session!\n"

    return run


def uuid_media(core: Core, args: str) -> str:
    words = args.split()
    return OK if words and core.find(words[-1]) is not None else "-ERR Operation failed\n"


def uuid_buglist(core: Core, args: str) -> str:
    words = args.split()
    if not words:
        return _usage("<uuid>")
    channel = core.find(words[0])
    return NO_CHANNEL if channel is None else bugs.as_xml(channel)


COMMANDS: Final[dict[str, Callable[[Core, str], str]]] = {
    **dtmf.COMMANDS,
    "uuid_answer": uuid_answer,
    "uuid_audio": audio.uuid_audio,
    "uuid_break": uuid_break,
    "uuid_bridge": uuid_bridge,
    "uuid_broadcast": uuid_broadcast,
    "uuid_buglist": uuid_buglist,
    "uuid_displace": _no_session("<uuid> [start|stop] <path> [<limit>] [mux]"),
    "uuid_dump": uuid_dump,
    "uuid_exists": uuid_exists,
    "uuid_getvar": uuid_getvar,
    "uuid_hold": hold.uuid_hold,
    "uuid_kill": uuid_kill,
    "uuid_media": uuid_media,
    "uuid_park": uuid_park,
    "uuid_record": recording.uuid_record,
    "uuid_setvar": uuid_setvar,
    "uuid_setvar_multi": uuid_setvar_multi,
    "uuid_transfer": uuid_transfer,
}
