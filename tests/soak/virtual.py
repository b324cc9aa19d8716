"""The soak in virtual time: real codec and encoder, the simulator, a network with delays, seeded faults."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from esl.codec import EventMessage
from esl.commands import Command
from esl.simulator import (
    Crash,
    Cut,
    Delay,
    DropEvents,
    Fault,
    Gateway,
    Softswitch,
    Stall,
    SwitchConfig,
    fixed,
)
from esl.simulator.callees import FarEnd
from tests.simulation.clock import Clock
from tests.simulation.wire import Exchange, Wire
from tests.soak.memory import Curve, rss_bytes
from tests.soak.work import Work

STEP = 0.05
FAULT_EVERY_SECONDS = 60.0
SAMPLE_SECONDS = 10.0
DRAIN_SECONDS = 90.0
WORST = Stall(3.0)
"""The first fault, in the warm-up: what memory it takes to hold three seconds of output is no growth."""
FAR_END = FarEnd(ring=0.02, answer=0.52)


def draw(rng: random.Random) -> Fault:
    """One of the switch's faults."""
    kinds: tuple[Fault, ...] = (
        Cut(rng.choice((0, None))),
        Stall(rng.uniform(0.5, 3.0)),
        Delay(rng.uniform(0.02, 0.2)),
        DropEvents(rng.randint(1, 20)),
        Crash(rng.uniform(0.5, 3.0)),
    )
    return rng.choice(kinds)


@dataclass(slots=True)
class VirtualSoak:
    """`seconds` of virtual time at `rate` calls a second."""

    seconds: float
    rate: float
    seed: int
    clock: Clock = field(default_factory=Clock)
    memory: Curve = field(default_factory=Curve)
    work: Work = field(init=False)
    switch: Softswitch = field(init=False)
    _exchange: Exchange = field(init=False)
    _wire: Wire = field(init=False)
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        config = SwitchConfig(
            gateways={"soak": Gateway("soak", fixed(FAR_END))},
            sessions_per_second=5000,
            max_sessions=100_000,
            forgets=True,
        )
        self._rng = random.Random(f"{self.seed}:soak")
        self.switch = Softswitch(config, self.seed, 0.0)
        self._exchange = Exchange(self.clock, self.switch, random.Random(f"{self.seed}:network"))
        self._wire = Wire(self._exchange, self, random.Random(f"{self.seed}:wire"), "ClueCon", "", ())
        self.work = Work(self.rate, self._send)

    # --- the wire's listener -----------------------------------------------------------------------------

    def link_up(self, core_uuid: str) -> None:
        self.work.link(up=True)

    def link_down(self, reason: str) -> None:
        self.work.link(up=False)

    def heard(self, message: EventMessage) -> None:
        self.work.heard(message.event)

    def _send(self, command: Command, replied: object) -> None:
        self._wire.send(command, lambda reply: replied(reply.text))  # type: ignore[operator]

    # --- the run -----------------------------------------------------------------------------------------

    def run(self) -> list[str]:
        """What was wrong."""
        self._wire.open()
        self.clock.after(STEP, self._tick)
        self.clock.after(FAULT_EVERY_SECONDS, self._strike)
        self.clock.after(SAMPLE_SECONDS, self._sample)
        while self.clock.now < self.seconds + DRAIN_SECONDS:
            due = self.switch.next_due()
            if due is not None and due <= self.clock.next_due():
                self.clock.now = max(self.clock.now, due)
                self.switch.advance(self.clock.now)
                self._exchange.flush()
            else:
                self.clock.run_next()
        return self.work.finish()

    def _tick(self) -> None:
        if self.clock.now < self.seconds:
            self.work.step(self.clock.now)
        self.clock.after(STEP, self._tick)

    def _strike(self) -> None:
        if self.clock.now < self.seconds - FAULT_EVERY_SECONDS / 2:
            drawn = draw(self._rng)
            self.switch.inject(drawn if self.work.faults else WORST)
            self.work.fault()
            self._exchange.flush()
            self.clock.after(FAULT_EVERY_SECONDS, self._strike)
        else:
            self.switch.inject(Delay(0.0))

    def _sample(self) -> None:
        if self.clock.now < self.seconds:
            self.memory.samples.append(rss_bytes())
            self.clock.after(SAMPLE_SECONDS, self._sample)
