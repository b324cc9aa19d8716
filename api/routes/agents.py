"""Agents: who works, in which state, and what they ask of the dialer. `me` is the signed-in agent."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from api import control
from api.control import ANSWERS, STATUSES, Key, Wish
from api.database import Tx
from api.fields import StrictBool
from api.principal import Principal, allow
from api.problems import Problem, not_found, responses
from api.shapes import Body, Command, Moment
from api.state import state_of
from models import dispositions
from models.enums import AgentState, ApiScope, AttemptState, CommandKind, UserRole
from models.repository import agents, campaigns, desk, switches

router = APIRouter(prefix="/v1/agents", tags=["agents"])
audit = logging.getLogger("api.audit")
Supervisor = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))]
Admin = Annotated[Principal, Depends(allow(UserRole.ADMIN, ApiScope.ADMIN))]
Reader = Annotated[Principal, Depends(allow(UserRole.AGENT, ApiScope.READ))]
Actor = Annotated[Principal, Depends(allow(UserRole.AGENT, ApiScope.CONTROL))]
_PRINTS = r"[^\x00-\x1f\x7f-\x9f]"
_WORD = rf"^{_PRINTS}*[^\s\x00-\x1f\x7f-\x9f]{_PRINTS}*$"
Who = Annotated[UUID | Literal["me"], Path(description="An agent's id, or `me`: the signed-in agent.")]


class Agent(BaseModel):
    """An agent. `next`: what follows the call that they are in. `muted`: their voice is silenced in it."""

    id: str
    name: str
    extension: str
    campaign_id: str | None
    state: AgentState
    state_since: Moment
    reason: str
    attempt_id: str | None
    next: Literal["", "pause", "logout"]
    muted: bool

    @classmethod
    def of(cls, seat: desk.Seat) -> Agent:
        """As the database has it."""
        return cls(**{name: value for name, value in asdict(seat).items() if name in cls.model_fields})


class AgentList(BaseModel):
    """Agents by name."""

    items: list[Agent]


class AgentCall(BaseModel):
    """The call that an agent is in or wraps up; `fields` are the lead's own columns."""

    attempt_id: str
    person_name: str
    number: str
    fields: dict[str, Any]
    answered_at: Moment | None
    bridged_at: Moment | None
    state: AttemptState


class AgentCampaign(BaseModel):
    """The campaign that an agent works for, or last did."""

    id: str
    name: str
    wrap_up_limit_seconds: float


class AgentDetail(Agent):
    """An agent with their call, the dispositions that are offered, and their campaign."""

    call: AgentCall | None
    dispositions: list[str]
    campaign: AgentCampaign | None


class NewAgent(Body):
    """An agent to be made, logged out; `extension` is their phone on the switch."""

    name: str = Field(min_length=1, max_length=200, pattern=r"\S")
    extension: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    campaign_id: UUID | None = None


class Login(Body):
    """The campaign to work for; the last one, if it is left out."""

    campaign_id: UUID | None = None


class Reason(Body):
    """Why, in a few words."""

    reason: str = Field("", max_length=200)


class Pause(Body):
    """Why, in a few words: meal, meeting, training."""

    reason: str = Field(min_length=1, max_length=200)


class HangUp(Body):
    """Which call to end: one that is over already stays as it is, and the next one is not cut."""

    attempt_id: UUID


class RecordAction(StrEnum):
    """What is done to the recording of a call."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


_RECORD = {
    RecordAction.START: CommandKind.RECORDING_START,
    RecordAction.STOP: CommandKind.RECORDING_STOP,
    RecordAction.PAUSE: CommandKind.RECORDING_PAUSE,
    RecordAction.RESUME: CommandKind.RECORDING_RESUME,
}


class RecordCall(Body):
    """What to do; `consent`: the person was asked and has agreed, where the campaign's plan asks for that."""

    attempt_id: UUID
    action: RecordAction
    consent: StrictBool = False


class Disposition(Body):
    """How a call ended. `disposition` is a word of the agent's list or of the campaign's own."""

    attempt_id: UUID
    disposition: str = Field(min_length=1, max_length=100, pattern=_WORD)
    text: str = Field("", max_length=4000)


@router.get("", responses=responses(401, 403, 404, 422), operation_id="list_agents")
async def list_agents(who: Supervisor, request: Request, campaign_id: UUID | None = None) -> AgentList:
    """The agents of the tenant, or those of a campaign."""
    chosen = None if campaign_id is None else str(campaign_id)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        if chosen is not None:
            await tx.run(campaigns.switch_of, chosen, tenant_id=tx.only)
        found = await tx.run(desk.every, campaign_id=chosen, tenant_id=tx.only)
    return AgentList(items=[Agent.of(seat) for seat in found])


@router.post("", status_code=201, responses=responses(401, 403, 404, 409, 422), operation_id="create_agent")
async def create_agent(given: NewAgent, who: Admin, request: Request) -> Agent:
    """Make an agent. A user of role agent works as one (POST /v1/users)."""
    chosen = None if given.campaign_id is None else str(given.campaign_id)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        switch_id: str | None = None
        if chosen is not None:
            switch_id = await tx.run(campaigns.switch_of, chosen, tenant_id=tx.only)
        if switch_id is None:
            switch_id = await tx.run(switches.choose, None)
        made = await tx.run(
            agents.create,
            name=given.name,
            extension=given.extension,
            switch_id=switch_id,
            campaign_id=chosen,
            tenant_id=tx.tenant_id,
        )
        seat = await tx.run(desk.one, made.agent_id, tenant_id=tx.only)
    audit.info("agent made", extra={"by": who.label, "tenant_id": who.tenant_id, "agent_id": seat.id})
    return Agent.of(seat)


@router.get("/{agent_id}", responses=responses(401, 403, 404, 422), operation_id="get_agent")
async def get_agent(agent_id: Who, who: Reader, request: Request) -> AgentDetail:
    """One agent, with the call on their desk."""
    chosen = whom(who, agent_id)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        return await detail(tx, chosen)


async def detail(tx: Tx, agent_id: str) -> AgentDetail:
    """An agent with their call, also for the first message of their socket.

    Raises:
        NotFound: `agent`.
    """
    seat = await tx.run(desk.one, agent_id, tenant_id=tx.only)
    call = await tx.run(desk.call_in_hand, seat, tenant_id=tx.only)
    campaign = None
    if seat.campaign_id is not None:
        campaign = asdict(await tx.run(desk.work_place, seat.campaign_id, tenant_id=tx.only))
        campaign.pop("switch_id")
    return AgentDetail(
        **Agent.of(seat).model_dump(),
        call=None if call is None else AgentCall(**asdict(call)),
        dispositions=list(dispositions.OFFERED),
        campaign=None if campaign is None else AgentCampaign(**campaign),
    )


_CONTROL = {**responses(*STATUSES), **ANSWERS}


@router.post("/{agent_id}/login", responses=_CONTROL, operation_id="log_in_agent")
async def log_in_agent(
    agent_id: Who, given: Login, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Work for a campaign: the agent's phone rings and stays connected."""
    chosen, state = whom(who, agent_id), state_of(request)
    async with state.database.tenant(who.tenant_id) as tx:
        seat = await tx.run(desk.one, chosen, tenant_id=tx.only)
        campaign_id = seat.campaign_id if given.campaign_id is None else str(given.campaign_id)
        if campaign_id is None:
            raise Problem(409, "refused", "The agent has no campaign yet: give campaign_id.")
        place = await tx.run(desk.work_place, campaign_id, tenant_id=tx.only)
        if place.switch_id is not None and not await tx.run(
            agents.settle, chosen, place.switch_id, tenant_id=tx.only
        ):
            raise Problem(409, "refused", "The agent works on another switch now: log out there first.")
    wish = Wish(
        switch_id=place.switch_id,
        kind=CommandKind.AGENT_LOGIN,
        agent_id=chosen,
        campaign_id=campaign_id,
    )
    return await control.ask(state, who, wish, response, route=wish.kind.value, key=key)


@router.post("/{agent_id}/logout", responses=_CONTROL, operation_id="log_out_agent")
async def log_out_agent(
    agent_id: Who,
    who: Actor,
    request: Request,
    response: Response,
    given: Reason | None = None,
    key: Key = None,
) -> Command:
    """Stop working; a call in hand is finished first."""
    payload = {"reason": "" if given is None else given.reason}
    return await ask_of(CommandKind.AGENT_LOGOUT, agent_id, who, request, response, key, payload)


@router.post("/{agent_id}/pause", responses=_CONTROL, operation_id="pause_agent")
async def pause_agent(
    agent_id: Who, given: Pause, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Take no calls for a while; a call in hand is finished first."""
    payload = {"reason": given.reason}
    return await ask_of(CommandKind.AGENT_PAUSE, agent_id, who, request, response, key, payload)


@router.post("/{agent_id}/ready", responses=_CONTROL, operation_id="ready_agent")
async def ready_agent(
    agent_id: Who, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Take calls: ends a pause or a wrap-up."""
    return await ask_of(CommandKind.AGENT_READY, agent_id, who, request, response, key, {})


@router.post("/{agent_id}/hang-up", responses=_CONTROL, operation_id="hang_up_call_of_agent")
async def hang_up_call_of_agent(
    agent_id: Who, given: HangUp, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """End the conversation in hand, which is named; the agent's phone stays connected, the wrap-up begins."""
    payload = {"attempt_id": await their_call(request, who, agent_id, given.attempt_id)}
    return await ask_of(CommandKind.AGENT_HANG_UP, agent_id, who, request, response, key, payload)


@router.post("/{agent_id}/recording", responses=_CONTROL, operation_id="record_call_of_agent")
async def record_call_of_agent(
    agent_id: Who, given: RecordCall, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Start, stop, pause (silence, for card data) or resume the recording of the call in hand.

    Done when the switch has said so.
    """
    payload: dict[str, Any] = {"attempt_id": await their_call(request, who, agent_id, given.attempt_id)}
    if given.action is RecordAction.START:
        payload["consent"] = given.consent
    return await ask_of(_RECORD[given.action], agent_id, who, request, response, key, payload)


@router.post("/{agent_id}/disposition", responses=_CONTROL, operation_id="give_disposition")
async def give_disposition(
    agent_id: Who, given: Disposition, who: Actor, request: Request, response: Response, key: Key = None
) -> Command:
    """Say how a call of the agent ended; during the wrap-up this ends it."""
    # A disposition may put the number on the do-not-call list: never of a call that is not theirs.
    attempt_id = await their_call(request, who, agent_id, given.attempt_id)
    payload = {"attempt_id": attempt_id, "disposition": given.disposition, "text": given.text}
    return await ask_of(CommandKind.DISPOSITION, agent_id, who, request, response, key, payload)


async def their_call(request: Request, who: Principal, agent_id: UUID | str, attempt_id: UUID) -> str:
    """The call's id, if it is one of this agent's.

    Raises:
        Problem: `not_found`.
    """
    chosen = whom(who, agent_id)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        await tx.run(desk.one, chosen, tenant_id=tx.only)
        if not await tx.run(desk.is_their_call, chosen, str(attempt_id), tenant_id=tx.only):
            raise not_found("call of this agent")
    return str(attempt_id)


async def ask_of(
    kind: CommandKind,
    agent_id: UUID | str,
    who: Principal,
    request: Request,
    response: Response,
    key: str | None,
    payload: Mapping[str, object],
) -> Command:
    chosen, state = whom(who, agent_id), state_of(request)
    async with state.database.tenant(who.tenant_id) as tx:
        seat = await tx.run(desk.one, chosen, tenant_id=tx.only)
    if seat.switch_id is None:
        raise Problem(409, "refused", "The agent works nowhere: log the agent in first.")
    wish = Wish(switch_id=seat.switch_id, kind=kind, agent_id=chosen, payload=payload)
    return await control.ask(state, who, wish, response, route=kind.value, key=key)


def whom(who: Principal, agent_id: UUID | str) -> str:
    """The agent's id, if that is one whom this person or program may speak for.

    Raises:
        Problem: `not_found`.
    """
    chosen = who.agent_id if agent_id == "me" else str(agent_id)
    if chosen is None or (who.role is UserRole.AGENT and chosen != who.agent_id):
        raise not_found("agent")
    return chosen
