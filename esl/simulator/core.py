"""The state of the switch that its parts share, and what all of them do: emit, and look up a leg."""

from __future__ import annotations

import random
import uuid as uuids
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Protocol

from esl.codec import disconnect_notice
from esl.simulator import reorder
from esl.simulator.clock import TICK_US, Agenda, Clock, Stamps, Timer
from esl.simulator.connection import Client
from esl.simulator.load import Load
from esl.simulator.render import ChannelEvent, Identity, PlainEvent
from esl.simulator.truth import CallTruth, SilenceViolation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.conference import Conference
    from esl.simulator.config import SwitchConfig
    from esl.simulator.render import Event
    from esl.simulator.scheduling import Task
    from esl.simulator.text import Pairs

MAX_KINDS = 1000  # of events whose subscribers are remembered


_FORGET_AT = 500
"""Legs kept before a switch that forgets looks which have ended."""


class ShutDown(Protocol):
    """Ends the process of the switch; the model sets it."""

    def __call__(self, *, now: bool) -> None: ...


def _not_wired(*args: object, **named: object) -> None:
    raise RuntimeError("A Core works only within its Softswitch.")


class Core:
    """Shared state. `tick` is the tick being worked on; all stamps are its epoch microseconds (`us`)."""

    def __init__(self, config: SwitchConfig, seed: int, now: float) -> None:
        self.config = config
        self.seed = seed
        self.clock = Clock(config.epoch_offset_us)
        self.tick = self.clock.tick(now)
        self.agenda = Agenda()
        self.rng = random.Random(f"{seed}:switch")  # noqa: S311 - a simulation
        self.stamps = Stamps()
        self.clients: dict[int, Client] = {}
        self.subscribers: dict[str, list[Client]] = {}
        self.truth: list[CallTruth] = []
        self.made: Counter[str] = Counter()  # legs by gateway
        self._forget_at = _FORGET_AT
        self.on_ended: Callable[[CallTruth], None] | None = None
        self.silence_violations: list[SilenceViolation] = []
        self.dialed: dict[str, int] = {}
        self.applications: Mapping[str, Callable[[Core, Channel, Run], None]] = {}
        self.run_api: Callable[[str, str], None] | None = None
        self.shut_down: ShutDown = _not_wired
        self.tear_down: Callable[[Channel], None] = _not_wired
        self.bury: Callable[[Channel], None] = _not_wired
        self.unblock: Callable[[Client, bytes], None] = _not_wired
        self.next_cid = 1
        self.dials: list[tuple[int, str, int]] = []  # connections that the owner is asked to make
        self.dialing: dict[int, Client] = {}
        self.speed_command: Callable[[str], str] | None = None
        self.now_us = self.us
        self.starts = 0
        self.boot()

    def boot(self) -> None:
        """A process that has just started: everything that lives in FreeSWITCH's memory is new."""
        self.starts += 1
        given = self.config.core_uuid if self.starts == 1 else None
        self.core_uuid = given or self.new_uuid()
        self.identity = Identity(self.config.hostname, self.core_uuid, self.stamps)
        self.gateways = self.config.all_gateways()
        self.extensions = self.config.extensions()
        self.started_us = self.us
        self.sequence = 0
        self.channels: dict[str, Channel] = {}
        self.listed_ghosts: list[tuple[int, dict[str, str]]] = []
        self.globals: dict[str, str] = {
            "hostname": self.config.hostname,
            "core_uuid": self.core_uuid,
            "domain": "127.0.0.1",
            "hold_music": "local_stream://moh",
            **self.config.global_variables,
        }
        self.hashes: dict[str, str] = {}
        self.database: dict[str, str] = {}
        self.tasks: dict[int, Task] = {}
        self.next_task = 3
        self.conferences: dict[str, Conference] = {}
        self.next_member = self.config.conference_members
        self.load = Load(self.config.capacity)
        self.sps = self.config.sessions_per_second
        self.sps_in_force = self.sps
        self.max_sessions = self.config.max_sessions
        self.paused_out = False
        self.verbose_events = False
        self.loglevel = -1
        self.min_idle_cpu = 0.0
        self.session_ids = 0
        self.second, self.this_second, self.last_second, self.peak_second, self.peak = 0, 0, 0, 0, 0
        self.shutting_down = False
        self.dying = False

    @property
    def us(self) -> int:
        return self.tick * TICK_US

    def new_uuid(self) -> str:
        return str(uuids.UUID(int=self.rng.getrandbits(128), version=4))

    def new_cid(self) -> int:
        self.next_cid += 1
        return self.next_cid - 1

    def after(self, ticks: int, action: Callable[[], None]) -> Timer:
        return self.agenda.at(self.tick + ticks, action)

    def remember(self, record: CallTruth) -> None:
        """A leg was made. A switch that forgets drops those that have ended, now and then."""
        self.truth.append(record)
        self.made[record.gateway] += 1
        if self.config.forgets and len(self.truth) >= self._forget_at:
            self.truth = [one for one in self.truth if not one.ended]
            self._forget_at = len(self.truth) + _FORGET_AT

    def roll_second(self) -> None:
        """The switch's own second, which sessions_per_second counts in, may be over."""
        second = (self.us - self.config.second_phase_us) // 1_000_000
        if second != self.second:
            self.last_second = self.this_second if second == self.second + 1 else 0
            self.second, self.this_second = second, 0
            self.sps_in_force = self.sps

    def find(self, uuid: str) -> Channel | None:
        """The leg commands may act on: present and not being hung up."""
        channel = self.channels.get(uuid)
        return channel if channel is not None and channel.alive else None

    # events -------------------------------------------------------------------------------------------

    def number(self) -> int:
        self.sequence += 1
        return self.sequence

    def interested(self, name: str, subclass: str = "") -> list[Client]:
        key = f"{name} {subclass}" if subclass else name
        found = self.subscribers.get(key)
        if found is None:
            found = [c for c in self.clients.values() if c.authenticated and c.wants(name, subclass)]
            if len(self.subscribers) < MAX_KINDS:  # a subclass may be anything that a client makes up
                self.subscribers[key] = found
        return found

    def emit(
        self,
        channel: Channel,
        name: str,
        *,
        site: str = "",
        head: Pairs | None = None,
        tail: Pairs | None = None,
        variables: bool = True,
    ) -> None:
        """An event of a leg; nothing is rendered when nobody subscribed to it."""
        sequence = self.number()
        clients = self.interested(name)
        if clients:
            args = (name, site or name, self.us, sequence)
            shows = variables or self.verbose_events
            event = ChannelEvent(self.identity, args, channel, head or [], tail or [], shows)
            self.publish(clients, event)

    def emit_plain(
        self,
        name: str,
        pairs: Pairs,
        *,
        body: str | None = None,
        sequence: int | None = None,
        at_us: int | None = None,
    ) -> None:
        """An event of the switch itself. API events carry the number and time of their command's start."""
        used = self.number() if sequence is None else sequence
        clients = self.interested(name)
        if clients:
            stamp = self.us if at_us is None else at_us
            head = self.identity.pairs(name, name, stamp, used)
            self.publish(clients, PlainEvent([*head, *pairs], body))

    def emit_custom(self, subclass: str, pairs: Pairs, *, site: str = "") -> Pairs | None:
        """A CUSTOM event of a module; its headers, if anybody wants them (for one that is fired again)."""
        sequence = self.number()
        clients = self.interested("CUSTOM", subclass)
        if not clients:
            return None
        head = self.identity.pairs("CUSTOM", site or subclass, self.us, sequence)
        whole = [("Event-Subclass", subclass), *head, *pairs]
        self.publish(clients, PlainEvent(whole))
        return whole

    def repeat_custom(self, subclass: str, pairs: Pairs) -> None:
        clients = self.interested("CUSTOM", subclass)
        if clients:
            self.publish(clients, PlainEvent(pairs))

    def publish(self, clients: list[Client], event: Event) -> None:
        for client in clients:
            if not client.passes(event.pairs):
                continue
            if client.losing > 0:
                client.losing -= 1
                continue
            message = client.event(event)
            if client.shuffle is None:
                self.send_event(client, message)
            else:
                reorder.send(self, client, client.shuffle, event, message)

    # output -------------------------------------------------------------------------------------------

    def send_event(self, client: Client, message: bytes) -> None:
        if client.blocked:
            client.held.append(message)
        else:
            self.send(client, message)

    def send(self, client: Client, message: bytes) -> None:
        if client.closing:
            return
        release = max(self.tick + client.delay_ticks, client.stalled_until)
        if client.cut_after is not None:
            kept = message[: client.cut_after]
            client.cut_after -= len(kept)
            client.out.append((release, kept))
            if client.cut_after == 0:
                self.close(client)
            return
        client.out.append((release, message))

    def close(self, client: Client) -> None:
        """The switch closes: what is queued goes out first."""
        if not client.closing:
            reorder.flush(self, client)
            client.closing = True
            release = max(self.tick + client.delay_ticks, client.stalled_until)
            client.out.append((release, None))
            self.forget(client)

    def release(self, uuid: str) -> None:
        """Connections that `myevents` tied to this leg end with it (c07)."""

        def farewell(client: Client) -> None:
            headers = [("Controlled-Session-UUID", uuid), ("Content-Disposition", "disconnect")]
            self.send(client, disconnect_notice(headers))
            self.close(client)

        for client in [c for c in self.clients.values() if c.tied_to == uuid and c.control is None]:
            client.tied_to = "-"  # nothing more of this leg
            self.after(1, partial(farewell, client))

    def forget(self, client: Client) -> None:
        client.forget_events()
        self.subscribers.clear()
