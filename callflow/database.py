"""The dialer's greenlets on PostgreSQL: claims, commands, live snapshots, the lease's row.

Each opens short transactions of its own; none of them is ever waited for by the engine's greenlet.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from uuid import UUID

import gevent
import psycopg
from gevent.event import Event
from gevent.queue import SimpleQueue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from callflow.effects import Claim, Publish
from callflow.greenlets import Failed, spawn
from callflow.inputs import Claimed, Commanded, Input
from callflow.writer import Begin, first_line, may_try_again
from models.enums import AttemptState, CommandKind, Outcome
from models.errors import NotFound
from models.records import AttemptClosed, OperatorCommand, Record
from models.repository import agents, campaigns, commands, gateways, hopper, lease, live, recovery
from models.session import conninfo

log = logging.getLogger(__name__)

CLAIM_SECONDS = 10.0


class PostgresLease:
    """The lease's row (callflow.lease.LeaseStore)."""

    def __init__(self, begin: Begin, switch_id: str, holder: str, ttl_seconds: float) -> None:
        self._begin = begin
        self._switch_id = switch_id
        self._holder = holder
        self._ttl = ttl_seconds

    def acquire(self) -> int | None:
        with self._begin() as session:
            granted = lease.acquire(session, self._switch_id, self._holder, self._ttl)
        return None if granted is None else granted.token

    def bury(self, holder: str) -> None:
        """Free the lease of a process of this machine that is known to be dead.

        Nobody need wait for it to run out.
        """
        with self._begin() as session:
            granted = lease.acquire(session, self._switch_id, holder, self._ttl)
            if granted is not None:
                lease.release(session, granted)

    def renew(self, token: int) -> bool:
        with self._begin() as session:
            return lease.renew(session, self._row(token))

    def release(self, token: int) -> None:
        with self._begin() as session:
            lease.release(session, self._row(token))

    def _row(self, token: int) -> lease.Lease:
        return lease.Lease(self._switch_id, self._holder, token, self._ttl)


class Known(Protocol):
    """What the database's greenlets must know of the engine: read between its steps, never while it works."""

    def knows_attempt(self, attempt_id: str) -> bool: ...

    def knows_agent(self, agent_id: str) -> bool: ...

    def knows_campaign(self, campaign_id: str) -> bool: ...


class Claims:
    """Turns Claim into exactly one Claimed, on a few sessions.

    A claim whose commit failed may have made attempts all the same. They are looked for once the database is
    back, while no claim runs, and closed as NOT_DIALED: nobody was told of them, so nobody can have dialed
    them.
    """

    def __init__(
        self,
        begin: Begin,
        switch_id: str,
        token: int,
        *,
        wall: Callable[[], float],
        tell: Callable[[Input], None],
        journal: Callable[[list[Record]], None],
        known: Known,
        failed: Callable[[BaseException], None],
        refused: Callable[[], None],
        sessions: int = 3,
    ) -> None:
        self._begin = begin
        self._switch_id = switch_id
        self._token = token
        self._wall = wall
        self._tell = tell
        self._journal = journal
        self._known = known
        self._failed = failed
        self._refused = refused
        self._sessions = sessions
        self._queue: SimpleQueue[Claim | None] = SimpleQueue()
        self._handed: deque[str] = deque(maxlen=20_000)
        self._running = 0
        self._in_doubt = False

    def start(self, failed: Failed) -> None:
        """Start the sessions' greenlets."""
        for number in range(self._sessions):
            spawn(f"claims-{number}", self._work, failed=failed)

    def stop(self) -> None:
        """End the greenlets after the claims in hand."""
        for _ in range(self._sessions):
            self._queue.put(None)

    def claim(self, wanted: Claim) -> None:
        """The runner's `claim`."""
        self._queue.put(wanted)

    def _work(self) -> None:
        while (wanted := self._queue.get()) is not None:
            self._running += 1
            answer = self._one(wanted)
            self._running -= 1
            self._tell(answer)
            if answer.refusal == "lease":
                self._refused()
            elif self._in_doubt and self._running == 0 and answer.refusal != "database_away":
                self._look_for_strays()

    def _one(self, wanted: Claim, tries: int = 3) -> Claimed:
        try:
            with gevent.Timeout(CLAIM_SECONDS), self._begin() as session:
                result = hopper.claim(
                    session,
                    switch_id=self._switch_id,
                    lease_token=self._token,
                    campaign_id=wanted.campaign_id,
                    count=wanted.count,
                    now_wall=self._wall(),
                    leads=wanted.leads,
                    look=wanted.look,
                )
        except (DBAPIError, gevent.Timeout) as error:
            if tries > 1 and may_try_again(error):
                return self._one(wanted, tries - 1)
            self._in_doubt = True
            self._failed(error)
            return Claimed(wanted.batch, (), "database_away")
        self._handed.extend(attempt.attempt_id for attempt in result.attempts)
        return Claimed(wanted.batch, result.attempts, result.refusal, result.ahead)

    def _look_for_strays(self) -> None:
        handed = set(self._handed)
        try:
            with gevent.Timeout(CLAIM_SECONDS), self._begin() as session:
                found = recovery.snapshot(session, self._switch_id, self._wall()).attempts
        except (DBAPIError, gevent.Timeout) as error:
            self._failed(error)
            return
        if self._running:
            return  # a claim began meanwhile: what it makes must not be taken for a stray
        self._in_doubt = False
        strays = [
            attempt.attempt_id
            for attempt in found
            if attempt.state is AttemptState.CLAIMED
            and attempt.attempt_id not in handed
            and not self._known.knows_attempt(attempt.attempt_id)
        ]
        if strays:
            for stray in strays:
                log.warning("closing a claim whose answer was lost", extra={"attempt_id": stray})
            at = self._wall()
            self._journal(
                [
                    AttemptClosed(attempt_id=stray, outcome=Outcome.NOT_DIALED, at=at, verdict="claim_lost")
                    for stray in strays
                ]
            )


class Commands:
    """Takes commands as they come: woken by NOTIFY, with a jittered poll behind it."""

    def __init__(
        self,
        begin: Begin,
        url: str,
        switch_id: str,
        *,
        tell: Callable[[Input], None],
        known: Known,
        failed: Callable[[BaseException], None],
        poll_seconds: float = 1.0,
        rng: random.Random | None = None,
    ) -> None:
        self._begin = begin
        self._conninfo = conninfo(url)
        self._switch_id = switch_id
        self._tell = tell
        self._known = known
        self._failed = failed
        self._poll = poll_seconds
        self._rng = rng or random.Random()  # noqa: S311 - jitter
        self._stopping = Event()

    def stop(self) -> None:
        """End `run` at its next wake-up."""
        self._stopping.set()

    def run(self) -> None:
        """Listen and take, until stopped; a lost connection is made again."""
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._conninfo, autocommit=True, connect_timeout=5) as connection:
                    connection.execute(f"LISTEN {commands.COMMAND_CHANNEL}".encode())
                    while not self._stopping.is_set():
                        self.take_all()
                        wait = self._poll * self._rng.uniform(0.5, 1.0)
                        for _ in connection.notifies(timeout=wait, stop_after=1):
                            pass
            except (psycopg.OperationalError, DBAPIError, gevent.Timeout) as error:
                log.debug("commands are not heard: %s", first_line(error))
                self._failed(error)
                self._stopping.wait(self._poll * self._rng.uniform(0.5, 1.0))

    def take_all(self) -> None:
        """Take everything that waits. Each is durably TAKEN before the engine hears of it."""
        while True:
            with gevent.Timeout(CLAIM_SECONDS), self._begin() as session:
                batch = [
                    self._with_rows(session, command) for command in commands.take(session, self._switch_id)
                ]
            for commanded in batch:
                log.info(
                    "command",
                    extra={"command_id": commanded.command.command_id, "kind": str(commanded.command.kind)},
                )
                self._tell(commanded)
            if not batch:
                return

    def _with_rows(self, session: Session, command: OperatorCommand) -> Commanded:
        agent = campaign = carriers = None
        try:
            if command.agent_id is not None and not self._known.knows_agent(command.agent_id):
                agent = agents.get(session, command.agent_id)
            campaign_id = command.campaign_id or (agent.campaign_id if agent is not None else None)
            if campaign_id is not None and not self._known.knows_campaign(campaign_id):
                campaign = campaigns.get(session, campaign_id)
                carriers = gateways.plan(session, self._switch_id)
        except NotFound as error:
            log.warning(
                "a command names what is not there: %s", error, extra={"command_id": command.command_id}
            )
        return Commanded(command, agent, campaign, carriers, self._verdict(session, command))

    def _verdict(self, session: Session, command: OperatorCommand) -> str:
        """What do-not-call says of the number that a command wants dialed."""
        number, attempt_id = command.payload.get("number"), command.payload.get("attempt_id")
        if command.kind is not CommandKind.AGENT_TRANSFER or number is None:
            return ""
        try:
            return hopper.forbidden(session, str(UUID(str(attempt_id))), str(number)[:20])
        except ValueError:
            return "the command names no call"


_OF_THE_DIALER = ("link_up", "blocked", "switch_lag_p95_ms", "lag_p99_ms", "speed")


def campaign_figures(dialer: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What each campaign's watchers see of a dialer's figures: their campaign's, and what holds for all."""
    shared = {name: dialer[name] for name in _OF_THE_DIALER if name in dialer}
    return {
        campaign_id: {**{k: v for k, v in figures.items() if k != "name"}, **shared}
        for campaign_id, figures in dialer.get("campaigns", {}).items()
    }


class LiveBoard:
    """Keeps the newest snapshot of each topic and writes it about once a second of real time.

    With a dialer's figures go those of each of its campaigns, which its tenant may see.
    """

    def __init__(
        self,
        begin: Begin,
        *,
        wall: Callable[[], float],
        complete: Callable[[Publish], Publish] = lambda publish: publish,
        every_seconds: float = 1.0,
    ) -> None:
        self._begin = begin
        self._wall = wall
        self._complete = complete
        self._every = every_seconds
        self._newest: dict[str, Publish] = {}
        self._stopping = Event()
        self.trouble = False

    def publish(self, snapshot: Publish) -> None:
        """The runner's `publish`."""
        self._newest[snapshot.topic] = snapshot

    def stop(self) -> None:
        """End `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Write until stopped."""
        due = time.monotonic()
        while not self._stopping.is_set():
            due = max(due + self._every, time.monotonic())
            self.flush()
            self._stopping.wait(max(0.0, due - time.monotonic()))

    def flush(self) -> None:
        """Write what is newest. While the database is away snapshots are simply replaced by newer ones."""
        newest, self._newest = self._newest, {}
        if not newest:
            return
        try:
            with gevent.Timeout(CLAIM_SECONDS), self._begin() as session:
                for snapshot in map(self._complete, newest.values()):
                    figures = campaign_figures(snapshot.payload)
                    live.put(session, snapshot.topic, snapshot.payload, self._wall(), campaigns=figures)
            self.trouble = False
        except (DBAPIError, gevent.Timeout) as error:
            if not self.trouble:
                log.warning("live figures are not shown: %s", first_line(error))
            self.trouble = True
            self._newest = {**newest, **self._newest}
