"""Switches: which there are, whether a dialer commands them, and what it last showed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from api.principal import Principal, allow
from api.problems import responses
from api.shapes import Moment
from api.state import state_of
from models.enums import ApiScope, UserRole
from models.repository import switches

router = APIRouter(prefix="/v1/switches", tags=["switches"])
Who = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))]


class Switch(BaseModel):
    """A switch. What a dialer shows is of the tenant's own campaigns there, at `at`; else null."""

    id: str
    name: str
    has_dialer: bool
    link_up: bool | None
    switch_lag_p95_ms: float | None
    core_uuid: str | None
    at: Moment | None


class SwitchList(BaseModel):
    """Switches by name."""

    items: list[Switch]


@router.get("", responses=responses(401, 403), operation_id="list_switches")
async def list_switches(who: Who, request: Request) -> SwitchList:
    """Every switch of the installation: tenants share them."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(switches.every, tenant_id=tx.only)
    shown = ("link_up", "switch_lag_p95_ms", "core_uuid")
    return SwitchList(
        items=[
            Switch(
                id=one.id,
                name=one.name,
                has_dialer=one.has_dialer,
                at=one.at,
                **{name: one.shown.get(name) for name in shown},
            )
            for one in found
        ]
    )
