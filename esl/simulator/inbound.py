"""Calls that come in: an INVITE, the leg it makes, its way into the dialplan, its answer, its caller.

Event order and headers are those of g07 (nobody answers), g03 (the `answer` application) and j01 (hostile
callers). The caller gives up when nobody has answered in time, and hangs up after the talk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from esl.simulator import apps, dialplan, hearing, legs, listing, loopback, sip_in
from esl.simulator.callees import FarEnd
from esl.simulator.channel import STATE_NUMBER, Channel
from esl.simulator.clock import ticks
from esl.simulator.gateways import Gateway, fixed
from esl.simulator.truth import CallTruth

if TYPE_CHECKING:
    from esl.simulator.apps import Run
    from esl.simulator.core import Core

TRUNK: Final = Gateway("inbound", fixed(FarEnd()))
"""Where inbound calls come from: `CallTruth.gateway` of their legs."""


@dataclass(frozen=True, slots=True)
class Invite:
    """Somebody calls `number`. `caller`, `display` and `headers` are as on the wire: FreeSWITCH decodes `%XX`
    of the first two, and keeps of the headers those that begin with `X-` or `P-`.

    Seconds: `gives_up_after` counts from the INVITE to the CANCEL of a caller whom nobody answered,
    `hangs_up_after` from the answer to the BYE whatever happens, `talk` and `patience` are drawn as
    `FarEnd`'s. None: never. `uuid` is the leg's, otherwise the switch makes one.
    """

    number: str
    caller: str = "anonymous"
    display: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    context: str = ""  # of the dialplan; empty: the profile's (`SwitchConfig.inbound_context`)
    port: int = 5080
    uuid: str = ""
    gives_up_after: float | None = None
    hangs_up_after: float | None = None
    talk: Callable[[], float] | None = None
    patience: Callable[[], float] | None = None


def arrives(core: Core, invite: Invite) -> str | None:
    """The INVITE came: the leg's uuid, or None if the switch takes no call now (503, and no leg)."""
    core.roll_second()
    uuid = invite.uuid or core.new_uuid()
    if core.shutting_down or uuid in core.channels or len(core.channels) >= core.max_sessions:
        return None
    core.this_second += 1
    core.peak_second = max(core.peak_second, core.this_second)
    core.session_ids += 1
    channel = _leg(core, invite, uuid)
    _begin(core, channel)
    return uuid


def _leg(core: Core, invite: Invite, uuid: str) -> Channel:
    user = sip_in.url_decoded(invite.caller)
    channel = Channel(uuid, sip_in.cleaned(user), TRUNK, core.session_ids, core.us)
    channel.name = f"sofia/internal/{user}@127.0.0.1"
    channel.direction = channel.logical_direction = "inbound"
    channel.username = channel.number
    name = sip_in.cleaned(sip_in.url_decoded(invite.display))
    channel.calls_as(name or channel.number, channel.number)
    channel.callee_name = channel.callee_number = ""
    channel.destination, channel.dialplan, channel.context = (
        invite.number,
        "XML",
        invite.context or core.config.inbound_context,
    )
    channel.source, channel.network_addr = "mod_sofia", "127.0.0.1"
    channel.hit_dialplan = True
    channel.far_end = FarEnd(
        bye_after_answer=invite.hangs_up_after, talk=invite.talk, patience=invite.patience
    )
    sip_in.created(channel, invite, core.us)
    core.channels[uuid] = channel
    core.peak = max(core.peak, len(core.channels))
    channel.truth = CallTruth(
        uuid=uuid,
        number=invite.caller,
        gateway=TRUNK.name,
        kind=TRUNK.kind,
        core_uuid=core.core_uuid,
        created=core.us,
        variables={"destination_number": invite.number},
    )
    core.remember(channel.truth)
    if invite.gives_up_after is not None:
        wait = ticks(invite.gives_up_after)
        legs.timer(core, channel, "gives_up", wait, lambda: cancelled(core, channel))
    return channel


def _begin(core: Core, channel: Channel) -> None:
    channel.state = STATE_NUMBER["CS_NEW"]
    legs.run_state(core, channel, "CS_NEW")
    begin(core, channel)


def begin(core: Core, channel: Channel) -> None:
    """From its first state into the dialplan."""
    legs.run_state(core, channel, "CS_INIT")
    channel.state = STATE_NUMBER["CS_ROUTING"]
    core.emit(channel, "CHANNEL_CREATE")
    channel.running = "CS_ROUTING"
    legs.call_state(core, channel, "RINGING")
    legs.run_state(core, channel, "CS_ROUTING")
    listing.appears(core, channel)
    found = dialplan.find(core.extensions, channel.context, channel.destination)
    if found is None:
        legs.hang_up(core, channel, "NO_ROUTE_DESTINATION", "application", at_once=True)
        return
    channel.apps = found
    legs.run_state(core, channel, "CS_EXECUTE")
    apps.next_app(core, channel)


def _then_on(act: Callable[[Core, Channel], None]) -> Callable[[Core, Channel, Run], None]:
    """An application that does it and returns."""

    def run(core: Core, channel: Channel, run: Run) -> None:
        act(core, channel)
        apps.finish(core, channel, run)

    return run


def answer(core: Core, channel: Channel) -> None:
    """The `answer` application of an inbound leg: media first, then the answer, within a tick (g03)."""
    if channel.direction != "inbound" or channel.answered:
        return
    if channel.loop is not None:
        loopback.answered(core, channel)
        return
    pre_answer(core, channel)
    sip_in.answered(channel)
    legs.answer(core, channel)
    channel.vars.set("endpoint_disposition", "ANSWER")
    legs.cancel(channel, "gives_up")
    legs.timer(core, channel, "ack", 1, lambda: sip_in.in_dialog_request_came(channel))
    hearing.waits(core, channel)
    end = channel.far_end
    if end is not None and end.bye_after_answer is not None:
        hangs_up_at(core, channel, end.bye_after_answer)


def pre_answer(core: Core, channel: Channel) -> None:
    """183 with media goes out."""
    if channel.direction == "inbound" and not channel.has_media:
        channel.progress_media = core.us
        channel.answer_state = "early"
        channel.touch()
        sip_in.media_came(channel)
        legs.codecs(core, channel)
        legs.early(core, channel)


def ring_ready(core: Core, channel: Channel) -> None:
    """180 goes out."""
    if channel.direction == "inbound" and not channel.progress and not channel.answered:
        channel.progress = core.us
        channel.touch()
        core.emit(channel, "CHANNEL_PROGRESS")


def hangs_up_at(core: Core, channel: Channel, seconds: float) -> None:
    """The caller's BYE comes in so many seconds."""
    legs.timer(core, channel, "bye", ticks(seconds), lambda: legs.far_end_hangs_up(core, channel))


def cancelled(core: Core, channel: Channel) -> None:
    """CANCEL came: nobody had answered."""
    if channel.answered:
        return
    sip_in.in_dialog_request_came(channel)
    channel.sip_status = 487
    legs.hang_up(core, channel, "ORIGINATOR_CANCEL", "far_end")
    channel.vars.set("sip_hangup_disposition", "recv_cancel")


APPLICATIONS: Final[dict[str, Callable[[Core, Channel, Run], None]]] = {
    "answer": _then_on(answer),
    "pre_answer": _then_on(pre_answer),
    "ring_ready": _then_on(ring_ready),
}
