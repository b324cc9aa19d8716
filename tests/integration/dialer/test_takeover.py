"""Two dialers, one switch: the lease's row, a take-over, and a dialer that wakes up after it."""

from __future__ import annotations

import signal

from sqlalchemy import Engine, text

from callflow.database import PostgresLease
from callflow.lease import Lease
from callflow.switch import fence_name
from esl.client import Client
from esl.commands import SubscribeEvents, originate
from models.ids import new_id
from models.repository import setup
from models.session import sessions
from tests.integration.dialer.books import differences
from tests.integration.dialer.site import PASSWORD, Site, wait_for

TOKEN = "SELECT lease_token FROM switch"
CALLS_OF = "SELECT count(*) FROM attempt WHERE dialed_at IS NOT NULL AND lease_token = "


def originate_under_fence(site: Site, token: int) -> str:
    """What the switch answers to an originate that was under way when its sender lost the lease."""
    client = Client("127.0.0.1", site.port, PASSWORD)
    client.connect()
    try:
        client.call(SubscribeEvents(("BACKGROUND_JOB",)))
        dial_string = f"sofia/${{{fence_name(token)}}}/carrier/+12125550199"
        return (
            client.job(originate(new_id(), dial_string, "&park()", {}, expand=True)).get(10).text.split()[0]
        )
    finally:
        client.close()


class Two:
    """Two holders of one switch's lease, on one clock that the test moves."""

    def __init__(self, engine: Engine, ttl_seconds: float = 3.0) -> None:
        begin = sessions(engine).begin
        with begin() as session:
            switch_id = setup.switch(session, "main")
        self.now = 0.0
        self.stores = [PostgresLease(begin, switch_id, name, ttl_seconds) for name in ("one", "two")]
        self.one, self.two = (
            Lease(store, ttl_seconds=ttl_seconds, real=lambda: self.now) for store in self.stores
        )


def test_only_one_holds_the_lease(site: Site) -> None:
    two = Two(site.engine)
    assert two.one.acquire()
    assert not two.two.acquire()
    two.one.renew_once()
    assert two.one.trusted()
    two.one.release()
    assert two.two.acquire()
    assert two.two.token == two.one.token + 1
    two.one.renew_once()
    assert two.one.lost or not two.one.trusted()


def test_a_lease_that_ran_out_is_another_s_and_its_old_holder_learns_it(site: Site) -> None:
    two = Two(site.engine, ttl_seconds=2.1)
    assert two.one.acquire()
    two.now += 0.2
    assert not two.one.trusted()  # long before PostgreSQL lets another have it
    wait_for("the lease runs out", two.two.acquire, 10)
    two.one.renew_once()
    assert two.one.lost


def test_the_dead_are_buried_without_waiting(site: Site) -> None:
    two = Two(site.engine, ttl_seconds=300.0)
    assert two.one.acquire()
    two.stores[1].bury("one")
    assert two.two.acquire()
    two.stores[1].bury("one")  # buried twice: the living keep what they hold
    two.two.renew_once()
    assert two.two.trusted()


def test_stopped_past_its_lease_a_dialer_makes_not_one_more_call(site: Site) -> None:
    site.furnish(agent_count=6, leads=2000)
    site.start_switch()
    first = site.start_dialer(data="first")
    wait_for("the first is up", lambda: first.says("the switch is up"), after=site.logs)
    site.log_in()
    second = site.start_dialer(data="second")
    wait_for("the second stands by", lambda: second.says("standing by"), after=site.logs)
    wait_for("the first dials", lambda: site.value(f"{CALLS_OF} 1") >= 8, 60, after=site.logs)

    first.signal(signal.SIGSTOP)
    wait_for("the second takes over", lambda: second.says("the switch is up"), 30, after=site.logs)
    assert site.value(TOKEN) == 2
    wait_for("the second dials", lambda: site.value(f"{CALLS_OF} 2") >= 3, 60, after=site.logs)
    of_the_first = {row["id"] for row in site.rows("SELECT id::text FROM attempt WHERE lease_token = 1")}

    assert originate_under_fence(site, 1) == "-ERR"
    first.signal(signal.SIGCONT)
    assert first.wait(30) == 3, first.tail()
    assert "another dialer" in first.text().lower()
    more = site.value(f"{CALLS_OF} 2") + 5
    wait_for("the second dials on", lambda: site.value(f"{CALLS_OF} 2") >= more, 60, after=site.logs)
    assert second.stop() == 0, second.tail()
    assert {
        row["id"] for row in site.rows("SELECT id::text FROM attempt WHERE lease_token = 1")
    } == of_the_first
    assert differences(site) == []


def test_stopped_inside_a_claim_a_dialer_does_not_keep_the_lease_from_others(site: Site) -> None:
    """A claim locks the lease's row until its commit.

    Whoever is stopped just there must not hold it for ever.
    """
    site.furnish(agent_count=4, leads=500)
    site.start_switch()
    first = site.start_dialer(data="first")
    wait_for("the first is up", lambda: first.says("the switch is up"), after=site.logs)
    with site.engine.connect() as blocker:
        blocker.execute(text("LOCK TABLE attempt IN SHARE ROW EXCLUSIVE MODE"))  # a claim stops half way
        site.log_in()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO attempt%'"
        )
        wait_for("a claim waits", lambda: site.value(waiting), 30, after=site.logs)
        first.signal(signal.SIGSTOP)
        blocker.rollback()
    second = site.start_dialer(data="second")
    wait_for("the second takes over", lambda: second.says("the switch is up"), 40, after=site.logs)
    first.signal(signal.SIGCONT)
    assert first.wait(30) == 3, first.tail()
    assert second.stop() == 0, second.tail()
    assert differences(site) == []
