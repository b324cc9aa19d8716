"""A file, tone or music that an application plays to a leg: its two events, and how long it lasts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from esl.simulator import hearing
from esl.simulator.clock import ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core
    from esl.simulator.text import Pairs


def play(core: Core, channel: Channel, run: Run, path: str, then: Callable[[], None]) -> bool:
    """`then` is called when it was played, or broken off by `uuid_break`; False if there is no such file."""
    if path in core.config.missing_files or not path:
        return False
    run.playing, run.file, run.played = True, path, then
    run.started_us = core.us
    hearing.hears(core, channel)
    core.emit(channel, "PLAYBACK_START", tail=_file(path))
    duration = seconds(core, path)
    if duration is not None:
        run.timer = core.after(ticks(duration), lambda: end(core, channel, run))
    return True


def end(core: Core, channel: Channel, run: Run, status: str = "done") -> None:
    """It is over, or `break`: broken off; the application goes on."""
    stop(core, channel, run, status)
    run.played()


def stop(core: Core, channel: Channel, run: Run, status: str) -> None:
    """It ends, and nothing follows."""
    if run.timer is not None:
        run.timer.cancel()
    run.playing = False
    played_ms = (core.us - run.started_us) // 1000
    channel.vars.set("playback_last_offset_pos", str(played_ms * 8))
    channel.vars.set("playback_seconds", str(played_ms // 1000))
    channel.vars.set("playback_ms", str(played_ms))
    channel.vars.set("playback_samples", str(played_ms * 8))
    core.emit(channel, "PLAYBACK_STOP", tail=[*_file(run.file), ("Playback-Status", status)])
    if channel.alive:
        hearing.played(core, channel)


def _file(path: str) -> Pairs:
    scheme, separator, _ = path.partition("://")
    told = separator and scheme in ("local_stream", "tone_stream")
    kind = [("Playback-File-Type", scheme)] if told else []
    return [*kind, ("Playback-File-Path", path)]


def seconds(core: Core, source: str) -> float | None:
    """How long a source plays; None = until it is stopped (music, silence without end)."""
    if source in core.config.sound_seconds:
        return core.config.sound_seconds[source]
    if source.startswith("local_stream://"):
        return None
    if source.startswith("silence_stream://"):
        milliseconds = source.removeprefix("silence_stream://").split(",")[0]
        return None if milliseconds.startswith("-") else int(milliseconds or 0) / 1000
    if source.startswith("tone_stream://"):
        if "loops=-1" in source:
            return None
        times = re.findall(r"%\((\d+),(\d+)", source)
        return sum(int(on) + int(off) for on, off in times) / 1000 or core.config.playback_seconds
    return core.config.playback_seconds
