"""What both kinds of connection do alike: write commands, read, pair replies, hand on events. Under gevent.

**One greenlet reads.** It frames, pairs replies with commands (the switch replies in order), and calls
`on_event` for every event, in order; so a callback should only put the event into an inbox. It alone
declares the connection lost: pending commands fail with LinkLost, in order, then `on_lost` is called, once.
Whoever finds the connection broken while sending only shuts the socket, which wakes the reader.
"""

from __future__ import annotations

import logging
import socket as plain_socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.lock import RLock

from esl.codec import (
    ApiResponse,
    AuthRequest,
    CommandReply,
    Connection,
    DisconnectNotice,
    EventMessage,
    Message,
    OtherMessage,
    RudeRejection,
)
from esl.commands import BgApi, Command, Exit, describe, encode
from esl.errors import AccessDenied, CommandRejected, EslError, LinkLost, ProtocolError
from esl.events import BackgroundJob, Event
from esl.pending import Callback, Pending, Reply

log = logging.getLogger(__name__)

READ_BYTES = 64 * 1024
MAX_WAITING = 20_000
_PAUSE_SECONDS = 0.01


class Conversation:
    """One connection to the switch that `peer` names; `timeout` (seconds) bounds a write and `Pending.get`.

    `on_event` and `on_lost` are called from the reading greenlet and must not wait for a reply: no reply can
    come while they do.

    Nothing here grows without bound: once `max_waiting` commands (or jobs) wait for their replies the
    connection is given up, and while `busy()` is true nothing is read, so that the switch queues what the
    owner can't take (FreeSWITCH up to 100,000 events, then it ends the connection).
    """

    def __init__(
        self,
        peer: str,
        timeout: float,
        on_event: Callable[[Event], None] | None = None,
        on_lost: Callable[[EslError], None] | None = None,
    ) -> None:
        self.peer = peer
        self.timeout = timeout
        self.on_event = on_event
        self.on_lost = on_lost
        self.sock: Any = None
        self.connected = False
        self.received_bytes = 0
        self.failed_callbacks = 0
        self.max_waiting = MAX_WAITING
        self.busy: Callable[[], bool] | None = None
        self.paused = False
        self._codec: Connection[Message] = Connection("client")
        self._write_lock = RLock()
        self._waiting: deque[Pending[Reply]] = deque()
        self._jobs: dict[str, Pending[BackgroundJob]] = {}
        self._closing = False
        self._fate: EslError | None = None
        self._reader: gevent.Greenlet | None = None

    def __repr__(self) -> str:
        state = "connected" if self.connected else "not connected"
        return f"<{type(self).__name__} {self.peer} {state}, {len(self._waiting)} waiting>"

    @property
    def fate(self) -> EslError | None:
        """What ended the connection; None while it lives."""
        return self._fate

    # --- life ---

    def _start_reading(self, sock: Any) -> None:
        self.sock = sock
        sock.settimeout(None)
        sock.setsockopt(plain_socket.IPPROTO_TCP, plain_socket.TCP_NODELAY, 1)
        sock.setsockopt(plain_socket.SOL_SOCKET, plain_socket.SO_KEEPALIVE, 1)
        self.connected = True
        self._reader = gevent.spawn(self.receive_events)

    def close(self) -> None:
        """Say goodbye and close: nothing more is read. Pending commands fail with LinkLost.

        `on_lost` is not called.
        """
        self._closing = True
        if self.connected:
            self._write(encode(Exit()))
        self.abort(LinkLost("We closed the connection."))
        if self._reader is not None and self._reader is not gevent.getcurrent():
            self._reader.join()

    def abort(self, error: EslError) -> None:
        """Give the connection up because of `error`.

        The reader does the rest. Harmless when it is lost already.
        """
        if self._fate is None:
            self._fate = error
        self.connected = False
        if self.sock is None:
            return
        try:
            # The reader still takes what has arrived (events of calls that ended), then sees the end.
            self.sock.shutdown(plain_socket.SHUT_RDWR)
        except OSError:
            log.debug("%r was shut before", self)  # by the switch: which is what was wanted

    # --- sending ---

    def send(self, command: Command, callback: Callback[Reply] | None = None) -> Pending[Reply]:
        """Write a command; its reply comes with the Pending. Waits at most for room in the socket.

        Raises LinkLost when there is no connection; then nothing was sent.
        """
        return self.send_many((command,), callback)[0]

    def send_many(
        self, commands: Sequence[Command], callback: Callback[Reply] | None = None
    ) -> list[Pending[Reply]]:
        """Write all commands in one piece. Raises LinkLost as `send` does."""
        data = b"".join(encode(command) for command in commands)
        with self._write_lock:
            if not self.connected:
                raise LinkLost(f"Not connected to {self.peer}.")
            self._refuse_more_than(len(self._waiting) + len(commands), "commands wait for a reply")
            pending: list[Pending[Reply]] = [Pending(each, self.timeout, callback) for each in commands]
            self._waiting.extend(pending)  # before the write: a reply may come while it is going on
            self._write(data)
        return pending

    def call(self, command: Command, timeout: float | None = None) -> Reply:
        """Send, wait, and raise CommandRejected for ``-ERR``; else as `Pending.get`."""
        reply = self.send(command).get(timeout)
        if not reply.ok:
            raise CommandRejected(describe(command), reply.text)
        return reply

    def job(self, command: BgApi, callback: Callback[BackgroundJob] | None = None) -> Pending[BackgroundJob]:
        """Send a bgapi and pair its BACKGROUND_JOB (to be subscribed to) by Job-UUID.

        `on_event` sees the event too. A refused command fails the job with CommandRejected.
        """
        self._refuse_more_than(len(self._jobs) + 1, "jobs wait for their end")
        job: Pending[BackgroundJob] = Pending(command, self.timeout, callback)
        self._jobs[command.job_uuid] = job

        def accepted(reply: Reply | None, error: EslError | None) -> None:
            if reply is not None and not reply.ok and self._jobs.pop(command.job_uuid, None) is job:
                job.fail(CommandRejected(describe(command), reply.text))

        try:
            self.send(command, accepted)
        except LinkLost:
            del self._jobs[command.job_uuid]
            raise
        return job

    def _refuse_more_than(self, count: int, what: str) -> None:
        if count > self.max_waiting:
            error = LinkLost(f"{self.peer} does not keep up: {self.max_waiting} {what}.")
            self.abort(error)
            raise error

    def _write(self, data: bytes) -> None:
        """Write all of `data`.

        A write that fails or stalls loses the link, for half a command is on the wire.
        """
        with self._write_lock:
            try:
                with gevent.Timeout(
                    self.timeout, TimeoutError("the switch takes nothing off the connection")
                ):
                    self.sock.sendall(data)
            except OSError as error:  # TimeoutError is one
                self.abort(LinkLost(f"Writing to {self.peer} failed: {error}."))

    # --- reading ---

    def receive_events(self) -> None:
        """The reading greenlet: reads until the connection ends, then declares it lost."""
        error = self._read_until_the_end()
        if self._fate is None:
            self._fate = error
        self.connected = False
        self.sock.close()
        self._lose(self._fate)

    def _read_until_the_end(self) -> EslError:
        while True:
            self._wait_for_owner()
            try:
                data = self.sock.recv(READ_BYTES)
            except OSError as error:
                return LinkLost(f"Reading from {self.peer} failed: {error}.")
            if not data:
                return LinkLost(f"{self.peer} closed the connection.")
            if self._closing:
                return LinkLost("We closed the connection.")
            self.received_bytes += len(data)
            try:
                messages = self._codec.receive(data)
            except ProtocolError as error:
                self._take(error.received)
                return error
            self._take(messages)
            gevent.sleep(0)  # recv does not yield while data is there: a flood would starve everyone else

    def _wait_for_owner(self) -> None:
        while self.busy is not None and self.connected and self.busy():
            self.paused = True
            gevent.sleep(_PAUSE_SECONDS)
        self.paused = False

    def _take(self, messages: Sequence[Any]) -> None:
        for message in messages:
            if type(message) is EventMessage:  # nearly all are; the rest goes the long way
                event = message.event
                if type(event) is BackgroundJob:
                    self._job_ended(event)
                self._hand_on(event)
            else:
                self._dispatch(message)

    def _dispatch(self, message: Message) -> None:
        match message:
            case CommandReply() | ApiResponse():
                self._pair(message)
            case AuthRequest():
                self._greet()
            case RudeRejection():
                self.abort(AccessDenied(f"{self.peer} does not let this machine in."))
            case DisconnectNotice():
                self._farewell(message)
            case OtherMessage():
                log.debug("Not used: %s", message.content_type)
            case EventMessage():
                self._hand_on(message.event)

    def _job_ended(self, event: BackgroundJob) -> None:
        job = self._jobs.pop(event.job_uuid, None)
        if job is not None:
            self._guarded(job.settle, event)

    def _hand_on(self, event: Event) -> None:
        if self.on_event is not None:
            try:
                self.on_event(event)
            except Exception:  # noqa: BLE001 - someone else's code: logged and counted
                self._failed(event)

    def _greet(self) -> None:
        """The switch wants a password."""

    def _farewell(self, notice: DisconnectNotice) -> None:
        """The switch says goodbye."""
        if not notice.lingers:
            self.abort(LinkLost(f"{self.peer} said goodbye."))

    def _pair(self, reply: Reply) -> None:
        if not self._waiting:
            self.abort(ProtocolError(f"A reply to no command: {reply.text[:80]!r}"))
            return
        self._guarded(self._waiting.popleft().settle, reply)

    def _lose(self, error: EslError) -> None:
        """Fail everything that is pending, in order, then tell."""
        while self._waiting:
            self._guarded(self._waiting.popleft().fail, error)
        while self._jobs:
            self._guarded(self._jobs.pop(next(iter(self._jobs))).fail, error)
        if self.on_lost is not None and not self._closing:
            self._guarded(self.on_lost, error)

    def _guarded(self, function: Callable[[Any], None], argument: object) -> None:
        """Call someone else's code: its mistake is logged and counted, and does not end the reading."""
        try:
            function(argument)
        except Exception:  # noqa: BLE001 - logged and counted
            self._failed(argument)

    def _failed(self, argument: object) -> None:
        self.failed_callbacks += 1
        log.exception("A callback failed on %r", argument)
