"""Simulated agents of the demo: they log in and wrap up through the command table, as people's screens do.

A robot's wrap-up lasts a seeded lognormal time (mean 15 s, cv 0.5: the base scenario of PACING.md) from the
moment at which the dialer says that it began, on the dialer's own clock: how late the robot hears of it does
not add up.
"""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from models.enums import AgentState, CommandKind
from models.repository import commands, live
from models.repository.db import Db

log = logging.getLogger(__name__)

WRAP_UP_MEAN = 15.0
WRAP_UP_CV = 0.5
# How often people end a call how; each word is one of models.dispositions.
DISPOSITIONS = ("success", "refusal", "refusal", "call_back", "call_back", "wrong_person")
LOGIN_AGAIN_SECONDS = 30.0
MIN_POLL_SECONDS = 0.04  # real
MAX_POLL_SECONDS = 0.25  # real
CLOCK_EVERY_SECONDS = 0.5  # real

_AGENTS = text(
    """
    SELECT id::text AS agent_id, state, extract(epoch FROM state_since)::float8 AS since,
           state_log_id::text AS spell, attempt_id::text
      FROM agent WHERE campaign_id = CAST(:campaign_id AS uuid) AND switch_id = CAST(:switch_id AS uuid)
    """
)


@dataclass(frozen=True, slots=True)
class Seen:
    """An agent as the database shows it; `spell` names this stay in the state."""

    agent_id: str
    state: AgentState
    since: float
    spell: str
    attempt_id: str | None


class DialerClock:
    """The dialer's wall time, from its live snapshots: they come late, never early, so the latest wins."""

    __slots__ = ("_offset", "_real", "speed")

    def __init__(self, real: Callable[[], float] = time.monotonic) -> None:
        self._real = real
        self._offset: float | None = None
        self.speed = 1.0

    def hear(self, wall: float, age_seconds: float, speed: float) -> None:
        """A snapshot taken at `wall`, written `age_seconds` (real) ago, by a dialer at `speed`."""
        offset = wall - (self._real() - age_seconds) * speed
        if speed != self.speed or self._offset is None:
            self.speed, self._offset = speed, offset
        self._offset = max(self._offset, offset)

    def now(self) -> float | None:
        """Epoch seconds on the dialer's clock; None before the first snapshot."""
        return None if self._offset is None else self._offset + self._real() * self.speed


def lognormal(rng: random.Random, mean: float, cv: float) -> float:
    """A lognormal draw of the given mean and coefficient of variation."""
    sigma2 = math.log(1 + cv * cv)
    return math.exp(rng.gauss(math.log(mean) - sigma2 / 2, math.sqrt(sigma2)))


@dataclass(slots=True)
class Plan:
    """What the robots will do and when; pure. Keeps one entry per wrap-up that it has seen."""

    seed: int
    agent_ids: tuple[str, ...]
    _draws: dict[str, random.Random] = field(default_factory=dict)
    _due: dict[str, tuple[float, Seen, str]] = field(default_factory=dict)
    _last: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place, agent_id in enumerate(self.agent_ids):
            # The same seed gives the same people, whatever ids the database gave them.
            self._draws[agent_id] = random.Random(f"robot {self.seed} {place}")  # noqa: S311 - a simulation

    def see(self, agents: Iterable[Seen]) -> None:
        """Plan the end of every wrap-up that is new; forget those that ended without us."""
        wrapping: set[str] = set()
        for agent in agents:
            if agent.state is not AgentState.WRAP_UP or agent.agent_id not in self._draws:
                continue
            wrapping.add(agent.agent_id)
            if self._last.get(agent.agent_id) == agent.spell:
                continue
            self._last[agent.agent_id] = agent.spell
            rng = self._draws[agent.agent_id]
            due = agent.since + lognormal(rng, WRAP_UP_MEAN, WRAP_UP_CV)
            self._due[agent.agent_id] = (due, agent, rng.choice(DISPOSITIONS))
        for agent_id in self._due.keys() - wrapping:
            del self._due[agent_id]

    def take_due(self, now: float) -> list[tuple[Seen, str]]:
        """The wrap-ups to end now, with their dispositions; each is handed out once."""
        ready = [agent_id for agent_id, (due, _, _) in self._due.items() if due <= now]
        return [(entry[1], entry[2]) for entry in map(self._due.pop, ready)]

    def next_due(self) -> float | None:
        """When the next wrap-up ends."""
        return min((due for due, _, _ in self._due.values()), default=None)


class Robots:
    """Runs a Plan against the database in a thread of its own."""

    def __init__(
        self, engine: Engine, plan: Plan, *, switch_id: str, campaign_id: str, topic: str = "dialer"
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._switch_id, self._campaign_id = switch_id, campaign_id
        self._topic = topic
        self._stopping = threading.Event()
        self._at_work = True
        self._asked_login: dict[str, float] = {}
        self._clock_read = -math.inf
        self._thread = threading.Thread(target=self._run, name="robots", daemon=True)
        self.clock = DialerClock()
        self.states: dict[str, AgentState] = {}
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Log in and work until told otherwise."""
        self._thread.start()

    def go_home(self) -> None:
        """Nobody logs in again. Whoever is logged in goes on: calls that ring may still be answered."""
        self._at_work = False

    def stop(self) -> None:
        """Stop working; agents stay as they are."""
        self._stopping.set()
        self._thread.join(10)

    def count(self, *states: AgentState) -> int:
        """How many agents were in one of the states when last seen."""
        return sum(state in states for state in self.states.values())

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    wait = self._step()
                except OperationalError:
                    log.warning("the robots lost the database, trying again")
                    wait = 1.0
                self._stopping.wait(wait)
        except BaseException as error:  # noqa: BLE001 - handed to the demo, which ends with it
            self.failure = error

    def _step(self) -> float:
        """Look once, do what is due; real seconds until the next look."""
        with self._engine.begin() as db:
            self._read_clock(db)
            seen = [
                Seen(row.agent_id, AgentState(row.state), row.since, row.spell or "", row.attempt_id)
                for row in db.execute(
                    _AGENTS, {"switch_id": self._switch_id, "campaign_id": self._campaign_id}
                )
            ]
            self.states = {agent.agent_id: agent.state for agent in seen}
            self._plan.see(seen)
            now = self.clock.now()
            if now is None:
                return MIN_POLL_SECONDS
            for agent, disposition in self._plan.take_due(now):
                payload = {"disposition": disposition}
                if agent.attempt_id:
                    payload["attempt_id"] = agent.attempt_id
                self._ask(db, CommandKind.DISPOSITION, agent.agent_id, payload, key=f"robot:{agent.spell}")
            self._log_in(db, seen, now)
        return self._wait(now)

    def _wait(self, now: float) -> float:
        speed = self.clock.speed
        poll = min(MAX_POLL_SECONDS, max(MIN_POLL_SECONDS, 0.5 / speed))
        due = self._plan.next_due()
        return poll if due is None else min(poll, max(0.005, (due - now) / speed))

    def _read_clock(self, db: Db) -> None:
        real = time.monotonic()
        if real - self._clock_read < CLOCK_EVERY_SECONDS:
            return
        shown = live.get(db, self._topic)
        if shown is not None and shown.age_seconds < 10:
            self._clock_read = real
            self.clock.hear(shown.at, shown.age_seconds, float(shown.payload.get("speed", 1.0)))

    def _log_in(self, db: Db, seen: list[Seen], now: float) -> None:
        if not self._at_work:
            return
        for agent in seen:
            if agent.agent_id not in self._plan.agent_ids:
                continue  # a person who works along comes and goes as they like
            out = agent.state is AgentState.LOGGED_OUT
            if out and now >= self._asked_login.get(agent.agent_id, -math.inf) + LOGIN_AGAIN_SECONDS:
                self._asked_login[agent.agent_id] = now
                self._ask(db, CommandKind.AGENT_LOGIN, agent.agent_id, {})

    def _ask(
        self, db: Db, kind: CommandKind, agent_id: str, payload: dict[str, str], key: str | None = None
    ) -> None:
        commands.insert(
            db,
            kind=kind,
            agent_id=agent_id,
            payload=payload,
            requested_by="demo robot",
            idempotency_key=key,
            switch_id=self._switch_id,
            campaign_id=self._campaign_id,
        )
