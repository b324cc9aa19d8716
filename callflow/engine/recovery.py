"""Start, reconnect, and doubt about a single leg: one way for all three, asking the switch.

`uuid_dump` answers for a leg (`show channels` lags by 0.2 s, FACTS §14): alive, then the leg is brought
forward to where the switch has it; gone, then the hang-up hook's word in the switch's hash says how it
ended, else UNKNOWN. While any leg is in doubt after a (re)connect nothing is dialed and nobody is matched.
"""

from __future__ import annotations

import json
from typing import Any

from callflow.engine import (
    agents,
    carriers,
    closing,
    conversation,
    leads,
    legs,
    matching,
    recording,
    third_party,
    transfers,
)
from callflow.engine.board import Agent, Attempt, Board, Leg
from callflow.engine.config import OUTCOME_REALM
from callflow.engine.outcomes import from_hook, hook_value
from callflow.engine.tables import AttemptEvent, LegEvent, LegState
from esl import commands
from models.enums import AgentState, AttemptState, LegKind, Outcome
from models.records import AttemptDialed, DialerSnapshot, KnownAgent, OpenAttempt

_ASK_AGAIN_SECONDS = 2.0
_HOOK_GRACE_SECONDS = 0.7
_LATE_SECONDS = 5.0
_GIVEN_UP_SECONDS = 30.0
"""So long a leg may be asked for without being there; made later it is hung up at once (`legs`)."""


# --- what the database knew ----------------------------------------------------------------------------


def load(board: Board, snapshot: DialerSnapshot) -> None:
    """Take over agents and open attempts; their legs are asked for when the link is up."""
    for known in snapshot.agents:
        add_agent(board, known)
    for found in snapshot.attempts:
        _load_attempt(board, found)
    for known in snapshot.agents:
        _load_agent_state(board, known)
    for third in snapshot.thirds:
        third_party.load(board, third)


def add_agent(board: Board, known: KnownAgent) -> Agent:
    """An agent as the database knows them, logged out until their state is taken over."""
    agent = Agent(
        known.agent_id,
        known.name,
        known.extension,
        board.next_serial(),
        campaign_id=known.campaign_id or "",
        since=board.now,
    )
    board.agents[known.agent_id] = agent
    return agent


def _load_attempt(board: Board, found: OpenAttempt) -> None:
    campaign = board.campaigns.get(found.campaign_id)
    if campaign is None:
        board.counters["attempt_of_unknown_campaign"] += 1
        return
    attempt = Attempt(found.attempt_id, found.campaign_id, found.number, board.next_serial(), recovered=True)
    attempt.bridged_wall, attempt.moved = found.bridged_at or 0.0, found.moved
    attempt.agent_id = found.agent_id or ""  # whose call it was, should it turn out to have ended
    leads.know(attempt, found.facts, found.dialed_at or found.claimed_at)
    board.attempts[found.attempt_id] = attempt
    if found.leg_id is None:
        # No journal that we have says that its originate was sent; another machine's may. The switch knows.
        leg = Leg(found.attempt_id, LegKind.CUSTOMER, found.attempt_id, sent_at=board.now, since=board.now)
        leg.confirmed = False
        board.legs[leg.leg_id] = leg
        return
    attempt.leg_id, attempt.state = found.leg_id, AttemptState.DIALING
    recording.load(board, attempt, found)
    campaign.lines += 1
    leads.dialed(campaign, attempt, board.now)
    if found.answered_at is not None:
        attempt.lead = None  # the dialer before this one has learned from it
    leg = Leg(found.leg_id, LegKind.CUSTOMER, found.attempt_id, sent_at=board.now, since=board.now)
    board.legs[leg.leg_id] = leg
    carriers.adopted(board, leg, found.gateway)


def confirm_sent(board: Board, leg: Leg) -> None:
    """The switch knows the leg of a claim: its originate was sent, and is put on record now."""
    attempt = board.attempts.get(leg.owner_id)
    if leg.confirmed or attempt is None:
        return
    leg.confirmed = True
    campaign = board.campaigns[attempt.campaign_id]
    attempt.leg_id = leg.leg_id
    board.move_attempt(attempt, AttemptEvent.SEND)
    campaign.lines += 1
    leads.dialed(campaign, attempt, board.now)
    board.save(
        AttemptDialed(
            attempt_id=attempt.attempt_id, leg_id=leg.leg_id, switch_id=board.config.switch_id, at=board.wall
        )
    )


def _load_agent_state(board: Board, known: KnownAgent) -> None:
    agent = board.agents[known.agent_id]
    if known.state is AgentState.LOGGED_OUT:
        return
    agent.leg_id = known.leg_id or ""
    if known.leg_id:
        board.legs[known.leg_id] = Leg(
            known.leg_id, LegKind.AGENT, known.agent_id, sent_at=board.now, since=board.now
        )
    talking_on = board.attempts.get(known.attempt_id or "")
    if known.state.is_talking and talking_on is not None:
        _resume_talk(board, agent, talking_on, known.state)
    elif known.state.is_talking:
        # The call's end was recorded, the wrap-up not: it begins now.
        agent.state, agent.since = known.state, board.now
        agents.call_ended(board, agent, known.attempt_id or "")
    elif known.state in (AgentState.WRAP_UP, AgentState.PAUSED):
        agent.state, agent.reason, agent.last_attempt_id = known.state, known.reason, known.attempt_id or ""
        board.tell_pacer(agent)
        if known.state is AgentState.WRAP_UP:
            agents.start_wrap_up(board, agent)
    else:
        if known.state is AgentState.RESERVED and talking_on is not None and not talking_on.agent_id:
            # Their bridge was under way: if it came about and has ended already, it was this agent's call.
            talking_on.agent_id = agent.agent_id
        board.set_agent(agent, AgentState.CONNECTING, reason="dialer restarted")


def _resume_talk(board: Board, agent: Agent, attempt: Attempt, state: AgentState) -> None:
    """They were talking: believe it until the switch says otherwise. Times come with the leg's dump or its
    end."""
    agent.state, agent.since, agent.attempt_id = state, board.now, attempt.attempt_id
    attempt.agent_id, attempt.state = agent.agent_id, AttemptState.CONNECTED
    customer = board.legs[attempt.leg_id]
    customer.state, customer.peer_id = LegState.BRIDGED, agent.leg_id
    standing = board.legs.get(agent.leg_id)
    if standing is not None:
        standing.state, standing.peer_id, agent.leg_ready = LegState.BRIDGED, customer.leg_id, True
    campaign = board.campaigns[attempt.campaign_id]
    attempt.answered_at = board.now
    campaign.pacer.answered(board.now, attempt.call_id)
    board.tell_pacer(agent)
    campaign.pacer.connected(board.now, attempt.call_id, agent.number)


# --- the link ------------------------------------------------------------------------------------------


def link_up(board: Board, core_uuid: str) -> None:
    """Subscribed again (or for the first time): settle every open leg before anything is dialed."""
    restarted = bool(board.core_uuid) and core_uuid != board.core_uuid
    board.core_uuid, board.link_up = core_uuid, True
    board.links += 1
    board.blocked.pop("switch_away", None)
    if restarted:
        lose_all_legs(board)
        board.switch_offset = None  # another process, perhaps another clock
    open_legs = sorted(board.legs.values(), key=lambda leg: leg.kind is not LegKind.AGENT)
    board.resyncing = {leg.leg_id for leg in open_legs}
    for leg in open_legs:
        ask(board, leg)
    board.census, board.census_due = None, True
    board.timer("census", 1.0)
    for agent in board.agents.values():
        agents.connect_phone(board, agent)
    check_done(board)


def link_down(board: Board) -> None:
    """Nothing more is heard; what was asked is lost. Calls go on at the switch."""
    board.link_up = False
    board.lag.lost()
    board.links += 1
    board.blocked["switch_away"] = None
    board.resyncing.clear()
    recording.link_down(board)


def lose_all_legs(board: Board) -> None:
    """A new Core-UUID: the switch was restarted and every leg with it."""
    for leg in list(board.legs.values()):
        if leg.kind is LegKind.CUSTOMER:
            closing.customer_leg_lost(board, leg, Outcome.SWITCH_LOST)
    for leg in list(board.legs.values()):
        closing.drop_leg(board, leg)
        if leg.kind is LegKind.THIRD_PARTY:
            third_party.ended(board, leg, "SWITCH_LOST")
            continue
        matching.agent_leg_lost(board, leg, "SWITCH_LOST")


def check_done(board: Board) -> None:
    """When the last leg in doubt is settled, wishes made meanwhile take effect and matching begins again."""
    if board.resyncing:
        return
    for agent in board.agents.values():
        if agent.next and agent.state in (AgentState.READY, AgentState.CONNECTING):
            agents.leave_now(board, agent)
    for campaign in board.campaigns.values():
        if campaign.waiting and campaign.ready:
            matching.match(board, campaign)


# --- one leg in doubt ----------------------------------------------------------------------------------


def ask(board: Board, leg: Leg) -> None:
    """Ask the switch for one leg, and again if no answer settles it."""
    if not board.link_up:
        return
    board.counters["leg_asked_for"] += 1
    board.send(commands.uuid_dump(leg.leg_id), f"dump:{leg.leg_id}")
    board.timer(f"watch:{leg.leg_id}", _ASK_AGAIN_SECONDS)


def dumped(board: Board, leg: Leg, text: str) -> None:
    """The answer to `ask`: the leg's data as JSON, or that there is no such leg."""
    if text.startswith("-ERR"):
        _gone(board, leg)
        return
    try:
        data = json.loads(text, strict=False)
    except ValueError:
        board.counters["dump_unreadable"] += 1
        return
    if not isinstance(data, dict):
        board.counters["dump_unreadable"] += 1
        return
    board.hear_switch_clock(_us(data, "Event-Date-Timestamp"))
    board.resyncing.discard(leg.leg_id)
    leg.doubts = 0
    if leg.kind is LegKind.AGENT:
        _adopt_agent(board, leg, data)
    elif leg.kind is LegKind.THIRD_PARTY:
        third_party.dumped(
            board,
            leg,
            peer_of(data),
            answered_us=_us(data, "Caller-Channel-Answered-Time"),
            bridged_us=_us(data, "Caller-Channel-Bridged-Time"),
        )
    else:
        confirm_sent(board, leg)
        _adopt_customer(board, leg, data)
    check_done(board)


def _gone(board: Board, leg: Leg) -> None:
    if leg.kind is LegKind.AGENT:
        closing.drop_leg(board, leg)
        matching.agent_leg_lost(board, leg, "GONE")
        check_done(board)
    elif leg.kind is LegKind.THIRD_PARTY:
        if leg.state is LegState.SENT and board.now - leg.sent_at < _LATE_SECONDS:
            return  # the switch is slow to make it
        closing.drop_leg(board, leg)
        third_party.ended(board, leg, "GONE")
        check_done(board)
    else:
        board.send(commands.hash_select(OUTCOME_REALM, leg.leg_id), f"hash:{leg.leg_id}")


def hash_read(board: Board, leg: Leg, text: str) -> None:
    """The hook's word on a leg that is gone. It is written a moment after the leg can no longer be found."""
    ending = from_hook(text)
    if ending is not None:
        confirm_sent(board, leg)
        closing.customer_leg_ended(board, leg, ending)
    elif leg.doubts == 0:
        leg.doubts = 1
        board.timer(f"hash:{leg.leg_id}", _HOOK_GRACE_SECONDS)
        return
    elif leg.refusal:
        legs.refused_at_all(board, leg, leg.refusal)
        return
    elif _to_come(board, leg):
        board.counters["leg_waited_for"] += 1
        board.timer(f"watch:{leg.leg_id}", _LATE_SECONDS)
        return
    else:
        closing.customer_leg_lost(board, leg, Outcome.UNKNOWN)
    check_done(board)


def _to_come(board: Board, leg: Leg) -> bool:
    """A switch that is overloaded makes legs seconds late: this one was asked for by us, over this link, and
    no job has said how that went."""
    attempt = board.attempts.get(leg.owner_id)
    return (
        leg.state is LegState.SENT
        and attempt is not None
        and not attempt.recovered
        and attempt.link == board.links
        and board.now - leg.sent_at < _GIVEN_UP_SECONDS
    )


def ask_hash_again(board: Board, leg: Leg) -> None:
    if board.link_up:
        board.send(commands.hash_select(OUTCOME_REALM, leg.leg_id), f"hash:{leg.leg_id}")


def _us(data: dict[str, Any], name: str) -> int:
    text = str(data.get(name, ""))
    return int(text) if text.isascii() and text.isdigit() else 0


def peer_of(data: dict[str, Any]) -> str:
    """The leg this one is bridged to now, by the switch's own data; empty if to none.

    `bridge_to` is there while bridged only. The bond, bridge_uuid, Other-Leg and the current application
    stay behind on a leg that was parked again (tried on FreeSWITCH 1.11): they count in a bridge's own
    states only.
    """
    if data.get("variable_bridge_to"):
        return str(data["variable_bridge_to"])
    if data.get("Channel-State") in ("CS_EXCHANGE_MEDIA", "CS_SOFT_EXECUTE"):
        return str(data.get("variable_signal_bond") or "")
    return ""


def _adopt_agent(board: Board, leg: Leg, data: dict[str, Any]) -> None:
    agent = board.agents.get(leg.owner_id)
    if agent is None or agent.leg_id != leg.leg_id:
        # Its agent let it go while nothing reached the switch.
        board.send(commands.uuid_kill(leg.leg_id))
        return
    answered_us = _us(data, "Caller-Channel-Answered-Time")
    if not answered_us:
        legs.reach_created(board, leg, _us(data, "Caller-Channel-Created-Time"))
        board.timer(f"watch:{leg.leg_id}", 35.0)
        return
    board.timer(f"watch:{leg.leg_id}", 60.0)
    conversation.found(board, agent, leg, data)
    if leg.state is LegState.BRIDGED and not peer_of(data):
        legs.parked(board, leg, answered_us)
        return
    legs.reach_answered(board, leg, answered_us)
    if leg.state is LegState.ANSWERED:
        legs.parked(board, leg, answered_us)
    if leg.state is LegState.PARKED and leg.leg_id not in board.resyncing:
        _settle_reservation(board, leg)


def _settle_reservation(board: Board, leg: Leg) -> None:
    """An agent reserved for a call that no longer is: free."""
    agent = board.agents.get(leg.owner_id)
    if agent is not None and agent.leg_id == leg.leg_id and agent.attempt_id not in board.attempts:
        agents.release(board, agent)


def _adopt_customer(board: Board, leg: Leg, data: dict[str, Any]) -> None:
    attempt = board.attempts.get(leg.owner_id)
    if attempt is None:
        board.send(commands.uuid_kill(leg.leg_id))
        return
    board.timer(f"watch:{leg.leg_id}", 60.0)
    carriers.adopted(board, leg, str(data.get("variable_sip_gateway_name") or ""))
    if attempt.recovered:
        set_hook(board, leg)
    leg.created_us = leg.created_us or _us(data, "Caller-Channel-Created-Time")
    answered_us = _us(data, "Caller-Channel-Answered-Time")
    progress_us = _us(data, "Caller-Channel-Progress-Time") or _us(data, "Caller-Channel-Progress-Media-Time")
    if leg.state in (LegState.SENT, LegState.CREATED) and progress_us:
        legs.reach_ringing(board, leg, progress_us)
    elif leg.state is LegState.SENT:
        legs.reach_created(board, leg)
    elif leg.state is LegState.RINGING:
        legs.arm_ring_timer(board, leg)  # it may have gone off while nothing reached the switch
    if not answered_us:
        return
    leg.progress_us = leg.progress_us or progress_us
    leg.answered_us = leg.answered_us or answered_us
    if leg.state is LegState.BRIDGED:
        leg.bridged_us = leg.bridged_us or _us(data, "Caller-Channel-Bridged-Time")
        transfers.found(board, attempt, board.legs.get(peer_of(data)), leg.bridged_us)
        recording.adopted(board, attempt)
        return
    _adopt_answered(board, leg, attempt, data, answered_us)


def _adopt_answered(board: Board, leg: Leg, attempt: Attempt, data: dict[str, Any], answered_us: int) -> None:
    peer = board.legs.get(peer_of(data))
    if peer is not None and peer.kind is LegKind.AGENT:
        _adopt_bridge(board, leg, attempt, peer, data, answered_us)
        return
    if peer is not None and peer.kind is LegKind.THIRD_PARTY:
        # The dialer before this one had it moved there; its agent may have wrapped up since.
        legs.reach_answered(board, leg, answered_us)
        leg.state, attempt.state = LegState.BRIDGED, AttemptState.CONNECTED
        third_party.found_with(board, attempt, peer, _us(data, "Caller-Channel-Bridged-Time"))
        return
    if data.get("variable_current_application") not in (None, "", "sleep", "uuid_bridge"):
        legs.reach_message(board, leg, answered_us)
        return
    legs.reach_waiting(board, leg, answered_us)
    if attempt.state is AttemptState.BRIDGING and board.now - attempt.matched_at > 0.9:
        agent = board.agents.get(attempt.agent_id)
        matching.unmatch(board, attempt)
        if agent is not None and agent.leg_id:
            board.send(commands.uuid_exists(agent.leg_id), f"exists:{agent.leg_id}")
        matching.wait_again(board, attempt)


def _adopt_bridge(
    board: Board, leg: Leg, attempt: Attempt, peer: Leg, data: dict[str, Any], answered_us: int
) -> None:
    """They are bridged and we had not heard of it."""
    legs.reach_answered(board, leg, answered_us)
    if leg.state is LegState.ANSWERED:
        board.move_leg(leg, LegEvent.WAIT)
    agent = board.agents.get(peer.owner_id)
    if agent is None:
        return
    if attempt.state is AttemptState.ANSWERED and agent.state is AgentState.READY:
        matching.reserve(board, attempt, agent)
    if attempt.state is AttemptState.BRIDGING and attempt.agent_id == agent.agent_id:
        matching.connected(board, attempt, agent, _us(data, "Caller-Channel-Bridged-Time"))


def set_hook(board: Board, leg: Leg) -> None:
    """Make the switch keep this leg's end for us until it is durable (ARCHITECTURE, Recovery)."""
    board.send(
        commands.uuid_setvar(leg.leg_id, "api_hangup_hook", hook_value(leg.leg_id, OUTCOME_REALM)),
        f"hook:{leg.leg_id}",
    )


# --- legs that nobody knows ----------------------------------------------------------------------------


def census(board: Board, text: str) -> None:
    """`show channels` read twice, a second apart: a leg in both that we do not know is asked for its
    owner."""
    try:
        rows = json.loads(text, strict=False).get("rows", [])
        seen = {str(row["uuid"]) for row in rows}
    except (ValueError, AttributeError, KeyError, TypeError):
        board.counters["census_unreadable"] += 1
        return
    unknown = {uuid for uuid in seen if uuid not in board.legs}
    if board.census is None:
        board.census = unknown
        board.timer("census", 1.0)
        return
    for uuid in sorted(unknown & board.census):
        board.send(commands.uuid_getvar(uuid, "rm_owner"), f"owner:{uuid}")
    board.census, board.census_due = None, False


def owner_told(board: Board, uuid: str, text: str) -> None:
    """Hang up only what carries our owner variable."""
    if text.strip() == board.config.owner and uuid not in board.legs:
        board.counters["orphan_leg_hung_up"] += 1
        board.send(commands.uuid_kill(uuid))
