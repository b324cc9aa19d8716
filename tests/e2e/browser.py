"""A real Chromium for the tests of the page and for its pictures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def why_not() -> str:
    """What is missing on this machine; empty if nothing is."""
    if chromium() is None:
        return "no Chromium: install one (Debian: chromium) to test the page"
    if not (ROOT / "api" / "static" / "index.html").is_file() or not AXE.is_file():
        return "the page is not built: run `make setup`"
    return ""


def chromium() -> str | None:
    """The machine's own browser; none is downloaded."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser until the end of the block. While it is there, this thread can run no asyncio loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def sign_in(page: Page, url: str, login: str, password: str) -> None:
    """As a person does."""
    page.goto(f"{url}/sign-in")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: not url.endswith("/sign-in"))


def settled(page: Page) -> None:
    """Wait until the page shows itself and is connected."""
    page.wait_for_selector('[data-testid="link"][data-link="open"]')
    page.wait_for_selector("main h1", state="attached")


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA: rule, element, and why."""
    page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = page.evaluate(
        "standards => axe.run(document, {runOnly: {type: 'tag', values: standards}})", STANDARDS
    )
    return [
        f"{rule['id']}: {node['target']}: {node.get('failureSummary', '')}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
