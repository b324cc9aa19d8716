"""The whole system in virtual time leaves logs that replay to the last bit, whatever happens to it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean

import pytest

from callflow.effects import Effect
from callflow.engine import Engine, EngineConfig
from callflow.inputs import Input
from pacing_core import explain, what_if
from pacing_core import replay as replay_log
from tests.simulation.scenario import Scenario, base
from tests.simulation.world import World


class Recording(Engine):
    """Every pacer keeps a log from its first input on; each engine's logs are collected in `logs`."""

    logs: dict[int, dict[str, bytes]]
    shadow: str | None = None

    def __init__(self, config: EngineConfig, new_id: Callable[[], str]) -> None:
        super().__init__(config, new_id)
        self.mine = self.logs[len(self.logs)] = {}

    def handle(self, given: Input, now: float) -> list[Effect]:
        effects = super().handle(given, now)
        for key, campaign in self.board.campaigns.items():
            if campaign.pacer.log_state() == "off":
                campaign.pacer.start_log(key, self.board.wall_offset)
                campaign.pacer.set_shadow(self.shadow)
            self.mine[key] = self.mine.get(key, b"") + campaign.pacer.drain_log()
        return effects


def play(scenario: Scenario, shadow: str | None = None) -> tuple[World, dict[int, dict[str, bytes]]]:
    class Made(Recording):
        pass

    Made.logs, Made.shadow = {}, shadow
    world = World(scenario, make_engine=Made)
    result = world.run()
    assert not result.violations, result.report()
    return world, Made.logs


def test_every_decision_of_a_run_comes_out_again() -> None:
    scenario = replace(base(1), dial_seconds=100.0)
    world, logs = play(scenario, shadow="ratio(k=4)")
    (data,) = logs[0].values()
    seen = replay_log(data)
    assert seen.exact
    assert seen.damage == []
    assert seen.about == "campaign-1"
    assert seen.decisions > 500
    campaign = world.processes[0].engine.board.campaigns["campaign-1"]
    middle = explain(data, 90.0)
    assert middle.as_recorded
    assert middle.talking + middle.wrapping + middle.idle + middle.reserved + middle.away >= 50
    assert middle.target == campaign.settings.target
    # The policy beside it live is the one that a replay asks, and disturbed nothing.
    beside = campaign.pacer.shadow()
    assert beside is not None
    assert replay_log(data, policy="ratio(k=4)").total == beside
    assert play(scenario)[1][0]["campaign-1"] == data


@pytest.mark.slow
def test_logs_of_troubled_runs_come_out_again() -> None:
    from tests.simulation.scenario import chaos

    decisions = 0
    for seed in range(1, 6):
        _, logs = play(chaos(seed))
        for engine in logs.values():
            for data in engine.values():
                seen = replay_log(data)
                assert seen.exact, (seed, seen.first_difference)
                decisions += seen.decisions
    assert decisions > 10_000


@pytest.mark.slow
def test_what_a_run_tells_of_its_people_is_what_they_are() -> None:
    _, logs = play(base(3, agents=40))
    found = what_if(logs[0]["campaign-1"], [0.01, 0.08], effort=0.2)
    fitted = tomllib.loads(found.scenario)
    assert fitted["agents"] == 40
    assert fitted["answer_probability"] == pytest.approx(0.3, abs=0.03)
    for name, truth in (("ring", 13.0), ("unanswered", 25.0), ("talk", 120.0), ("wrap", 15.0)):
        assert fmean(fitted[name]["values"]) == pytest.approx(truth, rel=0.12), name
    assert fitted["dial_latency"] < 0.1
    careful, bold = found.points
    assert careful.talk_minutes_per_agent_hour[0] < bold.talk_minutes_per_agent_hour[0]
