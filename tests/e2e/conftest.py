"""Fixtures: a browser, and an installation without a dialer behind the real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import Engine

from models.session import sync_engine
from tests.e2e.browser import launched, why_not
from tests.integration.api.office import Tenant, make_state, make_tenant
from tests.integration.api.served import Served, serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if reason := why_not():
        pytest.skip(reason)
    with launched() as browser:
        yield browser


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = sync_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def tenant(engine: Engine) -> Tenant:
    return make_tenant(engine, "ours")


@pytest.fixture
def served(tenant: Tenant, database_url: str) -> Iterator[Served]:
    with serving(make_state(database_url)) as served:
        yield served


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own session, on which nothing may fail unseen."""
    # What fades in is looked at when it is there: axe would find the contrast of the moment too low.
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="en-GB", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on(
        "console",
        lambda said: failures.append(said.text) if "Content Security Policy" in said.text else None,
    )
    yield page
    context.close()
    assert not failures
