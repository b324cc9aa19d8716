"""How many calls a second a real FreeSWITCH takes before it lags: from bgapi to CREATE, p95 over 150 ms.

The calls of FACTS' capacity table: 180, after half a second 200, two seconds of talk, hung up by the switch.
No governor: the bucket alone. It ends at the first rate that lags, so that the switch comes back by itself.
RINGMASTER_CAPACITY_RATES names the rates, RINGMASTER_CAPACITY_SECONDS (12) how long each is offered.
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

USUAL = "20 50 100 150 175 200 250"
RATES = [float(rate) for rate in os.environ.get("RINGMASTER_CAPACITY_RATES", USUAL).split()]
SECONDS = float(os.environ.get("RINGMASTER_CAPACITY_SECONDS", "12"))
HOLD_SECONDS = 2.0
LAGS_SECONDS = 0.15


def at(seconds: list[float], share: float) -> float:
    """A quantile, seconds."""
    return sorted(seconds)[min(len(seconds) - 1, int(share * len(seconds)))]


def line(rate: float, offer: Offer, drained: float) -> str:
    """One row for people."""
    lags, waits = ([1000 * at(times, q) for q in (0.5, 0.95, 0.99)] for times in (offer.lags, offer.waits))
    most = max(second.up for second in offer.seconds.values())
    return (
        f"{rate:5g}/s  asked {offer.asked:5d}  answered {len(offer.waits):5d}  most up {most:4d}"
        f"  to CREATE p50 {lags[0]:4.0f} p95 {lags[1]:4.0f} p99 {lags[2]:4.0f} ms"
        f"  to ANSWER p50 {waits[0]:4.0f} p99 {waits[2]:5.0f} ms  drained in {drained:.1f} s"
    )


@pytest.mark.timeout(600)
def test_capacity(
    test_switch: TestSwitch,
    sipp_port: Callable[[str], int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reached = 0.0
    with wide(test_switch), sipp(SCENARIOS / "load.xml", sipp_port("carrier"), tmp_path, media_port=40000):
        for series, rate in enumerate(RATES):
            offer = Offer(rate, "carrier", HOLD_SECONDS, governed=False, series=series)
            drained = drive(test_switch, offer, SECONDS)
            with capsys.disabled():
                print(f"\n{line(rate, offer, drained)}", end="")  # noqa: T201
            assert offer.ends == {"NORMAL_CLEARING": offer.asked}
            assert len(offer.waits) == offer.asked, "somebody was not answered"
            wait_for("no channel is left", lambda: test_switch.channels() == 0, 5)
            if at(offer.lags, 0.95) > LAGS_SECONDS:
                break
            reached = rate
    assert reached >= RATES[0], "it lags at the lowest rate"
