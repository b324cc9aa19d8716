"""The figures of a run, by the definitions of KPI.md, from the durable records alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from models.enums import AgentState, Outcome
from models.records import AgentStateChanged
from tests.simulation.store import Store


@dataclass(frozen=True, slots=True)
class Figures:
    """Over the window from the first dial to the stop of dialing; attempts by their whole life."""

    attempts: int
    dialed: int
    live_answers: int
    abandoned: int
    ended_before_agent: int
    abandon_rate: float
    occupancy: float
    talk_minutes_per_agent_hour: float
    outcomes: Counter[Outcome]

    def line(self) -> str:
        """One line for people."""
        return (
            f"attempts {self.attempts} answers {self.live_answers} abandoned {self.abandoned} "
            f"({100 * self.abandon_rate:.2f} %) early {self.ended_before_agent} "
            f"occupancy {self.occupancy:.3f} talk {self.talk_minutes_per_agent_hour:.1f} min/h"
        )


def measure(store: Store, stopped_at: float, wall0: float) -> Figures:
    """Everything of one run."""
    rows = list(store.attempts.values())
    dialed = [row for row in rows if row.dialed]
    closed = [row.closed for row in rows if row.closed is not None]
    outcomes = Counter(record.outcome for record in closed)
    live = sum(record.outcome.is_live_answer for record in closed)
    abandoned = sum(record.abandoned for record in closed)
    begin = min((row.dialed[0].at for row in dialed), default=wall0)
    spans = _agent_seconds(store, begin, wall0 + stopped_at)
    busy = sum(seconds for state, seconds in spans.items() if state.is_busy)
    there = sum(seconds for state, seconds in spans.items() if state.is_available)
    return Figures(
        attempts=len(rows),
        dialed=len(dialed),
        live_answers=live,
        abandoned=abandoned,
        ended_before_agent=outcomes[Outcome.ENDED_BEFORE_AGENT],
        abandon_rate=abandoned / live if live else 0.0,
        occupancy=busy / there if there else 0.0,
        talk_minutes_per_agent_hour=60.0 * spans[AgentState.TALKING] / there if there else 0.0,
        outcomes=outcomes,
    )


def _agent_seconds(store: Store, begin: float, end: float) -> Counter[AgentState]:
    """Seconds of all agents in each state within the window."""
    spans: Counter[AgentState] = Counter()
    for agent in store.agents.values():
        log: list[AgentStateChanged] = agent.log
        for index, entry in enumerate(log):
            until = log[index + 1].at if index + 1 < len(log) else end
            seconds = min(until, end) - max(entry.at, begin)
            if seconds > 0:
                spans[entry.state] += seconds  # type: ignore[assignment]
    return spans
