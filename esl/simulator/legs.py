"""Life of a leg: ringing, early media, answer, hang-up, end; event order as in FACTS section 4.

A hang-up has two steps, as recorded: CHANNEL_HANGUP at once, the rest a tick later when the leg's thread
notices. A refused call does both in one tick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from esl.simulator import hooks, sip, sip_in
from esl.simulator.causes import CAUSE_OF_SIP
from esl.simulator.channel import BIT_RATE, CALLSTATE_NUMBER, STATE_NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.channel import Channel
    from esl.simulator.core import Core
    from esl.simulator.truth import EndedBy


def run_state(core: Core, channel: Channel, state: str) -> None:
    """The leg's thread enters `state`."""
    channel.running = state
    channel.state = STATE_NUMBER[state]
    core.emit(channel, "CHANNEL_STATE", variables=False)


def call_state(core: Core, channel: Channel, state: str) -> None:
    head = [
        ("Original-Channel-Call-State", channel.callstate),
        ("Channel-Call-State-Number", str(CALLSTATE_NUMBER[state])),
    ]
    channel.callstate = state
    core.emit(channel, "CHANNEL_CALLSTATE", head=head, variables=False)


def next_tick(core: Core, channel: Channel) -> int:
    """Ticks until the leg's thread notices something: one, or those until its broadcast begins."""
    return max(1, channel.busy_until - core.tick)


def timer(core: Core, channel: Channel, name: str, ticks: int, action: Callable[[], None]) -> None:
    """A timer of this leg, at most one of a name; it ends with the leg."""
    cancel(channel, name)
    channel.timers[name] = core.after(ticks, action)


def cancel(channel: Channel, name: str) -> None:
    found = channel.timers.pop(name, None)
    if found is not None:
        found.cancel()


def ring(core: Core, channel: Channel) -> None:
    """180 came."""
    channel.progress = core.us
    sip.reply_came(channel, dialog=True)
    _record(channel, progress=core.us)
    core.emit(channel, "CHANNEL_PROGRESS")
    hooks.on(core, channel, "ring")
    if channel.job is not None and channel.job.rings is not None:
        channel.job.rings()
    call_state(core, channel, "RINGING")


def early_media(core: Core, channel: Channel) -> None:
    """183 with SDP came."""
    channel.progress_media = core.us
    channel.answer_state = "early"
    sip.reply_came(channel, dialog=True)
    sip.sdp_came(channel)
    channel.vars.set("endpoint_disposition", "EARLY MEDIA")
    early(core, channel)
    sip.media_came(channel)
    codecs(core, channel)


def early(core: Core, channel: Channel) -> None:
    """There is sound before the answer, to or from the far end."""
    _record(channel, progress_media=core.us)
    core.emit(channel, "CHANNEL_PROGRESS_MEDIA")
    hooks.on(core, channel, "pre_answer", "media")
    call_state(core, channel, "EARLY")


def reads(core: Core, channel: Channel, codec: str) -> None:
    """An application reads the leg's sound in another codec, or in its own again."""
    channel.reads_linear = codec == "L16"
    channel.vars.set("read_codec", codec)
    read = [("channel-read-codec-name", codec), ("channel-read-codec-rate", "8000")]
    tail = [*read, ("channel-read-codec-bit-rate", BIT_RATE[codec])]
    core.emit(channel, "CODEC", site="CODEC/reads", tail=tail, variables=False)


def codecs(core: Core, channel: Channel) -> None:
    channel.has_media = True
    read = [("channel-read-codec-name", "PCMU"), ("channel-read-codec-rate", "8000")]
    core.emit(
        channel,
        "CODEC",
        site="CODEC/read",
        tail=[*read, ("channel-read-codec-bit-rate", BIT_RATE["PCMU"])],
        variables=False,
    )
    write = [("Channel-Write-Codec-Name", "PCMU"), ("Channel-Write-Codec-Rate", "8000")]
    core.emit(
        channel,
        "CODEC",
        site="CODEC/write",
        head=[*write, ("Channel-Write-codec-bit-rate", "64000")],
        variables=False,
    )


def answer(core: Core, channel: Channel) -> None:
    """200 came. What the originate makes of it follows a tick later (`originate.answered`)."""
    if not channel.has_media:
        sip.reply_came(channel, dialog=True)
        sip.sdp_came(channel)
        sip.media_came(channel)
        codecs(core, channel)
    for name in ("ring", "early", "fail", "timeout"):
        cancel(channel, name)
    channel.answered = core.us
    channel.answer_state = "answered"
    channel.touch()
    _record(channel, answered=core.us)
    core.emit(channel, "CHANNEL_ANSWER")
    if channel.vars.hooks:
        channel.vars.set("endpoint_disposition", "ANSWER")
        hooks.on(core, channel, *(("answer",) if channel.progress_media else ("answer", "media")))
    call_state(core, channel, "ACTIVE")


def refused(core: Core, channel: Channel, status: int, cause: str | None = None) -> None:
    """The far end (or our own stack) refused the call with a SIP status."""
    channel.sip_status = status
    end = channel.far_end
    local = end is not None and end.local
    used = cause or CAUSE_OF_SIP.get(status, "NORMAL_UNSPECIFIED")
    sip.refusal(channel, status, used, local=local)
    hang_up(core, channel, used, "network", at_once=True)


def timed_out(core: Core, channel: Channel, cause: str) -> None:
    hang_up(core, channel, cause, "timeout", at_once=True)


def far_end_hangs_up(core: Core, channel: Channel) -> None:
    """BYE came."""
    if channel.direction == "inbound":
        sip_in.in_dialog_request_came(channel)
    sip.bye_came(channel)
    channel.sip_status = 200
    hang_up(core, channel, "NORMAL_CLEARING", "far_end")
    channel.vars.set("sip_hangup_disposition", "recv_bye")


def hang_up(core: Core, channel: Channel, cause: str, by: EndedBy, *, at_once: bool = False) -> None:
    """End a leg. Nothing happens to one that is already ending."""
    if not announce(core, channel, cause, by):
        return
    if at_once:
        core.tear_down(channel)
    else:
        core.after(1, lambda: core.tear_down(channel))


def announce(core: Core, channel: Channel, cause: str, by: EndedBy) -> bool:
    """The first step of a hang-up: CHANNEL_HANGUP. False if the leg is already ending."""
    if not channel.alive:
        return False
    partner = core.find(channel.vars.get("signal_bond") or "")
    if partner is not None:
        partner.vars.set("last_bridge_hangup_cause", cause)
    channel.hangup_cause = cause
    channel.state = STATE_NUMBER["CS_HANGUP"]
    channel.answer_state = "hangup"
    for name in list(channel.timers):
        cancel(channel, name)
    if channel.truth is not None:
        channel.truth.ended_by = by
        channel.truth.cause = cause
    if channel.bridge is not None:
        channel.bridge.role_of_the_leaving(channel)
    core.emit(channel, "CHANNEL_HANGUP")
    core.release(channel.uuid)
    return True


def _record(channel: Channel, **moments: int) -> None:
    channel.touch()
    if channel.truth is not None:
        for name, at_us in moments.items():
            if not getattr(channel.truth, name):
                setattr(channel.truth, name, at_us)
