"""The invariants find what they are there for: every planted fault, and none in the engine as it is."""

from __future__ import annotations

import pytest

from tests.simulation.planted import PLANTED, Planted
from tests.simulation.world import World

SEEDS = range(1, 9)


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.name.replace(" ", "-"))
def test_planted_fault_is_found(fault: Planted) -> None:
    seen: list[str] = []
    for seed in SEEDS:
        with fault.in_place():
            result = World(fault.scenario(seed), stop_at=fault.found_by).run()
        seen += [str(violation) for violation in result.violations]
        if any(violation.rule in fault.found_by for violation in result.violations):
            return
    pytest.fail(f"an engine that {fault.name} passed; found instead: {seen[:5]}")


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.name.replace(" ", "-"))
def test_the_same_run_is_clean_without_it(fault: Planted) -> None:
    result = World(fault.scenario(1)).run()
    assert not result.violations, result.report()
