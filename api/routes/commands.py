"""What became of a command, for those who were answered 202."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from api.principal import Principal, allow
from api.problems import not_found, responses
from api.shapes import Command
from api.state import state_of
from models.enums import ApiScope, UserRole
from models.repository import commands

router = APIRouter(prefix="/v1/commands", tags=["commands"])
Who = Annotated[Principal, Depends(allow(UserRole.AGENT, ApiScope.READ, ApiScope.CONTROL))]


@router.get("/{command_id}", responses=responses(401, 403, 404, 422), operation_id="get_command")
async def get_command(command_id: UUID, who: Who, request: Request) -> Command:
    """A command of the tenant; an agent sees those about themselves."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(commands.get, str(command_id), tenant_id=tx.only)
    if who.role is UserRole.AGENT and (found.agent_id is None or found.agent_id != who.agent_id):
        raise not_found("command")
    return Command.of(found)
