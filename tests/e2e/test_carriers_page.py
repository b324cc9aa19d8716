"""The page of carriers: an administrator makes a gateway, routes a campaign by it, and takes both away."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from models.carrier_keys import Vault, new_carrier_key
from models.enums import UserRole
from models.repository import carriers, gateways
from tests.e2e.browser import settled, sign_in, violations
from tests.integration.api.office import PASSWORD, Tenant
from tests.integration.api.served import Served

SECRET = "s3cret word"


def test_a_gateway_is_made_routed_and_removed(
    page: Page, served: Served, tenant: Tenant, engine: Engine
) -> None:
    served.state.vault = Vault((new_carrier_key(),))
    sign_in(page, served.url, tenant.logins[UserRole.ADMIN], PASSWORD)
    page.goto(f"{served.url}/carriers")
    settled(page)
    expect(page.get_by_text("No gateway is known")).to_be_visible()
    page.get_by_role("button", name="New gateway").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Gateway").fill("north")
    dialog.get_by_label("Carrier's address").fill("sip.north.example")
    dialog.get_by_label("User name").fill("acme")
    dialog.get_by_label("Password", exact=True).fill(SECRET)
    dialog.get_by_label("Calls at once").fill("20")
    assert violations(page) == []
    dialog.get_by_role("button", name="Save gateway").click()
    row = page.get_by_role("row", name="north")
    expect(row).to_contain_text("sip.north.example")
    expect(row).to_contain_text("20 calls")
    page.get_by_role("button", name="Change north").click()
    expect(dialog.get_by_text("One is kept")).to_be_visible()
    dialog.get_by_label("Register with the carrier").check()
    dialog.get_by_role("button", name="Save gateway").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Route campaigns by north").click()
    dialog.get_by_label("Weight").fill("3")
    assert violations(page) == []
    dialog.get_by_role("button", name="Save route").click()
    expect(row).to_contain_text("All without routes of their own: tier 1, weight 3")
    assert violations(page) == []
    assert SECRET not in page.content()
    with engine.connect() as db:
        known = carriers.known(db, tenant.switch_id)["north"]
        assert (known.account.register, known.has_password) == (True, True)
        assert gateways.plan(db, tenant.switch_id).routes[tenant.campaign_id][0].weight == 3.0
    row.get_by_role("button", name="Remove the route of").click()
    expect(row).to_contain_text("None")
    row.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No gateway is known")).to_be_visible()
