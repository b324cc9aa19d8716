"""`kill -9` at random moments, and SIGSTOP past the lease: afterwards nothing is lost, doubled or stuck.

The invariants judge it: no attempt open, nobody dialed twice for one attempt, outcomes and talk seconds equal
the simulator's own, legs of the dead dialer adopted or closed within ten seconds, agents usable, dialing on.
"""

from __future__ import annotations

import pytest

from callflow.engine import agents
from callflow.engine.board import Board
from models.enums import Outcome
from tests.simulation.scenario import freeze, kills
from tests.simulation.world import World

PER_RUN = 8
QUICK_RUNS = 5
SLOW_RUNS = 63


def play(seed: int) -> None:
    world = World(kills(seed, PER_RUN))
    result = world.run()
    assert not result.violations, result.report()
    assert result.kills == PER_RUN
    last = world.processes[-1].token
    later = [row for row in world.store.attempts.values() if row.token == last and row.closed is not None]
    assert any(row.dialed for row in later), f"seed {seed}: the campaign did not go on"
    talked = [row for row in later if row.closed and row.closed.outcome is Outcome.CONNECTED]
    assert talked, f"seed {seed}: no agent was usable after the last kill"


@pytest.mark.parametrize("seed", range(1, 1 + QUICK_RUNS))
def test_kills(seed: int) -> None:
    play(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1 + QUICK_RUNS, 1 + SLOW_RUNS))
def test_many_more_kills(seed: int) -> None:
    """With the quick ones more than 500 in all."""
    play(seed)


@pytest.mark.parametrize("seed", range(1, 13))
def test_a_dialer_that_wakes_up_late_dials_nobody(seed: int) -> None:
    """Stopped between the check of its lease and the write of an originate; another took over meanwhile.

    Odd seeds: its own watch over the lease is switched off, so that the fence alone must hold.
    """
    world = World(freeze(seed))
    result = world.run()
    assert not result.violations, result.report()
    first, second = world.processes[0], world.processes[1]
    assert first.frozen_at is not None
    late = world.switch_legs_of(first, after=first.frozen_at)
    assert late == []
    if not result.scenario.guard_lease:
        assert world.late_originates, "the first dialer did not even try: nothing was tested"
    assert not first.alive
    assert any(row.token == second.token and row.dialed for row in world.store.attempts.values())


def test_without_the_fence_it_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: with neither watch nor fence the late originate makes a phone ring."""

    def unfenced(board: Board, gateway: str, number: str) -> str:
        return f"sofia/gateway/{gateway}/{number}"

    monkeypatch.setattr(agents, "dial_string", unfenced)
    world = World(freeze(1))
    world.run()
    frozen_at = world.processes[0].frozen_at
    assert frozen_at is not None
    assert world.switch_legs_of(world.processes[0], after=frozen_at)
