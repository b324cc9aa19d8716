"""An inbound connection: we connect to the switch. The one importer of greenswitch.

`Client` is greenswitch's InboundESL with its reading and sending replaced (`esl.conversation`), since
greenswitch 0.0.19 spins on a connection that is cut inside a body, leaves `send()` waiting for ever when the
link is lost, can be fooled by a caller's name, writes with `send` where `sendall` is meant, and ends on one
byte that is not UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable

import gevent
from gevent import socket
from gevent.event import AsyncResult
from greenswitch.esl import InboundESL

from esl.commands import Auth
from esl.conversation import MAX_WAITING, READ_BYTES, Conversation
from esl.errors import AuthenticationRefused, EslError, LinkLost, LinkTimeout, SwitchUnreachable
from esl.events import Event
from esl.pending import Pending, Reply

__all__ = ["READ_BYTES", "Client", "Pending", "Reply"]


class Client(Conversation, InboundESL):  # type: ignore[misc]  # greenswitch is not typed
    """A connection to `host`:`port`; `timeout` (seconds) bounds connecting too."""

    def __init__(
        self,
        host: str,
        port: int,
        password: str,
        timeout: float = 5.0,
        *,
        on_event: Callable[[Event], None] | None = None,
        on_lost: Callable[[EslError], None] | None = None,
        max_waiting: int = MAX_WAITING,
        busy: Callable[[], bool] | None = None,
    ) -> None:
        InboundESL.__init__(self, host, port, password, timeout)
        Conversation.__init__(self, f"{host}:{port}", timeout, on_event, on_lost)
        self.max_waiting = max_waiting
        self.busy = busy
        self._greeted: AsyncResult[None] = AsyncResult()

    def connect(self) -> None:
        """Connect and authenticate; once per client.

        Raises SwitchUnreachable, AuthenticationRefused (AccessDenied), LinkTimeout, LinkLost, ProtocolError.
        """
        if self._fate is not None or self._reader is not None:
            raise LinkLost("This client was connected or closed before.", "Make a new Client.")
        try:
            sock = socket.create_connection((self.host, self.port), self.timeout)
        except OSError as error:
            raise SwitchUnreachable(f"No connection to {self.peer}: {error}.") from error
        if self._fate is not None:  # aborted while we connected
            sock.close()
            raise self._fate
        self._start_reading(sock)
        try:
            self._wait_for_greeting()
            self.authenticate()
        except BaseException:
            self.close()
            raise

    def authenticate(self) -> None:
        """Give the password. Raises AuthenticationRefused."""
        reply = self.send(Auth(self.password)).get()
        if reply.text != "+OK accepted":
            raise AuthenticationRefused(f"{self.peer} refuses the password ({reply.text}).")

    stop = Conversation.close  # greenswitch's name

    def _greet(self) -> None:
        self._greeted.set(None)

    def _lose(self, error: EslError) -> None:
        if not self._greeted.ready():
            self._greeted.set_exception(error)
        super()._lose(error)

    def _wait_for_greeting(self) -> None:
        try:
            self._greeted.get(timeout=self.timeout)
        except gevent.Timeout as error:
            raise LinkTimeout(
                f"{self.peer} did not greet within {self.timeout:g} s.",
                "Check that this port is FreeSWITCH's event socket and that the switch is not stuck.",
            ) from error
