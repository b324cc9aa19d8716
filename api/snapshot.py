"""All that is now, as the first message of a socket: campaigns with their figures, and agents."""

from __future__ import annotations

from typing import Any

from api.database import Database
from api.figures import Figures, live_json
from api.frames import dumps
from api.routes.agents import Agent, detail
from api.routes.campaigns import Campaign
from models.repository import desk, events, live, overview
from models.repository.overview import Overview


async def bounds(database: Database) -> events.Bounds:
    """Where the feed begins and ends."""
    async with database.owner() as tx:
        return await tx.run(events.bounds)


async def snapshot(database: Database, tenant_id: str, figures: Figures) -> tuple[int, str]:
    """(place, message) for those who may see everything of the tenant."""
    seq = (await bounds(database)).newest  # before the state: what that lacks comes after this place
    await figures.count_reports()
    async with database.tenant(tenant_id) as tx:
        found = await tx.run(overview.every, tenant_id=tx.only)
        shown = {one.campaign_id: live_json(one) for one in await tx.run(live.campaigns, tenant_id=tx.only)}
        seats = await tx.run(desk.every, tenant_id=tx.only)
    agents = [Agent.of(seat).model_dump(mode="json") for seat in seats]
    campaigns = [_campaign(one, shown.get(one.id), figures.report(one.id)) for one in found]
    return seq, _message(seq, campaigns, agents)


async def own_snapshot(database: Database, tenant_id: str, agent_id: str) -> tuple[int, str]:
    """(place, message) for an agent: their own state and campaign, no figures."""
    seq = (await bounds(database)).newest  # before the state: what that lacks comes after this place
    campaigns = []
    async with database.tenant(tenant_id) as tx:
        agent = await detail(tx, agent_id)
        if agent.campaign_id is not None:
            found = await tx.run(overview.one, agent.campaign_id, tenant_id=tx.only)
            campaigns.append(_campaign(found, None, None))
    return seq, _message(seq, campaigns, [agent.model_dump(mode="json")])


def _campaign(found: Overview, shown: dict[str, Any] | None, report: dict[str, Any] | None) -> dict[str, Any]:
    return {**Campaign.of(found).model_dump(mode="json"), "live": shown, "report": report}


def _message(seq: int, campaigns: list[dict[str, Any]], agents: list[dict[str, Any]]) -> str:
    return dumps({"type": "snapshot", "seq": seq, "campaigns": campaigns, "agents": agents})
