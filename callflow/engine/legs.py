"""Switch events of one leg. Each handler first makes up for events that were lost before it (`_reach_*`).

An event for a leg we do not know, or that the tables do not allow, changes nothing and is counted.
"""

from __future__ import annotations

from callflow.engine import (
    agents,
    carriers,
    closing,
    conversation,
    leads,
    matching,
    recording,
    recovery,
    third_party,
    transfers,
)
from callflow.engine.board import Board, Leg
from callflow.engine.config import MIN_RING_SECONDS
from callflow.engine.outcomes import Ending, classify_refusal, from_event
from callflow.engine.tables import AttemptEvent, LegEvent, LegState
from esl import commands
from esl.events import (
    BackgroundJob,
    ChannelAnswer,
    ChannelBridge,
    ChannelCreate,
    ChannelExecute,
    ChannelExecuteComplete,
    ChannelHangupComplete,
    ChannelHold,
    ChannelPark,
    ChannelProgress,
    ChannelProgressMedia,
    ChannelUnbridge,
    ChannelUnhold,
    Event,
    Heartbeat,
    Shutdown,
)
from models.enums import AttemptState, LegKind
from models.records import AttemptAnswered

_WAIT_APPLICATION = "sleep"
_BRIDGE_APPLICATIONS = ("uuid_bridge", "park", "set")


def on_event(board: Board, event: Event) -> None:
    """Route one event of the switch to its leg."""
    board.hear_switch_clock(event.timestamp_us)
    if isinstance(event, BackgroundJob):
        _job(board, event)
        return
    if isinstance(event, Heartbeat):
        carriers.hear_switch(
            board,
            sessions=event.session_count,
            max_sessions=event.max_sessions,
            per_second=event.sessions_per_second,
        )
        return
    if isinstance(event, Shutdown):
        board.blocked["switch_away"] = None
        return
    if isinstance(event, ChannelBridge) and not isinstance(event, ChannelUnbridge):
        _bridge(board, event)
        return
    leg = board.legs.get(event.uuid)
    if leg is None:
        _of_nobody(board, event)
        return
    leg.doubts = 0
    recovery.confirm_sent(board, leg)
    if isinstance(event, ChannelHangupComplete):
        hung_up(board, leg, event)
    elif isinstance(event, ChannelCreate):
        _created(board, leg, event)
    elif isinstance(event, ChannelProgress | ChannelProgressMedia):
        _progress(board, leg, event)
    elif isinstance(event, ChannelAnswer):
        answered_us = event.integer("Caller-Channel-Answered-Time") or event.timestamp_us
        reach_answered(board, leg, answered_us)
    elif isinstance(event, ChannelExecute) and not isinstance(event, ChannelExecuteComplete):
        _execute(board, leg, event)
    elif isinstance(event, ChannelHold):
        conversation.held(board, leg, on=not isinstance(event, ChannelUnhold))
    elif isinstance(event, ChannelPark):
        parked(board, leg, event.integer("Caller-Channel-Answered-Time") or event.timestamp_us)
    elif leg.kind is LegKind.CUSTOMER:
        recording.on_event(board, leg, event)


def _of_nobody(board: Board, event: Event) -> None:
    """A leg that we have given up and that the switch makes after all would ring for nobody: it is hung up
    before it rings."""
    board.counters["event_of_unknown_leg"] += 1
    ours = event.get("variable_rm_owner", "") == board.config.owner
    if isinstance(event, ChannelCreate) and ours and board.started:
        board.counters["late_leg_hung_up"] += 1
        board.send(commands.uuid_kill(event.uuid))


# --- forward through a leg's life ----------------------------------------------------------------------


def _created(board: Board, leg: Leg, event: Event) -> None:
    if leg.state is LegState.SENT:
        board.lag.made(leg.leg_id, board.now)
        reach_created(board, leg, event.timestamp_us)


def reach_created(board: Board, leg: Leg, created_us: int = 0) -> None:
    if leg.state is LegState.SENT and board.move_leg(leg, LegEvent.CREATE):
        leg.created_us = created_us
        board.lag.forget(leg.leg_id)  # its CREATE was lost
        if not leg.hooked:
            leg.hooked = True
            recovery.set_hook(board, leg)
        board.timer(f"watch:{leg.leg_id}", 40.0)


def _progress(board: Board, leg: Leg, event: Event) -> None:
    if leg.state is not LegState.RINGING:
        reach_ringing(board, leg, event.timestamp_us)


def reach_ringing(board: Board, leg: Leg, progress_us: int) -> None:
    """It rings: from here the lawful ring time counts."""
    reach_created(board, leg)
    if not board.move_leg(leg, LegEvent.PROGRESS):
        return
    leg.progress_us = progress_us
    carriers.rings(board, leg)
    attempt = board.attempts.get(leg.owner_id) if leg.kind is LegKind.CUSTOMER else None
    if attempt is None:
        return
    campaign = board.campaigns[attempt.campaign_id]
    board.move_attempt(attempt, AttemptEvent.RING)
    campaign.pacer.ringing(board.now, attempt.call_id)
    arm_ring_timer(board, leg)
    board.timer(f"watch:{leg.leg_id}", campaign.settings.ring_seconds + 10.0)


def arm_ring_timer(board: Board, leg: Leg) -> None:
    """Give the call up after the campaign's ring time, counted from the switch's own PROGRESS."""
    attempt = board.attempts.get(leg.owner_id)
    if attempt is None:
        return
    ring_seconds = board.campaigns[attempt.campaign_id].settings.ring_seconds
    rung = board.now - board.engine_time_of(leg.progress_us)
    board.timer(f"ring:{leg.leg_id}", max(MIN_RING_SECONDS, ring_seconds) - rung)


def reach_answered(board: Board, leg: Leg, answered_us: int) -> None:
    """A person (or an agent's phone) answered."""
    reach_created(board, leg)
    if leg.state not in (LegState.CREATED, LegState.RINGING):
        return
    board.move_leg(leg, LegEvent.ANSWER)
    leg.answered_us = answered_us
    carriers.rings(board, leg)
    board.stop_timer(f"ring:{leg.leg_id}")
    board.timer(f"watch:{leg.leg_id}", 1.5)
    attempt = board.attempts.get(leg.owner_id) if leg.kind is LegKind.CUSTOMER else None
    if attempt is None:
        return
    campaign = board.campaigns[attempt.campaign_id]
    attempt.answered_at = board.engine_time_of(answered_us)
    board.move_attempt(attempt, AttemptEvent.ANSWER)
    board.save(AttemptAnswered(attempt_id=attempt.attempt_id, at=board.wall_of(answered_us)))
    campaign.pacer.answered(board.now, attempt.call_id)
    leads.answered(campaign, attempt)
    board.dirty.add(attempt.campaign_id)
    passed = board.now - attempt.answered_at
    board.timer(f"deadline:{attempt.attempt_id}", campaign.settings.grace_seconds - passed)


def _execute(board: Board, leg: Leg, event: ChannelExecute) -> None:
    if leg.kind is LegKind.AGENT or event.application in _BRIDGE_APPLICATIONS:
        return
    answered_us = event.integer("Caller-Channel-Answered-Time") or event.timestamp_us
    if event.application == _WAIT_APPLICATION:
        reach_waiting(board, leg, answered_us)
    else:
        reach_message(board, leg, answered_us)


def reach_waiting(board: Board, leg: Leg, answered_us: int) -> None:
    """The switch holds the person in its wait: from now a bridge is safe (ARCHITECTURE, step 5)."""
    reach_answered(board, leg, answered_us)
    if leg.state is not LegState.ANSWERED or not board.move_leg(leg, LegEvent.WAIT):
        return
    if leg.kind is LegKind.THIRD_PARTY:
        third_party.answered(board, leg)
        return
    attempt = board.attempts.get(leg.owner_id)
    if attempt is None or attempt.state is not AttemptState.ANSWERED:
        return
    campaign = board.campaigns[attempt.campaign_id]
    board.timer(f"watch:{leg.leg_id}", campaign.settings.grace_seconds + 1.0)
    campaign.waiting[attempt.attempt_id] = None
    matching.match(board, campaign)


def reach_message(board: Board, leg: Leg, answered_us: int) -> None:
    """The switch's wait is over: the person was abandoned, whatever they hear now."""
    reach_waiting(board, leg, answered_us)
    if leg.state is not LegState.WAITING or not board.move_leg(leg, LegEvent.MESSAGE):
        return
    board.timer(f"watch:{leg.leg_id}", 30.0)
    attempt = board.attempts.get(leg.owner_id)
    if attempt is not None:
        expire(board, attempt.attempt_id)


def expire(board: Board, attempt_id: str) -> None:
    """Nobody came in time. A bridge under way may still arrive, late: it is counted as abandoned then too."""
    attempt = board.attempts.get(attempt_id)
    if attempt is None or attempt.state not in (AttemptState.ANSWERED, AttemptState.BRIDGING):
        return
    campaign = board.campaigns[attempt.campaign_id]
    campaign.waiting.pop(attempt_id, None)
    if attempt.state is AttemptState.ANSWERED:
        board.move_attempt(attempt, AttemptEvent.EXPIRE)
        if not attempt.abandoned:
            attempt.abandoned = True
            campaign.pacer.abandoned(board.now, attempt.call_id)
    board.dirty.add(attempt.campaign_id)


def parked(board: Board, leg: Leg, answered_us: int) -> None:
    """An agent's leg is parked: for the first time, or back from a call."""
    if leg.kind is not LegKind.AGENT:
        board.counters["customer_parked"] += 1
        return
    reach_answered(board, leg, answered_us)
    if leg.state is LegState.PARKED:
        return
    first = leg.state is LegState.ANSWERED
    if not board.move_leg(leg, LegEvent.PARK):
        return
    leg.peer_id = ""
    board.timer(f"watch:{leg.leg_id}", 60.0)
    agent = board.agents.get(leg.owner_id)
    if agent is None:
        return
    if first:
        agents.phone_up(board, agent, leg)
    elif agent.attempt_id in board.attempts and agent.leg_id == leg.leg_id:
        matching.expect_end(board, board.attempts[agent.attempt_id])
    campaign = board.campaigns.get(agent.campaign_id)
    if campaign is not None:
        matching.match(board, campaign)


# --- bridge and end ------------------------------------------------------------------------------------


def _bridge(board: Board, event: ChannelBridge) -> None:
    ends = [board.legs.get(event.a_uuid or event.uuid), board.legs.get(event.b_uuid)]
    customer = next((leg for leg in ends if leg and leg.kind is LegKind.CUSTOMER), None)
    standing = next((leg for leg in ends if leg and leg.kind is LegKind.AGENT), None)
    third = next((leg for leg in ends if leg and leg.kind is LegKind.THIRD_PARTY), None)
    if customer is not None and third is not None:
        third_party.joined(board, third, event.timestamp_us)
        return
    if customer is None or standing is None:
        board.counters["bridge_of_unknown_legs"] += 1
        return
    bridged(board, customer, standing, event.timestamp_us)


def bridged(board: Board, customer: Leg, standing: Leg, bridged_us: int) -> None:
    """The switch joined two legs of ours: as matched, else it is counted and left alone."""
    attempt, agent = board.attempts.get(customer.owner_id), board.agents.get(standing.owner_id)
    if attempt is not None and agent is not None and attempt.moving_to == agent.agent_id:
        transfers.moved(board, attempt, bridged_us)
        return
    if attempt is None or agent is None or attempt.agent_id != agent.agent_id:
        board.counters["bridge_not_asked_for"] += 1
        return
    if attempt.state is AttemptState.BRIDGING:
        matching.connected(board, attempt, agent, bridged_us)


def hung_up(board: Board, leg: Leg, event: ChannelHangupComplete) -> None:
    """The end of a leg, with the switch's own account of it."""
    if leg.kind is LegKind.CUSTOMER:
        transfers.before_end(board, leg, event)
        closing.customer_leg_ended(board, leg, from_event(event))
    elif leg.kind is LegKind.THIRD_PARTY:
        closing.drop_leg(board, leg)
        end = from_event(event)
        third_party.ended(
            board,
            leg,
            end.cause,
            sip_status=end.sip_status,
            progress_us=end.progress_us,
            answered_us=end.answered_us,
            hangup_us=end.hangup_us,
        )
    else:
        closing.drop_leg(board, leg)
        matching.agent_leg_lost(board, leg, event.cause)
    recovery.check_done(board)


def _job(board: Board, event: BackgroundJob) -> None:
    leg = board.legs.get(event.job_uuid)
    if leg is None or event.ok:
        return
    recovery.confirm_sent(board, leg)
    refused(board, leg, event.cause)


def refused(board: Board, leg: Leg, cause: str) -> None:
    """An originate failed. Without a channel that was all; with one, HANGUP_COMPLETE carries the facts
    (FACTS §5), or where every event of it was lost, what the hang-up hook has kept."""
    board.lag.forget(leg.leg_id)  # the switch has answered
    word = cause.split(" ", 1)[0] if cause else "UNKNOWN_REFUSAL"
    if leg.state is not LegState.SENT:
        board.timer(f"watch:{leg.leg_id}", 1.0)
        return
    if leg.kind is LegKind.CUSTOMER and leg.hooked and not leg.refusal:
        # The hook was set, so there may have been a channel: the switch has not said that there was none.
        leg.refusal = word
        recovery.ask_hash_again(board, leg)
        return
    refused_at_all(board, leg, word)


def refused_at_all(board: Board, leg: Leg, word: str) -> None:
    """Nothing but the refusal is known of the leg."""
    closing.drop_leg(board, leg)
    board.counters[f"originate_refused:{word[:40]}"] += 1
    if leg.kind is LegKind.AGENT:
        matching.agent_leg_lost(board, leg, word)
    elif leg.kind is LegKind.THIRD_PARTY:
        third_party.ended(board, leg, word)
    else:
        attempt = board.attempts.get(leg.owner_id)
        if attempt is not None:
            closing.ended(board, attempt, leg, classify_refusal(word), Ending(cause=word))
    recovery.check_done(board)
