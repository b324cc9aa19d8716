"""One demo at a time in a data directory, and how it is asked to stop."""

from __future__ import annotations

import fcntl
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any

from callflow.errors import CallflowError


class CannotRun(CallflowError):
    """The demo can't begin; one sentence that says what to do. Exit code 2."""

    code = "demo_cannot_run"


class Interrupted(BaseException):
    """A second Ctrl-C: end at once."""


@contextmanager
def locked(data_dir: Path) -> Iterator[IO[str]]:
    """The data directory, made, and locked against a second demo.

    Raises:
        CannotRun: it can't be written, or another demo has it.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = (data_dir / "demo.lock").open("w")
    except OSError as error:
        raise CannotRun(
            f"The data directory {data_dir} can't be written ({error.strerror}): make it writable for this "
            "user, or choose another with --data-dir."
        ) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CannotRun(
                f"Another demo is running in {data_dir}: end it, or choose another directory with --data-dir."
            ) from error
        yield handle


class Stop:
    """Ctrl-C and SIGTERM: the first asks to stop, the second ends everything at once."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.at_once = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if not self.asked.is_set():
            self.asked.set()
            return
        self.at_once = True
        for each in self._before:  # a third must not interrupt the cleaning up
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted
