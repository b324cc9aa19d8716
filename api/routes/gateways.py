"""Carriers: the gateways of the switches, their accounts, and by which of them the tenant's campaigns dial.

Gateways serve every tenant. So whoever administers the only tenant of an installation may change them here;
where there are several, the command line does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, BeforeValidator, Field

from api.fields import StrictBool
from api.principal import Principal, allow
from api.problems import Problem, not_found, responses
from api.shapes import Body, Number
from api.state import state_of
from models.carriers import CarrierAccount, check_password
from models.enums import ApiScope, UserRole
from models.records import GatewayLimits, Route
from models.repository import campaigns, carriers, gateways, identity, switches

router = APIRouter(prefix="/v1", tags=["gateways"])
audit = logging.getLogger("api.audit")
Reader = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))]
Admin = Annotated[Principal, Depends(allow(UserRole.ADMIN, ApiScope.ADMIN))]
GatewayName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$")]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


# To JSON 5.0 is an integer like 5; a text or true is none.
Calls = Annotated[int, Field(strict=True, ge=1, le=1_000_000), BeforeValidator(_whole)]
Ping = Annotated[int, Field(strict=True, ge=5, le=3600), BeforeValidator(_whole)]
Expiry = Annotated[int, Field(strict=True, ge=60, le=86_400), BeforeValidator(_whole)]
Tier = Annotated[int, Field(strict=True, ge=1, le=9), BeforeValidator(_whole)]
Standing = Literal["up", "trial", "out", "closed"]
_STANDING: dict[str, Standing] = {"up": "up", "trial": "trial", "out": "out", "closed": "closed"}
Text = Annotated[str, Field(max_length=260)]


class Account(Body):
    """How the switch reaches the carrier. Empty: the switch's own way. `ping_seconds` null: never."""

    proxy: Text
    outbound_proxy: Text = ""
    transport: Literal["udp", "tcp"] = "udp"
    registers: StrictBool = False
    username: Text = ""
    auth_username: Text = ""
    realm: Text = ""
    from_user: Text = ""
    from_domain: Text = ""
    caller_id_in_from: StrictBool = True
    ping_seconds: Ping | None = None
    expire_seconds: Expiry = 3600
    codecs: Annotated[list[str], Field(max_length=5)] = Field(default_factory=list)

    def known(self) -> CarrierAccount:
        """Raises InvalidValue."""
        given = self.model_dump(include=set(Account.model_fields))
        return CarrierAccount.from_json({**given, "register": given["registers"]})


class NewAccount(Account):
    """The same with its password, which no answer ever has: null leaves the one before, "" takes it away."""

    password: Annotated[str, Field(max_length=128)] | None = None


class ShownAccount(Account):
    """The same as it is kept."""

    has_password: bool

    @classmethod
    def of(cls, one: carriers.KnownAccount) -> ShownAccount:
        """As the database has it."""
        kept = one.account.to_json()
        registers = kept.pop("register")
        return cls(**kept, registers=registers, has_password=one.has_password)


class GatewayWish(Body):
    """A gateway as it is to be. `account` null: the switch's own configuration has it."""

    switch_id: UUID | None = None
    name: GatewayName
    max_calls: Calls | None = None
    calls_per_second: Annotated[Number, Field(gt=0, le=1_000_000)] | None = None
    enabled: StrictBool = True
    account: NewAccount | None = None


class NamedGateway(Body):
    """Which gateway. Without `switch_id`: of the only switch."""

    switch_id: UUID | None = None
    name: GatewayName


class RouteWish(Body):
    """Who dials by a gateway; `campaign_id` null: every campaign without routes of its own; `weight` null:
    nobody any more."""

    switch_id: UUID | None = None
    gateway: GatewayName
    campaign_id: UUID | None = None
    weight: Annotated[Number, Field(ge=0, le=1_000_000)] | None = 1.0
    tier: Tier = 1


class RouteBody(BaseModel):
    """A route of the tenant's."""

    campaign_id: str | None
    campaign: str | None
    weight: float
    tier: int


class Gateway(BaseModel):
    """A gateway with the tenant's routes. `standing` as a dialer last showed it to the tenant's
    campaigns, else null. `account` is shown to who may change it; `has_account` to all."""

    switch_id: str
    switch: str
    name: str
    max_calls: int | None
    calls_per_second: float | None
    enabled: bool
    standing: Standing | None
    has_account: bool
    account: ShownAccount | None
    routes: list[RouteBody]


class GatewayList(BaseModel):
    """Gateways by switch and name. `changeable`: whether who asks may change them here."""

    items: list[Gateway]
    changeable: bool


@router.get("/gateways", responses=responses(401, 403), operation_id="list_gateways")
async def list_gateways(who: Reader, request: Request) -> GatewayList:
    """The gateways of all switches, and the tenant's routes."""
    database = state_of(request).database
    async with database.tenant(who.tenant_id) as tx:
        found = await tx.run(gateways.overview, tenant_id=tx.only)
    async with database.owner() as tx:
        may = who.may(UserRole.ADMIN, ApiScope.ADMIN) and await tx.run(identity.only_tenant, who.tenant_id)
        known = {one: await tx.run(carriers.known, one) for one in {each.switch_id for each in found}}
    items = []
    for one in found:
        account = known[one.switch_id].get(one.limits.name)
        shown = None
        if account is not None and may:
            shown = ShownAccount.of(account)
        items.append(
            Gateway(
                switch_id=one.switch_id,
                switch=one.switch,
                name=one.limits.name,
                max_calls=one.limits.max_calls,
                calls_per_second=one.limits.calls_per_second,
                enabled=one.limits.enabled,
                standing=_STANDING.get(one.standing or ""),
                has_account=account is not None,
                account=shown,
                routes=[RouteBody.model_validate(each, from_attributes=True) for each in one.routes],
            )
        )
    return GatewayList(items=items, changeable=may)


@router.put(
    "/gateways", status_code=204, responses=responses(401, 403, 404, 409, 422), operation_id="put_gateway"
)
async def put_gateway(given: GatewayWish, who: Admin, request: Request) -> None:
    """Make a gateway, or make it what is given: limits, whether it is dialed, its account."""
    state = state_of(request)
    limits = GatewayLimits(
        name=given.name,
        max_calls=given.max_calls,
        calls_per_second=given.calls_per_second,
        enabled=given.enabled,
    )
    account = None if given.account is None else given.account.known()
    password = None if given.account is None else given.account.password
    if password:
        check_password(password)
    seal: Callable[[str], str] | None = None
    if password:
        seal = lambda gateway_id: state.vault.seal(gateway_id, password)  # noqa: E731
    async with state.database.owner() as tx:
        await tx.run(_check_only, who)
        switch_id = await tx.run(switches.choose, _text(given.switch_id))
        await tx.run(gateways.put, switch_id, limits, by=who.label)
        if account is None:
            await tx.run(carriers.remove, switch_id, given.name, by=who.label)
        else:
            keep = password is None
            arguments: dict[str, Any] = {"seal": seal, "keep_password": keep, "by": who.label}
            await tx.run(carriers.put, switch_id, given.name, account, **arguments)
    told = {"by": who.label, "tenant_id": who.tenant_id, "gateway": given.name}
    audit.info("gateway changed", extra={**told, "with_account": account is not None})


@router.post(
    "/gateways/remove",
    status_code=204,
    responses=responses(401, 403, 404, 409, 422),
    operation_id="remove_gateway",
)
async def remove_gateway(given: NamedGateway, who: Admin, request: Request) -> None:
    """Make a gateway unknown by which nobody has a route; the switch loses one that it had from here."""
    async with state_of(request).database.owner() as tx:
        await tx.run(_check_only, who)
        switch_id = await tx.run(switches.choose, _text(given.switch_id))
        await tx.run(gateways.remove, switch_id, given.name, by=who.label)
    audit.info("gateway removed", extra={"by": who.label, "tenant_id": who.tenant_id, "gateway": given.name})


@router.put(
    "/routes", status_code=204, responses=responses(401, 403, 404, 409, 422), operation_id="put_route"
)
async def put_route(given: RouteWish, who: Admin, request: Request) -> None:
    """Let a campaign, or all without routes of their own, dial by a gateway, weigh it anew, or no more."""
    campaign_id = _text(given.campaign_id)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        if campaign_id is not None and await tx.run(campaigns.find, campaign_id, tenant_id=tx.only) is None:
            raise not_found("campaign")
        switch_id = await tx.run(switches.choose, _text(given.switch_id))
        whose: dict[str, Any] = {"tenant_id": tx.tenant_id, "campaign_id": campaign_id, "by": who.label}
        if given.weight is None:
            await tx.run(gateways.remove_route, switch_id, given.gateway, **whose)
        else:
            route = Route(gateway=given.gateway, weight=given.weight, tier=given.tier)
            await tx.run(gateways.set_route, switch_id, route, **whose)
    told = {"by": who.label, "tenant_id": who.tenant_id, "gateway": given.gateway, "weight": given.weight}
    audit.info("route changed", extra={**told, "campaign_id": campaign_id})


def _text(given: UUID | None) -> str | None:
    return None if given is None else str(given)


def _check_only(db: Any, who: Principal) -> None:
    if not identity.only_tenant(db, who.tenant_id):
        raise Problem(
            403,
            "several_tenants",
            "Gateways serve every tenant of this installation: they are changed by `ringmaster gateway`.",
        )
