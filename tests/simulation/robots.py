"""Robot agents: they log in, wrap up, take breaks, leave and come back, all by commands, as people do.

They look at the database row of their agent (what their browser shows), never into the engine.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from models.enums import AgentState, CommandKind
from models.records import AgentStateChanged
from tests.simulation.clock import Clock
from tests.simulation.store import Store
from tests.simulation.tools import Ask, Tools

LOOK_EVERY_SECONDS = 2.0
PATIENCE_SECONDS = 6.0
"""A robot that is not where it wants to be for this long asks again."""

HANG_UP_SHARE = 0.1
"""Share of the conversations that the agent ends, unless the other side does so before."""


def wrap_up_seconds(rng: random.Random, mean: float = 15.0, cv: float = 0.5) -> float:
    """Lognormal, as in the base scenario of PACING.md."""
    sigma = math.sqrt(math.log(1 + cv * cv))
    return math.exp(rng.gauss(math.log(mean) - sigma * sigma / 2, sigma))


@dataclass(slots=True)
class Robot:
    """One agent's intentions."""

    agent_id: str
    rng: random.Random
    wants: AgentState = AgentState.LOGGED_OUT
    asked_at: float = -1e9
    wrapping: str = ""
    hanging_up: str = ""


class Robots:
    """All agents of a world. `restless`: mean seconds between one agent's whims; None: never."""

    def __init__(
        self,
        clock: Clock,
        store: Store,
        seed: int,
        ask: Ask,
        *,
        restless: float | None,
        wrap_mean: float,
        forgetful: float = 0.0,
    ) -> None:
        self._clock = clock
        self._store = store
        self._ask = ask
        self._tools = Tools(clock, store, ask)
        self._restless = restless
        self._wrap_mean = wrap_mean
        self._forgetful = forgetful
        self.robots = {
            agent_id: Robot(agent_id, random.Random(f"{seed}:robot:{agent_id}")) for agent_id in store.agents
        }

    def start(self, spread: float = 5.0) -> None:
        """Log everybody in within a few seconds."""
        for robot in self.robots.values():
            self._clock.after(robot.rng.uniform(0.1, spread), lambda r=robot: self._begin(r))  # type: ignore[misc]

    def send_home(self) -> None:
        """Everybody logs out and stays out."""
        self._restless = None
        for robot in self.robots.values():
            robot.wants = AgentState.LOGGED_OUT
            self._ask_for(robot, CommandKind.AGENT_LOGOUT)

    def state_saved(self, record: AgentStateChanged) -> None:
        """A call ended: the robot gives its disposition after a while (or forgets: the limit ends it)."""
        robot = self.robots[record.agent_id]
        if record.state is AgentState.TALKING and record.attempt_id is not None:
            self._plan_hang_up(robot, record.attempt_id)
            if self._restless is not None:
                self._tools.talk_begins(robot.agent_id, record.attempt_id)
        if record.state is not AgentState.WRAP_UP or record.attempt_id is None:
            return
        self._plan_disposition(robot, record.attempt_id)

    def _plan_hang_up(self, robot: Robot, attempt_id: str) -> None:
        """Restless agents end some conversations; drawn apart, so that nothing else is drawn differently."""
        if self._restless is None or robot.hanging_up == attempt_id:
            return
        robot.hanging_up = attempt_id
        rng = random.Random(f"{attempt_id}:hang up")
        if rng.random() < HANG_UP_SHARE:
            self._clock.after(rng.uniform(0.0, 60.0), lambda: self._hang_up(robot, attempt_id))

    def _hang_up(self, robot: Robot, attempt_id: str) -> None:
        row = self._store.agents[robot.agent_id]
        if row.state.is_talking and row.attempt_id == attempt_id:
            self._ask(CommandKind.AGENT_HANG_UP, robot.agent_id, {"attempt_id": attempt_id})

    def _plan_disposition(self, robot: Robot, attempt_id: str) -> None:
        if robot.wrapping == attempt_id:
            return
        robot.wrapping = attempt_id
        wait = wrap_up_seconds(robot.rng, self._wrap_mean)
        if robot.rng.random() >= self._forgetful:
            self._clock.after(wait, lambda: self._dispose(robot, attempt_id))

    def _dispose(self, robot: Robot, attempt_id: str) -> None:
        payload: dict[str, object] = {"attempt_id": attempt_id, "disposition": "interested", "text": ""}
        self._ask(CommandKind.DISPOSITION, robot.agent_id, payload)

    def _begin(self, robot: Robot) -> None:
        robot.wants = AgentState.READY
        self._ask_for(robot, CommandKind.AGENT_LOGIN)
        self._clock.after(LOOK_EVERY_SECONDS * robot.rng.uniform(0.9, 1.1), lambda: self._look(robot))
        if self._restless is not None:
            self._clock.after(robot.rng.expovariate(1 / self._restless), lambda: self._whim(robot))

    def _look(self, robot: Robot) -> None:
        """Is the world as the robot wants it? If not for a while, ask again."""
        self._clock.after(LOOK_EVERY_SECONDS, lambda: self._look(robot))
        row = self._store.agents[robot.agent_id]
        if row.state is AgentState.WRAP_UP and row.attempt_id is not None:
            self._plan_disposition(robot, row.attempt_id)
        if self._clock.now < robot.asked_at + PATIENCE_SECONDS:
            return
        match robot.wants, row.state:
            case AgentState.READY | AgentState.PAUSED, AgentState.LOGGED_OUT:
                self._ask_for(robot, CommandKind.AGENT_LOGIN)
            case AgentState.READY, AgentState.PAUSED:
                self._ask_for(robot, CommandKind.AGENT_READY)
            case AgentState.LOGGED_OUT, AgentState.READY | AgentState.CONNECTING | AgentState.PAUSED:
                self._ask_for(robot, CommandKind.AGENT_LOGOUT)
            case _:
                pass

    def _whim(self, robot: Robot) -> None:
        if self._restless is None:
            return
        rng = robot.rng
        if robot.wants is AgentState.READY:
            if rng.random() < 0.7:
                robot.wants = AgentState.PAUSED
                self._ask_for(robot, CommandKind.AGENT_PAUSE)
                self._clock.after(rng.uniform(2.0, 20.0), lambda: self._whim(robot))
            else:
                robot.wants = AgentState.LOGGED_OUT
                self._ask_for(robot, CommandKind.AGENT_LOGOUT)
                self._clock.after(rng.uniform(2.0, 20.0), lambda: self._whim(robot))
            return
        was, robot.wants = robot.wants, AgentState.READY
        kind = CommandKind.AGENT_READY if was is AgentState.PAUSED else CommandKind.AGENT_LOGIN
        self._ask_for(robot, kind)
        self._clock.after(rng.expovariate(1 / self._restless), lambda: self._whim(robot))

    def _ask_for(self, robot: Robot, kind: CommandKind) -> None:
        robot.asked_at = self._clock.now
        payload: dict[str, object] = {"reason": "break"} if kind is CommandKind.AGENT_PAUSE else {}
        if kind is CommandKind.AGENT_LOGIN:
            payload["campaign_id"] = self._store.campaign.campaign_id
        self._ask(kind, robot.agent_id, payload)
