"""examples/genesis_calls.py: a client of other people's takes `ringmaster softswitch` for FreeSWITCH.

genesis wants older versions of libraries that we use (rich, typer, uvicorn), so it lives in an environment
of its own, with its own lock: `make genesis` makes it and names its interpreter in RINGMASTER_GENESIS_PYTHON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.simulator.test_server import RUN

EXAMPLE = Path(__file__).parents[3] / "examples" / "genesis_calls.py"
PYTHON = os.environ.get("RINGMASTER_GENESIS_PYTHON", "")


@pytest.mark.skipif(
    not PYTHON, reason="`make genesis` runs it: RINGMASTER_GENESIS_PYTHON names no interpreter"
)
def test_genesis_dials_and_is_handed_a_call() -> None:
    options = ["--profile", "corpus", "--port", "0", "--json", "--speed", "5"]
    command = [sys.executable, "-c", RUN, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as switch:
        try:
            assert switch.stdout is not None
            port = json.loads(switch.stdout.readline())["port"]
            tried = subprocess.run(
                [PYTHON, str(EXAMPLE), "127.0.0.1", str(port), "ClueCon"],
                check=False,
                capture_output=True,
                text=True,
                timeout=60,
            )
        finally:
            switch.terminate()
    assert tried.returncode == 0, tried.stderr
    calls = [json.loads(line) for line in tried.stdout.splitlines() if line.startswith("{")]
    assert [(c["mode"], c.get("cause") or c.get("answer"), c.get("answered")) for c in calls] == [
        ("inbound", "NORMAL_CLEARING", True),
        ("inbound", "USER_BUSY", False),
        ("outbound", "FILE PLAYED", None),
        ("inbound", "NORMAL_CLEARING", True),
    ]
    assert calls[2]["uuid"] == calls[3]["uuid"]
