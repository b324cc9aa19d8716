"""200 calls a second offered to a real FreeSWITCH: the dialer's governor brings it back, with no `hupall`.

The same offer as in virtual time (tests/simulation/test_overload.py), by the client that the dialer uses.
RINGMASTER_OVERLOAD_SECONDS (30) is how long it is offered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
import pytest

from esl.client import Client
from esl.commands import SubscribeEvents
from esl.events import Event
from tests.freeswitch.sipp import SCENARIOS, sipp
from tests.freeswitch.switch import TestSwitch
from tests.simulation.offered import EVENTS, Offer

pytestmark = pytest.mark.freeswitch

RATE, HOLD_SECONDS = 200.0, 2.0
OFFERED_SECONDS = float(os.environ.get("RINGMASTER_OVERLOAD_SECONDS", "30"))
DRAIN_SECONDS = 60.0
STEP = 0.05


@contextmanager
def wide(switch: TestSwitch) -> Iterator[None]:
    """The switch's own limits out of the way, and back."""
    limits = {name: switch.ask(f"fsctl {name}").rpartition(" ")[2] for name in ("sps", "max_sessions")}
    switch.ask("fsctl sps 5000")
    switch.ask("fsctl max_sessions 5000")
    try:
        yield
    finally:
        for name, value in limits.items():
            switch.ask(f"fsctl {name} {value}")


@pytest.mark.timeout(300)
def test_it_recovers_by_itself(
    test_switch: TestSwitch,
    sipp_port: Callable[[str], int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    offer = Offer(RATE, "carrier", HOLD_SECONDS)
    began = time.monotonic()

    def heard(event: Event) -> None:
        offer.heard(event, time.monotonic() - began)

    address = test_switch.address
    client = Client(address.host, address.port, address.password, 30.0, on_event=heard)
    with wide(test_switch), sipp(SCENARIOS / "load.xml", sipp_port("carrier"), tmp_path, media_port=40000):
        client.connect()
        try:
            client.call(SubscribeEvents(EVENTS))
            while (now := time.monotonic() - began) < OFFERED_SECONDS:
                if batch := offer.due(now):
                    client.send_many(batch)
                gevent.sleep(STEP)
            until = now + DRAIN_SECONDS
            while (now := time.monotonic() - began) < until and offer.ends.total() < offer.asked:
                offer.governor.judge(now)
                gevent.sleep(STEP)
            drained = now - OFFERED_SECONDS
        finally:
            client.close()
    with capsys.disabled():
        print(f"\n{offer.table()}\nthe last call ended {drained:.1f} s after the offer")  # noqa: T201
    steady = [
        second for at, second in offer.seconds.items() if OFFERED_SECONDS / 2 <= at < OFFERED_SECONDS - 1
    ]
    lags = sorted(second.worst_lag for second in steady)
    assert offer.ends.total() == offer.asked, "a call has no end"
    assert test_switch.channels() == 0
    assert lags[len(lags) // 2] < 0.5
    assert sum(second.made for second in steady) / len(steady) > 10
