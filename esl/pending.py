"""A reply that is awaited: set once, with a value or with the error that took its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import gevent
from gevent.event import AsyncResult

from esl.codec import ApiResponse, CommandReply
from esl.commands import Command, describe
from esl.errors import EslError, LinkTimeout

Reply = CommandReply | ApiResponse
_R = TypeVar("_R")
Callback = Callable[[_R | None, EslError | None], None]


class Pending(Generic[_R]):
    """What a command will bring.

    `callback(value, None)` or `callback(None, error)` is called once, by the reader.
    """

    __slots__ = ("_callback", "_result", "_timeout", "command")

    def __init__(self, command: Command, timeout: float, callback: Callback[_R] | None = None) -> None:
        self.command = command
        self._timeout = timeout
        self._callback = callback
        self._result: AsyncResult[_R] = AsyncResult()

    @property
    def ready(self) -> bool:
        """Whether the reply or the error is there."""
        return bool(self._result.ready())

    def get(self, timeout: float | None = None) -> _R:
        """The reply, waited for `timeout` seconds (the client's by default).

        Raises LinkTimeout, and LinkLost (or the error that ended the connection). After a LinkTimeout the
        reply may still come: `get` again is allowed, and the order of replies is not disturbed.
        """
        seconds = self._timeout if timeout is None else timeout
        try:
            value: _R = self._result.get(timeout=seconds)
        except gevent.Timeout as error:
            raise LinkTimeout(f"No reply to {describe(self.command)} within {seconds:g} s.") from error
        return value

    def settle(self, value: _R) -> None:
        """The reply came."""
        self._result.set(value)
        if self._callback is not None:
            self._callback(value, None)

    def fail(self, error: EslError) -> None:
        """No reply will come."""
        self._result.set_exception(error)
        if self._callback is not None:
            self._callback(None, error)
