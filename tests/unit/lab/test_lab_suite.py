"""Every scenario of the suite under every policy: nobody is lost, and the same seed gives the same run."""

from __future__ import annotations

import pytest

from pacing_core import Scenario, policies, simulate


@pytest.mark.parametrize("name", Scenario.names())
def test_every_call_ends_once_under_every_policy(name: str) -> None:
    whole = Scenario.named(name, "agents = 6\ndecide_seconds = 1.0")
    seconds = min(whole.seconds, 4000.0)
    scenario = Scenario.named(
        name, f"agents = 6\ndecide_seconds = 1.0\nseconds = {seconds}\nwarmup_seconds = 0.0"
    )
    people = set()
    for policy, _ in policies():
        (run,) = simulate(scenario, policy, [3])
        ended = run.answered + run.machines + run.detected + run.mistaken
        ended += run.unanswered + run.failed + run.given_up
        assert run.attempts == ended > 0, policy
        assert run.answered == run.connected + run.abandoned
        assert 0.0 <= run.abandon_rate <= run.abandon_rate_with_mistaken <= 1.0
        assert 0.0 < run.occupancy <= 1.0
        assert run.most_lines <= 700
        assert simulate(scenario, policy, [3]) == [run]
        people.add(run.answered)
    assert len(people) > 3, "policies differ"


@pytest.mark.parametrize("agents", [1, 2, 5, 10, 20, 50, 100, 300, 1000])
def test_base_comes_in_every_size(agents: int) -> None:
    scenario = Scenario.named("base", f"agents = {agents}\nseconds = 700.0\nwarmup_seconds = 300.0")
    (run,) = simulate(scenario, "ringmaster", [1])
    assert run.staffed_seconds == pytest.approx(400.0 * agents)
    assert run.attempts > 0.5 * agents
