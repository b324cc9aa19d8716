"""Prompts: what a campaign says to whom it has no agent for. Uploaded by people, pulled by switches."""

from __future__ import annotations

import logging
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from api import uploads
from api.principal import Principal, allow
from api.problems import not_found, responses
from api.shapes import Moment
from api.state import state_of
from api.switch_door import asking_switch
from models.enums import ApiScope, UserRole
from models.prompts import message, read_sound
from models.repository import prompts
from models.repository.identity import KnownSwitch

router = APIRouter(prefix="/v1", tags=["prompts"])
audit = logging.getLogger("api.audit")
Supervisor = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.CONTROL))]
Reader = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))]
Asking = Annotated[KnownSwitch, Depends(asking_switch)]


class Prompt(BaseModel):
    """A prompt. `message` is what a campaign is given so that the switch plays it."""

    id: str
    name: str
    sha256: str
    message: str
    seconds: float
    bytes: int
    created_at: Moment

    @classmethod
    def of(cls, one: prompts.Prompt) -> Prompt:
        """As the database has it."""
        names = ("id", "name", "sha256", "seconds", "bytes", "created_at")
        return cls(message=message(one.sha256), **{name: getattr(one, name) for name in names})


class PromptList(BaseModel):
    """Prompts, the newest first."""

    items: list[Prompt]


class SwitchPrompts(BaseModel):
    """What a switch has to have, by SHA-256."""

    items: list[str]


@router.get("/prompts", responses=responses(401, 403), operation_id="list_prompts")
async def list_prompts(who: Reader, request: Request) -> PromptList:
    """The tenant's prompts."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(prompts.every, tenant_id=tx.only)
    return PromptList(items=[Prompt.of(one) for one in found])


@router.post(
    "/prompts",
    status_code=201,
    responses=responses(401, 403, 413, 415, 422),
    openapi_extra=uploads.body(),
    operation_id="create_prompt",
)
async def create_prompt(who: Supervisor, request: Request) -> Prompt:
    """Keep a WAV file (mono, 16 bits, 8 or 16 kHz, up to 1 MiB); the same sound again is the same prompt."""
    async with uploads.received(request) as upload, upload.content() as content:
        sound = await to_thread.run_sync(read_sound, content)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        made = await tx.run(prompts.add, sound, name=upload.name or "prompt", tenant_id=tx.tenant_id)
    told = {"by": who.label, "tenant_id": who.tenant_id, "sha256": made.sha256}
    audit.info("prompt made", extra=told)
    return Prompt.of(made)


@router.get("/switch/prompts", responses=responses(401, 403), operation_id="list_switch_prompts")
async def list_switch_prompts(switch: Asking, request: Request) -> SwitchPrompts:
    """The prompts that a switch has to have; for a switch with its key."""
    async with state_of(request).database.owner() as tx:
        return SwitchPrompts(items=list(await tx.run(prompts.of_switch, switch.switch_id)))


@router.get(
    "/switch/prompt",
    responses={
        **responses(401, 403, 404, 422),
        200: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}},
    },
    response_class=Response,
    operation_id="get_switch_prompt",
)
async def get_switch_prompt(
    switch: Asking, request: Request, sha256: Annotated[str, Query(pattern="^[0-9a-f]{64}$")]
) -> Response:
    """The sound of one of them; for a switch with its key."""
    async with state_of(request).database.owner() as tx:
        found = await tx.run(prompts.content, switch.switch_id, sha256)
    if found is None:
        raise not_found("prompt of this switch")
    return Response(found, media_type="audio/wav")
