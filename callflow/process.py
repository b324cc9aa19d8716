"""One dialer process put together: what it starts, in which order, and what ends it.

Start: database, lease, journals of earlier processes into PostgreSQL, snapshot, engine, link. Recovery is
the normal start. End: a signal winds down (callflow.drain); a lost lease, a full disk or a failing engine
ends it at once, and the next start recovers.
"""

from __future__ import annotations

import gc
import logging
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import gevent
from gevent.event import Event
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from callflow.budgets import Budgets
from callflow.clock import ScaledClock
from callflow.database import Claims, Commands, LiveBoard, PostgresLease
from callflow.decisions import DecisionLogs
from callflow.dial_string import DEFAULT, DialStrings
from callflow.drain import Drain
from callflow.effects import Publish
from callflow.engine import Engine, EngineConfig
from callflow.errors import CallflowError, LeaseLost, NoSimulator
from callflow.greenlets import spawn
from callflow.inputs import Started
from callflow.journal import Journal, Journals
from callflow.lag import SpeedGovernor
from callflow.learned import Keeper, readable
from callflow.lease import Lease
from callflow.provision import Provision
from callflow.runner import Runner
from callflow.switch import EVENTS, Switch, fence_name
from callflow.writer import Writer, first_line
from esl.client import Client
from esl.link import LinkSettings
from models import migrate
from models.errors import ModelsError
from models.ids import new_id
from models.records import DialerSnapshot
from models.repository import clock as database_clock
from models.repository import commands as command_rows
from models.repository import records, recovery, setup
from models.session import sessions, sync_engine

log = logging.getLogger(__name__)

FLUSH_SECONDS = 30.0
MAX_INBOX = 20_000
"""Inputs that wait for the engine: while there are more the switch is not read, and queues its events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialerOptions:
    """What a dialer is started with. Times of the switch and of `drain_max_seconds` are engine seconds."""

    database_url: str
    data_directory: Path
    switch_name: str
    link: LinkSettings
    speed: float = 1.0
    drain_max_seconds: float = 300.0
    lease_ttl_seconds: float = 10.0
    legs_per_second: float = 25.0
    recordings: str = "/var/lib/freeswitch/recordings"
    dial: DialStrings = DEFAULT
    decision_days: float = 0.0
    shadow_policy: str = ""


class _EngineView:
    """What the database's greenlets ask of the engine (callflow.database.Known)."""

    def __init__(self, engine: Engine) -> None:
        self._board = engine.board

    def knows_attempt(self, attempt_id: str) -> bool:
        return attempt_id in self._board.attempts

    def knows_agent(self, agent_id: str) -> bool:
        return agent_id in self._board.agents

    def knows_campaign(self, campaign_id: str) -> bool:
        return campaign_id in self._board.campaigns


class DialerProcess:
    """`run` returns the process's exit code: 0 after a clean stop."""

    def __init__(self, options: DialerOptions) -> None:
        self.options = options
        self._stop = Event()
        self._hurry = Event()
        self._over = Event()
        self._failure: BaseException | None = None
        self._sql = _database(options, pool_size=6)
        self._lease_sql = _database(options, pool_size=1)
        self._sessions: sessionmaker[Session] = sessions(self._sql)

    # --- asked from outside ---------------------------------------------------------------------------------

    def stop(self) -> None:
        """Wind down; asked again, hang up what is left."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()
        self._over.set()

    def _fail(self, name: str, error: BaseException) -> None:
        """A greenlet that must not end has ended."""
        if self._failure is None:
            self._failure = error
        self._over.set()

    # --- the whole life -------------------------------------------------------------------------------------

    def run(self) -> int:
        """Start, work, stop.

        Raises:
            CallflowError, ModelsError: it can't start; one sentence that says what to do.
            DBAPIError: the database is away at the start.
        """
        switch_id = self._check_database()
        journals = Journals(self.options.data_directory / "journal" / switch_id, switch_id)
        lease: Lease | None = None
        try:
            lease = self._take_lease(switch_id, journals)
            if lease is None:
                return 0
            snapshot, wall = self._recover(switch_id, journals)
            return self._work(switch_id, lease, journals.own, snapshot, wall)
        finally:
            if lease is not None:
                self._let_go(lease)
            journals.close()
            self._sql.dispose()
            self._lease_sql.dispose()

    def _check_database(self) -> str:
        """The switch's id. Raises ModelsError when the schema is not this version's."""
        with self._sessions.begin() as session:
            found = migrate.current(session.connection())
            if found != migrate.head():
                raise ModelsError(
                    "schema_version",
                    f"The database has schema {found or 'none'} and this version needs {migrate.head()}: run "
                    "`ringmaster db migrate`.",
                )
            return setup.switch(session, self.options.switch_name)

    def _take_lease(self, switch_id: str, journals: Journals) -> Lease | None:
        """Wait for the lease as long as another holds it; None if we were stopped meanwhile."""
        ttl, holder = self.options.lease_ttl_seconds, new_id()
        store = PostgresLease(sessions(self._lease_sql).begin, switch_id, holder, ttl)
        lease = Lease(store, ttl_seconds=ttl, on_trust=self._trust_changed, on_lost=self._lease_lost)
        self._bury(store, [journals.own])
        waiting = False
        while not self._stop.is_set():
            self._bury(store, journals.collect())
            if lease.acquire():
                journals.own.set_holder(holder)
                log.info(
                    "this dialer commands the switch", extra={"switch_id": switch_id, "token": lease.token}
                )
                spawn("lease", lease.run, failed=self._fail)
                return lease
            if not waiting:
                log.info("another dialer commands the switch: standing by", extra={"switch_id": switch_id})
                waiting = True
            self._stop.wait(min(1.0, ttl / 4))
        return None

    def _bury(self, store: PostgresLease, journals: list[Journal]) -> None:
        for journal in journals:
            if journal.holder:
                store.bury(journal.holder)

    def _recover(self, switch_id: str, journals: Journals) -> tuple[DialerSnapshot, float]:
        """Earlier processes' journals into PostgreSQL; then what PostgreSQL knows, and its time."""
        journals.collect()
        for journal in (*journals.left_behind, journals.own):
            self._bring_in(journal)
        with self._sessions.begin() as session:
            unknown = command_rows.mark_unknown_after_crash(session, switch_id)
            wall = database_clock.wall_start(session)
            snapshot = readable(recovery.snapshot(session, switch_id, wall))
        log.info(
            "recovered",
            extra={
                "open_attempts": len(snapshot.attempts),
                "agents": len(snapshot.agents),
                "campaigns": len(snapshot.campaigns),
                "commands_unknown": len(unknown),
            },
        )
        return snapshot, wall

    def _bring_in(self, journal: Journal) -> None:
        writer = Writer(journal, self._sessions.begin, records.apply)
        while not writer.write_once():
            gevent.sleep(0)
        for torn in journal.torn:
            log.warning(
                "the last line of a journal was cut short; its step never had an effect",
                extra={"file": str(torn.path), "offset": torn.offset, "bytes": torn.lost_bytes},
            )
        if writer.written:
            log.info("an earlier dialer's journal was brought in", extra={"records": writer.written})

    def _work(self, switch_id: str, lease: Lease, own: Journal, snapshot: DialerSnapshot, wall: float) -> int:
        parts = _Parts(self, switch_id, lease, own)
        self._parts = parts
        parts.clock.anchor(wall)
        parts.runner.tell(Started(snapshot, wall))
        # The engine takes `wall` as the time at which it handles Started, a moment later; the clock follows.
        parts.runner.call(lambda: self._follow(parts))
        if not lease.trusted():
            parts.runner.allow(False, "lease")
        parts.start()
        self._over.wait()
        clean = self._failure is None
        if clean:
            drain = Drain(
                parts.engine,
                parts.runner,
                parts.clock,
                parts.switch,
                hurry=self._hurry,
                gone=parts.runner_gone,
            )
            drain.run(self.options.drain_max_seconds)
        return parts.stop(clean and self._failure is None, self._failure)

    @staticmethod
    def _follow(parts: _Parts) -> None:
        """One wall time for engine, claims and live figures (at speed 20, 50 ms are a second)."""
        parts.clock.anchor(parts.engine.board.wall_offset + parts.clock.now())

    _parts: _Parts | None = None

    def _trust_changed(self, trusted: bool) -> None:
        if self._parts is not None:
            self._parts.runner.allow(trusted, "lease")
            self._parts.switch.trust_changed(trusted)

    def _lease_lost(self) -> None:
        self._fail(
            "lease", LeaseLost("Another dialer commands the switch now: this one has given up its engine.")
        )

    def _let_go(self, lease: Lease) -> None:
        try:
            lease.release()
        except (DBAPIError, gevent.Timeout) as error:
            log.warning("the lease could not be released, it runs out by itself: %s", first_line(error))


class _Parts:
    """Everything that runs while a dialer holds the lease."""

    def __init__(self, owner: DialerProcess, switch_id: str, lease: Lease, journal: Journal) -> None:
        options = owner.options
        self.fail = owner._fail
        self.lease = lease
        self.clock = ScaledClock(options.speed)
        self.engine = Engine(engine_config(options, switch_id, lease.token), new_id)
        self.journal = journal
        self.runner_gone = Event()
        self.governor = SpeedGovernor()
        self.decisions = DecisionLogs(
            options.data_directory / "decisions",
            wall=self.clock.wall,
            keep_days=options.decision_days,
            shadow_policy=options.shadow_policy,
        )
        self.stopping = Event()
        self.taking: gevent.Greenlet | None = None
        begin = owner._sessions.begin
        self.writer = Writer(
            journal,
            begin,
            records.apply,
            on_database=lambda there: self.runner.allow(there, "database_away"),
            on_written=lambda position: self.runner.written(position),
        )
        known = _EngineView(self.engine)
        self.live = LiveBoard(begin, wall=self.clock.wall, complete=self._complete)
        self.switch = Switch(
            options.link,
            lease,
            lambda item: self.runner.tell(item),
            on_speed=self._adopt_speed,
            busy=lambda: self.runner.inbox_length > MAX_INBOX,
        )
        self.claims = Claims(
            begin,
            switch_id,
            lease.token,
            wall=self.clock.wall,
            tell=lambda item: self.runner.tell(item),
            journal=lambda closed: self.runner.record(closed),
            known=known,
            failed=self.writer.database_failed,
            refused=lease.doubt,
        )
        self.commands = Commands(
            begin,
            options.database_url,
            switch_id,
            tell=lambda item: self.runner.tell(item),
            known=known,
            failed=self.writer.database_failed,
        )
        self.budgets = Budgets(
            begin,
            switch_id,
            wall=self.clock.wall,
            tell=lambda item: self.runner.tell(item),
            failed=self.writer.database_failed,
        )
        self.provision = Provision(
            begin,
            switch_id,
            lambda: Client(options.link.host, options.link.port, options.link.password),
            ready=self._core_to_provide,
            phone_profile=options.dial.phone_profile,
            failed=self.writer.database_failed,
        )
        self.learned = Keeper(begin, lambda: self.engine.board.campaigns)
        self.runner = Runner(
            self.engine,
            self.clock,
            journal,
            switch=self.switch,
            claim=self.claims.claim,
            publish=self.live.publish,
            journaled=self.writer.notify,
            ready=lease.settle,
        )

    def start(self) -> None:
        """Start every greenlet; the link last, when everybody listens."""
        gc.collect()
        gc.freeze()  # what is here stays: the collector need not walk it while calls wait
        spawn("writer", self.writer.run, failed=self.fail)
        spawn("runner", self._run_engine, failed=self.fail)
        self.claims.start(self.fail)
        self.taking = spawn("commands", self.commands.run, failed=self.fail)
        spawn("live", self.live.run, failed=self.fail)
        spawn("budgets", self.budgets.run, failed=self.fail)
        spawn("provision", self.provision.run, failed=self.fail)
        spawn("learned", self.learned.run)
        spawn("governor", self._govern, failed=self.fail)
        spawn("decisions", self._record_decisions)
        self.switch.start()

    def _run_engine(self) -> None:
        try:
            self.runner.run()
        finally:
            self.runner_gone.set()

    def stop(self, clean: bool, failure: BaseException | None) -> int:
        """End everything; the exit code. After a failure nothing more is sent to the switch."""
        self.stopping.set()
        self.commands.stop()
        self.budgets.stop()
        self.provision.stop()
        if self.taking is not None:  # what was TAKEN is heard by the engine before its loop ends
            self.taking.join(timeout=5.0)
        self.runner.stop()
        self.runner_gone.wait(5.0)
        self.claims.stop()
        self._collect_decisions()
        self.learned.stop()
        if clean:
            self.learned.keep()
        flushed = self.writer.drain(FLUSH_SECONDS if clean else 5.0)
        if not flushed:
            log.warning(
                "the database is away: what it does not have is in the journal, and the next start brings it"
            )
        self.live.stop()
        self.live.publish(Publish("dialer", {**self.engine.status(), "stopped": True}))
        self.live.flush()
        self.writer.stop()
        if clean:
            self.runner.clean_up(self.journal.checkpoint)
            self.switch.stop()
        else:
            self.switch.close()
        if failure is None:
            log.info("stopped", extra={"flushed": flushed})
            return 0
        level = logging.WARNING if isinstance(failure, CallflowError) else logging.CRITICAL
        log.log(level, "stopped: %s", failure)
        codes: dict[type[BaseException], int] = {LeaseLost: 3, NoSimulator: 2}
        return codes.get(type(failure), 1)

    def _core_to_provide(self) -> str:
        """Which run of the switch may be told what to keep: the one that we command."""
        up = self.switch.link.up
        return up.core_uuid if up is not None and self.lease.trusted() else ""

    def _complete(self, snapshot: Publish) -> Publish:
        if snapshot.topic != "dialer":
            return snapshot
        own = {
            **self.runner.status(),
            "writer": self.writer.status(),
            "lease": self.lease.status(),
            "switch": self.switch.status(),
            "provision": self.provision.status(),
            "decisions": self.decisions.status(),
        }
        return Publish("dialer", {**snapshot.payload, **own})

    def _adopt_speed(self, speed: float | None) -> None:
        """The simulator's speed is ours; a real switch has none, and no clock but the real one."""
        if speed is None and self.clock.speed != 1.0:
            self.fail("speed", NoSimulator("--speed is for the simulator only: start the dialer without it."))
        elif speed is not None and speed != self.clock.speed:
            log.info("taking over the simulator's speed", extra={"speed": speed})
            self.set_speed(speed)

    def set_speed(self, speed: float) -> None:
        """Our clock's speed, from now on."""
        self.clock.set_speed(speed)
        self.runner.lag.clear()
        self.runner.wake()

    def _record_decisions(self) -> None:
        """Recording is for later: whatever goes wrong with it, the dialer dials on."""
        while not self.stopping.wait(1.0):
            self._collect_decisions()

    def _collect_decisions(self) -> None:
        board = self.engine.board
        pacers = {key: campaign.pacer for key, campaign in board.campaigns.items()}
        self.decisions.collect(pacers, board.wall_offset)

    def _govern(self) -> None:
        """Lower the speed of the simulator and our own together when we are too late for it."""
        while not self.stopping.wait(0.25):
            _, p99 = self.runner.lag.percentiles()
            slower = self.governor.judge(time.monotonic(), p99, self.clock.speed)
            if slower is not None and self.switch.set_speed(slower):
                log.warning(
                    "too slow for this speed: lowering it",
                    extra={"lag_p99_ms": round(p99), "speed_from": self.clock.speed, "speed_to": slower},
                )
                self.set_speed(slower)


def _database(options: DialerOptions, pool_size: int) -> SqlEngine:
    """Connections whose locks PostgreSQL frees when we are stopped in the middle of a transaction.

    A claim locks the lease's row until its commit: whoever hangs there would keep everybody else from taking
    over.
    """
    engine = sync_engine(options.database_url, pool_size=pool_size)
    idle_ms = round(options.lease_ttl_seconds * 500)

    def limit(connection: DBAPIConnection, record: object) -> None:
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"SET idle_in_transaction_session_timeout = {idle_ms:d}")
        connection.commit()

    event.listen(engine, "connect", limit)
    return engine


def engine_config(options: DialerOptions, switch_id: str, token: int) -> EngineConfig:
    """The engine's settings. Limits that stand for real work (a claim's transaction, the switch's reply) are
    real seconds, so against a simulator that runs faster they are that much longer in engine seconds."""
    extra = max(0.0, options.speed - 1.0)
    return EngineConfig(
        switch_id=switch_id,
        owner=switch_id,
        fence=fence_name(token),
        dial=options.dial,
        legs_per_second=options.legs_per_second,
        recordings=options.recordings,
        claim_ttl_seconds=0.5 * max(1.0, options.speed),
        lag_slow_seconds=0.15 + 0.02 * extra,
        lag_stop_seconds=0.5 + 0.05 * extra,
        max_skew_seconds=5.0 if options.speed == 1.0 else None,
    )


def link_settings(host: str, port: int, password: str) -> LinkSettings:
    """The link with the events that the engine reads, and no others."""
    return LinkSettings(host, port, password, events=EVENTS)
