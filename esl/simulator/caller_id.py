"""Whose name and number a leg shows, and how FreeSWITCH turns them over.

An outbound leg is created showing who calls; the first time it gets a list of applications, and again each
time after it was the second leg of a bridge, caller and callee change places (switch_channel.c sort_cid).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


def sort(core: Core, channel: Channel, *, bridged: bool = False) -> None:
    """The leg gets applications of its own: unless it has been through a dialplan, its ids change places."""
    if not channel.hit_dialplan:
        channel.hit_dialplan = True
        flip(core, channel, bridged=bridged)


def flip(core: Core, channel: Channel, *, bridged: bool = False) -> None:
    """`bridged`: the bridge is not over yet, which loses the callee (e04, exec_after_bridge)."""
    c, v = channel, channel.vars
    v.set("pre_transfer_caller_id_name", c.cid_name)
    v.set("pre_transfer_caller_id_number", c.cid_number)
    c.cid_name, c.callee_name = c.callee_name, "" if bridged else c.cid_name
    c.cid_number, c.callee_number = c.callee_number, "" if bridged else c.cid_number
    v.set("channel_cid_flipped", "yes")
    c.callee_direction = "RECV"
    c.touch()
    partner = v.get("signal_bond")
    head = [("Direction", "RECV"), *([("Bridged-To", partner)] if partner else [])]
    core.emit(c, "CALL_UPDATE", head=head)


def of_the_caller(channel: Channel, caller: Channel) -> None:
    """A leg that `bridge` makes shows who its caller shows, unless the dial string says otherwise."""
    c, v = channel, channel.vars
    c.caller_id_name, c.caller_id_number = caller.caller_id_name, caller.caller_id_number
    c.cid_name = v.get("origination_caller_id_name") or caller.cid_name
    c.cid_number = v.get("origination_caller_id_number") or caller.cid_number
    c.touch()


def share(first: Channel, second: Channel) -> None:
    """uuid_bridge: the second leg shows the first one's caller, the first one the second one's callee."""
    first.callee_name, first.callee_number = second.callee_name, second.callee_number
    second.cid_name, second.cid_number = first.cid_name, first.cid_number
    first.touch()
    second.touch()


def confirmed(channel: Channel) -> None:
    """A re-INVITE was answered (sofia.c sofia_update_callee_id): who has no name is named by the number."""
    if channel.hit_dialplan:
        channel.cid_name = channel.cid_name or channel.cid_number
    else:
        channel.callee_name = channel.callee_name or channel.callee_number
    channel.touch()


def show(core: Core, channel: Channel, name: str, number: str) -> None:
    """The phone of this leg is told whom it talks to, unless it knows (mod_sofia.c INDICATE_DISPLAY)."""
    v = channel.vars
    if (v.get("last_sent_callee_id_name"), v.get("last_sent_callee_id_number")) == (name, number):
        return
    v.set("last_sent_callee_id_name", name)
    v.set("last_sent_callee_id_number", number)
    channel.callee_direction = "SEND"
    head = [("Direction", "SEND"), ("Sent-Callee-ID-Name", name), ("Sent-Callee-ID-Number", number)]
    partner = v.get("bridge_to")
    bridged = [("Bridged-To", partner)] if partner else []
    core.emit(channel, "CALL_UPDATE", site="CALL_UPDATE/bridge", head=[*head, *bridged])
