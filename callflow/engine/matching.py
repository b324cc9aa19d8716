"""Who gets whom: the customer that waits longest gets the agent that is idle longest, in one pass over
memory.

A match is made once. No match later than the deadline less the p99 of recent bridges, and none once the
switch's message has begun (ARCHITECTURE, step 6).
"""

from __future__ import annotations

from callflow.engine import agents, recording, transfers
from callflow.engine.board import Agent, Attempt, Board, Campaign, Leg
from callflow.engine.tables import AgentEvent, AttemptEvent, LegEvent, LegState
from esl import commands
from models.enums import AgentState, AttemptState
from models.records import AttemptBridged

_FIRST_GUESS_SECONDS = 0.12
_BRIDGE_CHECK_SECONDS = 1.0


def bridge_margin_seconds(board: Board) -> float:
    """p99 of recent command-to-bridge times, within 20 ms and half a second."""
    times = sorted(board.bridge_seconds)
    if len(times) < 20:
        return _FIRST_GUESS_SECONDS
    return min(0.5, max(0.02, times[int(0.99 * (len(times) - 1))]))


def match_until(board: Board, campaign: Campaign, attempt: Attempt) -> float:
    """Engine time after which this person can no longer be given an agent in time."""
    return attempt.answered_at + campaign.settings.grace_seconds - bridge_margin_seconds(board)


def match(board: Board, campaign: Campaign) -> None:
    """Pair waiting attempts and ready agents while there are both."""
    if not board.link_up or board.resyncing:
        return
    for attempt_id in list(campaign.waiting):
        attempt = board.attempts[attempt_id]
        if board.now >= match_until(board, campaign, attempt):
            campaign.waiting.pop(attempt_id)
            continue
        agent = _longest_idle(board, campaign)
        if agent is None:
            return
        _bridge(board, attempt, agent)


def _longest_idle(board: Board, campaign: Campaign) -> Agent | None:
    for agent_id in campaign.ready:
        agent = board.agents[agent_id]
        leg = board.legs.get(agent.leg_id)
        if agent.leg_ready and leg is not None and leg.state is LegState.PARKED:
            return agent
    return None


def reserve(board: Board, attempt: Attempt, agent: Agent) -> None:
    """From now on they belong to each other and to nobody else."""
    board.campaigns[attempt.campaign_id].waiting.pop(attempt.attempt_id, None)
    board.move_attempt(attempt, AttemptEvent.MATCH)
    attempt.agent_id, attempt.matched_at = agent.agent_id, board.now
    agent.attempt_id = attempt.attempt_id
    board.move_agent(agent, AgentEvent.RESERVE, attempt_id=attempt.attempt_id)


def _bridge(board: Board, attempt: Attempt, agent: Agent) -> None:
    reserve(board, attempt, agent)
    board.send(
        commands.uuid_bridge(attempt.leg_id, agent.leg_id), f"bridge:{attempt.attempt_id}:{agent.agent_id}"
    )
    board.timer(f"bridge:{attempt.attempt_id}", _BRIDGE_CHECK_SECONDS)


def bridge_refused(board: Board, attempt_id: str, agent_id: str) -> None:
    """`-ERR Invalid uuid`: one of the two legs is gone and the other is untouched (FACTS §6). Ask for
    both."""
    attempt, agent = board.attempts.get(attempt_id), board.agents.get(agent_id)
    if attempt is not None and attempt.state is AttemptState.BRIDGING and attempt.agent_id == agent_id:
        unmatch(board, attempt)
        board.send(commands.uuid_exists(attempt.leg_id), f"exists:{attempt.leg_id}")
    if agent is not None and agent.state is AgentState.RESERVED:
        board.send(commands.uuid_exists(agent.leg_id), f"exists:{agent.leg_id}")


def unmatch(board: Board, attempt: Attempt) -> None:
    """The pair came apart before it was bridged: the attempt is ANSWERED again, its agent is the caller's
    to settle."""
    agent = board.agents.get(attempt.agent_id)
    if agent is not None and agent.attempt_id == attempt.attempt_id:
        agent.attempt_id = ""
    attempt.agent_id = ""
    board.move_attempt(attempt, AttemptEvent.UNMATCH)
    board.stop_timer(f"bridge:{attempt.attempt_id}")


def wait_again(board: Board, attempt: Attempt) -> None:
    """Back to the head of the queue, if the switch still holds the person in its wait."""
    leg = board.legs.get(attempt.leg_id)
    campaign = board.campaigns[attempt.campaign_id]
    if attempt.state is not AttemptState.ANSWERED or leg is None or leg.state is not LegState.WAITING:
        return
    campaign.waiting = {attempt.attempt_id: None, **campaign.waiting}
    match(board, campaign)


def agent_leg_lost(board: Board, leg: Leg, cause: str) -> None:
    """A standing leg is gone. Who was about to be bridged to it is asked for and goes back to the queue."""
    agent = board.agents.get(leg.owner_id)
    attempt = board.attempts.get(agent.attempt_id) if agent and agent.leg_id == leg.leg_id else None
    if agent is not None and attempt is not None and transfers.other_leg_lost(board, agent, attempt):
        pass
    elif attempt is not None and attempt.state is AttemptState.BRIDGING:
        unmatch(board, attempt)
        if board.link_up:
            board.send(commands.uuid_exists(attempt.leg_id), f"exists:{attempt.leg_id}")
    elif attempt is not None:
        expect_end(board, attempt)
    agents.leg_ended(board, leg, cause)


def expect_end(board: Board, attempt: Attempt) -> None:
    """The agent's side of a call is over, so the customer's must be: ask soon if no event says so."""
    if attempt.state is AttemptState.CONNECTED:
        board.timer(f"watch:{attempt.leg_id}", _BRIDGE_CHECK_SECONDS)


def leg_confirmed(board: Board, leg: Leg, *, exists: bool) -> None:
    """The answer to a doubt of `bridge_refused`: the living side goes on. A dead side's end comes by
    `recovery`."""
    if not exists:
        return
    agent = board.agents.get(leg.owner_id)
    if agent is not None and agent.leg_id == leg.leg_id and not agent.attempt_id:
        agents.release(board, agent)
        return
    attempt = board.attempts.get(leg.owner_id)
    if attempt is not None:
        wait_again(board, attempt)


def connected(board: Board, attempt: Attempt, agent: Agent, bridged_us: int) -> None:
    """They hear each other: BRIDGE was heard, or found at recovery."""
    customer, standing = board.legs[attempt.leg_id], board.legs.get(agent.leg_id)
    campaign = board.campaigns[attempt.campaign_id]
    if not board.move_attempt(attempt, AttemptEvent.BRIDGE):
        return
    board.stop_timer(f"bridge:{attempt.attempt_id}")
    board.stop_timer(f"deadline:{attempt.attempt_id}")
    board.move_leg(customer, LegEvent.BRIDGE)
    customer.bridged_us, customer.peer_id = bridged_us, agent.leg_id
    board.timer(f"watch:{customer.leg_id}", 60.0)
    if standing is not None:
        if standing.state is LegState.BRIDGED:
            # Its PARK after the last call was lost.
            board.move_leg(standing, LegEvent.PARK)
        board.move_leg(standing, LegEvent.BRIDGE)
        standing.peer_id = customer.leg_id
        board.timer(f"watch:{standing.leg_id}", 60.0)
    if attempt.matched_at:
        board.bridge_seconds.append(max(0.0, board.engine_time_of(bridged_us) - attempt.matched_at))
    board.save(
        AttemptBridged(attempt_id=attempt.attempt_id, agent_id=agent.agent_id, at=board.wall_of(bridged_us))
    )
    board.move_agent(agent, AgentEvent.BRIDGED, attempt_id=attempt.attempt_id)
    campaign.pacer.connected(board.now, attempt.call_id, agent.number)
    late = (
        customer.answered_us and (bridged_us - customer.answered_us) / 1e6 > campaign.settings.grace_seconds
    )
    if late and not attempt.abandoned:
        attempt.abandoned = True
        campaign.pacer.abandoned(board.now, attempt.call_id)
    recording.bridged(board, attempt)
