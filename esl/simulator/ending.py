"""The end of a leg: its thread leaves what it runs, lets the partner go, reports, is destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esl.simulator import (
    apps,
    bridge,
    bridge_app,
    bugs,
    eavesdrop,
    hearing,
    hooks,
    legs,
    listing,
    loopback,
    originate,
    outbound_socket,
    scheduling,
    sip,
)
from esl.simulator.causes import Q850
from esl.simulator.channel import STATE_NUMBER

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


def tear_down(core: Core, channel: Channel) -> None:
    """The leg's thread sees the hang-up: applications end, the partner is let go, the leg reports."""
    if channel.destroyed or channel.running == "CS_REPORTING":
        return
    hearing.ends(core, channel)
    eavesdrop.watched_ends(core, channel)
    if bridge_app.running(channel) is not None:  # the application ends after its bridge
        bridge.leg_ends(core, channel)
    apps.interrupt(core, channel)
    bridge.leg_ends(core, channel)
    if channel.loop is not None:
        loopback.leg_ends(core, channel)
    failed = channel.job is not None
    job_first = failed and core.rng.random() < 0.4
    if job_first:
        originate.fail(core, channel)
    legs.run_state(core, channel, "CS_HANGUP")
    channel.hangup_us = core.us
    channel.touch()
    bugs.stop(core, channel, *(bug for bug in channel.bugs if bug.function != eavesdrop.FUNCTION))
    legs.call_state(core, channel, "HANGUP")
    channel.vars.set("hangup_cause", channel.hangup_cause)
    channel.vars.set("hangup_cause_q850", str(Q850.get(channel.hangup_cause or "", 16)))
    sip.report(core, channel)
    hooks.hangup_hook(core, channel)
    legs.run_state(core, channel, "CS_REPORTING")
    core.emit(channel, "CHANNEL_HANGUP_COMPLETE", head=[("Hangup-Cause", channel.hangup_cause or "")])
    if failed:
        core.after(1, lambda: _leave(core, channel))
    else:
        _leave(core, channel)


def _leave(core: Core, channel: Channel) -> None:
    if channel.job is not None:
        originate.fail(core, channel)
    client = channel.listener
    if client is None or not outbound_socket.leg_ended(core, client):
        destroy(core, channel)


def destroy(core: Core, channel: Channel) -> None:
    channel.destroyed = True
    channel.state = STATE_NUMBER["CS_DESTROY"]
    bugs.stop(core, channel, *channel.bugs)
    core.emit(channel, "CHANNEL_DESTROY")
    legs.run_state(core, channel, "CS_DESTROY")
    core.channels.pop(channel.uuid, None)
    if core.tasks:
        scheduling.forget(core, channel.uuid)
    listing.gone(core, channel)
    if channel.truth is not None:
        truth = channel.truth
        truth.sip_status = channel.sip_status
        truth.close(channel.hangup_us or core.us, channel.hangup_cause or "", truth.ended_by)
        if core.on_ended is not None:
            core.on_ended(truth)
