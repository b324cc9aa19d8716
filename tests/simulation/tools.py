"""What robots do within a conversation: hold, mute, press keys, forget to undo it, hand it over.

Drawn from the call's id, apart from everything else, so that nothing else is drawn differently.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from models.enums import AgentState, CommandKind
from tests.simulation.clock import Clock
from tests.simulation.store import Store

Ask = Callable[[CommandKind, str, dict[str, object]], None]
HOLD_SHARE = 0.3
MUTE_SHARE = 0.2
KEYS_SHARE = 0.1
TRANSFER_SHARE = 0.2
OUT_SHARE = 0.2
FORGET_SHARE = 0.2
"""Of those who hold or mute: the call ends so, or the other side hangs up in it."""
FIRST_SECONDS = 12.0


class Tools:
    """The agents' call tools of one world."""

    def __init__(self, clock: Clock, store: Store, ask: Ask) -> None:
        self._clock = clock
        self._store = store
        self._ask = ask
        self._planned: set[str] = set()

    def talk_begins(self, agent_id: str, attempt_id: str) -> None:
        """Plan what this agent does in this call, once."""
        if attempt_id in self._planned:
            return
        self._planned.add(attempt_id)
        rng = random.Random(f"{attempt_id}:tools")
        for kind, share in ((CommandKind.AGENT_HOLD, HOLD_SHARE), (CommandKind.AGENT_MUTE, MUTE_SHARE)):
            if rng.random() < share:
                on, lasts = rng.uniform(0.0, FIRST_SECONDS), rng.choice((0.01, 0.1, 1.0, 20.0))
                self._later(on, kind, agent_id, {"attempt_id": attempt_id, "on": True})
                if rng.random() >= FORGET_SHARE:
                    self._later(on + lasts, kind, agent_id, {"attempt_id": attempt_id, "on": False})
        if rng.random() < KEYS_SHARE:
            payload: dict[str, object] = {"attempt_id": attempt_id, "digits": "1#"}
            self._later(rng.uniform(0.0, FIRST_SECONDS), CommandKind.AGENT_DIGITS, agent_id, payload)

        if rng.random() < OUT_SHARE:
            self._clock.after(
                rng.uniform(0.0, FIRST_SECONDS), lambda: self._send_out(rng, agent_id, attempt_id)
            )
        if rng.random() < TRANSFER_SHARE:
            self._clock.after(
                rng.uniform(0.0, FIRST_SECONDS), lambda: self._hand_over(rng, agent_id, attempt_id)
            )

    def _hand_over(self, rng: random.Random, agent_id: str, attempt_id: str) -> None:
        """To somebody who is free, as their page shows; now and then to somebody who is not."""
        row = self._store.agents[agent_id]
        others = [a for a in self._store.agents.values() if a is not row]
        free = [a for a in others if a.state is AgentState.READY]
        if not row.state.is_talking or row.attempt_id != attempt_id or not others:
            return
        other = rng.choice(free if free and rng.random() < 0.9 else others)
        payload: dict[str, object] = {"attempt_id": attempt_id, "to_agent_id": other.agent_id}
        self._ask(CommandKind.AGENT_TRANSFER, agent_id, payload)

    def _send_out(self, rng: random.Random, agent_id: str, attempt_id: str) -> None:
        """To a number that nobody else is called at."""
        row = self._store.agents[agent_id]
        if row.state.is_talking and row.attempt_id == attempt_id:
            number = f"+19995{rng.randrange(1_000_000):06d}"
            payload: dict[str, object] = {"attempt_id": attempt_id, "number": number}
            self._ask(CommandKind.AGENT_TRANSFER, agent_id, payload)

    def _later(self, seconds: float, kind: CommandKind, agent_id: str, payload: dict[str, object]) -> None:
        def ask() -> None:
            # What their page shows: no buttons when nobody is on the line.
            if self._store.agents[agent_id].state.is_talking:
                self._ask(kind, agent_id, payload)

        self._clock.after(seconds, ask)
