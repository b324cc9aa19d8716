"""Agents and their standing legs: login to logout, the phone lost and dialed again, the end of a call.

A standing leg is originated once, parked, and kept by `park_after_bridge=true` from call to call (FACTS
§6). It ends by the switch's own timer (`sched_hangup`, renewed) if no dialer renews it.
"""

from __future__ import annotations

from callflow.engine import conversation
from callflow.engine.board import Agent, Board, Leg
from callflow.engine.tables import AgentEvent, LegState
from esl import commands
from models.enums import AgentState, LegKind
from models.records import AgentLegEnded, AgentLegOpened

_PHONE_RING_SECONDS = 30
_AFTER_CALL_CHECK_SECONDS = 2.0
_MAX_BACKOFF_SECONDS = 30.0


def dial_string(board: Board, gateway: str, number: str) -> str:
    """How a customer is dialed, behind the fence that only the lease's holder keeps open."""
    return board.config.dial.customers.fill(number, gateway=gateway, fence=board.config.fence)


def connect_phone(board: Board, agent: Agent) -> None:
    """Dial the agent's phone if it has no leg; waits for a token of the legs' bucket at half the rate."""
    if agent.leg_id or agent.state is AgentState.LOGGED_OUT or not board.link_up or "lease" in board.blocked:
        return
    if board.leg_bucket.available(board.now, 0.5 * board.lag.factor) < 1:
        board.timer(f"phone:{agent.agent_id}", 2.0 / board.config.legs_per_second)
        return
    board.leg_bucket.take()
    leg = Leg(board.new_id(), LegKind.AGENT, agent.agent_id, sent_at=board.now, since=board.now)
    board.legs[leg.leg_id] = leg
    agent.leg_id, agent.leg_ready = leg.leg_id, False
    board.lag.asked(leg.leg_id, board.now)
    board.save(
        AgentLegOpened(
            leg_id=leg.leg_id, agent_id=agent.agent_id, switch_id=board.config.switch_id, at=board.wall
        )
    )
    board.send(
        commands.originate(
            leg.leg_id,
            board.config.dial.agent(agent.agent_id, agent.extension, fence=board.config.fence),
            "&park()",
            {
                "park_after_bridge": "true",
                "rm_owner": board.config.owner,
                "originate_timeout": str(_PHONE_RING_SECONDS),
                # A phone that answers 302 would have anybody called, at your cost.
                "outbound_redirect_fatal": "true",
            },
            expand=bool(board.config.fence),
        ),
        f"orig:{leg.leg_id}",
    )
    board.timer(f"watch:{leg.leg_id}", 3.0)


def phone_up(board: Board, agent: Agent, leg: Leg) -> None:
    """The standing leg is parked for the first time, or was found so at recovery."""
    if agent.leg_id != leg.leg_id or agent.leg_ready:
        return
    agent.leg_ready, agent.phone_failures = True, 0
    renew_standing_leg(board, leg)
    if agent.state in (AgentState.CONNECTING, AgentState.WRAP_UP, AgentState.PAUSED):
        board.move_agent(agent, AgentEvent.LEG_UP)


def renew_standing_leg(board: Board, leg: Leg) -> None:
    """Push the leg's switch-held end into the future, and again at a third of it."""
    seconds = board.config.standing_leg_seconds
    board.send(commands.sched_del(leg.leg_id))
    board.send(commands.sched_hangup(leg.leg_id, round(seconds), "NORMAL_CLEARING"))
    board.timer(f"renew:{leg.leg_id}", seconds / 3)


def leg_ended(board: Board, leg: Leg, cause: str) -> None:
    """A standing leg is gone (already dropped from the board): the agent's state follows, the phone is
    dialed again."""
    board.save(AgentLegEnded(leg_id=leg.leg_id, cause=cause, at=board.wall))
    agent = board.agents.get(leg.owner_id)
    if agent is None or agent.leg_id != leg.leg_id:
        return
    was_up = agent.leg_ready
    agent.leg_id, agent.leg_ready = "", False
    if agent.state is AgentState.LOGGED_OUT:
        return
    agent.phone_failures = 0 if was_up else agent.phone_failures + 1
    conversation.over(board, agent)
    if agent.state.is_talking:
        # The call has an end of its own still to come; the booking is the attempt's.
        agent.last_attempt_id, agent.attempt_id = agent.attempt_id, ""
        board.move_agent(agent, AgentEvent.LEG_DOWN, reason="phone lost", attempt_id=agent.last_attempt_id)
        start_wrap_up(board, agent)
    else:
        board.move_agent(agent, AgentEvent.LEG_DOWN, reason=f"phone lost: {cause}"[:200])
    if agent.phone_failures >= board.config.max_phone_failures and agent.state in (
        AgentState.CONNECTING,
        AgentState.PAUSED,
    ):
        board.move_agent(agent, AgentEvent.PHONE_UNREACHABLE, reason=f"phone unreachable: {cause}"[:200])
        return
    backoff = board.config.reattach_seconds * 2.0 ** min(agent.phone_failures, 5)
    board.timer(f"phone:{agent.agent_id}", min(_MAX_BACKOFF_SECONDS, backoff))


def call_ended(board: Board, agent: Agent, attempt_id: str) -> None:
    """The conversation is over: wrap-up begins, and the leg must come back to its park."""
    agent.last_attempt_id = attempt_id
    conversation.over(board, agent)
    board.move_agent(agent, AgentEvent.CALL_ENDED, attempt_id=attempt_id)
    start_wrap_up(board, agent)
    leg = board.legs.get(agent.leg_id)
    if leg is not None and leg.state is LegState.BRIDGED:
        board.timer(f"watch:{leg.leg_id}", _AFTER_CALL_CHECK_SECONDS)


def start_wrap_up(board: Board, agent: Agent) -> None:
    """Wrap-up ends by disposition, or here at the campaign's limit."""
    campaign = board.campaigns.get(agent.campaign_id)
    limit = campaign.settings.wrap_up_limit_seconds if campaign else 60.0
    board.timer(f"wrap:{agent.agent_id}", limit)


def wrapped(board: Board, agent: Agent, reason: str = "") -> None:
    """Wrap-up is done: what was asked for in the call takes effect now."""
    if agent.state is not AgentState.WRAP_UP:
        return
    board.stop_timer(f"wrap:{agent.agent_id}")
    wish, agent.next = agent.next, ""
    why = agent.next_reason if wish else reason
    if wish == "logout":
        board.move_agent(agent, AgentEvent.WRAPPED_LOGGED_OUT, reason=why)
        hang_up_phone(board, agent)
    elif wish == "pause":
        board.move_agent(agent, AgentEvent.WRAPPED_PAUSED, reason=why)
    elif agent.leg_ready:
        board.move_agent(agent, AgentEvent.WRAPPED, reason=why)
    else:
        board.move_agent(agent, AgentEvent.WRAPPED_NO_LEG, reason=why)
        connect_phone(board, agent)


def release(board: Board, agent: Agent) -> None:
    """A reservation came to nothing: the agent goes on as if nobody had come."""
    if agent.state is not AgentState.RESERVED:
        return
    agent.attempt_id = ""
    wish, agent.next = agent.next, ""
    if wish == "logout":
        board.move_agent(agent, AgentEvent.RELEASED_LOGGED_OUT, reason=agent.next_reason)
        hang_up_phone(board, agent)
    elif wish == "pause":
        board.move_agent(agent, AgentEvent.RELEASED_PAUSED, reason=agent.next_reason)
    else:
        board.move_agent(agent, AgentEvent.RELEASED)


def leave_now(board: Board, agent: Agent) -> None:
    """A pause or logout asked for while the leg was in doubt; it is in no call, as is known now."""
    wish, agent.next = agent.next, ""
    event = AgentEvent.LOGOUT if wish == "logout" else AgentEvent.PAUSE
    board.move_agent(agent, event, reason=agent.next_reason)
    if wish == "logout":
        hang_up_phone(board, agent)


def hang_up_phone(board: Board, agent: Agent) -> None:
    """Let the standing leg go; its end is heard as an event and only recorded."""
    if agent.leg_id:
        board.send(commands.uuid_kill(agent.leg_id))
        board.timer(f"watch:{agent.leg_id}", 2.0)
    board.stop_timer(f"renew:{agent.leg_id}")
    board.stop_timer(f"phone:{agent.agent_id}")
    agent.leg_id, agent.leg_ready = "", False
