"""The laboratory from Python: scenarios, policies by name and of one's own, progress and Ctrl-C."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

import pacing_core
from pacing_core import Event, PacingValueError, PolicyDecision, Run, Scenario, Snapshot, simulate, tune

SHORT = "agents = 10\nseconds = 3000.0\nwarmup_seconds = 0.0"


class Progressive:
    """The built-in policy of that name, written again."""

    name = "mine"
    version = "1"

    def __init__(self) -> None:
        self.kinds: set[str] = set()
        self.seeds: list[int] = []
        self.last: Snapshot | None = None

    def reset(self, scenario: Scenario, seed: int) -> None:
        self.seeds.append(seed)
        assert scenario.agents == 10

    def on_event(self, event: Event) -> None:
        self.kinds.add(event.kind)
        if event.kind == "agent":
            assert event.state in ("idle", "talk", "wrap")
            assert event.agent is not None

    def decide(self, snapshot: Snapshot) -> int | PolicyDecision:
        self.last = snapshot
        dials = max(0, snapshot.idle - snapshot.waiting - snapshot.in_flight)
        return PolicyDecision(dials, note="one each") if dials else 0


def test_a_policy_of_ones_own_is_as_good_as_a_built_in_one() -> None:
    scenario = Scenario.named("base", SHORT)
    mine = Progressive()
    assert simulate(scenario, mine, [3, 4]) == simulate(scenario, "progressive", [3, 4])
    assert mine.seeds == [3, 4]
    assert mine.kinds == {"agent", "dialed", "answered", "connected", "ended"}
    snapshot = mine.last
    assert snapshot is not None
    assert snapshot.version == 1
    assert len(snapshot.agents) == 10
    assert sum(agent.state == "talk" for agent in snapshot.agents) == snapshot.talking
    assert len(snapshot.calls) == snapshot.in_flight + snapshot.waiting
    assert all(call.stage in ("in_flight", "waiting") and call.p is None for call in snapshot.calls)
    with pytest.raises(AttributeError):
        snapshot.now = 0.0  # type: ignore[misc]


def test_a_policy_is_told_what_the_scenario_lets_it_know() -> None:
    class Curious(Progressive):
        def decide(self, snapshot: Snapshot) -> int | PolicyDecision:
            self.known = {call.p for call in snapshot.calls} | getattr(self, "known", set())
            return super().decide(snapshot)

    curious = Curious()
    simulate(Scenario.named("mixed", SHORT), curious, [1])
    assert len(curious.known) > 100
    assert all(p is not None and 0.0 <= p <= 1.0 for p in curious.known)


@pytest.mark.parametrize("answer", [-1, 1.5, "many", None])
def test_a_senseless_answer_ends_the_run(answer: object) -> None:
    class Odd(Progressive):
        def decide(self, snapshot: Snapshot) -> int | PolicyDecision:
            return answer  # type: ignore[return-value]

    with pytest.raises(TypeError, match="whole number of dials"):
        simulate(Scenario.named("base", SHORT), Odd(), [1])


def test_an_exception_of_the_policy_is_the_callers() -> None:
    class Broken(Progressive):
        def on_event(self, event: Event) -> None:
            if event.kind == "answered":
                raise LookupError("no such person")

    with pytest.raises(LookupError, match="no such person"):
        simulate(Scenario.named("base", SHORT), Broken(), [1])
    with pytest.raises(TypeError, match="no reset"):
        simulate(Scenario.named("base", SHORT), object(), [1])  # type: ignore[arg-type]


def test_runs_are_reproducible_and_told_apart() -> None:
    scenario = Scenario.named("base", SHORT)
    first = simulate(scenario, "ringmaster", [1, 2], threads=2)
    assert first == simulate(scenario, "ringmaster", [1, 2], threads=1)
    assert first[0] != first[1]
    run = first[0]
    assert isinstance(run, Run)
    assert run.answered == run.connected + run.abandoned
    assert len(run.quarters) == 4
    assert sum(answered for answered, *_ in run.quarters) == run.total_answered
    assert run.occupancy == pytest.approx((run.talk_seconds + run.wrap_seconds) / run.staffed_seconds)
    assert "occupancy" in repr(run)


def test_scenarios_are_data() -> None:
    assert {"base", "exponential", "shock-answers", "mixed"} <= set(Scenario.names())
    scenario = Scenario.named("cap1", "agents = 7")
    assert (scenario.name, scenario.agents, scenario.cap) == ("cap1", 7, 0.01)
    assert Scenario.from_toml(scenario.to_toml()) == scenario
    assert scenario.handle_seconds == pytest.approx(135.0)
    assert repr(scenario) == "Scenario(cap1, 7 agents)"
    own = Scenario.from_toml('extends = "base"\nname = "own"\nanswer_probability = [[0.0, 0.2], [60.0, 0.4]]')
    assert own.name == "own"
    for text in ("agents = 0", "agnts = 3", "answer_probability = [[1.0, 0.2]]", "="):
        with pytest.raises(PacingValueError, match=r"give|read"):
            Scenario.named("base", text)


def test_policies_are_named_and_checked() -> None:
    names = dict(pacing_core.policies())
    assert {"ringmaster", "oracle", "vicidial-tapered", "issabel", "webitel", "samuelson"} <= names.keys()
    scenario = Scenario.named("base", "agents = 5\nseconds = 400.0\nwarmup_seconds = 0.0")
    for name in names:
        assert simulate(scenario, name, [1])[0].attempts > 0
    with pytest.raises(PacingValueError, match="none of"):
        simulate(scenario, "magic", [1])
    with pytest.raises(PacingValueError, match="range"):
        simulate(scenario, "ratio(k=-1)", [1])


def test_tuning_keeps_the_cap_and_tells_its_progress() -> None:
    scenario = Scenario.named("base", "agents = 10\nseconds = 20000.0\ndecide_seconds = 0.5")
    told: list[int] = []
    best = tune(scenario, "ratio", [101, 102], progress=told.append)
    assert best.startswith("ratio(k=")
    runs = simulate(scenario, best, [101, 102])
    assert sum(r.abandoned for r in runs) <= 0.03 * sum(r.answered for r in runs)
    assert told
    assert told == sorted(told)
    assert tune(scenario, "progressive", [1]) == "progressive"


@pytest.fixture
def heard() -> Iterator[None]:
    """Ctrl-C as a person's terminal has it: a shell starts its background jobs with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("policy", ["ringmaster", "own"])
def test_ctrl_c_ends_the_work(policy: str) -> None:
    endless = Scenario.named("base", "agents = 10\nseconds = 100000000.0")
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        simulate(endless, Progressive() if policy == "own" else policy, [1, 2, 3])
    assert time.monotonic() - began < 20.0


def test_an_interval_is_students() -> None:
    mean, half = pacing_core.interval([1.0, 2.0, 3.0])
    assert mean == pytest.approx(2.0)
    assert half == pytest.approx(2.4841, abs=1e-3)
