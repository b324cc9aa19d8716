"""The state machines as data: closed, connected, and final where they say so."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from callflow.engine.tables import (
    AGENT,
    ATTEMPT,
    LEG,
    RECORDING,
    AgentEvent,
    AttemptEvent,
    LegEvent,
    LegState,
    RecordingEvent,
    RecordingState,
)
from models.enums import AgentState, AttemptState

S = TypeVar("S", bound=StrEnum)
V = TypeVar("V", bound=StrEnum)


def reachable(table: Mapping[tuple[S, V], S], start: S) -> set[S]:
    seen, todo = {start}, [start]
    while todo:
        state = todo.pop()
        for (before, _), after in table.items():
            if before == state and after not in seen:
                seen.add(after)
                todo.append(after)
    return seen


def test_every_state_is_reached_and_every_event_used() -> None:
    assert reachable(AGENT, AgentState.LOGGED_OUT) == set(AgentState)
    assert reachable(LEG, LegState.SENT) == set(LegState)
    assert reachable(ATTEMPT, AttemptState.CLAIMED) == set(AttemptState)
    first = reachable(RECORDING, RecordingState.ANNOUNCING)
    assert first == set(RecordingState)
    assert {event for _, event in RECORDING} == set(RecordingEvent)
    assert {event for _, event in AGENT} == set(AgentEvent)
    assert {event for _, event in LEG} == set(LegEvent)
    assert {event for _, event in ATTEMPT} == set(AttemptEvent)


def test_the_ends_are_final() -> None:
    assert not [key for key in LEG if key[0] is LegState.ENDED]
    assert not [key for key in ATTEMPT if key[0] is AttemptState.CLOSED]
    assert not [key for key in RECORDING if key[0] is RecordingState.ENDED]


def test_a_leg_can_end_and_an_attempt_be_closed_in_every_state() -> None:
    assert all((s, LegEvent.END) in LEG for s in LegState if s is not LegState.ENDED)
    assert all((s, AttemptEvent.CLOSE) in ATTEMPT for s in AttemptState if s is not AttemptState.CLOSED)


def test_an_agent_in_a_call_is_never_ready_at_once() -> None:
    """Between two calls lies a wrap-up, or a reservation that came to nothing."""
    left = {after for (before, _), after in AGENT.items() if before.is_talking and not after.is_talking}
    assert left == {AgentState.WRAP_UP}
