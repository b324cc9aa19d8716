"""att_xfer: an agent asks a third party while the customer waits, and hands over by hanging up (f03).

The agent's leg stays in its bridge with the customer; the consultation is a bridge inside it. If the agent
hangs up, customer and expert are bridged; if the expert leaves or never comes, agent and customer are.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import apps, bridge, bridge_app, caller_id, legs, originate
from esl.simulator.dialstring import Refused, parse_legs

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


class Consult:
    """One consultation: `outer` is the bridge that waits."""

    __slots__ = ("job", "outer", "run")

    def __init__(self, outer: bridge.Bridge, run: Run, job: originate.Job) -> None:
        self.outer = outer
        self.run = run
        self.job = job


def att_xfer(core: Core, channel: Channel, run: Run) -> None:
    outer = channel.bridge
    if outer is None or outer.phase != "up" or channel.consult is not None:
        apps.finish(core, channel, run)
        return
    try:
        early = channel.vars.get("ignore_early_media")
        defaults = {"ignore_early_media": early} if early else {}
        wanted = parse_legs(run.data.strip(), defaults)
    except Refused:
        apps.finish(core, channel, run)
        return
    job = originate.Job(wanted, lambda text: _failed(core, channel, run))
    job.early_ok = False
    job.caller = channel
    job.taken = partial(_answered, core, channel, run)
    channel.consult = Consult(outer, run, job)
    channel.vars.set("soft_holding_uuid", outer.other(channel).uuid)
    run.on_leave = partial(_left, core, channel, channel.consult)
    legs.call_state(core, channel, "RING_WAIT")
    originate.attempt(core, job)


def _failed(core: Core, channel: Channel, run: Run) -> None:
    if channel.alive and run in channel.runs:
        legs.call_state(core, channel, "ACTIVE")
        apps.finish(core, channel, run)


def _answered(core: Core, channel: Channel, run: Run, expert: Channel, disposition: str) -> None:
    channel.bridge = None  # the outer one is kept in `consult`
    bridge_app.answered(core, channel, run, expert, disposition)


def _left(core: Core, channel: Channel, consult: Consult) -> None:
    """The application ends: with the agent's leg, with the consultation, or before anybody answered."""
    channel.consult = None
    inner = channel.bridge
    if inner is None or inner is consult.outer:
        bridge_app.give_up(core, consult.job)
    elif not channel.alive:
        _hand_over(core, channel, consult, inner)
    channel.vars.set("soft_holding_uuid", None)


def _hand_over(core: Core, channel: Channel, consult: Consult, inner: bridge.Bridge) -> None:
    customer, expert = consult.outer.other(channel), inner.other(channel)
    channel.bridge = expert.bridge = None
    inner.phase = "over"
    expert.vars.set("bridge_to", None)
    expert.call_uuid = expert.uuid
    expert.vars.set("call_uuid", expert.uuid)
    apps.park_after_bridge(core, expert)
    channel.call_uuid = channel.uuid
    channel.vars.set("call_uuid", channel.uuid)
    channel.vars.set("bridge_to", None)
    bridge.unbridge(core, inner)
    if consult.outer.phase != "up" or not customer.alive:
        legs.hang_up(core, expert, "NORMAL_CLEARING", "partner")
        return
    channel.vars.set("signal_bond", customer.uuid)
    customer.bridge = None
    consult.outer.phase = "over"
    customer.vars.set("bridge_to", None)
    bridge.unbridge(core, consult.outer)
    legs.run_state(core, customer, "CS_RESET")
    caller_id.sort(core, expert, bridged=True)
    expert.vars.set("att_xfer_result", "success")
    bridge.uuid_bridge(core, expert, customer)


def expert_left(core: Core, channel: Channel) -> bool:
    """The expert hung up: the agent has the customer back. False if there is none any more."""
    consult = channel.consult
    if consult is None:
        return False
    waits = consult.outer.phase == "up" and consult.outer.other(channel).alive
    if waits:
        channel.bridge = consult.outer
        channel.vars.set("signal_bond", consult.outer.other(channel).uuid)
        channel.vars.set("bridge_to", consult.outer.other(channel).uuid)
    apps.leave(core, channel, consult.run)
    return waits


APPLICATIONS: Final[dict[str, Callable[[Core, Channel, Run], None]]] = {"att_xfer": att_xfer}
