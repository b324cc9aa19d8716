"""What an agent does within a call: hold, mute, digits.

Hold is a re-INVITE to the agent's phone (`uuid_hold`); the bridge stays, and the switch plays its music to
the customer. It is the same whether the page asks for it or the phone's own key: CHANNEL_HOLD and
CHANNEL_UNHOLD move the agent, never the command itself. Mute silences what the agent's leg says
(`uuid_audio`) and is marked on the leg, so that the next dialer knows of it. Both end with the call.
"""

from __future__ import annotations

import re
from typing import Any

from callflow.engine.board import Agent, Attempt, Board, Leg
from callflow.engine.tables import AgentEvent
from esl import commands
from models.enums import AgentState, LegKind
from models.records import OperatorCommand

_MUTED = "rm_muted"
_CHECK_SECONDS = 2.0
_DIGITS = re.compile(r"[0-9*#A-D]{1,32}")
_NOT_IN_CALL = "the agent is not in that call"
_AWAY = "the switch can't be asked at this moment: try again when it is back"


def in_hand(board: Board, agent: Agent, command: OperatorCommand) -> tuple[Attempt, Leg, Leg] | str:
    """The conversation that a command names, with the customer's and the agent's leg; else why not.

    The call is named: a command that comes late must not reach the next one.
    """
    named = str(command.payload.get("attempt_id", ""))
    attempt = board.attempts.get(named)
    if not agent.state.is_talking or agent.attempt_id != named or attempt is None:
        return _NOT_IN_CALL
    customer, own = board.legs.get(attempt.leg_id), board.legs.get(agent.leg_id)
    if customer is None or own is None or not board.link_up:
        return _AWAY
    return attempt, customer, own


# --- by command ----------------------------------------------------------------------------------------


def hold(board: Board, agent: Agent, command: OperatorCommand) -> str:
    """Put the customer on hold, or take them off."""
    found = in_hand(board, agent, command)
    if isinstance(found, str):
        return found
    _, _, own = found
    on = _is_on(command)
    if on is None:
        return "on must be true or false"
    if on is not (agent.state is AgentState.ON_HOLD):
        agent.hold_asked = on
        board.send(commands.uuid_hold(own.leg_id, on))
        board.timer(f"watch:{own.leg_id}", _CHECK_SECONDS)  # +OK comes for a dead leg too
    return ""


def mute(board: Board, agent: Agent, command: OperatorCommand) -> str:
    """Silence the agent's own voice, or no longer."""
    found = in_hand(board, agent, command)
    if isinstance(found, str):
        return found
    on = _is_on(command)
    if on is None:
        return "on must be true or false"
    if on is not agent.muted:
        _mute(board, agent, on=on)
    return ""


def digits(board: Board, agent: Agent, command: OperatorCommand) -> str:
    """Press keys for the agent: the customer's side hears them."""
    found = in_hand(board, agent, command)
    if isinstance(found, str):
        return found
    _, customer, _ = found
    keys = str(command.payload.get("digits", ""))
    if _DIGITS.fullmatch(keys) is None:
        return "digits must be 1 to 32 of 0-9, *, # and A-D"
    board.send(commands.uuid_send_dtmf(customer.leg_id, keys))
    return ""


def _is_on(command: OperatorCommand) -> bool | None:
    on = command.payload.get("on", True)
    return on if isinstance(on, bool) else None


def _mute(board: Board, agent: Agent, *, on: bool) -> None:
    agent.muted = on
    board.send(commands.uuid_mute(agent.leg_id, "read", on))
    board.send(commands.uuid_setvar(agent.leg_id, _MUTED, "true" if on else ""))


# --- by the switch's word -------------------------------------------------------------------------------


def held(board: Board, leg: Leg, *, on: bool) -> None:
    """A leg went on hold or off. Only an agent's counts: a customer may hold us as they like."""
    agent = board.agents.get(leg.owner_id)
    if leg.kind is not LegKind.AGENT or agent is None or agent.leg_id != leg.leg_id:
        board.counters["hold_of_another_leg"] += 1
        return
    if agent.state is AgentState.TALKING and on:
        board.move_agent(agent, AgentEvent.HOLD, attempt_id=agent.attempt_id)
    elif agent.state is AgentState.ON_HOLD and not on:
        reason, agent.told = agent.told, ""
        board.move_agent(agent, AgentEvent.UNHOLD, attempt_id=agent.attempt_id, reason=reason)


def found(board: Board, agent: Agent, leg: Leg, data: dict[str, Any]) -> None:
    """The switch's own data of an agent's leg, asked for in doubt: what was missed is made up for."""
    marked = data.get(f"variable_{_MUTED}") == "true"
    if agent.state.is_talking:
        held(board, leg, on=data.get("Channel-Call-State") == "HELD")
        agent.muted = marked
    elif marked:
        _mute(board, agent, on=False)


def over(board: Board, agent: Agent) -> None:
    """The call has ended: the next one begins with both sides heard. Before the agent's state moves."""
    if agent.leg_id and (agent.hold_asked or agent.state is AgentState.ON_HOLD):
        board.send(commands.uuid_hold(agent.leg_id, False))
    if agent.leg_id and agent.muted:
        _mute(board, agent, on=False)
    agent.muted, agent.hold_asked, agent.told = False, False, ""
