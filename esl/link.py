"""A link that stays: connects, authenticates, subscribes, notices when it is gone, comes back, and says so.

What the owner sees, in this order: `Up(core_uuid)`, events, `Down(reason, error)`, `Up` ... and one more
`Down` for every try to come back that fails. Every pending command has failed with LinkLost before `Down`.
Events that arrive before the switch has said which run of it this is (a new `core_uuid` means that every
leg is gone) are held back until `Up` is announced.

A connection whose other end vanished without a word (half open) is found by asking `status` every
`probe_seconds`: no reply, and not one byte of anything else, for `probe_timeout` means that it is gone.
"""

from __future__ import annotations

import logging
import random
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import gevent
from gevent.event import AsyncResult
from gevent.event import Event as Flag

from esl import commands
from esl.backoff import Backoff
from esl.client import Client
from esl.commands import BgApi, Command, SubscribeEvents
from esl.conversation import MAX_WAITING
from esl.errors import AuthenticationRefused, EslError, LinkLost, LinkTimeout, ProtocolError
from esl.events import BackgroundJob, Event
from esl.pending import Callback, Pending, Reply

log = logging.getLogger(__name__)

# What a dialer needs; HEARTBEAT also brings Core-UUID every 20 s.
DEFAULT_EVENTS = (
    "CHANNEL_CREATE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "CHANNEL_EXECUTE",
    "CHANNEL_EXECUTE_COMPLETE",
    "CHANNEL_PARK",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_HANGUP",
    "CHANNEL_HANGUP_COMPLETE",
    "CHANNEL_DESTROY",
    "BACKGROUND_JOB",
    "HEARTBEAT",
    "SHUTDOWN",
)
_T = TypeVar("_T")
_CORE_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Up:
    """The link is up and subscribed; `core_uuid` is this run of the switch."""

    core_uuid: str


@dataclass(frozen=True, slots=True)
class Down:
    """The link is down (also: could not be made). `reason` is the error's code."""

    reason: str
    error: EslError


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Where the switch is, and how patient the link is (seconds).

    `max_waiting` commands may wait for a reply, and `max_held` events for the announcement of `Up`; a link
    that would need more is given up and made anew.
    """

    host: str
    port: int
    password: str = field(repr=False)
    events: tuple[str, ...] = DEFAULT_EVENTS
    timeout: float = 5.0
    probe_seconds: float = 5.0
    probe_timeout: float = 5.0
    core_uuid_seconds: float = 25.0
    max_waiting: int = MAX_WAITING
    max_held: int = 20_000
    backoff: Backoff = field(default_factory=Backoff)


def wait_for(flag: Flag, seconds: float) -> bool:
    """Wait until `flag` is set, at most `seconds`; whether it is set."""
    return bool(flag.wait(seconds))


class Link:
    """Keeps one switch connected. `start()` once, `stop()` at the end.

    The callbacks run in the link's greenlets, one at a time, and should only put things into an inbox. While
    `busy()` is true (that inbox is full) nothing is read from the switch, which queues it.
    `wait` and `rng` are given by tests that do not want to wait: `wait(flag, seconds)` is every pause the
    link makes.
    """

    def __init__(
        self,
        settings: LinkSettings,
        *,
        on_event: Callable[[Event], None],
        on_up: Callable[[Up], None],
        on_down: Callable[[Down], None],
        busy: Callable[[], bool] | None = None,
        rng: random.Random | None = None,
        wait: Callable[[Flag, float], bool] = wait_for,
    ) -> None:
        self.settings = settings
        self._on_event = on_event
        self._on_up = on_up
        self._on_down = on_down
        self._busy = busy
        self._rng = rng if rng is not None else random.Random()  # noqa: S311 - jitter is no secret
        self._wait = wait
        self._stopping = Flag()
        self._client: Client | None = None
        self._up: Up | None = None
        self._held: deque[Event] = deque()
        self._holding = True
        self._was_up = False
        self._core: AsyncResult[str] = AsyncResult()
        self._greenlet: gevent.Greenlet | None = None

    def __repr__(self) -> str:
        state = f"up, core {self._up.core_uuid}" if self._up else "down"
        return f"<Link {self.settings.host}:{self.settings.port} {state}>"

    @property
    def up(self) -> Up | None:
        """What was announced last, while the link is up."""
        return self._up

    def start(self) -> None:
        """Begin to connect, in a greenlet of its own."""
        self._greenlet = gevent.spawn(self.run)

    def stop(self) -> None:
        """Close and stay closed. `Down` is announced if the link was up."""
        self._stopping.set()
        if self._client is not None:
            self._client.abort(LinkLost("The link was stopped.", "Nothing: this was asked for."))
        if self._greenlet is not None and self._greenlet is not gevent.getcurrent():
            self._greenlet.join()

    def drop(self, why: str) -> None:
        """Give the connection up, and make it anew."""
        if self._client is not None:
            self._client.abort(LinkLost(why))

    # --- sending ---

    def send(self, command: Command, callback: Callback[Reply] | None = None) -> Pending[Reply]:
        """As `Client.send`. Raises LinkLost while the link is down: nothing was sent then."""
        return self._connected().send(command, callback)

    def send_many(
        self, batch: Sequence[Command], callback: Callback[Reply] | None = None
    ) -> list[Pending[Reply]]:
        """As `Client.send_many`."""
        return self._connected().send_many(batch, callback)

    def call(self, command: Command, timeout: float | None = None) -> Reply:
        """As `Client.call`."""
        return self._connected().call(command, timeout)

    def job(self, command: BgApi, callback: Callback[BackgroundJob] | None = None) -> Pending[BackgroundJob]:
        """As `Client.job`."""
        return self._connected().job(command, callback)

    def _connected(self) -> Client:
        if self._client is None or self._up is None:
            raise LinkLost(f"The link to {self.settings.host}:{self.settings.port} is down.")
        return self._client

    # --- life ---

    def run(self) -> None:
        """Connect, serve, and come back, until `stop`."""
        tries = 0
        while not self._stopping.is_set():
            self._was_up = False
            error = self._serve_once()
            if self._was_up or not self._stopping.is_set():
                self._tell(self._on_down, Down(error.code, error))
            if self._stopping.is_set():
                return
            tries = 0 if self._was_up else tries + 1
            refused = isinstance(error, AuthenticationRefused)
            seconds = self.settings.backoff.delay(tries, self._rng, refused=refused)
            log.warning("%s Next try in %.1f s.", error.explain(), seconds)
            self._wait(self._stopping, seconds)

    def _serve_once(self) -> EslError:
        """One connection from beginning to end; returns what ended it."""
        settings = self.settings
        gone = Flag()
        self._held = deque()
        self._holding = True
        self._core = AsyncResult()

        def on_lost(error: EslError) -> None:
            self._core.set_exception(error)
            gone.set()

        client = Client(
            settings.host,
            settings.port,
            settings.password,
            settings.timeout,
            on_event=self._event,
            on_lost=on_lost,
            max_waiting=settings.max_waiting,
            busy=self._busy,
        )
        self._client = client
        try:
            client.connect()
            self._come_up(client)
            self._watch(client, gone)
        except EslError as error:
            return error
        finally:
            self._up = None
            client.close()
            self._client = None
        return client.fate or LinkLost("The connection is gone.")

    def _come_up(self, client: Client) -> None:
        client.call(SubscribeEvents(self.settings.events))
        up = self._up = Up(self._core_uuid(client))
        self._was_up = True
        log.info("Switch %s:%s is up, core %s", self.settings.host, self.settings.port, up.core_uuid)
        self._tell(self._on_up, up)
        while self._held:  # more may arrive while these are handed on
            self._tell(self._on_event, self._held.popleft())
        self._holding = False

    def _event(self, event: Event) -> None:
        if self._holding:
            if len(self._held) >= self.settings.max_held:
                self.drop(f"{self.settings.max_held} events came and not a word of who the switch is.")
                return
            self._held.append(event)
            if event.core_uuid and not self._core.ready():
                self._core.set(event.core_uuid)
        else:
            self._on_event(event)

    def _core_uuid(self, client: Client) -> str:
        """Which run of the switch this is: its global variable, else the header of the first event."""
        reply = client.send(commands.global_getvar("core_uuid")).get()
        if _CORE_UUID.fullmatch(reply.text.strip()):
            return reply.text.strip()
        try:
            value: str = self._core.get(timeout=self.settings.core_uuid_seconds)
        except gevent.Timeout as error:
            raise ProtocolError("The switch does not say which run of it this is (Core-UUID).") from error
        return value

    def _watch(self, client: Client, gone: Flag) -> None:
        """Probe until the connection is gone."""
        while not self._wait(gone, self.settings.probe_seconds):
            self._probe(client)

    def _probe(self, client: Client) -> None:
        """Ask for a sign of life. Raises LinkLost."""
        pending = client.send(commands.status())
        silent = 0
        # Two halves: after our own process has slept (SIGSTOP, a long step) the first timeout is due before
        # what the switch wrote meanwhile is read.
        while silent < 2:
            before = client.received_bytes
            try:
                pending.get(self.settings.probe_timeout / 2)
            except LinkTimeout:
                # Bytes, but no reply: it is only slow, a flood of events stands before the reply. Nor is it
                # silent while we don't read.
                heard = client.received_bytes != before or client.paused
                silent = 0 if heard else silent + 1
            else:
                return
        raise LinkLost(f"The switch has not said a word for {self.settings.probe_timeout:g} s.")

    def _tell(self, callback: Callable[[_T], None], value: _T) -> None:
        """Call the owner: its mistake is logged and does not end the link."""
        try:
            callback(value)
        except Exception:
            log.exception("A callback failed on %r", value)
