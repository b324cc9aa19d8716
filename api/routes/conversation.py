"""What an agent does in a conversation: hold, mute, digits, transfer.

Each names its call: an order that comes late must not reach the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.control import ANSWERS, STATUSES, Key
from api.fields import StrictBool
from api.problems import responses
from api.routes.agents import Actor, Reader, Who, ask_of, their_call, whom
from api.shapes import Body, Command
from api.state import state_of
from models.enums import AgentState, CommandKind
from models.repository import desk

router = APIRouter(prefix="/v1/agents", tags=["agents"])
_CONTROL = {**responses(*STATUSES), **ANSWERS}


class Switched(Body):
    """On, or off again; asked for twice it is the same."""

    attempt_id: UUID
    on: StrictBool = True


class Digits(Body):
    """Keys of a phone, pressed one after the other."""

    attempt_id: UUID
    digits: str = Field(pattern=r"^[0-9*#A-D]{1,32}$")


class Transfer(Body):
    """To whom the conversation goes: a ready agent of the same campaign."""

    attempt_id: UUID
    to_agent_id: UUID


class TransferOut(Body):
    """To which number outside the conversation goes."""

    attempt_id: UUID
    number: str = Field(pattern=r"^\+[1-9][0-9]{5,14}$", description="In international form.")


class Colleague(BaseModel):
    """Another agent of the same campaign, as far as an agent need know."""

    id: str
    name: str
    state: AgentState


class ColleagueList(BaseModel):
    """Colleagues by name."""

    items: list[Colleague]


@router.get("/{agent_id}/colleagues", responses=responses(401, 403, 404, 422), operation_id="list_colleagues")
async def list_colleagues(agent_id: Who, who: Reader, request: Request) -> ColleagueList:
    """Who else is logged in for the agent's campaign; a conversation can be handed to those who are ready."""
    chosen = whom(who, agent_id)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        seat = await tx.run(desk.one, chosen, tenant_id=tx.only)
        found: Sequence[desk.Seat] = ()
        if seat.campaign_id is not None:
            found = await tx.run(desk.every, campaign_id=seat.campaign_id, tenant_id=tx.only)
    others = (one for one in found if one.id != chosen and one.state is not AgentState.LOGGED_OUT)
    return ColleagueList(items=[Colleague(id=one.id, name=one.name, state=one.state) for one in others])


@router.post("/{agent_id}/transfer", responses=_CONTROL, operation_id="transfer_call_of_agent")
async def transfer_call_of_agent(
    agent_id: Who, given: Transfer, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Hand the conversation over to another agent. It is theirs when the two hear each other."""
    attempt_id = await their_call(request, who, agent_id, given.attempt_id)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        other = await tx.run(desk.one, str(given.to_agent_id), tenant_id=tx.only)
    payload = {"attempt_id": attempt_id, "to_agent_id": other.id}
    return await ask_of(CommandKind.AGENT_TRANSFER, agent_id, who, request, response, key, payload)


@router.post("/{agent_id}/transfer-out", responses=_CONTROL, operation_id="transfer_call_of_agent_out")
async def transfer_call_of_agent_out(
    agent_id: Who, given: TransferOut, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Hand the conversation over to a number. They hold until it answers; if it does not, the agent has them.

    Do-not-call, the gateways' limits and the campaign's caller id hold for it as for any call.
    """
    attempt_id = await their_call(request, who, agent_id, given.attempt_id)
    payload = {"attempt_id": attempt_id, "number": given.number}
    return await ask_of(CommandKind.AGENT_TRANSFER, agent_id, who, request, response, key, payload)


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
