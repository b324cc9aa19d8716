"""GET /metrics: for Prometheus, with an API key of scope `metrics`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.metrics import campaign_families
from api.principal import Principal, allow
from api.problems import responses
from api.state import state_of
from models.enums import ApiScope, UserRole
from models.repository import events, live

router = APIRouter(tags=["system"])


@router.get(
    "/metrics",
    operation_id="metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus's text format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **responses(401, 403),
    },
)
async def metrics(
    who: Annotated[Principal, Depends(allow(UserRole.ADMIN, ApiScope.METRICS))], request: Request
) -> Response:
    """What this process does, and the campaigns of the one who asks."""
    state = state_of(request)
    async with state.database.tenant(who.tenant_id) as tx:
        names = await tx.run(live.names, tenant_id=tx.only)
        figures = await tx.run(live.campaigns, tenant_id=tx.only)
        agents = await tx.run(live.agent_counts, tenant_id=tx.only)
    async with state.database.owner() as tx:
        waiting, lag = await tx.run(events.unplaced)
    families = campaign_families(names, figures, agents, waiting, lag)
    return Response(state.metrics.text(families), media_type=CONTENT_TYPE_LATEST)
