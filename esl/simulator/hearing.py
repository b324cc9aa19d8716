"""What an answered customer hears: somebody, a message, or nothing; and how long they bear it.

Only legs of kind `customer` are watched. A person with nobody hangs up by patience; a person who heard
nothing for longer than `silence_deadline_seconds` is a violation that tests look for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from esl.simulator import legs
from esl.simulator.clock import ticks
from esl.simulator.truth import SilenceViolation

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


def _watched(channel: Channel) -> bool:
    return channel.truth is not None and channel.truth.kind == "customer" and bool(channel.answered)


def _with_partner(channel: Channel) -> bool:
    """What is played to one who talks (hold music, a broadcast) is part of the talk."""
    return channel.bridge is not None and channel.bridge.phase == "up"


def played(core: Core, channel: Channel) -> None:
    """What was played to the leg is over."""
    if not _with_partner(channel):
        waits(core, channel)


def waits(core: Core, channel: Channel) -> None:
    """Answered, or left by its partner: with nobody from now on."""
    _stop(core, channel)
    if not _watched(channel):
        return
    channel.silent_since = core.us
    end = channel.far_end
    if end is not None and end.patience is not None and "patience" not in channel.timers:
        legs.timer(
            core,
            channel,
            "patience",
            ticks(end.patience()),
            lambda: legs.far_end_hangs_up(core, channel),
        )


def hears(core: Core, channel: Channel) -> None:
    """A message or music begins."""
    if _with_partner(channel):
        return
    _stop(core, channel)
    if _watched(channel):
        channel.message_since = core.us


def talks(core: Core, channel: Channel) -> None:
    """Bridged: the talk ends when the far end has said everything."""
    _stop(core, channel)
    legs.cancel(channel, "patience")
    channel.talk_since = core.us
    end = channel.far_end
    if end is not None and end.talk is not None and "talk" not in channel.timers:
        legs.timer(
            core,
            channel,
            "talk",
            ticks(end.talk()),
            lambda: legs.far_end_hangs_up(core, channel),
        )


def ends(core: Core, channel: Channel) -> None:
    """The leg hangs up."""
    _stop(core, channel)


def left(core: Core, channel: Channel) -> None:
    """The bridge ended and the leg lives on: its next partner begins a new talk."""
    _stop(core, channel)
    legs.cancel(channel, "talk")
    waits(core, channel)


def _stop(core: Core, channel: Channel) -> None:
    truth = channel.truth
    if truth is None:
        return
    if channel.silent_since:
        _judge(core, channel, core.us - channel.silent_since)
        channel.silent_since = 0
    if channel.message_since:
        truth.message_us += core.us - channel.message_since
        channel.message_since = 0
    if channel.talk_since:
        truth.talk_us += core.us - channel.talk_since
        channel.talk_since = 0


def _judge(core: Core, channel: Channel, silence_us: int) -> None:
    truth = channel.truth
    if truth is None:
        return
    truth.silence_us = max(truth.silence_us, silence_us)
    if silence_us > core.config.silence_deadline_seconds * 1e6:
        core.silence_violations.append(
            SilenceViolation(truth.uuid, truth.number, channel.silent_since, silence_us / 1e6)
        )


def overdue(core: Core) -> list[SilenceViolation]:
    """Those who wait in silence beyond the deadline at this moment."""
    deadline = core.config.silence_deadline_seconds * 1e6
    return [
        SilenceViolation(c.uuid, c.number, c.silent_since, (core.us - c.silent_since) / 1e6)
        for c in core.channels.values()
        if c.silent_since and core.us - c.silent_since > deadline
    ]
