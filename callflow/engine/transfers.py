"""A conversation handed to another agent: one `uuid_bridge` moves the customer's leg, nobody waits.

The other agent is reserved first. The move is done when the switch says BRIDGE (or a dump shows it): then the
first one wraps up and the call is the other's. Until then it is the first one's; whatever fails leaves it so.
The first one's leg parks by itself (`park_after_bridge`), the customer's ends with whom it is bridged to.
"""

from __future__ import annotations

from callflow.engine import agents, conversation, third_party
from callflow.engine.board import Agent, Attempt, Board, Leg
from callflow.engine.tables import AgentEvent, LegEvent, LegState
from esl import commands
from esl.events import ChannelHangupComplete
from models.enums import AgentState, LegKind
from models.records import AttemptMoved, OperatorCommand

_CHECK_SECONDS = 1.0


def to_agent(board: Board, agent: Agent, command: OperatorCommand) -> str:
    """Hand the conversation over to a ready agent of the same campaign."""
    found = conversation.in_hand(board, agent, command)
    if isinstance(found, str):
        return found
    attempt, customer, _ = found
    other = board.agents.get(str(command.payload.get("to_agent_id", "")))
    if attempt.third:
        return "a transfer is under way"
    if attempt.moving_to:
        return "" if other is not None and attempt.moving_to == other.agent_id else "a transfer is under way"
    if other is None or other.campaign_id != agent.campaign_id or other is agent:
        return "a call can be handed to another agent of the same campaign only"
    standing = board.legs.get(other.leg_id)
    if other.state is not AgentState.READY or standing is None or standing.state is not LegState.PARKED:
        return f"{other.name} is not ready: choose somebody else, or wait"
    _reserve(board, attempt, other)
    board.send(
        commands.uuid_bridge(customer.leg_id, standing.leg_id),
        f"move:{attempt.attempt_id}:{other.agent_id}",
    )
    board.timer(f"move:{attempt.attempt_id}", _CHECK_SECONDS)
    return ""


def _reserve(board: Board, attempt: Attempt, other: Agent) -> None:
    attempt.moving_to, attempt.moving_since = other.agent_id, board.now
    other.attempt_id = attempt.attempt_id
    board.move_agent(other, AgentEvent.RESERVE, attempt_id=attempt.attempt_id)


def moved(board: Board, attempt: Attempt, bridged_us: int) -> None:
    """The customer and the other agent hear each other: the call is the other's from now on."""
    first, other = board.agents.get(attempt.agent_id), board.agents[attempt.moving_to]
    customer, standing = board.legs[attempt.leg_id], board.legs[other.leg_id]
    attempt.moving_to, attempt.agent_id, attempt.moved = "", other.agent_id, True
    board.stop_timer(f"move:{attempt.attempt_id}")
    customer.peer_id, standing.peer_id = standing.leg_id, customer.leg_id
    board.move_leg(standing, LegEvent.BRIDGE)
    for leg in (customer, standing):
        board.timer(f"watch:{leg.leg_id}", 60.0)
    at = board.wall_of(bridged_us) if bridged_us else board.wall
    board.save(AttemptMoved(attempt_id=attempt.attempt_id, agent_id=other.agent_id, at=at))
    campaign = board.campaigns[attempt.campaign_id]
    if not attempt.told:
        # To the pacer the call is over with its first agent; the other's talk is told by their state.
        attempt.told = True
        campaign.pacer.ended(board.now, attempt.call_id, "done")
    if first is not None and first.attempt_id == attempt.attempt_id:
        first.attempt_id = ""
        agents.call_ended(board, first, attempt.attempt_id)
    board.move_agent(other, AgentEvent.BRIDGED, attempt_id=attempt.attempt_id)


def refused(board: Board, attempt_id: str, agent_id: str) -> None:
    """`-ERR Invalid uuid`: one of the two is gone, the other untouched. Ask for both."""
    attempt = board.attempts.get(attempt_id)
    if attempt is not None and attempt.moving_to == agent_id:
        came_to_nothing(board, attempt)
        _ask(board, attempt, agent_id)


def silent(board: Board, attempt_id: str) -> None:
    """`+OK` and then no BRIDGE: the switch is asked who is with whom."""
    attempt = board.attempts.get(attempt_id)
    if attempt is None or not attempt.moving_to:
        return
    board.counters["move_silent"] += 1
    board.timer(f"move:{attempt_id}", 2 * _CHECK_SECONDS)
    if board.link_up:
        board.send(commands.uuid_dump(attempt.leg_id), f"dump:{attempt.leg_id}")


def found(board: Board, attempt: Attempt, peer: Leg | None, bridged_us: int) -> None:
    """The customer of a conversation is with this leg, by the switch's own data."""
    customer = board.legs[attempt.leg_id]
    if peer is None:
        _alone(board, attempt, customer)
        return
    attempt.alone = 0
    if peer.kind is LegKind.THIRD_PARTY:
        third_party.found_with(board, attempt, peer, bridged_us)
        return
    if peer.kind is not LegKind.AGENT:
        return
    other = board.agents.get(peer.owner_id)
    if other is None or other.agent_id == attempt.agent_id:
        if attempt.moving_to and board.now - attempt.moving_since > _CHECK_SECONDS:
            came_to_nothing(board, attempt)
        return
    if attempt.moving_to != other.agent_id and other.state is AgentState.READY:
        # The dialer before this one had it moved.
        came_to_nothing(board, attempt)
        _reserve(board, attempt, other)
    if attempt.moving_to == other.agent_id:
        moved(board, attempt, bridged_us)


def _alone(board: Board, attempt: Attempt, customer: Leg) -> None:
    """With nobody, seen twice: who was to take the call is gone, and so is the bridge. It ends here."""
    attempt.alone += 1
    if attempt.alone > 1:
        board.counters["left_alone"] += 1
        board.send(commands.uuid_kill(customer.leg_id, "NORMAL_CLEARING"))
    board.timer(f"watch:{customer.leg_id}", _CHECK_SECONDS)


def before_end(board: Board, customer: Leg, event: ChannelHangupComplete) -> None:
    """The customer's leg has ended with a move under way: whether it came about is in its last partner."""
    attempt = board.attempts.get(customer.owner_id)
    other = board.agents.get(attempt.moving_to) if attempt is not None else None
    if attempt is None or other is None or other.leg_id not in board.legs:
        return
    if event.get("variable_last_bridge_to", "") == other.leg_id:
        moved(board, attempt, event.bridged_us)


def first_bridge_us(board: Board, attempt: Attempt, customer: Leg, told_us: int) -> int:
    """When the conversation began: the switch tells its last bridge, after a move a later one, in it none."""
    if told_us and not (attempt.moved or attempt.moving_to or attempt.third):
        return told_us
    if attempt.bridged_wall and board.switch_offset is not None:
        return int((attempt.bridged_wall - board.switch_offset) * 1e6)
    return customer.bridged_us or told_us


def came_to_nothing(board: Board, attempt: Attempt) -> None:
    """The call stays whose it was, or is over: who was reserved for it is free again."""
    other = board.agents.get(attempt.moving_to)
    attempt.moving_to = ""
    board.stop_timer(f"move:{attempt.attempt_id}")
    if other is None or other.attempt_id != attempt.attempt_id:
        return
    other.attempt_id = ""
    if other.state is AgentState.RESERVED and other.leg_ready:
        agents.release(board, other)


def other_leg_lost(board: Board, agent: Agent, attempt: Attempt) -> bool:
    """The leg of who was to take the call is gone; True if that is what this is about."""
    if attempt.moving_to != agent.agent_id:
        return False
    attempt.moving_to = agent.attempt_id = ""
    board.stop_timer(f"move:{attempt.attempt_id}")
    _ask(board, attempt, "")
    return True


def _ask(board: Board, attempt: Attempt, agent_id: str) -> None:
    if not board.link_up:
        return
    agent = board.agents.get(agent_id)
    for leg_id in (attempt.leg_id, agent.leg_id if agent else ""):
        if leg_id in board.legs:
            board.timer(f"watch:{leg_id}", 0.0)
