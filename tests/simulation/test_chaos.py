"""Many seeds: 3 to 8 agents, 40 calls or more, two faults or more each; every invariant after every event."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable

import pytest

from callflow.engine import tables
from tests.simulation.scenario import chaos, late, storm
from tests.simulation.world import World

CHUNK = 8
QUICK_CHUNKS = 10
SLOW_SEEDS = int(os.environ.get("RINGMASTER_SIM_SEEDS", "1200"))
TABLES: dict[str, Iterable[tuple[object, object]]] = {
    "agent": tables.AGENT,
    "leg": tables.LEG,
    "attempt": tables.ATTEMPT,
}


def play(seed: int) -> None:
    result = World(chaos(seed)).run()
    assert not result.violations, result.report()
    assert result.figures.dialed >= 40, result.figures.line()
    assert len(result.scenario.faults) >= 2
    assert 3 <= result.scenario.agents <= 8


@pytest.mark.parametrize("chunk", range(QUICK_CHUNKS))
def test_seeds(chunk: int) -> None:
    for seed in range(1 + chunk * CHUNK, 1 + (chunk + 1) * CHUNK):
        play(seed)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(QUICK_CHUNKS, max(QUICK_CHUNKS, SLOW_SEEDS // CHUNK)))
def test_more_seeds(chunk: int) -> None:
    for seed in range(1 + chunk * CHUNK, 1 + (chunk + 1) * CHUNK):
        play(seed)


def test_every_way_through_the_tables_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """Hits per (state, event), none zero, in storms: rare things made common, all invariants on."""
    hits: Counter[tuple[str, str, str]] = Counter()
    illegal: Counter[tuple[str, str, str]] = Counter()
    for scenario in [*map(storm, range(1, 19)), *map(late, range(1, 7))]:
        result = World(scenario).run()
        assert not result.violations, result.report()
        hits.update(result.transitions)
        illegal.update(result.illegal)
    ways = [(name, str(state), str(event)) for name, table in TABLES.items() for state, event in table]
    least = sorted(ways, key=hits.__getitem__)[:8]
    with capsys.disabled():
        rare = ", ".join(f"{'/'.join(way)} {hits[way]}" for way in least)
        print(f"\nleast taken: {rare}\nillegal events: {dict(illegal)}")  # noqa: T201
    assert not [way for way in ways if hits[way] == 0]


def test_a_seed_decides_everything() -> None:
    first, second = (World(chaos(5), trace=1_000_000).run() for _ in range(2))
    assert first.trace == second.trace
    assert first.figures == second.figures


def test_the_dialers_events_are_the_ones_simulated() -> None:
    from callflow import switch
    from tests.simulation import wire

    assert switch.EVENTS == wire.EVENTS
    assert switch.fence_name(17) == "rm_fence_17"
