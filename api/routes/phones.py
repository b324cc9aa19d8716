"""What an agent's phone registers with: made at sign-on, for one agent, until it expires or they log out."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from api.principal import Principal, allow
from api.problems import responses
from api.routes.agents import Who, whom
from api.shapes import Moment
from api.state import state_of
from models.enums import ApiScope, UserRole
from models.phones import PHONE_DOMAIN, new_phone
from models.repository import desk, phones

router = APIRouter(prefix="/v1/agents", tags=["agents"])
audit = logging.getLogger("api.audit")
Actor = Annotated[Principal, Depends(allow(UserRole.AGENT, ApiScope.CONTROL))]


class IceServer(BaseModel):
    """A STUN or TURN server for RTCPeerConnection; a TURN server's credential ends with the login."""

    urls: list[str]
    username: str
    credential: str


class Phone(BaseModel):
    """A phone's login, its password shown once. A phone registers at `server`, a browser at `websocket`."""

    user_name: str
    password: str
    domain: str
    server: str
    websocket: str
    ice_servers: list[IceServer]
    expires_at: Moment


@router.post(
    "/{agent_id}/phone", status_code=201, responses=responses(401, 403, 404, 422), operation_id="create_phone"
)
async def create_phone(agent_id: Who, who: Actor, request: Request) -> Phone:
    """A new login for the agent's phone, shown once; the one before it holds no more."""
    chosen, state, made = whom(who, agent_id), state_of(request), new_phone()
    async with state.database.tenant(who.tenant_id) as tx:
        until = await tx.run(phones.put, chosen, made, seconds=state.phones.seconds, tenant_id=tx.only)
    audit.info("phone login made", extra={"by": who.label, "tenant_id": who.tenant_id, "agent_id": chosen})
    return Phone(
        user_name=made.user_name,
        password=made.password,
        domain=PHONE_DOMAIN,
        server=state.phones.server,
        websocket=state.phones.websocket,
        ice_servers=[
            IceServer.model_validate(asdict(one)) for one in state.phones.ice_servers(made.user_name, until)
        ],
        expires_at=until,
    )


@router.delete(
    "/{agent_id}/phone", status_code=204, responses=responses(401, 403, 404, 422), operation_id="end_phone"
)
async def end_phone(agent_id: Who, who: Actor, request: Request) -> None:
    """End the login of the agent's phone: it registers no more; a call in hand goes on."""
    chosen = whom(who, agent_id)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        await tx.run(desk.one, chosen, tenant_id=tx.only)
        await tx.run(phones.end, chosen, tenant_id=tx.only)
    audit.info("phone login ended", extra={"by": who.label, "tenant_id": who.tenant_id, "agent_id": chosen})
