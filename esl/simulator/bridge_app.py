"""The `bridge` application: a leg dials another one and talks to it (d34, e02, g01).

The caller waits in RING_WAIT, hears a ringing phone if it is not answered yet itself, and is told the
outcome in originate_disposition. A call that fails ends the caller with its cause, unless `continue_on_fail`
says otherwise; when the partner leaves, the caller's own after-bridge variables decide, then its list.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import apps, bridge, inbound, legs, originate, transfer
from esl.simulator.channel import profile_pairs
from esl.simulator.dialstring import Refused, parse_legs

if TYPE_CHECKING:
    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

_DIALSTATUS: Final = {
    "USER_BUSY": "BUSY",
    "NO_ANSWER": "NOANSWER",
    "NO_USER_RESPONSE": "NOANSWER",
    "ORIGINATOR_CANCEL": "CANCEL",
    "CALL_REJECTED": "CALL_REJECTED",
    "SUBSCRIBER_ABSENT": "SUBSCRIBER_ABSENT",
    "SUCCESS": "SUCCESS",
}


def dial(core: Core, channel: Channel, run: Run) -> None:
    """The application."""
    try:
        wanted = parse_legs(run.data.strip())
    except Refused as refused:
        _failed(core, channel, run, refused.cause)
        return
    job = originate.Job(wanted, lambda text: _failed(core, channel, run, text[5:].strip()))
    job.early_ok = False
    job.caller = channel
    job.taken = partial(answered, core, channel, run)
    job.rings = partial(_rings, core, channel)
    run.on_leave = partial(give_up, core, job)
    if channel.answered:
        legs.call_state(core, channel, "RING_WAIT")
    originate.attempt(core, job)


def running(channel: Channel) -> Run | None:
    """The `bridge` that this leg is in."""
    return next((run for run in reversed(channel.runs) if run.name == "bridge"), None)


def over(core: Core, channel: Channel, run: Run) -> None:
    """The partner left: the application ends, and what comes after it begins."""
    channel.call_uuid = channel.uuid
    v = channel.vars
    goes_on = not run.nested
    target = v.get("transfer_after_bridge")
    if run.nested or not (v.true("park_after_bridge") or target or v.true("hangup_after_bridge")):
        apps.leave(core, channel, run)
        return
    apps.interrupt(core, channel)
    if goes_on and v.true("park_after_bridge"):
        apps.park_after_bridge(core, channel)
    elif target:
        v.set("transfer_after_bridge", None)
        transfer.transfer_at_once(core, channel, target)
    else:
        legs.hang_up(core, channel, "NORMAL_CLEARING", "partner", at_once=True)


def _rings(core: Core, channel: Channel) -> None:
    """The other end rings: so it does for the caller."""
    if not channel.answered:
        inbound.ring_ready(core, channel)
    elif not channel.progress:
        channel.progress = core.us
        channel.touch()


def answered(core: Core, channel: Channel, run: Run, other: Channel, disposition: str) -> None:
    if not channel.alive or run not in channel.runs:
        legs.hang_up(core, other, "ORIGINATOR_CANCEL", "partner", at_once=True)
        return
    inbound.answer(core, channel)
    channel.callee_name, channel.callee_number = other.callee_name, other.callee_number
    channel.touch()
    channel.set_other_leg([("Other-Type", "originatee"), *profile_pairs("Other-Leg", other)])
    if channel.callstate == "RING_WAIT":
        legs.call_state(core, channel, "ACTIVE")
    _outcome(channel, "SUCCESS", other)
    v = channel.vars
    v.set("switch_m_sdp", other.vars.get("switch_r_sdp"))
    v.set("signal_bond", other.uuid)
    bridge.connect(core, channel, other)
    other.vars.set("endpoint_disposition", disposition)


def _outcome(channel: Channel, cause: str, other: Channel | None) -> None:
    v = channel.vars
    v.set("originate_disposition", cause)
    v.set("DIALSTATUS", _DIALSTATUS.get(cause, "CHANUNAVAIL"))
    if other is not None:
        v.set("originated_legs", f"{other.uuid};{other.callee_name};{other.callee_number}")
        v.set("originate_causes", f"{other.uuid};NONE")


def _failed(core: Core, channel: Channel, run: Run, cause: str) -> None:
    if not channel.alive or run not in channel.runs:
        return
    _outcome(channel, cause, None)
    if channel.callstate == "RING_WAIT":
        legs.call_state(core, channel, "ACTIVE")
    if run.nested or _continues(channel.vars.get("continue_on_fail") or "", cause):
        apps.finish(core, channel, run)
    else:
        legs.hang_up(core, channel, cause, "partner", at_once=True)


def _continues(rule: str, cause: str) -> bool:
    return rule.lower() in ("true", "yes", "on", "1") or cause in rule.upper().split(",")


def give_up(core: Core, job: originate.Job) -> None:
    """The caller is gone before anybody answered."""
    job.over = True
    for leg in job.legs:
        leg.job = None
        legs.hang_up(core, leg, "ORIGINATOR_CANCEL", "partner", at_once=True)
    job.legs = []
