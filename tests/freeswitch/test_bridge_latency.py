"""How long the bridge takes on a real switch with standing agents: the dialer process, a clock held to it.

Everybody answers and stays for six seconds; somebody is called only when an agent is free (progressive), as
in FACTS' measurement of a raw client: customer's ANSWER to BRIDGE, 51 ms in the median and 95 ms at p99.
RINGMASTER_BRIDGES (250) is how many are measured.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.bridge_times import summary
from models.enums import CommandKind, DialMode
from tests.freeswitch.people import PREFIX
from tests.freeswitch.sipp import SCENARIOS, sipp
from tests.freeswitch.switch import TestSwitch
from tests.integration.dialer.site import Site, wait_for

pytestmark = [pytest.mark.freeswitch, pytest.mark.timeout(900)]

BRIDGES = int(os.environ.get("RINGMASTER_BRIDGES", "250"))
AGENTS = 20
STAYS = "0"
BRIDGED = "SELECT count(*) FROM attempt WHERE bridged_at IS NOT NULL"
STANDING = "SELECT count(*) FROM agent WHERE state IN ('ready', 'reserved', 'talking', 'wrap_up')"


def test_bridge_latency(
    site: Site,
    test_switch: TestSwitch,
    sipp_port: Callable[[str], int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ports = {name: sipp_port(name) for name in ("carrier", "agents")}
    site.furnish(agent_count=AGENTS, leads=1000, mode=DialMode.PROGRESSIVE, wrap_up_limit_seconds=2.0)
    assert site.value("SELECT min(number) FROM lead") == f"{PREFIX}{STAYS}000"
    times = tmp_path / "times.jsonl"
    (tmp_path / "data").mkdir()
    address = test_switch.address
    environment = {
        "DATABASE_URL": site.url,
        "RINGMASTER_DATA_DIRECTORY": str(tmp_path / "data"),
        "RINGMASTER_SWITCH_HOST": address.host,
        "RINGMASTER_SWITCH_PORT": str(address.port),
        "RINGMASTER_SWITCH_PASSWORD": address.password,
    }
    dialer = [sys.executable, "-m", "benchmarks.timed_dialer", str(times), "--drain-max", "30"]
    with (
        sipp(SCENARIOS / "carrier.xml", ports["carrier"], tmp_path, media_port=12000),
        sipp(SCENARIOS / "agents.xml", ports["agents"], tmp_path, media_port=13000),
    ):
        process = site._spawn("dialer", dialer, environment)
        site.log_in()
        wait_for("the agents stand", lambda: site.value(STANDING) == AGENTS, 120, after=site.logs)
        wait_for(f"{BRIDGES} bridges", lambda: site.value(BRIDGED) >= BRIDGES, 600, after=site.logs)
        site.command(CommandKind.CAMPAIGN_STOP, campaign_id=site.campaign_id)
        assert process.stop(60) == 0, process.tail()
        wait_for("no channel is left", lambda: test_switch.channels() == 0, 5)
    found = summary(times)
    with capsys.disabled():
        print(f"\n{json.dumps(found, indent=1)}")  # noqa: T201
    assert found["event_to_command"]["count"] + found["bridges_by_timers"] >= BRIDGES
    assert found["event_to_command"]["median_ms"] < 20
    assert found["answer_to_bridge"]["median_ms"] < 150
    with site.engine.connect() as db:
        wrong = db.execute(text("SELECT count(*) FROM attempt WHERE outcome = 'unknown'")).scalar()
    assert wrong == 0
