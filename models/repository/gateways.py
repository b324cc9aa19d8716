"""Carrier gateways of the switches, and which campaigns dial by which. Every change is an event of the feed.

A gateway belongs to a switch, which all tenants share, so its limits are the installation's. Routes are a
tenant's: for one campaign, or for all of its campaigns that have none of their own.
"""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text

from models.errors import InvalidValue, NotFound
from models.ids import new_id
from models.records import CarrierPlan, GatewayLimits, Route
from models.repository import events
from models.repository.db import Db, of_tenant

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_MOST_CALLS = 1_000_000
_MOST_WEIGHT = 1_000_000.0
TIERS = range(1, 10)

_LIMITS = "gateway.name, gateway.max_calls, gateway.calls_per_second, gateway.enabled"
_OF_SWITCH = text(f"SELECT {_LIMITS} FROM gateway WHERE switch_id = CAST(:switch_id AS uuid) ORDER BY name")
# The campaign's own routes, else those of its tenant. A route by another switch's gateway is of no use to it.
_ROUTES = text(
    """
    SELECT campaign.id::text AS campaign_id, gateway.name AS gateway, route.weight, route.tier
      FROM campaign
      JOIN route ON route.campaign_id = campaign.id
           OR (route.campaign_id IS NULL AND route.tenant_id = campaign.tenant_id
               AND NOT EXISTS (SELECT FROM route own WHERE own.campaign_id = campaign.id))
      JOIN gateway ON gateway.id = route.gateway_id AND gateway.switch_id = campaign.switch_id
     WHERE campaign.switch_id = CAST(:switch_id AS uuid)
     ORDER BY campaign.id, route.tier, gateway.name
    """
)
_ADD = text(
    f"""
    INSERT INTO gateway (id, switch_id, name, max_calls, calls_per_second, enabled)
    VALUES (:id, CAST(:switch_id AS uuid), :name, :max_calls, :calls_per_second, :enabled)
        ON CONFLICT (switch_id, name) DO NOTHING
    RETURNING {_LIMITS}
    """
)
_CHANGE = text(
    f"""
    UPDATE gateway SET max_calls = :max_calls, calls_per_second = :calls_per_second, enabled = :enabled
     WHERE switch_id = CAST(:switch_id AS uuid) AND name = :name
    RETURNING {_LIMITS}
    """
)
_FIND = text(f"SELECT {_LIMITS} FROM gateway WHERE switch_id = CAST(:switch_id AS uuid) AND name = :name")
_GATEWAY_ID = text("SELECT id::text FROM gateway WHERE switch_id = CAST(:switch_id AS uuid) AND name = :name")
_SAME = """
    gateway_id = CAST(:gateway_id AS uuid) AND tenant_id = CAST(:tenant_id AS uuid)
    AND campaign_id IS NOT DISTINCT FROM CAST(:campaign_id AS uuid)
"""
_REWEIGH = text(f"UPDATE route SET weight = :weight, tier = :tier WHERE {_SAME} RETURNING id")
_ROUTE = text(
    """
    INSERT INTO route (id, tenant_id, campaign_id, gateway_id, weight, tier)
    VALUES (:id, CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), CAST(:gateway_id AS uuid), :weight,
            :tier)
    """
)
_UNROUTE = text(f"DELETE FROM route WHERE {_SAME} RETURNING id")
_LISTED = text(
    f"""
    SELECT switch.name AS switch, {_LIMITS}, campaign.name AS campaign, tenant.name AS tenant, route.weight,
           route.tier
      FROM gateway JOIN switch ON switch.id = gateway.switch_id
      LEFT JOIN route ON route.gateway_id = gateway.id
      LEFT JOIN tenant ON tenant.id = route.tenant_id
      LEFT JOIN campaign ON campaign.id = route.campaign_id
     ORDER BY switch.name, gateway.name, tenant.name, campaign.name NULLS FIRST
    """
)

_SEEN = text(
    f"""
    SELECT gateway.id::text AS id, switch.id::text AS switch_id, switch.name AS switch, {_LIMITS}
      FROM gateway JOIN switch ON switch.id = gateway.switch_id ORDER BY switch.name, gateway.name
    """
)
_SEEN_ROUTES = text(
    f"""
    SELECT route.gateway_id::text, campaign.id::text AS campaign_id, campaign.name AS campaign, route.weight,
           route.tier
      FROM route LEFT JOIN campaign ON campaign.id = route.campaign_id
     WHERE {of_tenant("route.tenant_id")}
     ORDER BY campaign.name NULLS FIRST
    """
)
# Of each gateway the newest; a dialer shows it with every campaign that dials by it.
_STANDING = text(
    f"""
    SELECT DISTINCT ON (campaign.switch_id, lane->>'gateway') campaign.switch_id::text,
           lane->>'gateway' AS name, lane->>'standing' AS standing
      FROM live_snapshot live
      JOIN campaign ON live.topic = 'campaign:' || campaign.id
     CROSS JOIN LATERAL jsonb_array_elements(live.payload->'gateways') AS lane
     WHERE {of_tenant("live.tenant_id")} AND {of_tenant("campaign.tenant_id")}
       AND jsonb_typeof(live.payload->'gateways') = 'array'
     ORDER BY campaign.switch_id, lane->>'gateway', live.updated_at DESC
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRoute:
    """Who dials by a gateway; `campaign` empty: every campaign of the tenant without routes of its own."""

    tenant: str
    campaign: str
    weight: float
    tier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedGateway:
    """A gateway with its routes."""

    switch: str
    limits: GatewayLimits
    routes: tuple[ListedRoute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRoute:
    """A route of the tenant that looks; without a campaign: for all that have none of their own."""

    campaign_id: str | None
    campaign: str | None
    weight: float
    tier: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenGateway:
    """A gateway as a tenant sees it. `standing`: as the newest figures of its campaigns have it."""

    switch_id: str
    switch: str
    limits: GatewayLimits
    standing: str | None
    routes: tuple[SeenRoute, ...]


def plan(db: Db, switch_id: str) -> CarrierPlan:
    """What the switch's dialer needs: gateways, and the routes of each campaign that has any."""
    rows = db.execute(_OF_SWITCH, {"switch_id": switch_id})
    limits = tuple(GatewayLimits(**row._mapping) for row in rows)
    routes: dict[str, list[Route]] = {}
    for row in db.execute(_ROUTES, {"switch_id": switch_id}):
        route = Route(gateway=row.gateway, weight=row.weight, tier=row.tier)
        routes.setdefault(row.campaign_id, []).append(route)
    return CarrierPlan(gateways=limits, routes={key: tuple(found) for key, found in routes.items()})


def every(db: Db) -> tuple[ListedGateway, ...]:
    """All gateways of the installation with all their routes."""
    found: dict[tuple[str, str], tuple[GatewayLimits, list[ListedRoute]]] = {}
    for row in db.execute(_LISTED):
        limits = GatewayLimits(
            name=row.name,
            max_calls=row.max_calls,
            calls_per_second=row.calls_per_second,
            enabled=row.enabled,
        )
        _, routes = found.setdefault((row.switch, row.name), (limits, []))
        if row.tenant is not None:
            routes.append(
                ListedRoute(tenant=row.tenant, campaign=row.campaign or "", weight=row.weight, tier=row.tier)
            )
    return tuple(
        ListedGateway(switch=switch, limits=limits, routes=tuple(routes))
        for (switch, _), (limits, routes) in found.items()
    )


def overview(db: Db, *, tenant_id: str | None = None) -> tuple[SeenGateway, ...]:
    """All gateways of the installation with a tenant's routes, and what its campaigns last showed of them."""
    whose = {"tenant_id": tenant_id}
    routes: dict[str, list[SeenRoute]] = {}
    for row in db.execute(_SEEN_ROUTES, whose):
        seen = SeenRoute(campaign_id=row.campaign_id, campaign=row.campaign, weight=row.weight, tier=row.tier)
        routes.setdefault(row.gateway_id, []).append(seen)
    standing = {(row.switch_id, row.name): row.standing for row in db.execute(_STANDING, whose)}
    return tuple(
        SeenGateway(
            switch_id=row.switch_id,
            switch=row.switch,
            limits=GatewayLimits(
                name=row.name,
                max_calls=row.max_calls,
                calls_per_second=row.calls_per_second,
                enabled=row.enabled,
            ),
            standing=standing.get((row.switch_id, row.name)),
            routes=tuple(routes.get(row.id, ())),
        )
        for row in db.execute(_SEEN)
    )


def put(db: Db, switch_id: str, limits: GatewayLimits, *, by: str) -> None:
    """Make a gateway known, or give it these limits.

    Raises:
        InvalidValue: a value that no gateway may have.
    """
    _check(limits)
    row = {"id": new_id(), "switch_id": switch_id, **asdict(limits)}
    if db.execute(_CHANGE, row).first() is None:
        db.execute(_ADD, row)
    _tell(db, switch_id, limits, by)


def add(db: Db, switch_id: str, limits: GatewayLimits, *, by: str) -> None:
    """Make a gateway known.

    Raises:
        InvalidValue: a value that no gateway may have, or the switch has one of that name.
    """
    _check(limits)
    row = db.execute(_ADD, {"id": new_id(), "switch_id": switch_id, **asdict(limits)}).first()
    if row is None:
        raise InvalidValue("gateway_name", f"the switch has a gateway {limits.name!r} already")
    _tell(db, switch_id, limits, by)


def get(db: Db, switch_id: str, name: str) -> GatewayLimits:
    """One gateway.

    Raises:
        NotFound: `gateway`.
    """
    row = db.execute(_FIND, {"switch_id": switch_id, "name": name}).first()
    if row is None:
        raise NotFound("gateway", _unknown(name))
    return GatewayLimits(**row._mapping)


def change(db: Db, switch_id: str, limits: GatewayLimits, *, by: str) -> None:
    """Give a gateway other limits, close it to dialing, or open it again.

    Raises:
        InvalidValue: a value that no gateway may have.
        NotFound: `gateway`.
    """
    _check(limits)
    if db.execute(_CHANGE, {"switch_id": switch_id, **asdict(limits)}).first() is None:
        raise NotFound("gateway", _unknown(limits.name))
    _tell(db, switch_id, limits, by)


def remove(db: Db, switch_id: str, name: str, *, by: str) -> None:
    """Make a gateway unknown; the switch loses one that it had from here.

    Raises:
        NotFound: `gateway`.
        InvalidValue: `gateway_routes`, when somebody dials by it: their calls would go another way unasked.
    """
    gateway_id = db.execute(_GATEWAY_ID, {"switch_id": switch_id, "name": name}).scalar()
    if gateway_id is None:
        raise NotFound("gateway", _unknown(name))
    found = {"id": gateway_id}
    routes = text("SELECT count(*) FROM route WHERE gateway_id = CAST(:id AS uuid)")
    if db.execute(routes, found).scalar_one():
        raise InvalidValue(
            "gateway_routes", f"the gateway {name!r} has routes: take them away first, or disable it"
        )
    db.execute(text("DELETE FROM gateway WHERE id = CAST(:id AS uuid)"), found)
    events.record(
        db, "gateway", {"switch_id": switch_id, "gateway": name, "removed": True, "by": by}, tenant_id=None
    )


def set_route(
    db: Db, switch_id: str, route: Route, *, tenant_id: str, campaign_id: str | None, by: str
) -> None:
    """Let a campaign (None: those of the tenant without routes of their own) dial by a gateway, or weigh it
    anew.

    Raises:
        InvalidValue: weight or tier.
        NotFound: `gateway`.
    """
    if not (0 <= route.weight <= _MOST_WEIGHT) or route.tier not in TIERS:
        raise InvalidValue("route", "a weight is 0 (not dialed) to 1,000,000, a tier 1 (first) to 9")
    values = {
        **_key(db, switch_id, route.gateway, tenant_id, campaign_id),
        "weight": route.weight,
        "tier": route.tier,
    }
    if db.execute(_REWEIGH, values).first() is None:
        db.execute(_ROUTE, {"id": new_id(), **values})
    data = {**asdict(route), "campaign_id": campaign_id, "by": by}
    events.record(db, "route", data, tenant_id=tenant_id)


def remove_route(
    db: Db, switch_id: str, gateway: str, *, tenant_id: str, campaign_id: str | None, by: str
) -> None:
    """Take a gateway away from a campaign, or from the tenant.

    Raises:
        NotFound: `gateway` or `route`.
    """
    if db.execute(_UNROUTE, _key(db, switch_id, gateway, tenant_id, campaign_id)).first() is None:
        raise NotFound("route", f"there is no route by {gateway!r}: `ringmaster gateway list` shows them")
    data = {"gateway": gateway, "campaign_id": campaign_id, "weight": None, "tier": None, "by": by}
    events.record(db, "route", data, tenant_id=tenant_id)


def _key(db: Db, switch_id: str, gateway: str, tenant_id: str, campaign_id: str | None) -> Mapping[str, Any]:
    gateway_id = db.execute(_GATEWAY_ID, {"switch_id": switch_id, "name": gateway}).scalar()
    if gateway_id is None:
        raise NotFound("gateway", _unknown(gateway))
    return {"gateway_id": gateway_id, "tenant_id": tenant_id, "campaign_id": campaign_id}


def _check(limits: GatewayLimits) -> None:
    rate = limits.calls_per_second
    if _NAME.fullmatch(limits.name) is None:
        raise InvalidValue("gateway_name", f"{limits.name[:80]!r} can't be a gateway's name")
    if limits.max_calls is not None and not 1 <= limits.max_calls <= _MOST_CALLS:
        raise InvalidValue("max_calls", "calls at once must be 1 to 1,000,000, or not limited")
    if rate is not None and not (math.isfinite(rate) and 0 < rate <= _MOST_CALLS):
        raise InvalidValue("calls_per_second", "calls per second must be above 0, or not limited")


def _tell(db: Db, switch_id: str, limits: GatewayLimits, by: str) -> None:
    data = {"switch_id": switch_id, "gateway": limits.name, **asdict(limits), "by": by}
    events.record(db, "gateway", data, tenant_id=None)


def _unknown(name: str) -> str:
    return f"the switch has no gateway {name[:80]!r}: `ringmaster gateway list` shows them"
