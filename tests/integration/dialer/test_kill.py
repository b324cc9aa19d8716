"""kill -9 of the dialer process over TCP, and a dialer that is stopped past its lease."""

from __future__ import annotations

import random

import pytest

from tests.integration.dialer.books import differences
from tests.integration.dialer.site import Process, Site, wait_for

USABLE = "SELECT count(*) FROM agent WHERE state IN ('ready', 'reserved', 'talking', 'wrap_up')"
DIALED = "SELECT count(*) FROM attempt WHERE dialed_at IS NOT NULL"
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


@pytest.mark.slow
def test_killed_ten_times(site: Site) -> None:
    killed_and_restarted(site, 10, seed=2)
