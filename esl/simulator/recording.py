"""uuid_record and the application record_session: recordings of a leg, without sound (f06).

Events, replies and variables are FreeSWITCH's; no file is written. Every directory can be written to.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import bugs
from esl.simulator.clock import TICK_US, TICKS_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

FUNCTION: Final = "session_record"
FORMATS: Final = frozenset(
    {"aif", "aiff", "al", "alaw", "au", "flac", "gsm", "ogg", "opus", "pcma", "pcmu"}
    | {"raw", "sln", "snd", "ul", "ulaw", "vox", "w64", "wav"}
)
USAGE: Final = "-USAGE: <uuid> [start|stop|mask|unmask] <path> [<limit>] [<recording_vars>]\n"
TAGS: Final = tuple(
    f"RECORD_{what}" for what in ("TITLE", "COPYRIGHT", "SOFTWARE", "ARTIST", "COMMENT", "DATE")
)
_DONE: Final = "+OK Success\n"
_HEADER_BYTES: Final = 44


def uuid_record(core: Core, args: str) -> str:
    words = args.split()
    if len(words) < 3:
        return USAGE
    channel = core.find(words[0])
    if channel is None:
        return "-ERR Cannot locate session!\n"
    action, path = words[1].lower(), words[2]
    if action == "start":
        limit = int(words[3]) if len(words) > 3 and words[3].isdigit() else 0
        return _DONE if start(core, channel, path, limit) else "-ERR Cannot record session!\n"
    if action == "stop":
        return _DONE if stop(core, channel, path) else "-ERR Cannot stop record session!\n"
    if action not in ("mask", "unmask", "pause", "resume"):
        return USAGE
    what = {"pause": "pause recording", "resume": "resume recording"}.get(action, f"{action} recording")
    return _DONE if _named(channel, path) else f"-ERR Cannot {what} session!\n"


def start(
    core: Core, channel: Channel, path: str, limit: int = 0, then: Callable[[], None] | None = None
) -> bool:
    """False if the file's format is not known. Opening the file takes a tick; `then` follows it."""
    if path.rpartition(".")[2].lower() not in FORMATS or not channel.answered:
        return False

    def opened() -> None:  # behind what else the tick brings (f06: the caller id has turned over by then)
        core.after(0, partial(_begin, core, channel, path, limit, then))

    core.after(1, opened)
    return True


def _begin(core: Core, channel: Channel, path: str, limit: int, then: Callable[[], None] | None) -> None:
    if not channel.alive:
        return
    for tag in TAGS:  # they go into the file and are gone
        channel.vars.set(tag, None)
    if not _named(channel, path):  # the same file twice is one recording
        core.emit(channel, "RECORD_START", tail=[("Record-File-Path", path)])
        bug = bugs.Bug(FUNCTION, path, partial(_closed, core, channel, path, core.us))
        bugs.start(core, channel, bug)
        if limit:  # whole seconds of the epoch
            end = (core.us // 1_000_000 + limit) * TICKS_PER_SECOND
            core.after(end - core.tick, partial(_time_is_up, core, channel, bug))
    if then is not None:
        then()


def _time_is_up(core: Core, channel: Channel, bug: bugs.Bug) -> None:
    if bug in channel.bugs:
        bugs.stop(core, channel, bug)


def _closed(core: Core, channel: Channel, path: str, since_us: int) -> None:
    milliseconds = (core.us - since_us + TICK_US) // 1000
    samples = milliseconds * 8
    sides = 2 if channel.vars.true("RECORD_STEREO") else 1
    cause = "success-maxtime" if channel.alive else "success-silence"
    channel.vars.update(
        {
            "record_file_size": str(_HEADER_BYTES + 2 * sides * samples),
            "record_samples": str(samples),
            "record_seconds": str(milliseconds // 1000),
            "record_ms": str(milliseconds),
            "record_completion_cause": cause,
        }
    )
    tail = [("Record-File-Path", path), ("Record-Completion-Cause", cause)]
    core.emit(channel, "RECORD_STOP", tail=tail)


def stop(core: Core, channel: Channel, path: str) -> bool:
    found = bugs.of(channel, FUNCTION) if path == "all" else _named(channel, path)
    bugs.stop(core, channel, *found)
    return bool(found)


def _named(channel: Channel, path: str) -> list[bugs.Bug]:
    return [bug for bug in bugs.of(channel, FUNCTION) if bug.target == path]
