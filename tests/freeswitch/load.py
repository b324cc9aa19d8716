"""Calls a second offered to the switch under test, its own limits out of the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import gevent

from esl.client import Client
from esl.commands import SubscribeEvents
from esl.events import Event
from tests.freeswitch.switch import TestSwitch
from tests.simulation.offered import EVENTS, Offer

STEP = 0.02
DRAIN_SECONDS = 60.0


@contextmanager
def wide(switch: TestSwitch) -> Iterator[None]:
    """The switch's own limits out of the way, and back."""
    limits = {name: switch.ask(f"fsctl {name}").rpartition(" ")[2] for name in ("sps", "max_sessions")}
    switch.ask("fsctl sps 5000")
    switch.ask("fsctl max_sessions 5000")
    gevent.sleep(1.0)  # a raised `sps` takes effect with the switch's next whole second
    try:
        yield
    finally:
        for name, value in limits.items():
            switch.ask(f"fsctl {name} {value}")


def drive(switch: TestSwitch, offer: Offer, seconds: float) -> float:
    """Offer for so long, then wait for the ends; seconds from the last offer to the last end."""
    began = time.monotonic()

    def heard(event: Event) -> None:
        offer.heard(event, time.monotonic() - began)

    address = switch.address
    client = Client(address.host, address.port, address.password, 30.0, on_event=heard)
    client.connect()
    try:
        client.call(SubscribeEvents(EVENTS))
        while (now := time.monotonic() - began) < seconds:
            if batch := offer.due(now):
                client.send_many(batch)
            gevent.sleep(STEP)
        until = now + DRAIN_SECONDS
        while (now := time.monotonic() - began) < until and offer.ends.total() < offer.asked:
            offer.governor.judge(now)
            gevent.sleep(STEP)
    finally:
        client.close()
    return now - seconds
