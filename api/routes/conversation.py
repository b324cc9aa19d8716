"""What an agent does in a conversation: hold, mute, digits.

Each names its call: an order that comes late must not reach the next one.
"""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.control import ANSWERS, STATUSES, Key
from api.problems import responses
from api.routes.agents import Actor, Who, ask_of, their_call
from api.shapes import Body, Command
from models.enums import CommandKind

router = APIRouter(prefix="/v1/agents", tags=["agents"])
_CONTROL = {**responses(*STATUSES), **ANSWERS}


class Switched(Body):
    """On, or off again; asked for twice it is the same."""

    attempt_id: UUID
    on: bool = True


class Digits(Body):
    """Keys of a phone, pressed one after the other."""

    attempt_id: UUID
    digits: str = Field(pattern=r"^[0-9*#A-D]{1,32}$")


@router.post("/{agent_id}/hold", responses=_CONTROL, operation_id="hold_call_of_agent")
async def hold_call_of_agent(
    agent_id: Who, given: Switched, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Put the person on hold, or take them off: they hear music. The agent's state says when it is so."""
    payload = {"attempt_id": await their_call(request, who, agent_id, given.attempt_id), "on": given.on}
    return await ask_of(CommandKind.AGENT_HOLD, agent_id, who, request, response, key, payload)


@router.post("/{agent_id}/mute", responses=_CONTROL, operation_id="mute_agent")
async def mute_agent(
    agent_id: Who, given: Switched, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Silence the agent's voice for the rest of the call, or let it be heard again."""
    payload = {"attempt_id": await their_call(request, who, agent_id, given.attempt_id), "on": given.on}
    return await ask_of(CommandKind.AGENT_MUTE, agent_id, who, request, response, key, payload)


@router.post("/{agent_id}/digits", responses=_CONTROL, operation_id="send_digits_for_agent")
async def send_digits_for_agent(
    agent_id: Who, given: Digits, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Press keys: the other side hears their tones."""
    attempt_id = await their_call(request, who, agent_id, given.attempt_id)
    payload = {"attempt_id": attempt_id, "digits": given.digits}
    return await ask_of(CommandKind.AGENT_DIGITS, agent_id, who, request, response, key, payload)
