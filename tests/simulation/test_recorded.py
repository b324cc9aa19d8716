"""Recording under every plan, in storms and under `kill -9`: see `tests.simulation.recordings`."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace

import pytest

from callflow.engine.tables import RECORDING
from models.enums import CommandStatus, RecordingConsent, RecordingMode
from models.recordings import RecordingPlan
from tests.simulation.recordings import answered
from tests.simulation.scenario import base, recorded
from tests.simulation.world import World

SLOW_SEEDS = int(os.environ.get("RINGMASTER_SIM_SEEDS", "300"))


def play(seed: int) -> World:
    world = World(recorded(seed))
    result = world.run()
    assert not result.violations, result.report()
    return world


def test_every_plan_and_every_way_through_the_table() -> None:
    hits: Counter[tuple[str, str, str]] = Counter()
    answers: Counter[CommandStatus] = Counter()
    files = 0
    for seed in range(9):
        world = play(seed)
        hits.update(world.transitions)
        answers.update(answered(world.checker))
        files += len(world.store.recordings)
    ways = [("recording", str(state), str(event)) for state, event in RECORDING]
    assert not [way for way in ways if hits[way] == 0]
    assert files > 150
    assert answers[CommandStatus.DONE] > 300
    assert answers[CommandStatus.REFUSED] > 100


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(9, SLOW_SEEDS))
def test_more_seeds(seed: int) -> None:
    play(seed)


def test_undisturbed_every_conversation_is_recorded_whole() -> None:
    plan = RecordingPlan(mode=RecordingMode.ALWAYS, consent=RecordingConsent.NONE)
    world = World(replace(base(3, agents=8, seconds=300.0, answer_probability=0.6), recording=plan))
    result = world.run()
    assert not result.violations, result.report()
    talks = {a.attempt_id: a.closed.talk_seconds for a in world.store.attempts.values() if a.closed}
    heard = [
        row for row in world.store.recordings.values() if row.stopped and row.stopped.seconds is not None
    ]
    assert len(heard) > 10
    for row in heard:
        if not row.stopped or row.stopped.command_id or row.stopped.seconds is None:
            continue
        assert row.stopped.seconds == pytest.approx(talks[row.started.attempt_id], abs=0.3)
