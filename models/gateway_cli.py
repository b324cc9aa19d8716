"""`ringmaster gateway`: carriers, their limits, and which campaigns dial by which."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy import text

from models import carrier_cli
from models.cli import database, out, plainly
from models.errors import NotFound
from models.records import GatewayLimits, Route
from models.repository import campaigns, gateways, setup
from models.repository.db import Db
from models.settings import Settings

gateway = typer.Typer(
    help="Carrier gateways: limits, weights, tiers, and who dials by which. A dialer follows within seconds.",
    no_args_is_help=True,
    add_completion=False,
)
BY = "command line"
gateway.command("account")(carrier_cli.account)
gateway.command("key")(carrier_cli.key)
Name = Annotated[str, typer.Argument(help="Name of the gateway in FreeSWITCH's SIP profile.")]
Switch = Annotated[str, typer.Option("--switch", help="Name of the switch; RINGMASTER_SWITCH_NAME without.")]
Campaign = Annotated[
    str, typer.Option(help="Name or id; without one: every campaign that has no routes of its own.")
]
Tenant = Annotated[str, typer.Option(help="Whose campaigns.")]
MaxCalls = Annotated[int | None, typer.Option(help="Calls at once, of all campaigns together; 0: no limit.")]
Rate = Annotated[
    float | None, typer.Option(help="New calls per second, of all campaigns together; 0: no limit.")
]


@gateway.command("add")
def add(name: Name, max_calls: MaxCalls = None, calls_per_second: Rate = None, switch: Switch = "") -> None:
    """Make a gateway known. Campaigns dial by it when they have a route to it."""
    settings = Settings()
    with plainly(), database(settings) as engine, engine.begin() as connection:
        limits = GatewayLimits(
            name=name, max_calls=max_calls or None, calls_per_second=calls_per_second or None
        )
        switch_id = setup.switch(connection, switch or settings.switch_name)
        gateways.add(connection, switch_id, limits, by=BY)
    out.print(f"The gateway {escape(name)} is known: `ringmaster gateway route {escape(name)}` uses it.")


@gateway.command("limit")
def limit(name: Name, max_calls: MaxCalls = None, calls_per_second: Rate = None, switch: Switch = "") -> None:
    """Change what a gateway takes; what is not given stays."""

    def other(limits: GatewayLimits) -> GatewayLimits:
        if max_calls is not None:
            limits = replace(limits, max_calls=max_calls or None)
        if calls_per_second is not None:
            limits = replace(limits, calls_per_second=calls_per_second or None)
        return limits

    settings = Settings()
    with plainly(), database(settings) as engine, engine.begin() as connection:
        switch_id = setup.switch(connection, switch or settings.switch_name)
        changed = other(gateways.get(connection, switch_id, name))
        gateways.change(connection, switch_id, changed, by=BY)
    out.print(f"The gateway {escape(name)} takes {_limits(changed)}.")


def _open(name: str, switch: str, *, enabled: bool) -> None:
    settings = Settings()
    with plainly(), database(settings) as engine, engine.begin() as connection:
        switch_id = setup.switch(connection, switch or settings.switch_name)
        limits = gateways.get(connection, switch_id, name)
        gateways.change(connection, switch_id, replace(limits, enabled=enabled), by=BY)
    out.print(f"The gateway {escape(name)} is {'dialed' if enabled else 'not dialed any more; calls go on'}.")


@gateway.command("disable")
def disable(name: Name, switch: Switch = "") -> None:
    """Dial nothing more by it; its calls go on."""
    _open(name, switch, enabled=False)


@gateway.command("enable")
def enable(name: Name, switch: Switch = "") -> None:
    """Dial by it again."""
    _open(name, switch, enabled=True)


@gateway.command("route")
def route(
    name: Name,
    weight: Annotated[float, typer.Option(help="Share within its tier; 0: none.")] = 1.0,
    tier: Annotated[int, typer.Option(help="1 first; a later one gets what the earlier can't take.")] = 1,
    campaign: Campaign = "",
    switch: Switch = "",
    tenant: Tenant = setup.DEFAULT_TENANT,
) -> None:
    """Dial by a gateway, or weigh it anew."""
    settings = Settings()
    with plainly(), database(settings) as engine, engine.begin() as connection:
        gateways.set_route(
            connection,
            setup.switch(connection, switch or settings.switch_name),
            Route(gateway=name, weight=weight, tier=tier),
            tenant_id=(tenant_id := _tenant(connection, tenant)),
            campaign_id=_campaign(connection, tenant_id, campaign),
            by=BY,
        )
    out.print(f"{escape(campaign) or 'Every campaign without routes of its own'} dials by {escape(name)}.")


@gateway.command("unroute")
def unroute(
    name: Name, campaign: Campaign = "", switch: Switch = "", tenant: Tenant = setup.DEFAULT_TENANT
) -> None:
    """Take a route away. Without any route a campaign dials by the gateway of its settings."""
    settings = Settings()
    with plainly(), database(settings) as engine, engine.begin() as connection:
        gateways.remove_route(
            connection,
            setup.switch(connection, switch or settings.switch_name),
            name,
            tenant_id=(tenant_id := _tenant(connection, tenant)),
            campaign_id=_campaign(connection, tenant_id, campaign),
            by=BY,
        )
    out.print(f"The route by {escape(name)} is gone.")


@gateway.command("remove")
def remove(name: Name, switch: Switch = "") -> None:
    """Make a gateway unknown that nobody has a route by."""
    settings = Settings()
    with plainly(), database(settings) as engine, engine.begin() as connection:
        gateways.remove(connection, setup.switch(connection, switch or settings.switch_name), name, by=BY)
    out.print(f"The gateway {escape(name)} is not known any more.")


@gateway.command("list")
def list_all() -> None:
    """Every gateway with its limits and routes."""
    with plainly(), database() as engine, engine.connect() as connection:
        found = gateways.every(connection)
    table = Table("switch", "gateway", "takes", "campaign", "tier", "weight")
    for one in found:
        shown = (escape(one.switch), escape(one.limits.name), _limits(one.limits))
        for each in one.routes:
            whose = escape(each.campaign) or f"all of {escape(each.tenant)}"
            table.add_row(*shown, whose, str(each.tier), f"{each.weight:g}")
            shown = ("", "", "")
        if not one.routes:
            table.add_row(*shown, "none", "", "")
    nothing = (
        "No gateway is known: campaigns dial by the one of their settings. `ringmaster gateway add NAME`"
    )
    out.print(table if found else nothing)


def _tenant(connection: Db, name: str) -> str:
    found = connection.execute(
        text("SELECT id::text FROM tenant WHERE name = :name"), {"name": name}
    ).scalar()
    if found is None and name != setup.DEFAULT_TENANT:
        raise NotFound("tenant", f"there is no tenant {name[:80]!r}")
    return setup.tenant(connection) if found is None else str(found)


def _campaign(connection: Db, tenant_id: str, name: str) -> str | None:
    """The tenant's campaign of that name or id; None without a name."""
    if not name:
        return None
    found = campaigns.find(connection, name, tenant_id=tenant_id)
    if found is None:
        raise NotFound("campaign", f"The tenant has no campaign {name[:80]!r}.")
    return found.campaign_id


def _limits(limits: GatewayLimits) -> str:
    if not limits.enabled:
        return "nothing: disabled"
    calls = "any number of calls" if limits.max_calls is None else f"{limits.max_calls} calls"
    rate = "" if limits.calls_per_second is None else f", {limits.calls_per_second:g} new ones per second"
    return calls + rate
