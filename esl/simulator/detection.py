"""Detectors that listen to a leg: avmd, tone_detect, spandsp's, wait_for_silence (f12).

The far end says when it beeps (`FarEnd.beeps`). As recorded, the application avmd_start finds a beep 60 ms
into it, and `api avmd UUID start` never does (FACTS section 7: 0 of 3); tone detection never reports.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import apps, bugs, legs
from esl.simulator.clock import ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core
    from esl.simulator.text import Pairs

AVMD: Final = "avmd"
TONE: Final = "tone_detect"
SPANDSP: Final = "spandsp_tone_detect"
_INTO_THE_BEEP: Final = 0.06
_SILENCE_AFTER: Final = 1.5  # seconds that wait_for_silence took in the recording
_USAGE: Final = (
    "<uuid> < start | stop | set [inbound|outbound|default] | load [inbound|outbound] | reload | show >"
)
_LOST: Final = "ERROR (AVMD SESSION OBJECT NOT FOUND IN MEDIA BUG)"
_LINE: Final = "=" * 97
_SETTINGS: Final = (
    ("debug\t\t\t\t\t\t  ", "0"),
    ("report status\t\t\t\t  ", "1"),
    ("fast_math\t\t\t\t\t  ", "0"),
    ("require continuous streak\t  ", "1"),
    ("sample n continuous streak\t ", "3"),
    ("sample n to skip\t\t\t   ", "0"),
    ("require continuous streak amp  ", "1"),
    ("sample n continuous streak amp ", "3"),
    ("simplified estimation\t\t  ", "1"),
    ("inbound channel\t\t\t\t", "0"),
    ("outbound channel\t\t\t   ", "1"),
    ("detection mode\t\t\t\t ", "2"),
    ("sessions\t\t\t\t\t   ", "0"),
    ("detectors n\t\t\t\t\t", "36"),
    ("detectors lagged n\t\t\t ", "1"),
)


class _Avmd(bugs.Bug):
    """`found`: it heard a beep; only one that the application started can."""

    __slots__ = ("found", "since_us")

    def __init__(self, since_us: int) -> None:
        super().__init__(AVMD, "N/A")
        self.since_us = since_us
        self.found = False


def _start(core: Core, channel: Channel, *, hears: bool) -> None:
    bug = _Avmd(core.us)
    bugs.start(core, channel, bug)
    _report(core, channel, "avmd::start", [("Start-time", str(core.us))])
    end = channel.far_end
    for after in end.beeps if hears and end is not None else ():
        heard = channel.answered + round((after + _INTO_THE_BEEP) * 1e6) - core.us
        if heard > 0:
            core.after(ticks(heard / 1e6), partial(_beep, core, channel, bug))


def _beep(core: Core, channel: Channel, bug: _Avmd) -> None:
    if bug not in channel.bugs or bug.found or not channel.alive:
        return
    bug.found = True
    channel.vars.set("avmd_total_time", f"[{(core.us - bug.since_us) // 1000}]")
    channel.vars.set("avmd_detect", "TRUE")
    fields = [
        ("Beep-Status", "DETECTED"),
        ("Frequency", "1031.820156"),
        ("Frequency-variance", "0.000002"),
        ("Amplitude", "12331.972805"),
        ("Amplitude-variance", "0.000000"),
        ("Detection-time", str(core.us - bug.since_us)),
        ("Detector-resolution", "2"),
        ("Detector-offset", "0"),
        ("Detector-index", "1"),
    ]
    _report(core, channel, "avmd::beep", fields)


def _stop(core: Core, channel: Channel, bug: _Avmd, *, by_api: bool) -> None:
    status = "DETECTED" if bug.found else "NOTDETECTED"
    fields = [("Beep-Status", status), ("Total-time", str(core.us - bug.since_us))]
    if by_api:  # the module has lost its own record by then, and says so
        bugs.stop(core, channel, bug)
        fields = [("Beep-Status", "DETECTED"), ("Stop-status", _LOST), ("Total-time", str(-core.us))]
    _report(core, channel, "avmd::stop", fields)
    if not by_api:
        bugs.stop(core, channel, bug)


def _report(core: Core, channel: Channel, subclass: str, fields: Pairs) -> None:
    """Twice, as recorded: at once, and by the leg's thread with all that it knows of the leg."""
    pairs = [("Unique-ID", channel.uuid), ("Call-command", AVMD), *fields]
    head = core.emit_custom(subclass, pairs)

    def again() -> None:
        if channel.alive and head is not None:
            core.repeat_custom(subclass, [*head, *channel.pairs(variables=True)])

    core.after(0, again)


def _running(channel: Channel) -> _Avmd | None:
    return next((bug for bug in channel.bugs if isinstance(bug, _Avmd)), None)


def avmd(core: Core, args: str) -> str:
    words = args.split()
    if words == ["show"]:
        settings = "".join(f"{name}\t{value}\n" for name, value in _SETTINGS)
        return f"\n\n{_LINE}\n\nAvmd global settings\n\n\n{settings}\n\n+OK\n show\n\n"
    if len(words) != 2:
        return f"-ERR, bad command!\n-USAGE: {_USAGE}\n\n"
    uuid, action = words
    channel = core.find(uuid)
    if channel is None:
        return f"-ERR, no FreeSWITCH session for uuid [{uuid}]!\n-USAGE: {_USAGE}\n\n"
    bug = _running(channel)
    if action == "stop":
        if bug is None:
            return f"+ERR, avmd has not yet been started on\n [{uuid}] [{channel.name}]\n\n"
        _stop(core, channel, bug, by_api=True)
        return f"+OK\n [{uuid}] [{channel.name}] stopped\n\n"
    if action != "start":
        return f"-ERR, did you mean\n api avmd {uuid} start ?\n-USAGE: {_USAGE}\n\n"
    if bug is not None:
        return f"-ERR, avmd for FreeSWITCH session [{uuid}]\n already started\n\n"
    _start(core, channel, hears=False)
    return f"+OK\n [{uuid}] [{channel.name}] started!\n\n"


def tone_detect(core: Core, args: str) -> str:
    """`UUID KEY FREQUENCIES [FLAGS TIMEOUT APP ARGUMENTS HITS]`; one a leg, as long as the leg."""
    words = args.split()
    if len(words) < 3:
        return (
            "-ERR Invalid syntax\n-USAGE: <uuid> <key> <tone_spec> [<flags> <timeout> <app> <args> <hits>]\n"
        )
    channel = core.find(words[0])
    if channel is None:
        return "-ERR Cannot locate session!\n"
    flags = words[3] if len(words) > 3 else ""
    if not bugs.of(channel, TONE):
        bugs.start(core, channel, bugs.Bug(TONE, words[1]))
    return f"+OK Enabling tone detection '{words[1]}' '{words[2]}' '{flags}'\n"


def _spandsp(core: Core, args: str, *, start: bool) -> str:
    words = args.split()
    channel = core.find(words[0]) if words else None
    if channel is None:
        return "-ERR Cannot locate session!\n" if words else "-USAGE: <uuid> <name>\n"
    found = bugs.of(channel, SPANDSP)
    if start and not found:
        bugs.start(core, channel, bugs.Bug(SPANDSP, "N/A"))
        return "+OK started\n"
    if start or not found:
        return "-ERR failed to start\n" if start else "-ERR failed to stop\n"
    bugs.stop(core, channel, *found)
    return "+OK stopped\n"


def _avmd_start(core: Core, channel: Channel, run: Run) -> None:
    if _running(channel) is None and channel.answered:
        _start(core, channel, hears=True)
    apps.finish(core, channel, run)


def _avmd_stop(core: Core, channel: Channel, run: Run) -> None:
    bug = _running(channel)
    if bug is not None:
        _stop(core, channel, bug, by_api=False)
    apps.finish(core, channel, run)


def _wait_for_silence(core: Core, channel: Channel, run: Run) -> None:
    """`THRESHOLD SILENCE-HITS LISTEN-HITS [TIMEOUT-MS]`: it is silent after as long as in the recording."""
    words = run.data.split()
    limit = int(words[3]) / 1000 if len(words) > 3 and words[3].isdigit() else 0
    late = 0 < limit < _SILENCE_AFTER
    legs.reads(core, channel, "L16")

    def silent() -> None:
        channel.vars.set("wait_for_silence_timeout", "true" if late else "false")
        channel.vars.set("wait_for_silence_listenhits", "30")
        channel.vars.set("wait_for_silence_silence_hits", "0")
        apps.finish(core, channel, run)

    run.on_leave = partial(legs.reads, core, channel, "PCMU")
    run.timer = core.after(ticks(limit if late else _SILENCE_AFTER), silent)


APPLICATIONS: Final[dict[str, Callable[[Core, Channel, Run], None]]] = {
    "avmd_start": _avmd_start,
    "avmd_stop": _avmd_stop,
    "wait_for_silence": _wait_for_silence,
}
COMMANDS: Final[dict[str, Callable[[Core, str], str]]] = {
    "avmd": avmd,
    "spandsp_start_tone_detect": partial(_spandsp, start=True),
    "spandsp_stop_tone_detect": partial(_spandsp, start=False),
    "tone_detect": tone_detect,
}
