"""uuid_audio: what a leg says or hears is silenced. One bug a leg, and `stop` is always +OK (tried on
FreeSWITCH 1.11.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator import bugs

if TYPE_CHECKING:
    from esl.simulator.core import Core

USAGE: Final = "-USAGE: <uuid> [start [read|write] [mute|level <level>]|stop]\n"


def uuid_audio(core: Core, args: str) -> str:
    words = args.split()
    if len(words) < 2:
        return USAGE
    channel = core.find(words[0])
    if channel is None:
        return "-ERR No such channel!\n"
    if words[1] != "stop" and not _starts(words[1:]):
        return USAGE
    bugs.stop(core, channel, *bugs.of(channel, "audio"))
    if words[1] == "start":
        bugs.start(core, channel, bugs.Bug("audio", "mute"))
    return "+OK\n"


def _starts(words: list[str]) -> bool:
    return (
        len(words) > 3
        and words[0] == "start"
        and words[1] in ("read", "write")
        and words[2] in ("mute", "level")
    )
