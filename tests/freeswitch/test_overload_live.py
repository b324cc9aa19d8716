"""200 calls a second offered to a real FreeSWITCH: the dialer's governor brings it back, with no `hupall`.

The same offer as in virtual time (tests/simulation/test_overload.py), by the client that the dialer uses.
RINGMASTER_OVERLOAD_SECONDS (30) is how long it is offered.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.freeswitch.load import drive, wide
from tests.freeswitch.sipp import SCENARIOS, sipp
from tests.freeswitch.switch import TestSwitch
from tests.integration.dialer.site import wait_for
from tests.simulation.offered import Offer

pytestmark = pytest.mark.freeswitch

RATE, HOLD_SECONDS = 200.0, 2.0
OFFERED_SECONDS = float(os.environ.get("RINGMASTER_OVERLOAD_SECONDS", "30"))


@pytest.mark.timeout(300)
def test_it_recovers_by_itself(
    test_switch: TestSwitch,
    sipp_port: Callable[[str], int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    offer = Offer(RATE, "carrier", HOLD_SECONDS)
    with wide(test_switch), sipp(SCENARIOS / "load.xml", sipp_port("carrier"), tmp_path, media_port=40000):
        drained = drive(test_switch, offer, OFFERED_SECONDS)
    with capsys.disabled():
        print(f"\n{offer.table()}\nthe last call ended {drained:.1f} s after the offer")  # noqa: T201
    steady = [
        second for at, second in offer.seconds.items() if OFFERED_SECONDS / 2 <= at < OFFERED_SECONDS - 1
    ]
    lags = sorted(second.worst_lag for second in steady)
    assert offer.ends.total() == offer.asked, "a call has no end"
    wait_for("no channel is left", lambda: test_switch.channels() == 0, 5)  # the list is late
    assert lags[len(lags) // 2] < 0.5
    assert sum(second.made for second in steady) / len(steady) > 10
