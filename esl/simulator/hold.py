"""uuid_hold: a leg is put on hold by a re-INVITE, and its partner hears the switch's music (f01)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import apps, caller_id, legs, private

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

MUSIC_TICKS: Final = 10  # the music begins 0.2 s after the hold
USAGE: Final = "-USAGE: [off|toggle] <uuid> [<display>]\n"


def uuid_hold(core: Core, args: str) -> str:
    """Always `+OK Success`, also for a uuid that does not exist (FACTS section 7)."""
    words = args.split()
    if not words:
        return USAGE
    mode = words.pop(0) if words[0] in ("off", "toggle") and len(words) > 1 else "on"
    channel = core.find(words[0])
    if channel is not None and channel.answered:
        hold = not channel.held if mode == "toggle" else mode == "on"
        if hold and not channel.held:
            _hold(core, channel)
        elif channel.held and not hold:
            _unhold(core, channel)
    return "+OK Success\n"


def _hold(core: Core, channel: Channel) -> None:
    channel.held = True
    channel.hold_spans.insert(0, (core.us, core.us))
    channel.last_hold = core.us
    channel.touch()
    legs.call_state(core, channel, "HELD")
    core.emit(channel, "CHANNEL_HOLD")
    core.after(1, partial(caller_id.confirmed, channel))
    partner = channel.bridge.other(channel) if channel.bridge is not None else None
    music = channel.vars.get("hold_music") or core.globals.get("hold_music", "")
    if partner is not None and music and music != "silence":
        command = private.broadcast(core, "playback", music, ("lead-frames", "5"), ("loops", "-1"))
        partner.busy_until = core.tick + MUSIC_TICKS
        core.after(MUSIC_TICKS, partial(_music, core, partner, music, command))


def _music(core: Core, partner: Channel, music: str, command: private.Private) -> None:
    if partner.alive:
        apps.start(core, partner, "playback", music, nested=True, loops=-1, command=command)


def _unhold(core: Core, channel: Channel, *, goes_on: bool = True) -> None:
    channel.held = False
    since = channel.hold_spans[0][0]
    channel.hold_spans[0] = (since, core.us)
    channel.hold_accum += core.us - since
    channel.touch()
    legs.call_state(core, channel, "UNHELD")
    if goes_on:
        core.after(1, partial(_resume, core, channel))


def release(core: Core, channel: Channel) -> None:
    """A transfer or a bridge takes the leg off hold first (switch_ivr.c switch_ivr_check_hold)."""
    if channel.held:
        _unhold(core, channel, goes_on=False)
        core.emit(channel, "CHANNEL_UNHOLD")
        legs.call_state(core, channel, "ACTIVE")
        if channel.bridge is None:
            channel.vars.set("bridge_to", None)


def _resume(core: Core, channel: Channel) -> None:
    """The far end took the re-INVITE."""
    if not channel.alive:
        return
    partner = channel.bridge.other(channel) if channel.bridge is not None else None
    if partner is not None and partner.alive:
        apps.break_playback(core, partner)
    core.emit(channel, "CHANNEL_UNHOLD")
    legs.call_state(core, channel, "ACTIVE")
