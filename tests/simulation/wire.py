"""The dialer's end of the Event Socket in virtual time: the real codec and encoder, replies paired by order.

What `esl.link` and `callflow.switch` do on a real socket, in the same order: authenticate, subscribe, raise
the fence, ask for the core uuid, announce the link as up; after a loss try again with back-off.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Protocol

from esl.codec import ApiResponse, AuthRequest, CommandReply, Connection, EventMessage, Message
from esl.commands import Auth, Command, SubscribeEvents, encode, global_getvar, global_setvar
from esl.simulator import Softswitch
from tests.simulation.clock import Clock
from tests.simulation.pipe import Pipe

EVENTS = (
    "CHANNEL_CREATE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "CHANNEL_EXECUTE",
    "CHANNEL_PARK",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_HOLD",
    "CHANNEL_UNHOLD",
    "CHANNEL_HANGUP_COMPLETE",
    "PLAYBACK_START",
    "PLAYBACK_STOP",
    "RECORD_START",
    "RECORD_STOP",
    "BACKGROUND_JOB",
    "HEARTBEAT",
    "SHUTDOWN",
)
FIRST_BACK_OFF = 0.2
LAST_BACK_OFF = 3.0

Reply = CommandReply | ApiResponse
Waiter = Callable[[Reply], None]


class Listener(Protocol):
    """Who is told: the dialer process."""

    def link_up(self, core_uuid: str) -> None: ...
    def link_down(self, reason: str) -> None: ...
    def heard(self, message: EventMessage) -> None: ...


class Exchange:
    """The switch and the network in front of it."""

    def __init__(self, clock: Clock, switch: Softswitch, rng: random.Random) -> None:
        self.clock = clock
        self.switch = switch
        self.rng = rng
        self.slow_until, self.slow_by = -1.0, 0.0
        self.shuffles = False
        self._downs: dict[int, Pipe] = {}

    def _extra(self) -> float:
        return self.rng.uniform(0.0, self.slow_by) if self.clock.now < self.slow_until else 0.0

    def connect(self, deliver: Callable[[bytes | None], None]) -> tuple[int, Pipe] | None:
        """A TCP connection: (its id, the way up), or None if nobody listens."""
        if not self.switch.accepts(self.clock.now):
            return None
        cid = self.switch.connect(self.clock.now)
        self._downs[cid] = Pipe(self.clock, self.rng, deliver, self._extra)
        up = Pipe(self.clock, self.rng, lambda data: self._arrive(cid, data), self._extra)
        self.flush()
        return cid, up

    def _arrive(self, cid: int, data: bytes | None) -> None:
        if cid not in self._downs:
            return
        if data is None:
            self.hang_up(cid)
        else:
            self.switch.receive(cid, data, self.clock.now)
            self.flush()

    def hang_up(self, cid: int) -> None:
        """The client's end of the connection is gone."""
        if self._downs.pop(cid, None) is not None:
            self.switch.disconnect(cid, self.clock.now)
            self.flush()

    def flush(self) -> None:
        """Put what the switch wrote on its way."""
        for cid, data in self.switch.take_output():
            down = self._downs.get(cid)
            if down is None:
                continue
            down.send(data)
            if data is None:
                del self._downs[cid]


class Wire:
    """Keeps one dialer connected."""

    def __init__(
        self,
        exchange: Exchange,
        listener: Listener,
        rng: random.Random,
        password: str,
        fence: str,
        stale_fences: tuple[str, ...],
    ) -> None:
        self._exchange = exchange
        self._listener = listener
        self._rng = rng
        self._password = password
        self._fence = fence
        self._stale_fences = stale_fences
        self._closed = False
        self._tries = 0
        self._generation = 0
        self._cid = -1
        self._up: Pipe | None = None
        self._codec: Connection[Message] = Connection("client")
        self._waiting: deque[Waiter] = deque()
        self._held: list[EventMessage] = []
        self.ready = False

    def open(self) -> None:
        """Connect, now."""
        if self._closed:
            return
        self._generation += 1
        mine = self._generation
        opened = self._exchange.connect(lambda data: self._receive(mine, data))
        if opened is None:
            self._retry()
            return
        self._cid, self._up = opened
        self._codec = Connection("client")
        self._waiting.clear()
        self._held.clear()

    def send(self, command: Command, waiter: Waiter | None = None) -> None:
        """Write a command; `waiter` gets its reply. Without a link it is lost."""
        if self._up is not None:
            self._waiting.append(waiter or _ignore)
            self._up.send(encode(command))

    def close(self, *, lose_in_flight: bool) -> None:
        """The process is gone: the kernel closes the socket; what was written may still arrive."""
        self._closed = True
        self._generation += 1
        if self._up is None:
            return
        if lose_in_flight:
            self._up.break_off()
            self._exchange.clock.after(0.002, lambda cid=self._cid: self._exchange.hang_up(cid))  # type: ignore[misc]
        else:
            self._up.send(None)
        self._up = None

    def _retry(self) -> None:
        wait = min(LAST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(self._tries, 6)) * self._rng.uniform(0.5, 1.0)
        self._tries += 1
        self._exchange.clock.after(wait, self.open)

    def _lost(self, reason: str) -> None:
        self._generation += 1
        if self._up is not None:
            self._up.break_off()
            self._up = None
        self._waiting.clear()
        was_ready, self.ready = self.ready, False
        if was_ready:
            self._listener.link_down(reason)
        if not self._closed:
            self._retry()

    def _receive(self, generation: int, data: bytes | None) -> None:
        if generation != self._generation:
            return
        if data is None:
            self._lost("the switch closed the connection")
            return
        for message in self._shuffled(self._codec.receive(data)):
            if generation != self._generation:
                return
            match message:
                case AuthRequest():
                    self.send(Auth(self._password), self._authenticated)
                case CommandReply() | ApiResponse():
                    self._waiting.popleft()(message)
                case EventMessage() if self.ready:
                    self._listener.heard(message)
                case EventMessage():
                    self._held.append(message)
                case _:
                    pass

    def _shuffled(self, messages: list[Message]) -> list[Message]:
        """Events of one read, reordered between legs, where FreeSWITCH has no order (FACTS 5)."""
        if not self._exchange.shuffles or len(messages) < 3:
            return messages
        queues: dict[str, deque[Message]] = {}
        for message in messages:
            if not isinstance(message, EventMessage) or message.event.name == "CHANNEL_BRIDGE":
                return messages  # replies keep their place, and a bridge belongs to two legs
            queues.setdefault(message.event.uuid, deque()).append(message)
        shuffled: list[Message] = []
        while queues:
            leg = self._rng.choice(sorted(queues))
            shuffled.append(queues[leg].popleft())
            if not queues[leg]:
                del queues[leg]
        return shuffled

    def _authenticated(self, reply: Reply) -> None:
        if not reply.ok:
            raise AssertionError(f"the simulated switch refused the password: {reply.text}")
        self.send(SubscribeEvents(EVENTS), self._subscribed)

    def _subscribed(self, reply: Reply) -> None:
        if not reply.ok:
            raise AssertionError(f"the simulated switch refused the subscription: {reply.text}")
        for stale in self._stale_fences:
            self.send(global_setvar(stale, ""))
        if self._fence:
            self.send(global_setvar(self._fence, "gateway"))
        self.send(global_getvar("core_uuid"), self._identified)

    def _identified(self, reply: Reply) -> None:
        self._tries = 0
        self.ready = True
        self._listener.link_up(reply.text.strip())
        held, self._held = self._held, []
        for message in held:
            self._listener.heard(message)


def _ignore(reply: Reply) -> None:
    """Nobody asked for this reply."""
