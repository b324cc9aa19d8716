"""kill -9 of the dialer process over TCP, and a dialer that is stopped past its lease."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import text

from tests.integration.dialer.books import differences
from tests.integration.dialer.site import Process, Site, wait_for

USABLE = "SELECT count(*) FROM agent WHERE state IN ('ready', 'reserved', 'talking', 'wrap_up')"
DIALED = "SELECT count(*) FROM attempt WHERE dialed_at IS NOT NULL"
CLAIMED = "SELECT count(*) FROM attempt WHERE state = 'claimed'"
CONNECTED = "SELECT count(*) FROM attempt WHERE outcome = 'connected'"


def running_dialer(site: Site) -> Process:
    dialer = site.start_dialer()
    wait_for("the dialer is up", lambda: dialer.says("the switch is up"), 30, after=site.logs)
    return dialer


def wait_for_dials(site: Site, more: int) -> None:
    target = site.value(DIALED) + more
    wait_for(f"{more} more dials", lambda: site.value(DIALED) >= target, 60, after=site.logs)


def killed_and_restarted(site: Site, kills: int, seed: int) -> None:
    """A campaign whose dialer dies `kills` times at random moments of its work.

    Then the books are compared.
    """
    rng = random.Random(seed)
    site.furnish(agent_count=6, leads=2000)
    site.start_switch(seed=seed)
    dialer = running_dialer(site)
    site.log_in()
    for _ in range(kills):
        wait_for("agents are usable", lambda: site.value(USABLE) == 6, 60, after=site.logs)
        wait_for_dials(site, rng.randint(1, 12))
        dialer.kill()
        dialer = running_dialer(site)
    connected = site.value(CONNECTED)
    wait_for("the campaign goes on", lambda: site.value(CONNECTED) > connected, 60, after=site.logs)
    wait_for("agents are usable", lambda: site.value(USABLE) == 6, 60, after=site.logs)
    assert dialer.stop() == 0, dialer.tail()
    assert differences(site) == []
    assert len(site.truth()) > 5 * kills, "too little happened for this test to mean anything"
    assert site.value("SELECT count(*) FROM agent WHERE state <> 'logged_out'") == 0
    assert site.value("SELECT count(*) FROM leg WHERE ended_at IS NULL") == 0


def test_killed_three_times(site: Site) -> None:
    killed_and_restarted(site, 3, seed=1)


def test_killed_while_postgresql_lags_behind_the_journal(site: Site) -> None:
    """Calls that only the journal knows of.

    PostgreSQL has their claims, and not yet that they were dialed.
    """
    site.furnish(agent_count=8, leads=500)
    site.start_switch()
    dialer = running_dialer(site)
    with site.engine.connect() as blocker:
        blocker.execute(text("LOCK TABLE leg IN SHARE ROW EXCLUSIVE MODE"))  # the writer stops, claims go on
        site.log_in()
        wait_for("calls that only the journal knows", lambda: site.value(CLAIMED) >= 4, 60, after=site.logs)
        wait_for("an end that only the journal knows", lambda: site.truth(), 60, after=site.logs)
        dialer.kill()
        blocker.rollback()
    again = running_dialer(site)
    assert again.says("an earlier dialer's journal was brought in")
    wait_for_dials(site, 3)
    assert again.stop() == 0, again.tail()
    assert differences(site) == []


@pytest.mark.slow
def test_killed_ten_times(site: Site) -> None:
    killed_and_restarted(site, 10, seed=2)
