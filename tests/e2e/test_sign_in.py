"""The way in: password, link, errors in words; each role its own pages; the keyboard alone is enough."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from api.first_run import sign_in_link
from models.enums import UserRole
from tests.e2e.browser import settled, sign_in
from tests.integration.api.office import PASSWORD, Tenant
from tests.integration.api.served import Served


def test_a_wrong_password_is_said_and_a_right_one_leads_to_the_wallboard(
    page: Page, served: Served, tenant: Tenant
) -> None:
    login = tenant.logins[UserRole.SUPERVISOR]
    page.goto(f"{served.url}/wallboard")
    page.wait_for_url("**/sign-in")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Login and password do not match.")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/wallboard")
    settled(page)


def test_a_login_that_is_locked_is_told_for_how_long(page: Page, served: Served, tenant: Tenant) -> None:
    page.goto(f"{served.url}/sign-in")
    page.get_by_label("Login").fill(tenant.logins[UserRole.ADMIN])
    for _ in range(30):
        page.get_by_label("Password", exact=True).fill("wrong")
        with page.expect_response("**/v1/session") as answer:
            page.keyboard.press("Enter")
        if answer.value.status == 429:
            break
    expect(page.get_by_role("alert")).to_contain_text("Try again in")
    expect(page.get_by_role("alert")).to_contain_text("minute")


def test_a_link_signs_in_once_and_its_token_leaves_the_address(
    page: Page, served: Served, tenant: Tenant, engine: Engine
) -> None:
    with engine.begin() as db:
        token = sign_in_link(db, tenant.user_ids[UserRole.SUPERVISOR])
    page.goto(f"{served.url}/sign-in#token={token}")
    page.wait_for_url("**/wallboard")
    assert token not in page.url
    page.context.clear_cookies()
    page.goto("about:blank")
    page.goto(f"{served.url}/sign-in#token={token}")
    expect(page.get_by_role("alert")).to_be_visible()
    assert token not in page.url


def test_a_password_that_must_be_changed_is_changed_first(
    page: Page, served: Served, tenant: Tenant, engine: Engine
) -> None:
    login = tenant.logins[UserRole.SUPERVISOR]
    with engine.begin() as db:
        db.execute(
            text("UPDATE user_account SET must_change_password = true WHERE login = :login"), {"login": login}
        )
    sign_in(page, served.url, login, PASSWORD)
    page.wait_for_url("**/password")
    page.goto(f"{served.url}/campaigns")
    page.wait_for_url("**/password")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password", exact=True).fill("another long enough one")
    page.get_by_label("New password again").fill("another long enough one")
    page.get_by_role("button", name="Change password").click()
    page.wait_for_url("**/wallboard")


def test_an_agent_sees_the_desk_and_nothing_else(page: Page, served: Served, tenant: Tenant) -> None:
    sign_in(page, served.url, tenant.logins[UserRole.AGENT], PASSWORD)
    page.wait_for_url("**/agent")
    settled(page)
    expect(page.get_by_test_id("agent-state")).to_have_text("Logged out")
    for path in ("wallboard", "campaigns", "users"):
        page.goto(f"{served.url}/{path}")
        page.wait_for_url("**/agent")
    assert [link.inner_text() for link in page.get_by_role("navigation").get_by_role("link").all()] == [
        "My calls"
    ]


def test_the_keyboard_alone_is_enough(page: Page, served: Served, tenant: Tenant) -> None:
    page.goto(f"{served.url}/sign-in")
    page.get_by_label("Login").focus()
    page.keyboard.type(tenant.logins[UserRole.SUPERVISOR])
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/wallboard")
    settled(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_url("**/campaigns")
    link = page.get_by_role("link", name="spring")
    link.wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/campaigns/*")
    expect(page.get_by_role("heading", level=1)).to_have_text("spring")
