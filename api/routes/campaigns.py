"""Campaigns: which there are, a new one, and what the dialer is asked to do with them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from api import control
from api.control import ANSWERS, STATUSES, Key, Wish
from api.principal import Principal, allow
from api.problems import FieldProblem, Problem, responses
from api.shapes import Body, Command, Count, Moment, Number
from api.state import state_of
from models.enums import (
    ApiScope,
    CampaignState,
    CommandKind,
    DialMode,
    LeadState,
    RecordingConsent,
    RecordingMode,
    UserRole,
)
from models.errors import InvalidValue
from models.recordings import MAX_DAYS, RecordingPlan
from models.records import CampaignSettings
from models.repository import campaigns, events, overview, switches
from models.rules import preset, preset_names

router = APIRouter(prefix="/v1", tags=["campaigns"])
audit = logging.getLogger("api.audit")
Reader = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))]
Controller = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.CONTROL))]

HOUSE_CAP = 0.03  # what a supervisor may go up to; above it an administrator decides (REGULATION.md)
DEMO = "demo"
Preset = StrEnum("Preset", {name: name for name in preset_names()})  # type: ignore[misc]
# A sound of the switch's own, by a relative path: never another place, a stream or a command.
_MESSAGE = r"^([A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*)?$"


class CampaignRecording(Body):
    """Which calls are recorded, and how the person comes to know: at least what the rules ask for.

    `share`: of the calls, with mode `share`. `announcement`: a sound of the switch, played at the start of
    the conversation. `days`: how long a recording is kept; 0: until somebody deletes it.
    """

    mode: RecordingMode = RecordingMode.OFF
    share: Annotated[Number, Field(ge=0, le=1)] = 1.0
    consent: RecordingConsent = RecordingConsent.ANNOUNCED
    announcement: str = Field(default="", max_length=200, pattern=_MESSAGE)
    days: Annotated[Count, Field(ge=0, le=MAX_DAYS)] = 365

    def plan(self) -> RecordingPlan:
        """Raises Problem."""
        try:
            return RecordingPlan(**self.model_dump())
        except InvalidValue as error:
            field = FieldProblem(field="recording", message=str(error))
            raise Problem(422, "invalid", f"Recording: {error}.", errors=[field]) from error


class Campaign(BaseModel):
    """A campaign. `rules`: a preset's name or `custom`; `leads`: how many are in which state."""

    id: str
    name: str
    state: CampaignState
    mode: DialMode
    target: float
    cap: float
    grace_seconds: float
    ring_seconds: float
    wrap_up_limit_seconds: float
    gateway: str
    caller_id: str
    message: str
    max_lines: int
    calls_per_second: float
    recording: CampaignRecording
    rules: str
    window_start: Moment
    window_days: int
    switch_id: str | None
    created_at: Moment
    started_at: Moment | None
    leads: dict[LeadState, int]

    @classmethod
    def of(cls, found: overview.Overview) -> Campaign:
        """As the database has it."""
        return cls(**asdict(found))


class CampaignList(BaseModel):
    """Campaigns by name."""

    items: list[Campaign]


class LeadList(BaseModel):
    """A list of a campaign; `accepted` and `refused` count rows of its files."""

    id: str
    name: str
    created_at: Moment
    leads: dict[LeadState, int]
    accepted: int
    refused: int


class LeadLists(BaseModel):
    """Lists of a campaign, oldest first."""

    items: list[LeadList]


class NewCampaign(Body):
    """A campaign to be made. It stands still until it is started.

    `target` may not be above `cap`; if left out it is 0.03, or a lower cap. A `cap` above 0.03 is
    an administrator's.
    """

    name: str = Field(min_length=1, max_length=200, pattern=r"\S")
    mode: DialMode = DialMode.PREDICTIVE
    target: Annotated[Number, Field(gt=0, le=1)] = 0.03
    cap: Annotated[Number, Field(gt=0, le=1)] = HOUSE_CAP
    grace_seconds: Annotated[Number, Field(gt=0, le=10)] = 2.0
    ring_seconds: Annotated[Number, Field(ge=16, le=120)] = 30.0
    wrap_up_limit_seconds: Annotated[Number, Field(ge=0, le=86_400)] = 120.0
    gateway: str = Field("carrier", pattern=r"^[A-Za-z0-9_.-]{1,64}$")
    caller_id: str = Field("", pattern=r"^(\+?[0-9]{3,15})?$")
    message: str = Field("", max_length=200, pattern=_MESSAGE, description="A sound file of the switch.")
    max_lines: Annotated[Count, Field(ge=1, le=100_000)] = 1000
    calls_per_second: Annotated[Number, Field(gt=0, le=10_000)] = 50.0
    recording: CampaignRecording = CampaignRecording()
    rules: Preset = Preset("us_telemarketing")
    switch_id: UUID | None = Field(None, description="The only switch, if it is left out.")


class Target(Body):
    """The abandon rate to aim at, a fraction above 0 and at most the campaign's cap."""

    target: Annotated[Number, Field(gt=0, le=1)]


class Stopped(BaseModel):
    """One command for each switch that dials for the tenant."""

    commands: list[Command]


@router.get("/campaigns", responses=responses(401, 403), operation_id="list_campaigns")
async def list_campaigns(who: Reader, request: Request) -> CampaignList:
    """Every campaign, by name."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(overview.every, tenant_id=tx.only)
    return CampaignList(items=[Campaign.of(one) for one in found])


@router.post(
    "/campaigns",
    status_code=201,
    responses=responses(401, 403, 404, 409, 422),
    operation_id="create_campaign",
)
async def create_campaign(given: NewCampaign, who: Controller, request: Request) -> Campaign:
    """Make a campaign. Its rules are a preset by jurisdiction and purpose: not legal advice."""
    if "target" not in given.model_fields_set:
        given.target = min(given.target, given.cap)
    _check(given, who)
    settings = CampaignSettings(
        campaign_id="",
        state=CampaignState.DRAFT,
        recording=_under(given.recording.plan(), preset(given.rules.value).recording),
        **given.model_dump(exclude={"rules", "switch_id", "recording"}),
    )
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        if given.rules.value == DEMO and not await tx.run(overview.has_rules, DEMO, tenant_id=tx.only):
            raise Problem(409, "conflict", "The rules `demo` open every hour: they are for the demo only.")
        wanted = None if given.switch_id is None else str(given.switch_id)
        switch_id = await tx.run(switches.choose, wanted)
        made = await tx.run(
            campaigns.create,
            settings,
            switch_id=switch_id,
            tenant_id=tx.tenant_id,
            rules=preset(given.rules.value),
        )
        shown = {"id": made.campaign_id, "state": made.state.value, "target": made.target}
        await tx.run(events.record, "campaign", shown, tenant_id=tx.tenant_id)
        found = await tx.run(overview.one, made.campaign_id, tenant_id=tx.only)
    audit.info(
        "campaign made", extra={"by": who.label, "tenant_id": who.tenant_id, "campaign_id": made.campaign_id}
    )
    return Campaign.of(found)


def _under(plan: RecordingPlan, asked_for: RecordingConsent) -> RecordingPlan:
    try:
        plan.check_under(asked_for)
    except InvalidValue as error:
        field = FieldProblem(field="recording", message=str(error))
        raise Problem(422, "invalid", f"Recording: {error}.", errors=[field]) from error
    return plan


def _check(given: NewCampaign, who: Principal) -> None:
    if given.target > given.cap:
        message = f"must be at most the cap, {given.cap:g}"
        raise Problem(
            422, "invalid", f"The target {message}.", errors=[FieldProblem(field="target", message=message)]
        )
    if given.cap > HOUSE_CAP and not who.may(UserRole.ADMIN, ApiScope.ADMIN):
        raise Problem(403, "forbidden", f"Only an administrator may set a cap above {HOUSE_CAP:g}.")


@router.get("/campaigns/{campaign_id}", responses=responses(401, 403, 404, 422), operation_id="get_campaign")
async def get_campaign(campaign_id: UUID, who: Reader, request: Request) -> Campaign:
    """One campaign."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        return Campaign.of(await tx.run(overview.one, str(campaign_id), tenant_id=tx.only))


@router.get(
    "/campaigns/{campaign_id}/lists", responses=responses(401, 403, 404, 422), operation_id="list_lists"
)
async def list_lists(campaign_id: UUID, who: Reader, request: Request) -> LeadLists:
    """The lists of a campaign, with their leads by state."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(overview.lists, str(campaign_id), tenant_id=tx.only)
    return LeadLists(items=[LeadList(**asdict(one)) for one in found])


_CONTROL = {**responses(*STATUSES), **ANSWERS}


@router.post("/campaigns/{campaign_id}/start", responses=_CONTROL, operation_id="start_campaign")
async def start_campaign(
    campaign_id: UUID, who: Controller, request: Request, response: Response, key: Key = None
) -> Command:
    """Dial."""
    return await _ask(CommandKind.CAMPAIGN_START, campaign_id, who, request, response, key)


@router.post("/campaigns/{campaign_id}/pause", responses=_CONTROL, operation_id="pause_campaign")
async def pause_campaign(
    campaign_id: UUID, who: Controller, request: Request, response: Response, key: Key = None
) -> Command:
    """Dial nothing more for now; calls go on."""
    return await _ask(CommandKind.CAMPAIGN_PAUSE, campaign_id, who, request, response, key)


@router.post("/campaigns/{campaign_id}/stop", responses=_CONTROL, operation_id="stop_campaign")
async def stop_campaign(
    campaign_id: UUID, who: Controller, request: Request, response: Response, key: Key = None
) -> Command:
    """End the campaign; calls in hand finish."""
    return await _ask(CommandKind.CAMPAIGN_STOP, campaign_id, who, request, response, key)


@router.put("/campaigns/{campaign_id}/target", responses=_CONTROL, operation_id="set_target")
async def set_target(
    campaign_id: UUID, given: Target, who: Controller, request: Request, response: Response, key: Key = None
) -> Command:
    """Aim at another abandon rate."""
    payload = {"target": given.target}
    return await _ask(CommandKind.CAMPAIGN_TARGET, campaign_id, who, request, response, key, payload)


@router.put(
    "/campaigns/{campaign_id}/recording",
    responses=responses(401, 403, 404, 422),
    operation_id="set_campaign_recording",
)
async def set_campaign_recording(
    campaign_id: UUID, given: CampaignRecording, who: Controller, request: Request
) -> Campaign:
    """Record its calls so; the dialer follows within seconds, for conversations that begin then."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        await tx.run(overview.one, str(campaign_id), tenant_id=tx.only)
        plan = _under(given.plan(), (await tx.run(campaigns.rules, str(campaign_id))).recording)
        await tx.run(campaigns.record, str(campaign_id), plan, tenant_id=tx.only)
        found = await tx.run(overview.one, str(campaign_id), tenant_id=tx.only)
    told = {"by": who.label, "tenant_id": who.tenant_id, "campaign_id": str(campaign_id)}
    audit.info("recording set", extra={**told, "recording": plan.to_json()})
    return Campaign.of(found)


async def _ask(
    kind: CommandKind,
    campaign_id: UUID,
    who: Principal,
    request: Request,
    response: Response,
    key: str | None,
    payload: dict[str, float] | None = None,
) -> Command:
    state = state_of(request)
    async with state.database.tenant(who.tenant_id) as tx:
        switch_id = await tx.run(campaigns.switch_of, str(campaign_id), tenant_id=tx.only)
    wish = Wish(switch_id=switch_id, kind=kind, campaign_id=str(campaign_id), payload=payload or {})
    return await control.ask(state, who, wish, response, route=kind.value, key=key)


@router.post(
    "/stop-all",
    responses={
        **responses(401, 403, 409, 422, 503),
        202: {"model": Stopped, "description": "Not answered yet."},
    },
    operation_id="stop_all",
)
async def stop_all(who: Controller, request: Request, response: Response, key: Key = None) -> Stopped:
    """Pause every campaign at once; what has rung as long as the law asks for is given up."""
    state = state_of(request)
    async with state.database.tenant(who.tenant_id) as tx:
        found = await tx.run(overview.every, tenant_id=tx.only)
    wishes = [_stop(switch_id, found) for switch_id in sorted({c.switch_id for c in found if c.switch_id})]
    asked, dead = [], []
    for wish in wishes:
        try:
            asked.append(await control.write(state, who, wish, route=f"stop_all:{wish.switch_id}", key=key))
        except Problem as problem:
            if problem.code != "no_dialer":
                raise
            dead.append(wish)
    done = [await control.wait(state, who, one) for one in asked]
    stopped = Stopped(commands=control.answer(done, response))
    if any(_dials_later(wish, found) for wish in dead) or (dead and not asked):
        raise Problem(
            503,
            "no_dialer",
            "No dialer commands a switch of yours: nothing is dialed on it now, but its running campaigns go "
            "on once a dialer is started. What other switches dialed is stopped.",
        )
    return stopped


def _stop(switch_id: str, found: Sequence[overview.Overview]) -> Wish:
    # A switch serves other tenants too: the dialer stops the campaigns that are named.
    ours = [campaign.id for campaign in found if campaign.switch_id == switch_id]
    return Wish(switch_id=switch_id, kind=CommandKind.STOP_ALL, payload={"campaigns": ours})


def _dials_later(wish: Wish, found: Sequence[overview.Overview]) -> bool:
    running = {campaign.id for campaign in found if campaign.state is CampaignState.RUNNING}
    return not running.isdisjoint(wish.payload["campaigns"])
