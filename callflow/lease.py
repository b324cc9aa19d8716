"""One commander per switch: the lease, kept in PostgreSQL, and how long our own word on it may be trusted.

Real time only, never the scaled clock. The lease runs out `ttl` seconds after PostgreSQL last wrote it; we
believe in it until `MARGIN_SECONDS` before that, counted from before the renewal was asked for. Commands
that make calls leave only inside that window, checked right before the socket write. The clock keeps
counting while the process is stopped (SIGSTOP, a suspended machine), so whoever wakes up late finds the
window closed.

A renewal that the database refuses means that another dialer commands the switch: this process gives its
engine up. A renewal that finds no database leaves it open: nothing new is dialed, calls in hand go on, and
nobody else can take over while the database is away.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

import gevent
from gevent.event import Event
from sqlalchemy.exc import DBAPIError

from callflow.errors import LeaseLost

log = logging.getLogger(__name__)

MARGIN_SECONDS = 2.0
RENEW_SECONDS = 2.0


def real_seconds() -> float:
    """Seconds that go on while the machine is suspended, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class LeaseStore(Protocol):
    """The lease's row. Each call is a transaction of its own and may raise sqlalchemy's DBAPIError."""

    def acquire(self) -> int | None:
        """The token, or None while another holds the lease."""

    def renew(self, token: int) -> bool:
        """False if the lease is another's now."""

    def release(self, token: int) -> None:
        """Let another dialer have it at once."""


class Lease:
    """The lease of one switch. `run` renews it in a greenlet.

    `on_trust` hears when the window closes and opens.
    """

    def __init__(
        self,
        store: LeaseStore,
        *,
        ttl_seconds: float,
        on_trust: Callable[[bool], None] = lambda trusted: None,
        on_lost: Callable[[], None] = lambda: None,
        real: Callable[[], float] = real_seconds,
        wait: Callable[[Event, float], bool] = lambda flag, seconds: bool(flag.wait(seconds)),
    ) -> None:
        if ttl_seconds <= MARGIN_SECONDS:
            raise ValueError(f"a lease must last longer than {MARGIN_SECONDS:g} s")
        self._store = store
        self._ttl = ttl_seconds
        self._on_trust = on_trust
        self._on_lost = on_lost
        self._real = real
        self._wait = wait
        self._until = 0.0
        self._asked_at = 0.0
        self._kick = Event()
        self._answered = Event()
        self._told: bool | None = None
        self._stopping = False
        self.token = 0
        self.lost = False

    # --- asked by others ------------------------------------------------------------------------------------

    def trusted(self) -> bool:
        """Whether a command that makes a call may leave at this instant."""
        return not self.lost and self._real() < self._until

    def settle(self) -> None:
        """Return at once while the window is open or the database is known to be away.

        After a pause of the process neither is known: then wait until a renewal was answered, so that a
        dialer that wakes up late does nothing at all before it knows whether it still commands.

        Raises:
            LeaseLost: another dialer holds the lease.
        """
        if self._real() < self._until and not self.lost:
            return
        while self._unknown():
            self._answered.clear()
            self._kick.set()
            self._answered.wait(RENEW_SECONDS)
        if self.lost:
            raise LeaseLost("Another dialer holds the lease of this switch: this one has given up.")

    def doubt(self) -> None:
        """Somebody was told that the lease is not ours: trust it again only after the next renewal."""
        self._until = 0.0
        self._tell()
        self._kick.set()

    def _unknown(self) -> bool:
        """The window is closed and no renewal was answered of late: the process was paused or starved."""
        now = self._real()
        return not self.lost and now >= self._until and now - self._asked_at > 2 * RENEW_SECONDS

    def status(self) -> dict[str, object]:
        """Live figures."""
        left = max(0.0, self._until + MARGIN_SECONDS - self._real())
        return {"token": self.token, "trusted": self.trusted(), "expires_in_seconds": round(left, 1)}

    # --- life -----------------------------------------------------------------------------------------------

    def acquire(self) -> bool:
        """Try once. False while another dialer holds it."""
        asked_at = self._real()
        token = self._store.acquire()
        if token is None:
            return False
        self.token = token
        self._renewed(asked_at)
        return True

    def run(self) -> None:
        """Renew until stopped or lost."""
        while not self._stopping and not self.lost:
            self._wait(self._kick, RENEW_SECONDS)
            self._kick.clear()
            if not self._stopping:
                self.renew_once()

    def renew_once(self) -> None:
        """Ask the database; tell whoever listens what that means."""
        asked_at = self._real()
        try:
            with gevent.Timeout(self._ttl / 2):
                held = self._store.renew(self.token)
        except (DBAPIError, gevent.Timeout):
            log.debug("the lease could not be renewed: the database is away", exc_info=True)
        else:
            if held:
                self._renewed(asked_at)
            else:
                self._lose()
        self._asked_at = self._real()
        self._answered.set()
        self._tell()

    def stop(self) -> None:
        """Stop renewing; the lease runs out by itself unless it is released."""
        self._stopping = True
        self._kick.set()

    def release(self) -> None:
        """Stop renewing and let another dialer have the switch at once."""
        self.stop()
        self._until = 0.0
        if not self.lost and self.token:
            with gevent.Timeout(self._ttl):
                self._store.release(self.token)

    def _renewed(self, asked_at: float) -> None:
        self._until = asked_at + self._ttl - MARGIN_SECONDS
        self._asked_at = self._real()
        self._tell()

    def _lose(self) -> None:
        if self._stopping:
            return  # we gave it back ourselves while this renewal was under way
        self.lost = True
        log.error("another dialer commands this switch now: giving up", extra={"token": self.token})
        self._on_lost()

    def _tell(self) -> None:
        trusted = self.trusted()
        if trusted is not self._told:
            self._told = trusted
            self._on_trust(trusted)
