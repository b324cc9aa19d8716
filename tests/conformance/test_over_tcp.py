"""`ringmaster softswitch --profile corpus` answers a recording's client over TCP as the model does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from callflow.address import SwitchAddress
from tests.conformance.compare import event_differences
from tests.conformance.replay import load, recorded
from tests.conformance.test_recordings import sends_of
from tests.freeswitch.live import RECORDED_PASSWORD, play_live
from tests.unit.simulator.test_server import RUN


@pytest.fixture(scope="module")
def address() -> Iterator[SwitchAddress]:
    options = ["--profile", "corpus", "--port", "0", "--password", RECORDED_PASSWORD, "--json"]
    command = [sys.executable, "-c", RUN, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as switch:
        try:
            assert switch.stdout is not None
            port = json.loads(switch.stdout.readline())["port"]
            yield SwitchAddress("127.0.0.1", port, RECORDED_PASSWORD)
        finally:
            switch.terminate()


@pytest.mark.parametrize("name", ["a04_auth_variants", "d05_busy_486_json", "d33_extension_dialplan"])
def test_a_recording(name: str, address: SwitchAddress) -> None:
    lines = load(name)
    assert event_differences(recorded(lines), play_live(address, lines), sends_of(lines)) == []
