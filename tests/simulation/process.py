"""One dialer process in virtual time: what `callflow.runner` does, and every way in which a process stops.

Saves are in the journal before the first Send of the step goes out; a killed process leaves a prefix of that.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from callflow.effects import Claim, Effect, Publish, Save, Send, StartTimer, StopTimer
from callflow.engine import Engine
from callflow.inputs import (
    Claimed,
    Commanded,
    DialingAllowed,
    Input,
    LinkDown,
    LinkUp,
    Replied,
    Started,
    SwitchEvent,
    TimerFired,
)
from esl.codec import EventMessage
from esl.commands import BgApi, Command
from models.records import CampaignSettings, KnownAgent, Learned, OperatorCommand, Record
from tests.simulation.clock import Clock, Timers
from tests.simulation.faults import KillDialer, Mercy
from tests.simulation.store import LEASE_TTL_SECONDS, Store
from tests.simulation.wire import Exchange, Reply, Wire

MARGIN_SECONDS = 2.0
PICKY_SECONDS = 5.0
"""A kill that waits for a step that saves and sends waits no longer than this."""


def makes_call(command: Command) -> bool:
    """Whether it is an originate."""
    return isinstance(command, BgApi) and "originate" in (command.name, command.args.split(" ", 1)[0])


class Witness(Protocol):
    """Who sees what the process does, in the order it does it: the invariants and the trace."""

    def told(self, process: DialerProcess, what: Input) -> None: ...
    def saved(self, process: DialerProcess, record: Record) -> None: ...
    def sent(self, process: DialerProcess, command: Command) -> None: ...
    def replied(self, process: DialerProcess, command: Command, reply: Reply) -> None: ...
    def died(self, process: DialerProcess) -> None: ...


class DialerProcess:
    """Owns one engine, one connection and its timers. `token` is the fence token of its lease."""

    def __init__(
        self,
        *,
        token: int,
        engine: Engine,
        store: Store,
        exchange: Exchange,
        clock: Clock,
        rng: random.Random,
        witness: Witness,
        wall0: float,
        fence: str,
        stale_fences: tuple[str, ...],
        claim_delay: Callable[[], float],
        guard_lease: bool = True,
    ) -> None:
        self.token = token
        self.engine = engine
        self.alive = True
        self.frozen = False
        self.steps = 0
        self.published: dict[str, object] = {}
        self._store = store
        self._clock = clock
        self._rng = rng
        self._witness = witness
        self._wall0 = wall0
        self._claim_delay = claim_delay
        self._guard_lease = guard_lease
        self._renewed_at = clock.now
        self._lease_lost = False
        self._freezes = False
        self._interrupted: Callable[[], None] | None = None
        self.frozen_at: float | None = None
        self._backlog: list[Callable[[], None]] = []
        self.doom: KillDialer | None = None
        self._doomed_at = 0.0
        self._timers = Timers(clock, lambda key: self._run(lambda: self.step(TimerFired(key))))
        self.wire = Wire(exchange, self, rng, "ClueCon", fence, stale_fences)

    @property
    def wall(self) -> float:
        """Now, in epoch seconds."""
        return self._wall0 + self._clock.now

    # --- life ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Read the database, then connect: recovery is the normal start."""
        self.step(Started(self._store.snapshot(), self.wall))
        if self.alive:
            self.wire.open()
            self._clock.after(LEASE_TTL_SECONDS / 4, self._renew)

    def kill(self, doom: KillDialer) -> None:
        """`kill -9` at this step or soon."""
        self.doom, self._doomed_at = doom, self._clock.now

    def freeze_at_originate(self) -> None:
        """SIGSTOP in the worst moment: an originate is journaled, checked, and not yet written."""
        self._freezes = True

    def thaw(self) -> None:
        """SIGCONT: the write that was interrupted goes out; then it asks whether it still commands.

        (`callflow.lease.Lease.settle`: nothing else happens before that.) What waited comes after.
        """
        self.frozen = False
        backlog, self._backlog = self._backlog, []
        if self._interrupted is not None:
            self._interrupted()
        if self._store.token != self.token:
            self.frozen = True  # waits for the answer, hears that it lost, ends
            self._clock.after(0.05, lambda: self.die(lose_in_flight=False))
            return
        for action in backlog:
            if self.alive:
                action()

    def die(self, *, lose_in_flight: bool) -> None:
        """Gone, without a word."""
        self.alive = False
        self._timers.clear()
        self.wire.close(lose_in_flight=lose_in_flight)
        self._witness.died(self)

    def _run(self, action: Callable[[], None]) -> None:
        if not self.alive:
            return
        if self.frozen:
            self._backlog.append(action)
        else:
            action()

    def _renew(self) -> None:
        def renew() -> None:
            if self._store.renew_lease(self.token, self._clock.now):
                self._renewed_at = self._clock.now
                self._keep()
                if self._lease_lost:
                    self._lease_lost = False
                    self.step(DialingAllowed(True, "lease"))
            elif self._store.available:
                self.die(lose_in_flight=False)
                return
            self._clock.after(LEASE_TTL_SECONDS / 4, self._renew)

        self._run(renew)

    def _keep(self) -> None:
        """What `callflow.learned.Keeper` does, as often as the lease is renewed."""
        for key, campaign in self.engine.board.campaigns.items():
            self._store.learned[key] = Learned(
                pacer=campaign.pacer.snapshot(), leads=campaign.leads.snapshot()
            )

    # --- what it hears ------------------------------------------------------------------------------------

    def link_up(self, core_uuid: str) -> None:
        self._run(lambda: self.step(LinkUp(core_uuid)))

    def link_down(self, reason: str) -> None:
        self._run(lambda: self.step(LinkDown(reason)))

    def heard(self, message: EventMessage) -> None:
        self._run(lambda: self.step(SwitchEvent(message.event)))

    def allow_dialing(self, allowed: bool, reason: str) -> None:
        self._run(lambda: self.step(DialingAllowed(allowed, reason)))

    def command(
        self, command: OperatorCommand, agent: KnownAgent | None, campaign: CampaignSettings | None
    ) -> None:
        self._run(lambda: self.step(Commanded(command, agent, campaign)))

    # --- what it does -------------------------------------------------------------------------------------

    def step(self, what: Input) -> None:
        """One step of the engine, and its effects; or part of them, if this is where it is killed."""
        if not self.alive:
            return
        self.steps += 1
        self._witness.told(self, what)
        effects = self.engine.handle(what, self._clock.now)
        if self.doom is not None and self._dies_now(effects):
            self._die_in_step(effects, self.doom)
            return
        for effect in effects:
            if isinstance(effect, Save):
                self._save(effect.record)
        if self._freezes and any(isinstance(e, Send) and makes_call(e.command) for e in effects):
            self.frozen, self._freezes = True, False
            self.frozen_at = self._clock.now
            self._interrupted = lambda: self._perform_all(effects)
            return
        self._perform_all(effects)

    def _perform_all(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._perform(effect)

    def _dies_now(self, effects: list[Effect]) -> bool:
        if self.doom is None or not self.doom.pick or self._clock.now > self._doomed_at + PICKY_SECONDS:
            return True
        kinds = {type(effect) for effect in effects}
        return Save in kinds and Send in kinds

    def _die_in_step(self, effects: list[Effect], doom: KillDialer) -> None:
        saves = [e for e in effects if isinstance(e, Save)]
        rest = [e for e in effects if not isinstance(e, Save)]
        match doom.mercy:
            case Mercy.NOTHING:
                saves, rest = [], []
            case Mercy.SOME_RECORDS:
                saves, rest = saves[: self._rng.randint(0, len(saves))], []
            case Mercy.RECORDS:
                rest = []
            case Mercy.RECORDS_AND_SOME_SENDS:
                rest = rest[: self._rng.randint(0, len(rest))]
            case Mercy.ALL:
                pass
        for save in saves:
            self._save(save.record)
        for effect in rest:
            self._perform(effect)
        self.die(lose_in_flight=doom.lose_in_flight)

    def _save(self, record: Record) -> None:
        self._store.write(record)
        self._witness.saved(self, record)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Send():
                self._send(effect)
            case Claim():
                self._claim(effect)
            case StartTimer():
                self._timers.start(effect.key, effect.due)
            case StopTimer():
                self._timers.stop(effect.key)
            case Publish():
                self.published[effect.topic] = effect.payload
            case Save():
                pass

    def _send(self, effect: Send) -> None:
        if makes_call(effect.command) and not self._trusted():
            self._distrust(effect)
            return
        self._witness.sent(self, effect.command)

        def waiter(reply: Reply) -> None:
            self._witness.replied(self, effect.command, reply)
            if effect.token is not None:
                token = effect.token
                self._run(lambda: self.step(Replied(token, reply.ok, reply.text)))

        self.wire.send(effect.command, waiter)

    def _trusted(self) -> bool:
        """Commands that make calls leave only inside the window of our own trust (callflow.lease)."""
        return (
            not self._guard_lease or self._clock.now < self._renewed_at + LEASE_TTL_SECONDS - MARGIN_SECONDS
        )

    def _distrust(self, effect: Send) -> None:
        """It was not sent: the engine hears a refusal, and that dialing is closed."""
        if not self._lease_lost:
            self._lease_lost = True
            self.allow_dialing(False, "lease")
        if effect.token is not None:
            token = effect.token
            self._clock.after(0.0, lambda: self._run(lambda: self.step(Replied(token, False, "-ERR LEASE"))))

    def _claim(self, effect: Claim) -> None:
        def claim() -> None:
            attempts, refusal, ahead = self._store.claim(
                self.token,
                effect.campaign_id,
                effect.count,
                self._clock.now,
                self.wall,
                effect.leads,
                effect.look,
            )
            self._clock.after(
                self._claim_delay() / 2,
                lambda: self._run(lambda: self.step(Claimed(effect.batch, tuple(attempts), refusal, ahead))),
            )

        self._clock.after(self._claim_delay() / 2, claim)
