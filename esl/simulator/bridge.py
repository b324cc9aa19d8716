"""uuid_bridge: two legs become one call, and what happens when one of them leaves (FACTS section 6; e01-e10).

`+OK` means accepted. Then, tick by tick: both legs leave what they run and go to SOFT_EXECUTE, then EXECUTE
on both and one CHANNEL_BRIDGE on the first leg. Which events of the two legs come first is not ordered in
FreeSWITCH; here the first argument's come first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from esl.simulator import apps, att_xfer, bridge_app, caller_id, hearing, hold, legs
from esl.simulator.channel import STATE_NUMBER, Channel, profile_pairs
from esl.simulator.transfer import transfer_at_once

if TYPE_CHECKING:
    from esl.simulator.core import Core
    from esl.simulator.text import Pairs

Phase = Literal["asked", "moving", "up", "over"]


class Bridge:
    """Two legs on their way to each other, or talking. `a` is the first argument."""

    __slots__ = ("a", "b", "phase", "raced")

    def __init__(self, a: Channel, b: Channel) -> None:
        self.a = a
        self.b = b
        self.phase: Phase = "asked"
        self.raced = False

    def role_of_the_leaving(self, channel: Channel) -> None:
        if self.phase == "up":
            role = "originator" if channel is self.a else "originatee"
            channel.vars.set("last_bridge_role", role)

    def other(self, channel: Channel) -> Channel:
        return self.b if channel is self.a else self.a


def uuid_bridge(core: Core, a: Channel, b: Channel) -> None:
    """Both legs exist: the answer is +OK whatever becomes of it."""
    if a is b:
        _marry_itself(core, a)
        core.after(1, lambda: _to_itself(core, a))
        return
    for leg in (a, b):
        hold.release(core, leg)
        if leg.bridge is not None:
            _leave_for_another(core, leg)
    bridge = Bridge(a, b)
    a.bridge = b.bridge = bridge
    stamp = core.us // 1_000_000
    caller_id.sort(core, a)
    b.hit_dialplan = False
    profiles = profile_pairs("Other-Leg", b), profile_pairs("Other-Leg", a)
    _marry(core, a, b, "originatee", stamp, profiles[0])
    _marry(core, b, a, "originator", stamp, profiles[1])
    caller_id.share(a, b)
    a.vars.set("uuid_bridge", b.uuid)
    answered = bool(a.answered and b.answered)
    in_between = a.job is not None and bool(a.answered)
    if in_between:  # ANSWER seen, the application not begun: the race of FACTS section 6
        bridge.raced = core.rng.random() < core.config.answer_race_probability
    core.after(1, lambda: _move(core, bridge))
    settle = 2 if core.rng.random() < 0.5 else 3
    if core.rng.random() < 0.03:
        settle += 1
    if answered:
        core.after(settle, lambda: _meet(core, bridge))
    else:
        core.after(2, lambda: _not_ready(core, bridge))


def leg_ends(core: Core, channel: Channel) -> None:
    """A leg is hung up: called by its thread before it reports."""
    bridge = channel.bridge
    if bridge is None:
        return
    other = bridge.other(channel)
    phase, bridge.phase = bridge.phase, "over"
    channel.bridge = None
    channel.call_uuid = channel.uuid
    if other.bridge is bridge:
        other.bridge = None
    else:
        if phase == "up" and other.consult is not None:  # who waits for an agent that consults
            unbridge(core, bridge)
        return
    if phase == "up":
        _left_behind(other, channel)
        cause = channel.hangup_cause or ""
        if channel is bridge.a:
            _survive(core, other, first=False, cause=cause)
            if not other.alive:
                channel.vars.set("bridge_hangup_cause", other.hangup_cause)
            unbridge(core, bridge)
        else:
            other.vars.set("bridge_hangup_cause", cause)
            unbridge(core, bridge)
            _survive(core, other, first=True)
        return
    if phase == "moving" and channel is bridge.b and other.alive:
        # the first leg's thread finds the second gone (switch_ivr_bridge.c uuid_bridge_on_soft_execute)
        legs.hang_up(core, other, "ORIGINATOR_CANCEL", "partner")


def part(core: Core, channel: Channel, *, forget: bool = True) -> Channel | None:
    """End the bridge of a leg that goes elsewhere (transfer, park); gives the partner, who is to survive."""
    bridge = channel.bridge
    if bridge is None:
        return None
    other = bridge.other(channel)
    phase, bridge.phase = bridge.phase, "over"
    channel.bridge = other.bridge = None
    channel.call_uuid, other.call_uuid = channel.uuid, other.uuid
    if phase == "up":
        for leg in (channel, other):
            _forget_partner(core, leg)
            if forget:  # a transfer takes the bond, a park leaves it (f02, e09)
                leg.vars.set("signal_bond", None)
        if bridge.a.alive:
            core.after(legs.next_tick(core, bridge.a), lambda: unbridge(core, bridge))
        else:  # its thread is on the way out: never an UNBRIDGE after its end
            unbridge(core, bridge)
        hearing.left(core, channel)
    return other if phase == "up" else None


def _forget_partner(core: Core, leg: Channel) -> None:
    if leg.busy_until > core.tick:  # its thread is not there yet
        core.after(legs.next_tick(core, leg), lambda: leg.vars.set("bridge_to", None))
    elif not leg.held:  # taken off hold first
        leg.vars.set("bridge_to", None)


def survive(core: Core, channel: Channel) -> None:
    """A leg whose partner went elsewhere: its own after-bridge variables decide."""
    if channel.alive and channel.bridge is None:
        _survive(core, channel, first=channel.running == "CS_SOFT_EXECUTE")


def _marry(core: Core, leg: Channel, other: Channel, kind: str, stamp: int, profile: Pairs) -> None:
    source = f"{stamp}:{core.new_uuid()}:uuid_br:{other.uuid}"
    leg.transfer_source = source
    leg.logical_direction = "inbound"
    leg.new_profile(core.us)
    leg.set_other_leg([("Other-Type", kind), *profile])
    v = leg.vars
    v.set("bridge_channel", other.name)
    v.set("bridge_uuid", other.uuid)
    v.set("signal_bond", other.uuid)
    v.set("original_destination_number", leg.destination)
    v.set("original_caller_id_name", leg.cid_name)
    v.set("original_caller_id_number", leg.cid_number)
    v.push("transfer_history", source)
    v.set("transfer_source", source)
    leg.state = STATE_NUMBER["CS_HIBERNATE"]


def _move(core: Core, bridge: Bridge) -> None:
    if bridge.phase != "asked":
        return
    bridge.phase = "moving"
    a, b = bridge.a, bridge.b
    for leg in (a, b):
        if not leg.alive:  # killed right after the command: it never gets here, the other is left in RESET
            continue
        apps.interrupt(core, leg)
        legs.run_state(core, leg, "CS_HIBERNATE")
        legs.run_state(core, leg, "CS_RESET")
        if leg is a and b.alive:
            legs.run_state(core, a, "CS_SOFT_EXECUTE")
    if a.alive and b.alive:
        core.after(1, lambda: _second_moves(core, bridge))


def _second_moves(core: Core, bridge: Bridge) -> None:
    if bridge.phase == "moving" and bridge.b.alive and bridge.a.alive:
        legs.run_state(core, bridge.b, "CS_SOFT_EXECUTE")


def _meet(core: Core, bridge: Bridge) -> None:
    a, b = bridge.a, bridge.b
    if bridge.phase != "moving" or not a.alive or not b.alive:
        return
    if bridge.raced:
        _raced(core, bridge)
        return
    if b.running != "CS_SOFT_EXECUTE":
        legs.run_state(core, b, "CS_SOFT_EXECUTE")
    a.vars.set("uuid_bridge", None)
    bridge.phase = "up"
    for leg, other, site in ((a, b, "bridge_a"), (b, a, "bridge_b")):
        tail = [("Application", "uuid_bridge"), ("Application-Data", other.uuid)]
        core.emit(leg, "CHANNEL_EXECUTE", site=f"CHANNEL_EXECUTE/{site}", tail=tail)
    _talk(core, bridge)
    _show_partner(core, bridge)
    core.after(1, lambda: _show_late(core, bridge))


def connect(core: Core, a: Channel, b: Channel) -> None:
    """The partner that `bridge` dialed has answered: both talk at once."""
    bridge = Bridge(a, b)
    bridge.phase = "up"
    a.bridge = b.bridge = bridge
    _talk(core, bridge)
    core.after(1, lambda: _show_both(core, bridge))


def _talk(core: Core, bridge: Bridge) -> None:
    a, b = bridge.a, bridge.b
    for leg, other in ((a, b), (b, a)):
        leg.bridged = core.us
        leg.touch()
        hearing.talks(core, leg)
        if leg.truth is not None:
            leg.truth.bridged = leg.truth.bridged or core.us
            leg.truth.bridges += 1
            leg.truth.last_partner = other.uuid
    core.emit(a, "CHANNEL_BRIDGE", head=_ends(bridge))
    b.call_uuid = a.uuid
    b.vars.set("call_uuid", a.uuid)
    legs.run_state(core, b, "CS_EXCHANGE_MEDIA")


def _show_both(core: Core, bridge: Bridge) -> None:
    _show_late(core, bridge)
    if bridge.phase == "up" and bridge.a.alive:
        _show_partner(core, bridge)


def _show_partner(core: Core, bridge: Bridge) -> None:
    b = bridge.b
    number = b.callee_number or b.destination
    _show_each_other(core, bridge, bridge.a, b.callee_name or number, number)


def _show_late(core: Core, bridge: Bridge) -> None:
    if bridge.phase == "up" and bridge.b.alive:
        _show_each_other(core, bridge, bridge.b, bridge.a.cid_name, bridge.a.cid_number)


def _show_each_other(core: Core, bridge: Bridge, leg: Channel, name: str, number: str) -> None:
    other = bridge.other(leg)
    leg.vars.set("bridge_to", other.uuid)
    leg.vars.set("last_bridge_to", other.uuid)
    leg.vars.set("bridge_channel", other.name)
    leg.vars.set("bridge_uuid", other.uuid)
    caller_id.show(core, leg, name, number)


def _raced(core: Core, bridge: Bridge) -> None:
    """e10: originate's thread put the first leg back to its application; the second is hung up."""
    a, b = bridge.a, bridge.b
    bridge.phase = "over"
    a.bridge = b.bridge = None
    a.vars.set("uuid_bridge", None)
    legs.run_state(core, a, "CS_EXECUTE")
    legs.hang_up(core, b, "DESTINATION_OUT_OF_ORDER", "partner", at_once=True)
    apps.next_app(core, a)


def _not_ready(core: Core, bridge: Bridge) -> None:
    """One of them was not answered: both die (e07)."""
    a, b = bridge.a, bridge.b
    if bridge.phase != "moving":
        return
    if b.alive and b.running != "CS_SOFT_EXECUTE":
        legs.run_state(core, b, "CS_SOFT_EXECUTE")
    bridge.phase = "over"
    a.bridge = b.bridge = None
    a.vars.set("uuid_bridge", None)
    for leg in (a, b):
        job, leg.job = leg.job, None
        if job is not None:
            job.finish("-ERR ORIGINATOR_CANCEL\n")
    legs.hang_up(core, b, "DESTINATION_OUT_OF_ORDER", "partner", at_once=True)
    legs.hang_up(core, a, "ORIGINATOR_CANCEL", "partner", at_once=True)


def _marry_itself(core: Core, leg: Channel) -> None:
    """Both ends of the bridge are this leg: its ids turn over once more (e07)."""
    direction = leg.logical_direction
    leg.hit_dialplan = False
    leg.cid_name, leg.callee_name = leg.callee_name or "Unknown", leg.cid_name
    leg.cid_number, leg.callee_number = leg.callee_number, leg.cid_number
    for _ in range(2):
        leg.touch()
        _marry(core, leg, leg, "originatee", core.us // 1_000_000, profile_pairs("Other-Leg", leg))
    leg.logical_direction = direction
    leg.touch()
    leg.vars.set("uuid_bridge", leg.uuid)
    leg.state = STATE_NUMBER["CS_CONSUME_MEDIA"]


def _to_itself(core: Core, leg: Channel) -> None:
    if not leg.alive:
        return
    apps.interrupt(core, leg)
    for state in ("CS_RESET", "CS_SOFT_EXECUTE"):
        legs.run_state(core, leg, state)
    leg.vars.set("uuid_bridge", None)


def _leave_for_another(core: Core, leg: Channel) -> None:
    """Already bridged: the new bridge takes it, the old partner is on its own (e08)."""
    other = part(core, leg, forget=False)
    if other is not None and other.alive:
        hearing.left(core, other)
        core.after(1, lambda: survive(core, other))


def _left_behind(survivor: Channel, gone: Channel) -> None:
    for leg in (survivor, gone):
        leg.vars.set("bridge_to", None)
    bye = gone.vars.get("sip_term_status") == "200"
    if bye:
        survivor.vars.set("last_bridge_proto_specific_hangup_cause", "sip:200")
        survivor.vars.set("sip_hangup_phrase", "OK")


def unbridge(core: Core, bridge: Bridge) -> None:
    core.emit(bridge.a, "CHANNEL_UNBRIDGE", head=_ends(bridge))


def _ends(bridge: Bridge) -> Pairs:
    return [("Bridge-A-Unique-ID", bridge.a.uuid), ("Bridge-B-Unique-ID", bridge.b.uuid)]


def _survive(core: Core, channel: Channel, *, first: bool, cause: str = "") -> None:
    """`first`: it was the bridge's first leg, whose list goes on after it; the second leg's does not
    (switch_ivr_bridge.c, audio_bridge_on_exchange_media). `cause` is set on the second leg afterwards."""
    if not channel.alive:
        return
    hearing.left(core, channel)
    channel.call_uuid = channel.uuid
    v = channel.vars
    v.set("call_uuid", channel.uuid)
    if att_xfer.expert_left(core, channel):
        return
    run = bridge_app.running(channel)
    if run is not None:
        bridge_app.over(core, channel, run)
        return
    target = v.get("transfer_after_bridge")
    stays = v.true("park_after_bridge")
    runs = v.get("exec_after_bridge_app") if not first or not (stays or target) else None
    if runs:
        caller_id.sort(core, channel, bridged=True)
    if runs and not (first and v.true("hangup_after_bridge")):
        legs.run_state(core, channel, "CS_EXECUTE")
        channel.apps.clear()
        apps.start(core, channel, runs, v.get("exec_after_bridge_arg") or "")
    elif stays:
        apps.park_after_bridge(core, channel)
    elif target:
        v.set("transfer_after_bridge", None)  # FACTS section 6: removed when used
        transfer_at_once(core, channel, target)
    elif first and not v.true("hangup_after_bridge"):
        legs.run_state(core, channel, "CS_EXECUTE")
        if channel.apps:  # FACTS section 14: the list goes on where the bridge took the leg away
            apps.next_app(core, channel)
        else:
            legs.hang_up(core, channel, "NORMAL_CLEARING", "partner", at_once=True)
    elif legs.announce(core, channel, "NORMAL_CLEARING", "partner"):
        v.set("bridge_hangup_cause", cause)
        core.tear_down(channel)
    if cause:
        v.set("bridge_hangup_cause", cause)
