"""Gateways and routes in the database, from the command line, in a dialer's snapshot, and on the legs."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from models.enums import CampaignState, Outcome
from models.errors import InvalidValue, NotFound
from models.gateway_cli import gateway as command
from models.ids import new_id
from models.records import (
    AttemptAnswered,
    AttemptClosed,
    AttemptDialed,
    CampaignSettings,
    CarrierLegEnded,
    CarrierPlan,
    GatewayLimits,
    Record,
    Route,
)
from models.repository import campaigns, gateways, records, recovery, setup
from tests.integration.models.world import NOON, World


def plan(world: World) -> CarrierPlan:
    with world.engine.begin() as db:
        return recovery.snapshot(db, world.switch, NOON).carriers


def route(
    world: World, name: str, *, campaign: str | None = None, weight: float = 1.0, tier: int = 1
) -> None:
    with world.engine.begin() as db:
        gateways.set_route(
            db,
            world.switch,
            Route(gateway=name, weight=weight, tier=tier),
            tenant_id=world.tenant,
            campaign_id=campaign,
            by="test",
        )


def test_a_campaigns_own_routes_come_before_its_tenants(world: World) -> None:
    assert plan(world) == CarrierPlan()
    with world.engine.begin() as db:
        for name in ("north", "south"):
            gateways.add(db, world.switch, GatewayLimits(name=name), by="test")
        other = campaigns.create(
            db,
            CampaignSettings(campaign_id="", name="other", state=CampaignState.RUNNING),
            switch_id=world.switch,
        ).campaign_id
    route(world, "north", weight=3.0)
    route(world, "south", tier=2)
    for_all = (Route(gateway="north", weight=3.0), Route(gateway="south", tier=2))
    assert plan(world).routes == {world.campaign: for_all, other: for_all}
    route(world, "south", campaign=world.campaign)
    assert plan(world).routes == {world.campaign: (Route(gateway="south"),), other: for_all}
    route(world, "south", campaign=world.campaign, weight=9.0)
    assert plan(world).routes[world.campaign] == (Route(gateway="south", weight=9.0),)
    with world.engine.begin() as db:
        gateways.remove_route(
            db, world.switch, "south", tenant_id=world.tenant, campaign_id=world.campaign, by="test"
        )
    assert plan(world).routes[world.campaign] == for_all


def test_another_switchs_gateway_is_no_route(world: World) -> None:
    with world.engine.begin() as db:
        far = setup.switch(db, "far")
        gateways.add(db, far, GatewayLimits(name="north"), by="test")
        gateways.set_route(
            db, far, Route(gateway="north"), tenant_id=world.tenant, campaign_id=None, by="test"
        )
    assert plan(world) == CarrierPlan()


def test_what_no_gateway_may_be(world: World) -> None:
    with world.engine.begin() as db:
        gateways.add(db, world.switch, GatewayLimits(name="north"), by="test")
        for wrong in (
            GatewayLimits(name="north"),
            GatewayLimits(name="a b"),
            GatewayLimits(name="${x}"),
            GatewayLimits(name="x", max_calls=0),
            GatewayLimits(name="x", calls_per_second=float("nan")),
            GatewayLimits(name="x", calls_per_second=-1.0),
        ):
            with pytest.raises(InvalidValue):
                gateways.add(db, world.switch, wrong, by="test")
        with pytest.raises(NotFound):
            gateways.change(db, world.switch, GatewayLimits(name="nowhere"), by="test")
    for name, weight, tier in (("north", -1.0, 1), ("north", float("nan"), 1), ("north", 1.0, 0)):
        with pytest.raises(InvalidValue):
            route(world, name, weight=weight, tier=tier)
    with pytest.raises(NotFound):
        route(world, "nowhere")


def test_every_change_is_in_the_feed(world: World) -> None:
    with world.engine.begin() as db:
        gateways.add(db, world.switch, GatewayLimits(name="north", max_calls=30), by="anna")
    route(world, "north")
    with world.engine.connect() as db:
        rows = db.execute(
            text(
                "SELECT topic, tenant_id::text, payload FROM event"
                " WHERE topic IN ('gateway', 'route') ORDER BY id"
            )
        ).all()
    (made, routed) = rows
    assert (made.topic, made.tenant_id, made.payload["max_calls"], made.payload["by"]) == (
        "gateway",
        None,
        30,
        "anna",
    )
    assert (routed.topic, routed.tenant_id, routed.payload["gateway"]) == ("route", world.tenant, "north")


def test_from_the_command_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", world.engine.url.render_as_string(hide_password=False))

    def run(*arguments: str, fails: bool = False) -> Result:
        result = CliRunner().invoke(
            command, [*arguments, *(() if arguments[0] == "list" else ("--switch", "main"))]
        )
        assert (result.exit_code != 0) == fails, result.output
        assert not isinstance(result.exception, Exception), result.exception
        return result

    assert "No gateway is known" in run("list").output
    run("add", "north", "--max-calls", "30", "--calls-per-second", "5")
    run("add", "north", fails=True)
    run("route", "north", "--weight", "3")
    run("route", "north", "--campaign", "spring", "--tier", "2")
    run("route", "nowhere", fails=True)
    run("route", "north", "--campaign", "nobody", fails=True)
    shown = run("list").output
    assert "30 calls, 5 new ones" in shown  # then a narrow window breaks the line
    assert "all of default" in shown
    assert "spring" in shown
    run("disable", "north")
    assert "nothing: disabled" in run("list").output
    run("enable", "north")
    run("limit", "north", "--max-calls", "0")
    (only,) = plan(world).gateways
    assert only == GatewayLimits(name="north", calls_per_second=5.0)
    assert plan(world).routes[world.campaign] == (Route(gateway="north", tier=2),)
    run("unroute", "north", "--campaign", "spring")
    assert plan(world).routes[world.campaign] == (Route(gateway="north", weight=3.0),)
    run("unroute", "north", "--campaign", "spring", fails=True)


def test_two_legs_of_an_attempt_each_keep_their_end(world: World) -> None:
    """Also when one batch brings all of it, and again."""
    world.add_leads(1)
    (claim,) = world.claim(1).attempts
    attempt, second = claim.attempt_id, new_id()
    told: list[Record] = [
        AttemptDialed(attempt_id=attempt, leg_id=attempt, switch_id=world.switch, at=NOON, gateway="north"),
        CarrierLegEnded(attempt_id=attempt, leg_id=attempt, cause="CONGESTED", at=NOON + 1, sip_status=503),
        AttemptDialed(
            attempt_id=attempt, leg_id=second, switch_id=world.switch, at=NOON + 1, gateway="south"
        ),
    ]
    with world.engine.begin() as db:
        assert records.apply(db, told).ignored == ()
        (found,) = recovery.snapshot(db, world.switch, NOON).attempts
    assert (found.leg_id, found.gateway) == (second, "south")
    told += [
        AttemptAnswered(attempt_id=attempt, at=NOON + 9),
        AttemptClosed(
            attempt_id=attempt,
            outcome=Outcome.ABANDONED,
            at=NOON + 20,
            leg_id=second,
            answered_at=NOON + 9,
            ended_at=NOON + 20,
            cause="NORMAL_CLEARING",
            abandoned=True,
        ),
    ]
    for _ in range(2):
        with world.engine.begin() as db:
            assert records.apply(db, told).ignored == ()
    with world.engine.connect() as db:
        legs = db.execute(
            text(
                "SELECT gateway, cause, sip_status, answered_at IS NOT NULL AS answered,"
                " extract(epoch FROM ended_at)::float8 AS ended FROM leg ORDER BY opened_at"
            )
        ).all()
    assert [tuple(leg) for leg in legs] == [
        ("north", "CONGESTED", 503, False, NOON + 1),
        ("south", "NORMAL_CLEARING", None, True, NOON + 20),
    ]
