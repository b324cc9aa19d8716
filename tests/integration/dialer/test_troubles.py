"""Bad input and bad luck.

A refused password, a switch or a database that is not there, goes away, comes back.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from esl.client import Client
from esl.commands import Api
from models import migrate, postgres
from models.enums import CommandKind
from models.session import sync_engine
from tests.integration.dialer.books import differences
from tests.integration.dialer.site import PASSWORD, Site, open_site, wait_for

DIALED = "SELECT count(*) FROM attempt WHERE dialed_at IS NOT NULL"


def dial_more(site: Site, more: int = 3) -> None:
    target = site.value(DIALED) + more
    wait_for("it dials", lambda: site.value(DIALED) >= target, 60, after=site.logs)


def test_a_refused_password_is_said_plainly_and_never_shown(site: Site) -> None:
    site.furnish(agent_count=1, leads=10)
    site.start_switch()
    dialer = site.start_dialer(password="wrong-Passw0rd")
    wait_for("it says so", lambda: dialer.says("the switch refuses us"), after=site.logs)
    wait_for(
        "the figures say so", lambda: site.live().get("switch", {}).get("state") == "refused", after=site.logs
    )
    assert "password" in site.live()["switch"]["trouble"]
    assert dialer.stop() == 0
    assert "wrong-Passw0rd" not in dialer.text()
    assert PASSWORD not in dialer.text()


def test_a_switch_that_is_not_there_goes_away_and_comes_back(site: Site) -> None:
    site.furnish(agent_count=3, leads=500)
    first = site.start_switch()
    first.kill()
    dialer = site.start_dialer()
    wait_for("it says so", lambda: dialer.says("the switch is away"), after=site.logs)
    site.start_switch(port=site.port)
    wait_for("it comes up by itself", lambda: dialer.says("the switch is up"), after=site.logs)
    site.log_in()
    dial_more(site)
    site.processes[-1].kill()
    wait_for("dialing stops", lambda: site.live().get("link_up") is False, after=site.logs)
    site.start_switch(port=site.port, seed=2)
    dial_more(site, 5)
    assert dialer.stop() == 0, dialer.tail()
    assert site.value("SELECT count(*) FROM attempt WHERE state <> 'closed'") == 0
    assert site.value("SELECT count(*) FROM attempt WHERE outcome = 'switch_lost'") > 0


def test_what_another_version_has_learned_is_learned_anew(site: Site) -> None:
    site.furnish(agent_count=1, leads=10)
    with site.engine.begin() as db:
        db.execute(text("INSERT INTO learned (campaign_id, pacer, leads) SELECT id, 'x', 'y' FROM campaign"))
    site.start_switch()
    dialer = site.start_dialer()
    wait_for("it says so", lambda: dialer.says("learned anew"), after=site.logs)
    wait_for("it goes on", lambda: dialer.says("the switch is up"), after=site.logs)
    assert dialer.stop() == 0, dialer.tail()
    # The end of a dialer keeps what is there: a model of its own size, by this version.
    assert site.value("SELECT count(*) FROM learned WHERE length(pacer) > 1000 AND length(leads) > 1000") == 1


def test_the_simulator_s_speed_is_the_dialer_s(site: Site) -> None:
    site.furnish(agent_count=2, leads=100)
    site.start_switch()
    client = Client("127.0.0.1", site.port, PASSWORD)
    client.connect()
    try:
        assert client.call(Api("ringmaster_speed", "10")).text.strip() == "+OK 10"
    finally:
        client.close()
    dialer = site.start_dialer()
    wait_for("it takes the speed over", lambda: site.live().get("speed") == 10.0, after=site.logs)
    assert dialer.says("taking over the simulator's speed")
    assert dialer.stop() == 0


def test_what_was_taken_before_the_stop_is_answered(site: Site) -> None:
    site.furnish(agent_count=10, leads=100)
    site.start_switch()
    dialer = site.start_dialer()
    wait_for("it is up", lambda: dialer.says("the switch is up"), after=site.logs)
    site.log_in()
    for agent_id in site.agent_ids * 3:
        site.command(CommandKind.AGENT_PAUSE, agent_id=agent_id)
    assert dialer.stop() == 0
    statuses = {row["status"] for row in site.rows("SELECT DISTINCT status FROM command")}
    assert "taken" not in statuses


@pytest.fixture
def own_database(tmp_path: Path) -> Iterator[tuple[Path, Site]]:
    """A site whose PostgreSQL is its own, to be stopped."""
    directory = Path(tempfile.mkdtemp(prefix="rm-dialer-"))
    directory.chmod(0o755)
    try:
        server = postgres.start(directory, durable=False)
        migrate.upgrade(server.url)
        engine = sync_engine(server.url)
        with open_site(engine, server.url, tmp_path) as site:
            yield directory, site
        engine.dispose()
    finally:
        postgres.stop(directory)
        shutil.rmtree(directory, ignore_errors=True)


def test_a_database_that_goes_away_stops_dialing_and_nothing_else(own_database: tuple[Path, Site]) -> None:
    directory, site = own_database
    site.furnish(agent_count=5, leads=500)
    site.start_switch()
    dialer = site.start_dialer()
    wait_for("it is up", lambda: dialer.says("the switch is up"), after=site.logs)
    site.log_in()
    dial_more(site, 8)
    postgres.stop(directory)
    wait_for("it says so", lambda: dialer.says("the database is away"), after=site.logs)
    ended = len(site.truth())
    wait_for("calls go on at the switch", lambda: len(site.truth()) > ended, 60, after=site.logs)
    assert dialer.alive
    postgres.start(directory, durable=False)
    wait_for("it says so", lambda: dialer.says("the database is back"), after=site.logs)
    dial_more(site, 5)
    assert dialer.stop() == 0, dialer.tail()
    assert differences(site) == []
    assert "rejected" not in dialer.text()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}, "The database is away"),
        ({"DATABASE_URL": "mysql://x"}, "Ringmaster needs PostgreSQL"),
        ({"RINGMASTER_SWITCH_HOST": ""}, "No switch is named"),
        ({"RINGMASTER_LEASE_TTL_SECONDS": "0"}, "lease_ttl_seconds"),
        ({"RINGMASTER_DATA_DIRECTORY": "/proc/ringmaster"}, "can't be written"),
    ],
)
def test_what_cannot_be_started_says_why_in_one_sentence(
    site: Site, environment: dict[str, str], words: str
) -> None:
    site.furnish(agent_count=1, leads=1)
    result = subprocess.run(
        [sys.executable, "-m", "callflow.dialer"],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            "PATH": "/usr/bin:/bin",
            "DATABASE_URL": site.url,
            "RINGMASTER_SWITCH_HOST": "127.0.0.1",
            "RINGMASTER_DATA_DIRECTORY": str(site.folder),
            **environment,
        },
    )
    assert result.returncode == (1 if "away" in words else 2), result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_that_was_never_migrated(empty_database_url: str, tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "callflow.dialer", "--switch", "esl://:x@127.0.0.1:1"],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            "PATH": "/usr/bin:/bin",
            "DATABASE_URL": empty_database_url,
            "RINGMASTER_DATA_DIRECTORY": str(tmp_path),
        },
    )
    assert result.returncode == 2
    assert "ringmaster db migrate" in result.stderr
