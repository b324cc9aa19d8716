"""How an attempt ends: once, with one outcome, freeing its agent and its place in every list."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from callflow.engine import agents, carriers, leads, recording, second, third_party, transfers
from callflow.engine.board import Attempt, Board, Campaign, Leg
from callflow.engine.config import OUTCOME_REALM
from callflow.engine.outcomes import Ending, classify
from callflow.engine.tables import AgentEvent, AttemptEvent, LegEvent
from esl import commands
from models.enums import AgentState, CampaignState, Outcome
from models.records import AttemptClosed, CampaignChanged

_PacerWord = Literal["no_answer", "failed", "cancelled", "hangup_before_agent", "done", "machine", "unknown"]
_PACER_WORDS: dict[Outcome, _PacerWord] = {
    Outcome.CONNECTED: "done",
    Outcome.ABANDONED: "done",
    Outcome.ENDED_BEFORE_AGENT: "hangup_before_agent",
    Outcome.NO_ANSWER: "no_answer",
    Outcome.BUSY: "no_answer",
    Outcome.REJECTED: "no_answer",
    Outcome.INVALID_NUMBER: "no_answer",
    Outcome.CANCELLED: "cancelled",
    Outcome.UNKNOWN: "unknown",
}


def wait_limit_seconds(board: Board, campaign: Campaign) -> float:
    """How long the switch's own list waits before its message."""
    return max(0.1, campaign.settings.grace_seconds - board.config.wait_margin_seconds)


def drop_leg(board: Board, leg: Leg) -> None:
    """The leg is gone from the switch: forget it and its timers."""
    board.move_leg(leg, LegEvent.END)
    for key in ("watch", "ring", "renew", "hash"):
        board.stop_timer(f"{key}:{leg.leg_id}")
    if board.legs.pop(leg.leg_id, None) is not None:
        carriers.gone(board, leg)
        board.lag.forget(leg.leg_id)
    board.resyncing.discard(leg.leg_id)


def customer_leg_ended(board: Board, leg: Leg, ending: Ending) -> None:
    """The switch told how a customer's leg ended: close its attempt by the switch's own times."""
    attempt = board.attempts.get(leg.owner_id)
    drop_leg(board, leg)
    if attempt is None:
        board.counters["leg_without_attempt"] += 1
        return
    campaign = board.campaigns[attempt.campaign_id]
    # The hook's word lacks the creation and early media, which the leg's own events told.
    ending = replace(
        ending,
        created_us=ending.created_us or leg.created_us,
        progress_us=ending.progress_us or leg.progress_us,
        bridged_us=transfers.first_bridge_us(board, attempt, leg, ending.bridged_us),
    )
    outcome = classify(
        ending,
        wait_limit_seconds=wait_limit_seconds(board, campaign),
        ring_given_up=attempt.ring_given_up,
    )
    ended(board, attempt, leg, outcome, ending)


def ended(board: Board, attempt: Attempt, leg: Leg, outcome: Outcome, ending: Ending) -> None:
    """A leg that was dialed is over: it speaks for or against its carrier, and its attempt goes on by another
    one or is closed."""
    campaign = board.campaigns[attempt.campaign_id]
    answered = bool(ending.answered_us)
    carriers.ended(board, campaign, leg, outcome, cause=ending.cause, answered=answered)
    if not second.dialed_again(board, campaign, attempt, leg, outcome, ending):
        close(board, attempt, outcome, ending)


def customer_leg_lost(board: Board, leg: Leg, why: Outcome) -> None:
    """Gone without a word of the switch (it died, or kept nothing): close by what we saw ourselves.

    Args:
        why: SWITCH_LOST or UNKNOWN; what a person lived through before wins over it, so that it is counted.
    """
    attempt = board.attempts.get(leg.owner_id)
    drop_leg(board, leg)
    if attempt is None:
        return
    if not leg.confirmed:
        close(board, attempt, Outcome.NOT_DIALED, None)
        return
    end_us = leg.answered_us
    if board.switch_offset is not None:
        end_us = max(end_us, int((board.wall - board.switch_offset) * 1e6))
    ending = Ending(
        cause=why.name,
        created_us=leg.created_us,
        progress_us=leg.progress_us,
        answered_us=leg.answered_us,
        bridged_us=leg.bridged_us,
        hangup_us=end_us,
    )
    if leg.bridged_us:
        outcome = Outcome.CONNECTED
    elif leg.answered_us:
        outcome = Outcome.ABANDONED
    else:
        outcome = why
    campaign = board.campaigns[attempt.campaign_id]
    carriers.ended(board, campaign, leg, outcome, cause=ending.cause, answered=bool(leg.answered_us))
    close(board, attempt, outcome, ending)


def close(
    board: Board, attempt: Attempt, outcome: Outcome, ending: Ending | None, *, verdict: str = ""
) -> None:
    """Close an attempt: the record, the pacer, the agent, the lists. A second close changes nothing and is
    counted."""
    if not board.move_attempt(attempt, AttemptEvent.CLOSE):
        return
    campaign = board.campaigns[attempt.campaign_id]
    end = ending or Ending(cause=attempt.cause or outcome.name)
    wait = end.wait_seconds
    late = wait is not None and wait > campaign.settings.grace_seconds
    abandoned = outcome is Outcome.ABANDONED or late
    board.attempts.pop(attempt.attempt_id, None)
    campaign.waiting.pop(attempt.attempt_id, None)
    board.stop_timer(f"deadline:{attempt.attempt_id}")
    board.stop_timer(f"bridge:{attempt.attempt_id}")
    board.dirty.add(attempt.campaign_id)
    recording.closed(board, attempt)
    agent_id = attempt.agent_id if outcome is Outcome.CONNECTED else ""
    board.save(
        AttemptClosed(
            attempt_id=attempt.attempt_id,
            outcome=outcome,
            at=board.wall,
            leg_id=attempt.leg_id or None,
            cause=end.cause,
            sip_status=end.sip_status,
            created_at=_at(board, end.created_us),
            ringing_at=_at(board, end.progress_us),
            answered_at=_at(board, end.answered_us),
            bridged_at=_at(board, end.bridged_us),
            ended_at=_at(board, end.hangup_us),
            agent_id=agent_id or None,
            talk_seconds=_talk(board, attempt, end) if outcome is Outcome.CONNECTED else 0.0,
            wait_seconds=wait,
            abandoned=abandoned,
            recovered=attempt.recovered,
            verdict=verdict,
        )
    )
    if attempt.leg_id:
        campaign.lines -= 1
        machine = attempt.machine and outcome is Outcome.CONNECTED and not abandoned
        _count(campaign, outcome, abandoned=abandoned, machine=machine)
        leads.ended(campaign, attempt, outcome, was_answered=bool(end.answered_us))
        word = "machine" if machine else _PACER_WORDS.get(outcome, "failed")
        if not attempt.told:
            _tell_pacer(board, campaign, attempt, word, end, abandoned=abandoned)
        if board.link_up:
            board.send(commands.hash_delete(OUTCOME_REALM, attempt.leg_id))
    _free_agent(board, attempt, outcome)
    finish_wind_down(board, campaign)


def finish_wind_down(board: Board, campaign: Campaign) -> None:
    """A campaign that winds down is stopped when its last attempt has closed and no claim is under way."""
    if campaign.settings.state is not CampaignState.WINDING_DOWN or campaign.pending:
        return
    if any(a.campaign_id == campaign.settings.campaign_id for a in board.attempts.values()):
        return
    set_campaign(board, campaign, state=CampaignState.STOPPED)


def set_campaign(
    board: Board, campaign: Campaign, *, state: CampaignState | None = None, target: float | None = None
) -> None:
    """Change what a campaign obeys, and save it."""
    settings = campaign.settings
    campaign.settings = replace(
        settings,
        state=state if state is not None else settings.state,
        target=target if target is not None else settings.target,
    )
    board.dirty.add(settings.campaign_id)
    board.save(
        CampaignChanged(
            campaign_id=settings.campaign_id,
            state=campaign.settings.state,
            target=campaign.settings.target,
            at=board.wall,
        )
    )


def _talk(board: Board, attempt: Attempt, end: Ending) -> float:
    """With agents: what followed with a third party is none of the call's talk."""
    if attempt.left_wall and end.bridged_us:
        return max(0.0, attempt.left_wall - board.wall_of(end.bridged_us))
    return end.talk_seconds


def _at(board: Board, switch_us: int) -> float | None:
    return board.wall_of(switch_us) if switch_us else None


def _count(campaign: Campaign, outcome: Outcome, *, abandoned: bool, machine: bool) -> None:
    if outcome.is_live_answer and not machine:
        campaign.live_answers += 1
    if abandoned:
        campaign.abandoned += 1
    if outcome is Outcome.ENDED_BEFORE_AGENT:
        campaign.ended_before_agent += 1


def _tell_pacer(
    board: Board, campaign: Campaign, attempt: Attempt, word: _PacerWord, end: Ending, *, abandoned: bool
) -> None:
    pacer, now, call = campaign.pacer, board.now, attempt.call_id
    if end.answered_us and not attempt.answered_at:
        pacer.answered(now, call)
    if abandoned and not attempt.abandoned:
        pacer.abandoned(now, call)
    pacer.ended(now, call, word)


def _free_agent(board: Board, attempt: Attempt, outcome: Outcome) -> None:
    transfers.came_to_nothing(board, attempt)
    third_party.give_up(board, attempt)
    agent = board.agents.get(attempt.agent_id)
    if agent is None or agent.attempt_id != attempt.attempt_id:
        return
    agent.attempt_id = ""
    if agent.state is AgentState.RESERVED and outcome is Outcome.CONNECTED:
        # The BRIDGE event was lost; the switch says that they talked.
        board.move_agent(agent, AgentEvent.BRIDGED, attempt_id=attempt.attempt_id)
    if agent.state.is_talking:
        agents.call_ended(board, agent, attempt.attempt_id)
    elif agent.state is AgentState.RESERVED:
        agents.release(board, agent)
