"""The page of a running demo: it follows the terminal, what it changes is dialed by, agents work on it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from sqlalchemy import text

from models.repository import live
from tests.e2e.browser import settled
from tests.e2e.running_demo import Demo, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
LATEST_SECONDS = 1.0
WATCHED_SECONDS = 15.0


@pytest.fixture(scope="module")
def demo(browser: Browser) -> Iterator[Demo]:
    with running("--speed", "5", "--agents", "12", "--leads", "3000") as demo:
        yield demo


@pytest.fixture(scope="module")
def cookies(browser: Browser, demo: Demo) -> list[Any]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(demo.link)
    page.wait_for_url("**/wallboard")
    found: list[Any] = context.cookies()
    context.close()
    return found


@pytest.fixture
def signed_in(page: Page, cookies: list[Any]) -> Page:
    page.context.add_cookies(cookies)
    return page


def figures(demo: Demo) -> dict[str, Any]:
    """What the terminal shows: the dialer's newest snapshot."""
    with demo.engine.connect() as db:
        found = live.get(db, "dialer")
    assert found is not None
    return dict(next(iter(found.payload["campaigns"].values())))


def dialer_time(demo: Demo) -> float:
    """The dialer's own clock, as of its newest snapshot."""
    with demo.engine.connect() as db:
        found = live.get(db, "dialer")
    assert found is not None
    return found.at


def until(done: Callable[[], bool], page: Page, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(50)
    return True


def campaign_page(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.url}/campaigns")
    page.get_by_role("table").get_by_role("link").first.click()
    page.wait_for_url("**/campaigns/*")
    settled(page)


def test_the_wallboard_follows_the_terminal_within_a_second(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    page.goto(f"{demo.url}/wallboard")
    settled(page)
    shown = page.get_by_test_id("dialed")
    expect(shown).not_to_have_text("0")
    terminal: list[tuple[float, int]] = []
    wall: list[tuple[float, int]] = []
    end = time.monotonic() + WATCHED_SECONDS
    while time.monotonic() < end:
        terminal.append((time.monotonic(), int(figures(demo)["dialed"])))
        wall.append((time.monotonic(), int(shown.inner_text().replace(",", ""))))
    terminal.append((time.monotonic(), int(figures(demo)["dialed"])))
    assert terminal[-1][1] - terminal[0][1] >= 20, "it hardly dialed: nothing is shown by this"
    for at, number in wall:
        old = max((n for t, n in terminal if t <= at - LATEST_SECONDS), default=0)
        new = min(n for t, n in terminal if t >= at)
        assert old <= number <= new, f"{at}: {number} on the page, {old} to {new} on the terminal"


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1440, 900), (1366, 720)])
def test_the_wallboard_needs_no_scrolling(signed_in: Page, demo: Demo, width: int, height: int) -> None:
    page = signed_in
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{demo.url}/wallboard")
    settled(page)
    page.locator(".recharts-surface").first.wait_for()
    over = page.evaluate("document.documentElement.scrollHeight - innerHeight")
    assert over <= 0, f"{over} px do not fit"


def test_a_target_changed_on_the_page_is_dialed_by(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    campaign_page(page, demo)
    field = page.get_by_label("New target in %")
    field.fill("50")
    expect(page.get_by_text("The target may be at most the cap")).to_be_visible()
    expect(page.get_by_role("button", name="Change target")).to_be_disabled()
    field.fill("1,25")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("target")).to_have_text("1.3%")
    assert until(lambda: figures(demo)["target"] == 0.0125, page, 5)
    with demo.engine.connect() as db:
        assert db.execute(text("SELECT target FROM campaign")).scalar_one() == pytest.approx(0.0125)


def dialed_ahead(demo: Demo, page: Page, snapshots: int = 25) -> float:
    """Calls on their way beyond the agents who are free, as a mean over the dialer's next snapshots."""
    seen: dict[float, int] = {}

    def look() -> bool:
        now, shown = dialer_time(demo), figures(demo)
        on_their_way = sum(shown["calls"].get(stage, 0) for stage in ("sent", "created", "ringing"))
        seen[now] = on_their_way - sum(shown["agents"].get(state, 0) for state in ("ready", "reserved"))
        return len(seen) >= snapshots

    assert until(look, page, 60), "the dialer tells nothing"
    return sum(seen.values()) / len(seen)


def test_a_strict_target_set_on_the_page_ends_dialing_ahead(signed_in: Page, demo: Demo) -> None:
    """At one in a thousand nothing is left to spend: each call needs an agent who is free already."""
    page = signed_in
    campaign_page(page, demo)

    def ask_for(percent: str, target: float) -> None:
        page.get_by_label("New target in %").fill(percent)
        page.keyboard.press("Enter")
        assert until(lambda: figures(demo)["target"] == target, page, 5)

    ask_for("3", 0.03)
    assert until(lambda: dialed_ahead(demo, page) >= 2.0, page, 120), "it does not dial ahead at 3 % either"
    ask_for("0.1", 0.001)
    expect(page.get_by_test_id("why")).to_have_text("The abandon budget", timeout=30_000)
    changed = dialer_time(demo)
    assert until(lambda: dialer_time(demo) > changed + 40.0, page), "calls dialed before are over by then"
    strict = dialed_ahead(demo, page)
    ask_for("3", 0.03)
    assert strict <= 1.0, "hardly more calls than agents who are free"
    assert until(lambda: dialed_ahead(demo, page) >= 2.0, page, 120), "it stays strict"


def test_pause_and_start_on_the_page_stop_and_start_the_dialing(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    campaign_page(page, demo)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_test_id("campaign-state")).to_have_attribute("data-state", "paused")
    expect(page.get_by_test_id("why")).to_have_text("The campaign is paused")
    before, paused_at = figures(demo)["dialed"], dialer_time(demo)
    assert until(lambda: dialer_time(demo) > paused_at + 10.0, page), "the dialer stands still"
    assert figures(demo)["dialed"] == before
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_test_id("campaign-state")).to_have_attribute("data-state", "running")
    assert until(lambda: figures(demo)["dialed"] > before, page)


def test_a_file_is_imported_and_its_refused_rows_are_told(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    campaign_page(page, demo)
    hostile = "<script>document.title='taken'</script>"
    rows = ["Client;Telefon;City", f"{hostile};+12025550143;Oslo", "Ada;not a number;=cmd()", "Bo;;Rome"]
    page.locator('input[type="file"]').set_input_files(
        {"name": "spring.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
    )
    expect(page.get_by_role("combobox", name="Column Telefon is")).to_have_value("Phone number")
    expect(page.get_by_role("combobox", name="Column Client is")).to_have_value("Name")
    expect(page.get_by_role("combobox", name="Column City is")).to_have_value("Field of its own")
    expect(page.get_by_text(hostile)).to_be_visible()
    page.get_by_role("button", name="Import", exact=True).click()
    state = page.get_by_test_id("import-state")
    expect(state).to_have_attribute("data-state", "done")
    expect(state).to_have_text("1 accepted, 2 refused")
    with page.expect_download() as download:
        page.get_by_role("link", name="Refused rows as CSV").click()
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert len(lines) == 3
    assert not any(re.search(r'(^|,)"?[=+@-]', line) for line in lines)
    assert "taken" not in page.title()
    with demo.engine.connect() as db:
        names = db.execute(text("SELECT name FROM person WHERE name LIKE '<script>%'")).scalars().all()
    assert names == [hostile]


def test_an_agent_takes_a_call_and_says_how_it_ended(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    page.goto(f"{demo.url}/agent")
    settled(page)
    page.get_by_role("button", name="Log in").click()
    state = page.locator("section[data-state]")
    paused = page.locator('section[data-state="paused"]')
    expect(state).to_have_attribute("data-state", re.compile("talking|wrap_up"), timeout=90_000)
    expect(page.get_by_test_id("number")).to_have_text(re.compile(r"^\+[0-9]{6,15}$"))
    page.get_by_label("Note").fill("on Monday")
    page.get_by_role("heading", name="How did it end?").click()
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="Call back")).to_have_attribute("aria-pressed", "true")

    def noted() -> bool:
        with demo.engine.connect() as db:
            query = text(
                "SELECT count(*) FROM call_note WHERE disposition = 'call_back' AND text = 'on Monday'"
            )
            return bool(db.execute(query).scalar_one() == 1)

    assert until(noted, page)
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("menuitem", name="Meal").click()
    ready = page.get_by_role("button", name="Ready")
    expect(ready).to_be_visible()
    # Some conversations are long: the agent ends theirs, unless the other side was first.
    hang_up = page.get_by_role("button", name="Hang up")
    expect(hang_up.or_(page.get_by_text("You spoke with")).or_(paused)).to_be_visible()
    with suppress(PlaywrightTimeout):
        hang_up.click(timeout=5_000)
    expect(paused).to_be_visible(timeout=60_000)
    ready.click()
    expect(state).not_to_have_attribute("data-state", "paused")


def test_a_supervisor_pauses_an_agent_in_the_grid(signed_in: Page, demo: Demo) -> None:
    page = signed_in
    page.goto(f"{demo.url}/agents")
    settled(page)
    page.get_by_label("Find by name or extension").fill("Robot 1")
    page.get_by_role("button", name="Pause Robot 1", exact=True).click()
    row = page.get_by_test_id("agent-row").first
    expect(row).to_contain_text(re.compile("Paused|pauses after this call"))
    page.get_by_role("button", name="Make Robot 1 ready", exact=True).click()
    expect(page.get_by_role("button", name="Pause Robot 1", exact=True)).to_be_visible(timeout=60_000)
