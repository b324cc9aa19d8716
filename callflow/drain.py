"""How a dialer stops.

No new calls, calls in hand finish, agents are logged out, nothing is left on the switch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from gevent.event import Event

from callflow.clock import ScaledClock
from callflow.effects import Send
from callflow.engine import Engine
from callflow.inputs import Commanded
from callflow.runner import Runner, SwitchPort
from esl import commands
from models.enums import AgentState, CommandKind, LegKind
from models.ids import new_id
from models.records import OperatorCommand

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.05  # real
HANG_UP_SECONDS = 10.0  # virtual, and at least 2 real: a hang-up takes 20 to 40 ms


class Drain:
    """Winds one engine down. `hurry` is set by a second signal: what is left is hung up at once."""

    def __init__(
        self,
        engine: Engine,
        runner: Runner,
        clock: ScaledClock,
        switch: SwitchPort,
        *,
        hurry: Event,
        gone: Event,
    ) -> None:
        self._engine = engine
        self._runner = runner
        self._clock = clock
        self._switch = switch
        self._hurry = hurry
        self._gone = gone
        """Set when the runner has ended by itself: then nothing can be waited for."""

    def run(self, drain_max_seconds: float) -> bool:
        """True if every call ended by itself within `drain_max_seconds` of engine time."""
        board = self._engine.board
        self._runner.allow(False, "winding_down")
        log.info("winding down", extra={"open_attempts": len(board.attempts), "drain_max": drain_max_seconds})
        clean = self._until(lambda: not board.attempts and not board.batches, drain_max_seconds, hurry=True)
        if not clean and board.link_up:
            log.warning("hanging up the calls that are left", extra={"open_attempts": len(board.attempts)})
            self._hang_up(LegKind.CUSTOMER)
            self._until(lambda: not board.attempts, self._hang_up_seconds())
        self._log_out()
        if board.link_up:
            self._until(lambda: not board.legs, self._hang_up_seconds())
            if board.legs:
                self._hang_up(None)
                self._until(lambda: not board.legs, self._hang_up_seconds())
        return clean

    def _hang_up_seconds(self) -> float:
        return max(HANG_UP_SECONDS, 2.0 * self._clock.speed)

    def _until(self, done: Callable[[], bool], engine_seconds: float, *, hurry: bool = False) -> bool:
        """Wait for `done`, seen between two steps of the engine."""
        deadline = self._clock.now() + engine_seconds
        while not done():
            if self._gone.is_set() or (hurry and self._hurry.is_set()) or self._clock.now() >= deadline:
                return False
            self._gone.wait(LOOK_SECONDS)
        return True

    def _hang_up(self, kind: LegKind | None) -> None:
        legs = [leg for leg in self._engine.board.legs.values() if kind is None or leg.kind is kind]
        if legs:
            self._switch.send([Send(commands.uuid_kill(leg.leg_id)) for leg in legs])

    def _log_out(self) -> None:
        """Through the engine, as if each agent had asked: the state log closes and their legs are hung up."""
        for agent in list(self._engine.board.agents.values()):
            if agent.state is not AgentState.LOGGED_OUT:
                self._runner.tell(
                    Commanded(
                        OperatorCommand(
                            command_id=new_id(),
                            kind=CommandKind.AGENT_LOGOUT,
                            agent_id=agent.agent_id,
                            payload={"reason": "dialer stopped"},
                        )
                    )
                )
