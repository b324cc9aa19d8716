"""The pictures of the documentation, taken from a running demo: `make screenshots`.

Writes docs/images/*.png. With a folder as argument: every page in light and dark, to be looked at.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.browser import ROOT, launched, settled, why_not
from tests.e2e.running_demo import Demo, running

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 300_000
CONVERSATIONS = 400
PATHS = ("wallboard", "campaigns", "campaign", "agents", "agent", "carriers", "users", "api-keys")


def opened(browser: Browser, demo: Demo, cookies: list[Any], scheme: Any, width: int, height: int) -> Page:
    """A page of the signed-in user."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": height}, locale="en-GB"
    )
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{demo.url}/wallboard")
    settled(page)
    return page


def go(page: Page, demo: Demo, path: str) -> None:
    """To a page; `campaign` is the first of them."""
    page.goto(f"{demo.url}/{'campaigns' if path == 'campaign' else path}")
    settled(page)
    if path == "campaign":
        page.get_by_role("table").get_by_role("link").first.click()
        page.wait_for_url("**/campaigns/*")
    page.wait_for_timeout(1500)  # the chart and the lists are asked for after the page


def worked(page: Page) -> None:
    """Wait until there is something to see: conversations of a good half hour."""
    shown = page.get_by_test_id("dialed")
    for _ in range(600):
        if int(shown.inner_text().replace(",", "")) > CONVERSATIONS * 3:
            return
        page.wait_for_timeout(1000)
    sys.exit("The demo dialed too little in ten minutes.")


def main(everything: Path | None) -> None:
    """Take them."""
    if reason := why_not():
        sys.exit(f"No picture was taken: {reason}.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with launched() as browser, running("--speed", "10", "--leads", "10000") as demo:
        first = browser.new_page()
        first.goto(demo.link)
        first.wait_for_url("**/wallboard")
        cookies: list[Any] = first.context.cookies()
        worked(first)
        page = opened(browser, demo, cookies, "light", 1440, 900)
        go(page, demo, "wallboard")
        picture = IMAGES / "wallboard.png"
        page.screenshot(path=picture)
        if picture.stat().st_size > MOST_BYTES:
            sys.exit(f"{picture} has {picture.stat().st_size} bytes: more than {MOST_BYTES}.")
        for scheme in ("light", "dark") if everything else ():
            page = opened(browser, demo, cookies, scheme, 1280, 800)
            for path in PATHS:
                go(page, demo, path)
                assert everything is not None
                page.screenshot(path=everything / f"{path}-{scheme}.png", full_page=path == "campaign")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
