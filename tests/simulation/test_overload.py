"""More calls offered than the switch can make: it recovers by itself, with no `hupall`.

The simulator's machine is as fast as FACTS' (`esl.simulator.load`): 200 calls a second are too many for it.
The quick tests have a fifth of it: everything costs five times as much, and a fifth is offered. Lags are the
same.
"""

from __future__ import annotations

import pytest

from esl.simulator import Capacity, Gateway, SwitchConfig, fixed
from esl.simulator.callees import FarEnd
from tests.simulation.offered import EVENTS, Offer
from tests.unit.simulator.driver import Driver

STEP = 0.05
LOAD = FarEnd(ring=0.02, answer=0.52)
FAST_FAILURE = FarEnd(fail=(0.02, 486))
WHOLE = Capacity()
FIFTH = Capacity(
    originate_seconds=5 * WHOLE.originate_seconds,
    answer_seconds=5 * WHOLE.answer_seconds,
    leg_share=5 * WHOLE.leg_share,
)


class Play:
    """An offer and a simulated switch, in virtual time."""

    def __init__(self, offer: Offer, far_end: FarEnd = LOAD, capacity: Capacity = FIFTH) -> None:
        self.offer = offer
        config = SwitchConfig(
            gateways={"load": Gateway("load", fixed(far_end))},
            sessions_per_second=5000,
            max_sessions=100_000,
            capacity=capacity,
        )
        self.driver = Driver(config, events=" ".join(EVENTS))

    def to(self, until: float, *, offering: bool = True) -> None:
        """Go on to this second."""
        driver, offer = self.driver, self.offer
        for step in range(round(driver.now / STEP) + 1, round(until / STEP) + 1):
            now = step * STEP
            driver.run_to(now)
            for event in driver.events():
                offer.heard(event, now)
            driver.messages.clear()
            driver.raw = b""
            offer.second(now)
            for command in offer.due(now) if offering else ():
                driver.write(f"bgapi {command.name} {command.args}\nJob-UUID: {command.job_uuid}\n\n")


@pytest.mark.parametrize(
    ("rate", "hold", "far_end", "overloaded"),
    [
        (50, 2.0, LOAD, False),
        (100, 2.0, LOAD, False),
        (150, 0.5, LOAD, False),
        (150, 2.0, LOAD, True),
        (200, 0.5, LOAD, True),
        (200, 2.0, LOAD, True),
        (300, 0.0, FAST_FAILURE, False),
    ],
)
def test_the_simulators_machine_lags_where_freeswitch_did(
    rate: int, hold: float, far_end: FarEnd, overloaded: bool
) -> None:
    """FACTS §12: which rates were clean and which were not, without any control."""
    offer = Offer(rate / 5, "load", hold, governed=False)
    Play(offer, far_end).to(14.0)
    worst = max(second.worst_lag for second in offer.seconds.values())
    assert (worst > 0.3) is overloaded, offer.table()


def test_uncontrolled_it_collapses_and_stays_so_while_its_calls_remain() -> None:
    offer = Offer(40, "load", 60.0, governed=False)
    play = Play(offer)
    play.to(15.0)
    play.to(25.0, offering=False)
    last = [second.made for at, second in offer.seconds.items() if at >= 20]
    assert sum(last) < 0.1 * 40 * len(last), f"it should hardly move\n{offer.table()}"


def recovers(scale: int, hold: float) -> None:
    capacity = FIFTH if scale == 5 else WHOLE
    offer = Offer(200 / scale, "load", hold)
    play = Play(offer, capacity=capacity)
    play.to(60.0)
    play.to(66.0, offering=False)
    steady = [second for at, second in offer.seconds.items() if 30 <= at < 60]
    made = sum(second.made for second in steady) / len(steady)
    lags = sorted(second.worst_lag for second in steady)
    assert made > 70 / scale, f"{made:.0f} calls a second: too little of what it can do\n{offer.table()}"
    assert lags[len(lags) // 2] < 0.15, offer.table()
    assert lags[-1] < 1.0, offer.table()
    assert offer.up == 0, "every call has ended by itself"
    assert not play.driver.switch.live_uuids()
    assert offer.ends.total() == offer.asked


@pytest.mark.parametrize("hold", [0.5, 2.0])
def test_two_hundred_a_second_offered_recover_by_themselves(hold: float) -> None:
    recovers(5, hold)


@pytest.mark.slow
def test_two_hundred_a_second_at_full_size() -> None:
    recovers(1, 2.0)


def test_after_a_collapse_it_comes_back() -> None:
    """Ten seconds uncontrolled, into the collapse; then under control, with calls that last 20 s."""
    offer = Offer(40, "load", 20.0, governed=False)
    play = Play(offer)
    play.to(10.0)
    offer.governed = True
    play.to(110.0)
    collapsed = max(second.worst_lag for at, second in offer.seconds.items() if at < 60)
    steady = [second for at, second in offer.seconds.items() if at >= 85]
    assert collapsed > 2.0, offer.table()
    # Legs that last 20 s weigh on it long after the rate was cut.
    assert max(second.worst_lag for second in steady) < 3.0, offer.table()
    assert sum(second.made for second in steady) / len(steady) > 3, offer.table()
