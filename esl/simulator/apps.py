"""Applications of the dialplan that a leg runs: one after another, until moved or hung up.

An application that ends hands over to the next of the list; the end of the list hangs up with NORMAL_CLEARING
(FACTS section 4; d32, d35).
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import legs, playback, private, recording, sendmsg
from esl.simulator.causes import known_cause
from esl.simulator.channel import STATE_NUMBER
from esl.simulator.clock import ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.channel import Channel
    from esl.simulator.clock import Timer
    from esl.simulator.core import Core
    from esl.simulator.private import Private
    from esl.simulator.text import Pairs

PLAYED: Final = "FILE PLAYED"
BROKEN_OFF: Final = "PLAYBACK ERROR"
NOT_FOUND: Final = "FILE NOT FOUND"
_PLAYERS: Final = ("playback", "endless_playback")
_SHORTEST_LOOP_US: Final = 500_000


def _nothing_follows() -> None:
    """Of a file that nobody waits for."""


class Run:
    """One application at work. `silent_park`: parked by park_after_bridge, without an EXECUTE (FACTS 6)."""

    __slots__ = (
        "after",
        "begun_us",
        "command",
        "commanded",
        "data",
        "file",
        "locked",
        "loop",
        "loops",
        "name",
        "nested",
        "on_leave",
        "parked",
        "paused",
        "played",
        "playing",
        "silent_park",
        "started_us",
        "then",
        "timer",
        "uuid",
    )

    def __init__(
        self, name: str, data: str, uuid: str, *, nested: bool = False, silent_park: bool = False
    ) -> None:
        self.name = name
        self.data = data
        self.uuid = uuid
        self.nested = nested
        self.command: Private | None = None  # the broadcast or sendmsg that had it run
        self.then: Private | None = None  # what a broadcast does after it (`playback!cause::FILE`)
        self.after: Callable[[], None] | None = None  # called when it is over
        self.loop, self.loops = 1, 1  # -1: for ever
        self.commanded = False  # by sendmsg or a broadcast
        self.begun_us = 0
        self.locked = False  # no other command of the leg before it is over
        self.parked = silent_park  # the leg's thread waits for commands
        self.paused: tuple[int, Callable[[], None]] | None = None  # ticks that are left to what waits
        self.silent_park = silent_park
        self.file = ""  # what is played now, and what follows it (playback.py)
        self.played: Callable[[], None] = _nothing_follows
        self.on_leave: Callable[[], None] | None = None  # what the application does when it ends
        self.playing = False
        self.started_us = 0
        self.timer: Timer | None = None


def parse_inline(text: str) -> list[tuple[str, str]]:
    """`app:arg,app:arg`, or `m:X:app:argXapp:arg` with another separator."""
    separator = ","
    if text.startswith("m:") and len(text) > 3 and text[3] == ":":
        separator, text = text[2], text[4:]
    items = [item.strip() for item in text.split(separator)]
    return [(name, data) for name, _, data in (item.partition(":") for item in items) if name]


def next_app(core: Core, channel: Channel) -> None:
    """The leg's list goes on."""
    if not channel.alive:
        return
    if not channel.apps:
        legs.hang_up(core, channel, "NORMAL_CLEARING", "application", at_once=True)
        return
    name, data = channel.apps.pop(0)
    start(core, channel, name, data)


def start(
    core: Core,
    channel: Channel,
    name: str,
    data: str,
    *,
    nested: bool = False,
    inside: bool = False,
    event_uuid: str = "",
    loops: int = 1,
    locked: bool = False,
    command: Private | None = None,
    then: Private | None = None,
    after: Callable[[], None] | None = None,
) -> None:
    """EXECUTE, and what the application does. `nested`: on top of the running one (broadcast, sendmsg);
    `inside`: the same, by the switch itself and not as a command to the leg (execute_on_answer)."""
    known = APPLICATIONS.get(name) or core.applications.get(name)
    if known is None:  # FACTS section 9
        _unknown(core, channel, event_uuid if nested else "", nested=nested)
        if after is not None:
            after()
        return
    expanded = expand_variables(channel, data)
    run = Run(name, expanded, event_uuid or core.new_uuid(), nested=nested or inside)
    run.loops, run.command, run.then = loops, command, then
    run.commanded, run.locked, run.after = nested, locked, after
    if channel.runs:
        _pause(core, channel.runs[-1])
    channel.runs.append(run)
    _begin(core, channel, run, known)


def _begin(core: Core, channel: Channel, run: Run, known: Callable[[Core, Channel, Run], None]) -> None:
    name, expanded = run.name, run.data
    run.begun_us = core.us
    channel.last_app, channel.last_arg = name, expanded
    if run.commanded:
        channel.vars.set("current_loop", str(run.loop))
        channel.vars.set("total_loops", str(run.loops))
    channel.vars.set("current_application", name)
    channel.vars.set("current_application_data", expanded)
    channel.vars.set("current_application_response", None)
    core.emit(channel, "CHANNEL_EXECUTE", tail=_application(run))
    known(core, channel, run)


def _unknown(core: Core, channel: Channel, event_uuid: str, *, nested: bool) -> None:
    """No such application: the leg ends, and keeps what was set for it (g01)."""
    loops = ("current_loop", "total_loops") if nested else ()
    channel.vars.update(dict.fromkeys(loops, "1"))
    if event_uuid:
        channel.vars.set("app_uuid", event_uuid)
    if legs.announce(core, channel, "DESTINATION_OUT_OF_ORDER", "application"):
        for name in loops:
            channel.vars.set(name, None)
        core.tear_down(channel)


def _pause(core: Core, run: Run) -> None:
    """Something runs on top of it: what it plays stands still meanwhile."""
    timer = run.timer
    if run.playing and timer is not None and timer.action is not None:
        run.paused = (timer.tick - core.tick, timer.action)
        timer.cancel()


def _resume(core: Core, run: Run) -> None:
    if run.paused is not None:
        left, action = run.paused
        run.paused = None
        run.timer = core.after(max(1, left), action)


def finish(core: Core, channel: Channel, run: Run, response: str = "") -> None:
    """The application returned by itself."""
    if _again(core, channel, run, response):
        return
    _complete(core, channel, run, response)
    if run.nested and channel.runs:
        _resume(core, channel.runs[-1])
    if channel.orders and channel.alive:
        core.after(0, partial(sendmsg.work, core, channel))
    if run.then is not None and channel.alive:
        app, data = (dict(run.then.headers)[f"execute-app-{what}"] for what in ("name", "arg"))
        start(core, channel, app, data, nested=True, command=run.then)
    if not channel.alive:
        return
    waiting = channel.after_inside
    if waiting is not None and not channel.runs:
        channel.after_inside = None
        waiting()
    elif not run.nested:
        next_app(core, channel)


def _again(core: Core, channel: Channel, run: Run, response: str) -> bool:
    """`loops`: once more, unless it took less than half a second (switch_ivr.c)."""
    if not 0 < run.loop < run.loops or core.us - run.begun_us < _SHORTEST_LOOP_US or not channel.alive:
        return False
    _say_complete(core, channel, run, response)
    run.loop += 1
    _begin(core, channel, run, APPLICATIONS.get(run.name) or core.applications[run.name])
    return True


def leave(core: Core, channel: Channel, run: Run) -> None:
    """An application is left that the leg's thread was parked in, with all that runs on top of it."""
    while channel.runs and channel.runs[-1] is not run:
        _broken_off(core, channel, channel.runs[-1])
    if run.parked:
        core.emit(channel, "CHANNEL_UNPARK")
    finish(core, channel, run)


def interrupt(core: Core, channel: Channel) -> None:
    """Whatever the leg runs ends now: the thread left the application."""
    while channel.runs:
        _broken_off(core, channel, channel.runs[-1])


def _broken_off(core: Core, channel: Channel, run: Run) -> None:
    if run.timer is not None:
        run.timer.cancel()
    run.paused = None
    response = _cut_short(channel) if run.playing and run.name in _PLAYERS else ""
    if run.playing:
        playback.stop(core, channel, run, "done")
    if run.parked:
        core.emit(channel, "CHANNEL_UNPARK")
    if run.silent_park:
        channel.runs.remove(run)
    else:
        _complete(core, channel, run, response)


def _cut_short(channel: Channel) -> str:
    """What a playback answers that ends with its leg.

    FreeSWITCH's thread may notice the hang-up while it waits for a frame (played) or between frames (error);
    a command and a BYE are given as they were recorded (e04, f07).
    """
    by_bye = channel.truth is None or channel.truth.ended_by == "far_end"
    return BROKEN_OFF if by_bye or channel.alive else PLAYED


def park(core: Core, channel: Channel, run: Run) -> None:
    """Parked until something else happens; `park_timeout` ends it and clears `park_after_bridge`."""
    timeout = channel.vars.get("park_timeout")
    if timeout:
        seconds, _, cause = timeout.partition(":")
        channel.vars.set("park_timeout", None)
        channel.vars.set("park_after_bridge", None)
        if seconds.isdigit() and int(seconds):
            ending = known_cause(cause, "NORMAL_CLEARING")
            run.timer = core.after(
                ticks(int(seconds)), lambda: legs.hang_up(core, channel, ending, "application")
            )
    run.parked = True
    core.emit(channel, "CHANNEL_PARK")


def park_after_bridge(core: Core, channel: Channel) -> None:
    run = Run("park", "", "", silent_park=True)
    channel.runs.append(run)
    legs.run_state(core, channel, "CS_PARK")
    core.emit(channel, "CHANNEL_PARK")


def break_playback(core: Core, channel: Channel) -> None:
    """`uuid_break`: the file that plays stops; anything else goes on."""
    run = channel.runs[-1] if channel.runs else None
    if run is None or not run.playing:
        return
    playback.end(core, channel, run, "break")


def expand_variables(channel: Channel, text: str) -> str:
    if "${" not in text:
        return text
    return re.sub(r"\$\{([^}]*)\}", lambda m: channel.vars.get(m[1]) or "", text)


def _application(run: Run, response: str | None = None) -> Pairs:
    pairs = [("Application", run.name)]
    if run.data:
        pairs.append(("Application-Data", run.data))
    if response is not None:
        pairs.append(("Application-Response", response))
    return [*pairs, ("Application-UUID", run.uuid)]


def _complete(core: Core, channel: Channel, run: Run, response: str) -> None:
    if run in channel.runs:
        channel.runs.remove(run)
    if run.on_leave is not None:
        run.on_leave()
    _say_complete(core, channel, run, response)
    if run.commanded and run.then is None:
        channel.vars.set("current_loop", None)
        channel.vars.set("total_loops", None)
    if run.command is not None:
        private.done(core, channel, run.command)
    if run.after is not None:
        run.after()


def _say_complete(core: Core, channel: Channel, run: Run, response: str) -> None:
    if response:
        channel.vars.set("current_application_response", response)
    shown = channel.vars.get("current_application_response") or "_none_"  # that of the last one inside it
    core.emit(channel, "CHANNEL_EXECUTE_COMPLETE", tail=_application(run, shown))


def _sleep(core: Core, channel: Channel, run: Run) -> None:
    text = run.data.strip()
    seconds = int(text) / 1000 if text.isdigit() else 0.0
    run.timer = core.after(ticks(seconds), lambda: finish(core, channel, run))


def _playback(core: Core, channel: Channel, run: Run) -> None:
    if channel.state == STATE_NUMBER["CS_ROUTING"] and channel.running != "CS_ROUTING":
        finish(core, channel, run, BROKEN_OFF)  # it is on its way out (f03)
    elif not playback.play(core, channel, run, run.data, lambda: finish(core, channel, run, PLAYED)):
        finish(core, channel, run, NOT_FOUND)


def _hangup(core: Core, channel: Channel, run: Run) -> None:
    legs.hang_up(core, channel, known_cause(run.data), "application", at_once=True)


def _set(core: Core, channel: Channel, run: Run) -> None:
    name, _, value = run.data.partition("=")
    channel.vars.set(name, value)
    finish(core, channel, run)


def _unset(core: Core, channel: Channel, run: Run) -> None:
    channel.vars.set(run.data, None)
    finish(core, channel, run)


def _nothing(core: Core, channel: Channel, run: Run) -> None:
    finish(core, channel, run)


def _record_session(core: Core, channel: Channel, run: Run) -> None:
    path, *rest = run.data.split(" ") if run.data else [""]
    limit = int(rest[0].lstrip("+")) if rest and rest[0].lstrip("+").isdigit() else 0

    def begun() -> None:
        if run in channel.runs:
            finish(core, channel, run)

    if not recording.start(core, channel, path, limit, begun):
        finish(core, channel, run)


def _stop_record_session(core: Core, channel: Channel, run: Run) -> None:
    recording.stop(core, channel, run.data)
    finish(core, channel, run)


def _endless(core: Core, channel: Channel, run: Run) -> None:
    """Until the leg is moved or ends."""


APPLICATIONS: Final[dict[str, Callable[[Core, Channel, Run], None]]] = {
    "echo": _endless,
    "endless_playback": _playback,
    "event": _nothing,
    "export": _set,
    "hangup": _hangup,
    "info": _nothing,
    "log": _nothing,
    "park": park,
    "playback": _playback,
    "record_session": _record_session,
    "set": _set,
    "sleep": _sleep,
    "stop_record_session": _stop_record_session,
    "unset": _unset,
}
