"""Outbound mode: the dialplan's `socket` application connects to us, and the call is ours.

    <action application="socket" data="127.0.0.1:8084 async full"/>

`OutboundServer` accepts; `Session` is one call: `connect` has been said, its answer is `Session.channel`.
`full` allows `api` and events of other channels; `async` answers `execute` at once instead of when the
application ends. Who closes before the call ends leaves it to what it is executing (FACTS section 9, g05).

On gevent's StreamServer, not greenswitch's server: that one looks for a caller ten times a second, hangs for
ever on a peer that says nothing, and parses as `esl.client` says (docs/decisions).
"""

from __future__ import annotations

import ipaddress
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gevent
from gevent.event import Event as Flag
from gevent.server import StreamServer

from esl.codec import CommandReply, DisconnectNotice
from esl.commands import Connect, DivertEvents, Linger, MyEvents, execute
from esl.conversation import Conversation
from esl.errors import CommandRejected, EslError, LinkLost, LinkTimeout, ProtocolError, SessionEnded
from esl.events import ChannelExecuteComplete, Event, from_headers
from esl.pending import Pending, Reply
from esl.wire import percent_decode, to_bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutboundSettings:
    """Where to listen, and for whom.

    The protocol has no password in this direction, so only peers in the networks `allow` are let in. Beyond
    `max_sessions` a caller is let go at once, so that its dialplan goes on to the next action instead of
    waiting. `handshake_seconds` bounds the answer to `connect`, `timeout` a write and each reply.
    """

    host: str = "127.0.0.1"
    port: int = 8084
    allow: tuple[str, ...] = ("127.0.0.0/8", "::1/128")
    max_sessions: int = 1000
    handshake_seconds: float = 5.0
    timeout: float = 5.0

    def __post_init__(self) -> None:
        for network in self.allow:
            ipaddress.ip_network(network)
        if self.max_sessions < 1 or self.handshake_seconds <= 0 or self.timeout <= 0:
            raise ValueError(f"Outbound settings need positive bounds: {self}")

    def lets_in(self, address: str) -> bool:
        """Whether a peer with this address may speak to us."""
        try:
            peer = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in ipaddress.ip_network(network) for network in self.allow)


class Session(Conversation):
    """One call. `on_event` may be set at any time; what was sent before its first event is seen by it."""

    def __init__(self, sock: Any, peer: str, timeout: float = 5.0) -> None:
        super().__init__(peer, timeout)
        self.channel: Event = from_headers({})
        self.over = Flag()
        self._running: dict[str, Pending[ChannelExecuteComplete]] = {}
        self._start_reading(sock)

    @property
    def uuid(self) -> str:
        """The channel."""
        return self.channel.uuid

    @property
    def full(self) -> bool:
        """Whether `api` and other channels' events are allowed."""
        return self.channel.get("Control") == "full"

    @property
    def asynchronous(self) -> bool:
        """Whether `execute` is answered before the application has ended."""
        return self.channel.get("Socket-Mode") == "async"

    def begin(self, seconds: float) -> None:
        """Say `connect` and take the channel's data. Raises LinkTimeout, SessionEnded, ProtocolError."""
        reply = self.send(Connect()).get(seconds)
        if not isinstance(reply, CommandReply) or reply.get("Unique-ID") is None:
            raise ProtocolError(f"{self.peer} does not answer `connect` with a channel: {reply.text[:80]!r}")
        first: dict[str, str] = {}
        for name, value in reply.headers:
            first.setdefault(name, percent_decode(to_bytes(value)))
        self.channel = from_headers(first)

    def my_events(self) -> Reply:
        """Get this channel's events: needed for `execute` to complete. Raises as `call`."""
        return self.call(MyEvents())

    def linger(self, seconds: int | None = None) -> Reply:
        """Hear the end of the call: stay connected after the hang-up. Raises as `call`."""
        return self.call(Linger(seconds))

    def divert_events(self, on: bool = True) -> Reply:
        """Get the events of the channel's own queue (detected speech ...) too. Raises as `call`."""
        return self.call(DivertEvents(on))

    def execute(
        self, application: str, argument: str = "", *, lock: bool = False
    ) -> Pending[ChannelExecuteComplete]:
        """Run an application on the call; the Pending settles when it **ended** (`application_response`).

        Needs `my_events`. Several may be queued, they run in order. Fails with SessionEnded when the call
        ends first, with CommandRejected when the switch refuses. Raises SessionEnded when it is over already.
        """
        if self.over.is_set():
            raise SessionEnded(f"The call {self.uuid} is over.")
        event_uuid = str(uuid.uuid4())
        command = execute("", application, argument, event_uuid=event_uuid, lock=lock)
        running: Pending[ChannelExecuteComplete] = Pending(command, self.timeout)
        self._running[event_uuid] = running

        def accepted(reply: Reply | None, error: EslError | None) -> None:
            if reply is not None and not reply.ok and self._running.pop(event_uuid, None) is running:
                running.fail(CommandRejected(f"execute {application}", reply.text))

        try:
            self.send(command, accepted)
        except LinkLost:
            self._running.pop(event_uuid, None)
            raise
        return running

    def run(self, application: str, argument: str = "", *, seconds: float) -> ChannelExecuteComplete:
        """`execute`, and wait up to `seconds` for its end. Raises LinkTimeout and what the Pending may."""
        return self.execute(application, argument).get(seconds)

    def _hand_on(self, event: Event) -> None:
        if isinstance(event, ChannelExecuteComplete):
            running = self._running.pop(event.application_uuid, None)
            if running is not None:
                self._guarded(running.settle, event)
        super()._hand_on(event)

    def _farewell(self, notice: DisconnectNotice) -> None:
        """The channel is down: applications that have not ended by now never will (g01, g04)."""
        if not notice.lingers:
            self.abort(SessionEnded(f"The call {self.uuid} has ended."))
        self._end(SessionEnded(f"The call {self.uuid} ended before the application did."))

    def _lose(self, error: EslError) -> None:
        super()._lose(error)
        self._end(error if isinstance(error, SessionEnded) else SessionEnded(f"The call is lost: {error}"))

    def _end(self, error: SessionEnded) -> None:
        while self._running:
            self._guarded(self._running.pop(next(iter(self._running))).fail, error)
        self.over.set()


class OutboundServer:
    """Accepts calls and gives each to `handler`, in a greenlet of its own; the socket closes when it returns.

    `start()` once, `stop()` at the end; as a context manager it does both. `refused` counts who was let go.
    """

    def __init__(self, settings: OutboundSettings, handler: Callable[[Session], None]) -> None:
        self.settings = settings
        self.sessions: set[Session] = set()
        self.refused = 0
        self._handler = handler
        self._connections = 0
        self._server = StreamServer((settings.host, settings.port), self._serve)

    def __enter__(self) -> OutboundServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port it listens on (0 in the settings takes a free one)."""
        return int(self._server.server_port)

    def start(self) -> None:
        """Listen. Raises OSError."""
        self._server.start()

    def stop(self) -> None:
        """Accept no more and close what is open: the calls go on by themselves."""
        self._server.stop(timeout=0)
        for session in list(self.sessions):
            session.close()

    def _serve(self, sock: Any, address: tuple[Any, ...]) -> None:
        peer = f"{address[0]}:{address[1]}" if len(address) > 1 else str(address)
        if self._connections >= self.settings.max_sessions or not self.settings.lets_in(str(address[0])):
            self.refused += 1
            log.warning("An outbound connection from %s is refused (%d are open)", peer, self._connections)
            return
        self._connections += 1
        session = Session(sock, peer, self.settings.timeout)
        self.sessions.add(session)
        try:
            session.begin(self.settings.handshake_seconds)
            self._handler(session)
        except SessionEnded:
            log.info("The call %s of %s ended while it was handled", session.uuid, peer)
        except (LinkLost, LinkTimeout, ProtocolError) as error:
            self.refused += not session.uuid
            log.warning("The outbound connection of %s is given up: %s", peer, error.explain())
        except gevent.GreenletExit:
            log.info("The call %s of %s is left to itself", session.uuid, peer)
        except Exception:
            log.exception("Handling the call %s failed", session.uuid)
        finally:
            session.close()
            self.sessions.discard(session)
            self._connections -= 1
