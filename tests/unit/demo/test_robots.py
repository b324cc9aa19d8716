from __future__ import annotations

import math
import random
import statistics

import pytest

from callflow.robots import WRAP_UP_CV, WRAP_UP_MEAN, DialerClock, Plan, Seen, lognormal
from models.enums import AgentState

A, B = "agent-a", "agent-b"


def seen(agent: str, state: AgentState, since: float = 100.0, spell: str = "s1") -> Seen:
    return Seen(agent, state, since, spell, "attempt")


def test_a_wrap_up_is_due_counted_from_when_it_began_not_from_when_it_was_heard_of() -> None:
    early, late = Plan(1, (A,)), Plan(1, (A,))
    early.see([seen(A, AgentState.WRAP_UP)])
    late.see([])
    late.see([seen(A, AgentState.WRAP_UP)])
    assert early.next_due() == late.next_due()
    due = early.next_due()
    assert due is not None
    assert early.take_due(due - 0.001) == []
    assert [agent.agent_id for agent, _ in early.take_due(due)] == [A]
    assert early.take_due(due + 1000) == []


def test_seeing_the_same_wrap_up_again_changes_nothing_and_it_is_ended_once() -> None:
    plan = Plan(1, (A,))
    for _ in range(3):
        plan.see([seen(A, AgentState.WRAP_UP)])
    assert len(plan.take_due(math.inf)) == 1
    plan.see([seen(A, AgentState.WRAP_UP)])
    assert plan.take_due(math.inf) == []
    plan.see([seen(A, AgentState.WRAP_UP, spell="s2")])
    assert len(plan.take_due(math.inf)) == 1


def test_a_wrap_up_that_ended_without_the_robot_is_forgotten() -> None:
    plan = Plan(1, (A, B))
    plan.see([seen(A, AgentState.WRAP_UP), seen(B, AgentState.WRAP_UP)])
    plan.see([seen(A, AgentState.READY, spell="s2"), seen(B, AgentState.WRAP_UP)])
    assert [agent.agent_id for agent, _ in plan.take_due(math.inf)] == [B]


def test_the_seed_decides_whatever_ids_the_database_gave() -> None:
    one, other, third = Plan(7, (A, B)), Plan(7, ("x", "y")), Plan(8, (A, B))
    one.see([seen(B, AgentState.WRAP_UP)])
    other.see([seen("y", AgentState.WRAP_UP)])
    third.see([seen(B, AgentState.WRAP_UP)])
    assert one.next_due() == other.next_due()
    assert one.next_due() != third.next_due()


def test_agents_of_other_shifts_are_left_alone() -> None:
    plan = Plan(1, (A,))
    plan.see([seen("stranger", AgentState.WRAP_UP)])
    assert plan.next_due() is None


def test_wrap_up_times_are_those_of_the_base_scenario() -> None:
    rng = random.Random(1)
    draws = [lognormal(rng, WRAP_UP_MEAN, WRAP_UP_CV) for _ in range(20_000)]
    assert statistics.mean(draws) == pytest.approx(15.0, rel=0.02)
    assert statistics.stdev(draws) / statistics.mean(draws) == pytest.approx(0.5, rel=0.04)


class Real:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_dialers_clock_runs_at_its_speed_between_snapshots() -> None:
    real = Real()
    clock = DialerClock(real)
    assert clock.now() is None
    clock.hear(1000.0, 0.0, 20.0)
    real.now = 2.0
    assert clock.now() == pytest.approx(1040.0)


def test_a_snapshot_that_came_late_does_not_set_the_clock_back() -> None:
    real = Real()
    clock = DialerClock(real)
    clock.hear(1000.0, 0.0, 20.0)
    real.now = 1.0
    clock.hear(1018.0, 0.0, 20.0)  # 0.1 s on its way, unnoticed
    assert clock.now() == pytest.approx(1020.0)
    clock.hear(1022.0, 0.0, 20.0)
    assert clock.now() == pytest.approx(1022.0)


def test_a_new_speed_begins_at_the_snapshot_that_tells_it() -> None:
    real = Real()
    clock = DialerClock(real)
    clock.hear(1000.0, 0.0, 20.0)
    real.now = 1.0
    clock.hear(1015.0, 0.0, 15.0)
    real.now = 2.0
    assert clock.now() == pytest.approx(1030.0)
