"""All of this folder needs a FreeSWITCH that RINGMASTER_TEST_SWITCH names, and SIPp on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.session import sync_engine
from tests.freeswitch.desk import Desk, open_desk
from tests.freeswitch.switch import TestSwitch
from tests.integration.dialer.site import Site, open_site

VARIABLE = "RINGMASTER_TEST_SWITCH"


@pytest.fixture(scope="session")
def test_switch() -> TestSwitch:
    """The switch under test, which must be there and idle."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        pytest.skip(f"{VARIABLE} names no FreeSWITCH: set it to esl://:PASSWORD@HOST:PORT")
    switch = TestSwitch.read(text)
    assert switch.answers(), f"{VARIABLE} names a switch that does not answer, or refuses the password"
    assert switch.channels() == 0, "the switch has calls already: end them (`fsctl hupall`), or take another"
    return switch


@pytest.fixture
def sipp_port(test_switch: TestSwitch) -> Callable[[str], int]:
    """Asks for the loopback port of a gateway; skips where the test can't play its far end."""
    if shutil.which("sipp") is None:
        pytest.skip("SIPp is not installed: it plays the carrier and the phones (Debian: sip-tester)")

    def port(gateway: str) -> int:
        found = test_switch.gateway_port(gateway)
        if found is None:
            pytest.skip(f"the switch has no gateway {gateway!r} that points to this machine's loopback")
        return found

    return port


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A site in real time with an empty database; its processes end with the test."""
    engine = sync_engine(database_url)
    try:
        with open_site(engine, database_url, tmp_path, speed=1.0) as opened:
            yield opened
    finally:
        engine.dispose()


@pytest.fixture
def desk(test_switch: TestSwitch, database_url: str) -> Iterator[Desk]:
    """Agents whose phones the switch looks up."""
    with open_desk(test_switch, database_url) as opened:
        yield opened
