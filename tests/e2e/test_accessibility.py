"""Every page in both colour schemes against WCAG 2.2 AA by axe, with hostile names on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, text

from models.enums import UserRole
from tests.e2e.browser import settled, sign_in, violations
from tests.integration.api.office import PASSWORD, Tenant
from tests.integration.api.served import Served

HOSTILE = "<img src=x onerror=document.title='taken'>\u202eevil\u202c " + "long " * 30
PAGES = (
    "wallboard",
    "campaigns",
    "campaigns/{campaign}",
    "agents",
    "agent",
    "carriers",
    "users",
    "api-keys",
    "password",
)


@pytest.fixture
def hostile(engine: Engine, tenant: Tenant) -> Tenant:
    with engine.begin() as db:
        db.execute(text("UPDATE campaign SET name = :name"), {"name": HOSTILE})
        db.execute(text("UPDATE agent SET name = :name"), {"name": HOSTILE})
        db.execute(text("DELETE FROM user_account WHERE role = 'agent'"))  # an agent is one user's
        db.execute(
            text("UPDATE user_account SET agent_id = CAST(:agent AS uuid) WHERE role = 'admin'"),
            {"agent": tenant.agent_id},
        )
    return tenant


@pytest.fixture(params=["light", "dark"])
def coloured(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(
        color_scheme=request.param, reduced_motion="reduce", viewport={"width": 1280, "height": 800}
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


def test_every_page_is_clean(coloured: Page, served: Served, hostile: Tenant) -> None:
    page = coloured
    page.goto(f"{served.url}/sign-in")
    page.get_by_role("button", name="Sign in").wait_for()
    found = {"sign-in": violations(page)}
    sign_in(page, served.url, hostile.logins[UserRole.ADMIN], PASSWORD)
    for path in PAGES:
        page.goto(f"{served.url}/{path.format(campaign=hostile.campaign_id)}")
        settled(page)
        found[path] = violations(page)
        title = page.title()
        assert title.endswith("Ringmaster"), title
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} scrolls sideways by {wide} px"
    assert {path: list(each) for path, each in found.items() if each} == {}


def test_dialogs_are_clean_and_give_the_focus_back(coloured: Page, served: Served, hostile: Tenant) -> None:
    page = coloured
    sign_in(page, served.url, hostile.logins[UserRole.ADMIN], PASSWORD)
    for path, name in (
        ("wallboard", "Stop all dialing"),
        ("campaigns", "New campaign"),
        ("users", "New user"),
        ("carriers", "New gateway"),
        ("api-keys", "New API key"),
    ):
        page.goto(f"{served.url}/{path}")
        settled(page)
        button = page.get_by_role("button", name=name)
        button.click()
        page.get_by_role("dialog").wait_for()
        assert violations(page) == [], name
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached")
        expect(button).to_be_focused()  # the dialog is gone a moment before
