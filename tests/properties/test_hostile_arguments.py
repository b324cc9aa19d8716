"""No argument from Python makes the core panic, hang or take memory: a result, or an error that names it."""

from __future__ import annotations

import inspect
import math
import struct
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pacing_core
from pacing_core import Lead, LeadModel, Pacer, PacingValueError, PolicyDecision, Scenario

NUMBERS: Final[list[Any]] = [
    *(0, 1, 2, 15, 16, -1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**12, 10**400, -(10**400)),
    *(
        0.0,
        -0.0,
        0.03,
        0.5,
        1.0,
        1.5,
        16.0,
        5e-324,
        -5e-324,
        1e-300,
        1e300,
        -1e300,
        math.nan,
        math.inf,
        -math.inf,
    ),
]
OTHERS: Final[list[Any]] = [
    *(None, True, "", "idle", "ringmaster", "ratio(k=1e999)", "\ud800", "x" * 10_000, b"", b"RMPACER", 3j),
    *(
        [],
        [math.nan],
        [[1.0], [2.0, 3.0]],
        ["a"],
        range(10**12),
        range(2**70),
        (1, 2),
        {},
        {"a": 1},
        object(),
    ),
    *(np.array([]), np.array([1.0, np.nan]), np.zeros((0, 3)), np.array(["x"]), np.array(7, dtype=np.uint8)),
    *(
        np.broadcast_to(1.0, (10**12,)),
        np.array([2**63], dtype=np.uint64),
        np.float32(0.5),
    ),
]
HOSTILE: Final = st.one_of(st.sampled_from(NUMBERS), st.sampled_from(OTHERS), st.floats(), st.integers())

SHORT: Final = "agents = 2\nseconds = 120.0\nwarmup_seconds = 0.0"
SECONDS: Final = {"aht_seconds": 180.0}
# A call that is well; one argument of it is then replaced. A year of simulated time is allowed
# and takes its time: times between an hour and the end of the range are left out below.
CALLS: Final[dict[str, dict[str, Any]]] = {
    "erlang_b": {"servers": 10.0, "load": 8.0},
    "erlang_c": {"servers": 10.0, "load": 8.0},
    "queue": {"servers": 10.0, "load": 8.0, **SECONDS, "patience_seconds": 60.0, "target_seconds": 20.0}
    | {"counting": "late_abandons"},
    "servers_for_blocking": {"load": 8.0, "blocking": 0.01},
    "servers_for_service_level": {"load": 8.0, "service_level": 0.8, "seconds": 20.0, **SECONDS}
    | {"patience_seconds": 60.0, "counting": "all_abandons"},
    "servers_for_speed_of_answer": {"load": 8.0, "seconds": 20.0, **SECONDS, "patience_seconds": None},
    "servers_for_occupancy": {"load": 8.0, "occupancy": 0.8, **SECONDS, "patience_seconds": None},
    "servers_for_abandonment": {"load": 8.0, "abandonment": 0.05, **SECONDS, "patience_seconds": 60.0},
    "with_shrinkage": {"servers": 10.0, "shrinkage": 0.3},
    "full_time_equivalents": {"paid_hours": 100.0, "hours_each": 8.0},
    "interval": {"values": [1.0, 2.0]},
    "policies": {},
    "replay": {"data": b"", "policy": None, "target": None, "start": None, "end": None},
    "simulate": {"scenario": Scenario.named("base", SHORT), "policy": "ratio", "seeds": [1], "threads": 1}
    | {"progress": None},
    "tune": {"scenario": Scenario.named("base", SHORT), "policy": "ratio", "seeds": [1], "threads": 1}
    | {"progress": None},
    "simulate_base": {"agents": 2, "answer_probability": 0.3, "seconds": 60.0, "seed": 1, "target": 0.03}
    | {"policy": "predictive", "talk_mean": 120.0, "talk_cv": 1.0, "wrap_mean": 15.0, "wrap_cv": 0.5}
    | {"ring_low": 6.0, "ring_high": 20.0, "no_answer_seconds": 25.0, "grace_seconds": 2.0}
    | {"decide_interval": 0.2, "dial_latency": 0.0, "bridge_latency": 0.0, "lines": 10}
    | {"change_at": None, "changed_probability": None},
    "Pacer": {"target": 0.03, "cap": 0.03, "grace_seconds": 2.0, "seed": 0, "budget_answered": 0}
    | {"budget_abandoned": 0, "policy": "predictive", "give_up_after": 20.0},
    "PolicyDecision": {"dials": 1, "give_up": [1], "note": "", "leads": [1]},
    "Pacer.set_target": {"target": 0.03},
    "Pacer.agent": {"now": 1.0, "agent_id": 1, "state": "idle", "leaving": False},
    "Pacer.agent_gone": {"now": 1.0, "agent_id": 1},
    "Pacer.dialed": {"now": 1.0, "call_id": 1, "p": 0.3},
    "Pacer.ringing": {"now": 1.0, "call_id": 1},
    "Pacer.answered": {"now": 1.0, "call_id": 1},
    "Pacer.connected": {"now": 1.0, "call_id": 1, "agent_id": 1},
    "Pacer.abandoned": {"now": 1.0, "call_id": 1},
    "Pacer.ended": {"now": 1.0, "call_id": 1, "outcome": "done"},
    "Pacer.decide": {"now": 1.0, "lines_free": 9, "rate_tokens": 9, "leads": 9, "pending": 0},
    "Pacer.restore": {"data": b""},
    "Pacer.set_group_budget": {"target": 0.03, "answered": 100, "abandoned": 1, "expected": 0.0},
    "Pacer.start_log": {"about": "", "wall": None},
    "Pacer.set_shadow": {"policy": None, "target": None},
    "Lead": {"hour": 9, "weekday": 1, "attempt": 1, "last_outcome": "no_answer", "number_type": "mobile"}
    | {"area": "30", "list": "one"},
    "LeadModel.learn": {"lead": Lead(), "answered": True},
    "LeadModel.probability": {"lead": Lead()},
    "LeadModel.restore": {"data": b""},
    "dial_order": {"probabilities": [0.2, None, 0.7], "last": 0.5},
    "Pacer.next_leads": {"probabilities": [0.2, None, 0.7]},
    "calibration": {"predicted": [0.2, 0.7], "answered": [False, True], "groups": 1},
    "foretell": {"scenario": Scenario.named("base", SHORT), "seed": 1, "dials": 20},
    "simulate_windows": {
        "scenario": Scenario.named("base", SHORT),
        "policy": "ratio",
        "seeds": [1],
        "days": 1,
    }
    | {"threads": 1, "progress": None},
    "decision_times": {"scenario": Scenario.named("base", SHORT), "policy": "ratio", "seed": 1},
    "explain": {"data": b"", "at": 1.0},
    "record": {"scenario": Scenario.named("base", SHORT), "seed": 1},
    "what_if": {"data": b"", "targets": [0.02], "within": 600.0, "effort": 0.1, "threads": 1},
    "Scenario.named": {"name": "base", "overrides": ""},
    "Scenario.from_toml": {"text": ""},
}
# The texts and bytes that are read say what they are, not which argument they came by.
READ: Final = (
    "scenario cannot be read",
    "policy cannot be read",
    "snapshot cannot be used",
    "log cannot be used",
)
BEYOND_ARGUMENTS: Final = (
    "a policy is a name such as",
    "a target is for the policy",
    "not callable",
    "k is inf",
)


def found(name: str) -> Callable[..., Any]:
    owner, _, method = name.rpartition(".")
    if owner == "LeadModel":
        return getattr(LeadModel(), method)  # type: ignore[no-any-return]
    if owner == "Pacer":
        pacer = Pacer()
        pacer.agent(0.0, 1, "idle")
        pacer.dialed(0.0, 1)
        return getattr(pacer, method)  # type: ignore[no-any-return]
    return getattr(getattr(pacing_core, owner) if owner else pacing_core, method)  # type: ignore[no-any-return]


def is_long(argument: str, value: object) -> bool:
    """Whether it is allowed, and more simulated time or people than a test has."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return False
    most = {"seconds": 3600.0, "agents": 20.0, "days": 40.0, "dials": 1e5}.get(argument, math.inf)
    return most < value <= 1e8


def raised(work: Callable[[], object]) -> Exception | None:
    """The caller's error that it raised, if it did; a panic or an error of any other kind passes through."""
    try:
        work()
    except (ValueError, TypeError, OverflowError) as error:
        return error
    return None


def assert_named(error: Exception, argument: str) -> None:
    said = f"{error} {' '.join(getattr(error, '__notes__', ()))}"
    assert argument in said or any(text in said for text in (*READ, *BEYOND_ARGUMENTS)), repr(error)


def test_the_table_of_calls_is_complete() -> None:
    functions = {name for name, value in vars(pacing_core).items() if inspect.isbuiltin(value)}
    assert functions <= CALLS.keys(), "add the others to CALLS"


@pytest.mark.parametrize("name", CALLS)
def test_the_call_that_is_varied_works(name: str) -> None:
    error = raised(lambda: found(name)(**CALLS[name]))
    assert error is None or any(text in str(error) for text in READ)


@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_one_hostile_argument(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([name for name, arguments in CALLS.items() if arguments]))
    argument = data.draw(st.sampled_from(sorted(CALLS[name])))
    value = data.draw(HOSTILE.filter(lambda value: not is_long(argument, value)))
    error = raised(lambda: found(name)(**CALLS[name] | {argument: value}))
    if error is not None:
        assert_named(error, argument)


KEYS: Final = sorted(
    line.partition(" = ")[0] for line in Scenario.named("base", SHORT).to_toml().splitlines() if " = " in line
)
OPTIONAL: Final = ["lines", "calls_per_second", "give_up_after", "lead_concentration", "leaves", "shifts"]
VALUES: Final = [
    *("0", "1", "-1", "7", "4000000000", "1000000000000", "9223372036854775807", "99999999999999999999"),
    *("0.0", "-0.0", "0.01", "0.5", "1.0", "1e-300", "1e300", "-1e300", "nan", "inf", "-inf", "1e999"),
    *(
        "''",
        "'x'",
        "true",
        "[]",
        "[1]",
        "[[0.0, 0.5]]",
        "[[0.0, nan]]",
        "[[1.0, 0.5]]",
        "[[0.0, 0.1], [0.0, 0.2]]",
    ),
    *("{}", "{ kind = 'constant', value = 0.0 }", "{ kind = 'constant', value = nan }"),
    *("{ kind = 'uniform', low = 9.0, high = 1.0 }", "{ kind = 'exponential', mean = 1e-6 }"),
    *("{ kind = 'lognormal', mean = 1e6, cv = 20.0 }", "{ kind = 'quantiles', values = [0.0, 0.0, 0.0] }"),
    *(
        "{ per_hour = 1e6 }",
        "{ per_hour = 0 }",
        "[{ at = 0.0, share = 1.0 }]",
        "[{ at = 1e300, share = nan }]",
    ),
]
POLICIES: Final = [
    "ringmaster",
    "ratio(k=1e3)",
    "constant(rate=1e6)",
    "oracle(theta=1)",
    "webitel",
    "samuelson",
]


@settings(max_examples=150, deadline=None)
@given(
    key=st.sampled_from([*KEYS, *OPTIONAL, "inbound", "outages", "nothing"]),
    value=st.sampled_from(VALUES),
    policy=st.sampled_from(POLICIES),
)
def test_a_hostile_scenario_is_refused_or_runs(key: str, value: str, policy: str) -> None:
    lines = [line for line in SHORT.splitlines() if not line.startswith(f"{key} ")]
    text = "\n".join([*lines, f"{key} = {value}"])
    error = raised(lambda: Scenario.named("base", text))
    if error is not None:
        assert any(word in str(error) for word in (key, "warmup_seconds", "cannot be read"))
        return
    scenario = Scenario.named("base", text)
    if scenario.seconds > 3600.0 or scenario.agents > 20:
        return
    (run,) = pacing_core.simulate(scenario, policy, [1], threads=1)
    assert run.abandoned <= run.answered <= run.attempts
    assert 0.0 <= run.occupancy <= 1.0 + 1e-9
    assert 0.0 <= run.abandon_rate <= 1.0


@settings(max_examples=60, deadline=None)
@given(text=st.one_of(st.text(), st.binary().map(lambda data: data.decode("latin-1"))))
def test_any_text_is_no_scenario_and_hardly_a_policy(text: str) -> None:
    with pytest.raises(ValueError):
        Scenario.from_toml(text)
    error = raised(lambda: pacing_core.simulate(Scenario.named("base", SHORT), f"ratio({text}", [1]))
    # ")" makes it whole; what else might, names what is wrong.
    assert error is None or isinstance(error, PacingValueError)


def fnv(data: bytes) -> int:
    total = 0xCBF29CE484222325
    for byte in data:
        total = (total ^ byte) * 0x100000001B3 % 2**64
    return total


def learned() -> bytes:
    pacer = Pacer()
    for call in range(300):
        now = call * 1.0
        pacer.dialed(now, call)
        pacer.agent(now, call % 7, "talk" if call % 3 else "wrap")
        pacer.ended(now + 9.0, call, "done" if call % 3 else "no_answer")
    return pacer.snapshot()


SNAPSHOT: Final = learned()
DOUBLES: Final = [
    0.0,
    -0.0,
    5e-324,
    1e-300,
    1.0,
    300.0,
    1e9,
    1e12,
    1.0001e12,
    -1.0,
    1e300,
    math.nan,
    math.inf,
]


def still_sane(pacer: Pacer) -> None:
    for agent in range(20):
        pacer.agent(1.0, agent, "idle" if agent < 3 else "talk")
    for call in range(30):
        pacer.dialed(1.0 + call, call)
    decision = pacer.decide(40.0, lines_free=100, rate_tokens=100, leads=100)
    assert 0 <= decision.dials <= 100
    assert 0.0 <= decision.abandon_risk <= 1.0
    assert 0.0 <= decision.expected_answers < math.inf
    assert 0.0 <= decision.free_agents < math.inf
    assert 0.0 < pacer.answer_probability() < 1.0


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(1, len(SNAPSHOT) // 8 - 2), st.sampled_from(DOUBLES)), max_size=30
    ),
    everywhere=st.one_of(st.none(), st.sampled_from(DOUBLES)),
)
def test_a_forged_snapshot_is_refused_or_does_no_harm(
    changes: list[tuple[int, float]], everywhere: float | None
) -> None:
    forged = bytearray(SNAPSHOT[:-8])
    if everywhere is not None:
        forged[8:] = struct.pack("<d", everywhere) * ((len(forged) - 8) // 8)
    for place, value in changes:
        forged[8 * place : 8 * place + 8] = struct.pack("<d", value)
    pacer = Pacer()
    error = raised(lambda: pacer.restore(bytes(forged) + struct.pack("<Q", fnv(bytes(forged)))))
    if error is not None:
        assert "snapshot cannot be used" in str(error)
        assert pacer.snapshot() == Pacer().snapshot()
    still_sane(pacer)


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, 8 * len(SNAPSHOT) - 1), length=st.integers(0, len(SNAPSHOT)))
def test_a_damaged_snapshot_is_refused(place: int, length: int) -> None:
    bent = bytearray(SNAPSHOT)
    bent[place // 8] ^= 1 << place % 8
    for data in (bytes(bent), SNAPSHOT[:length] if length < len(SNAPSHOT) else SNAPSHOT + b"\0"):
        with pytest.raises(PacingValueError, match="snapshot cannot be used"):
            Pacer().restore(data)


@pytest.mark.parametrize(
    "answer", [-1, 2**64, 1.5, None, "1", math.nan, [], PolicyDecision(2**64 - 1, [2**64 - 1])]
)
def test_a_policy_that_answers_nonsense(answer: object) -> None:
    class Nonsense:
        name = "nonsense"
        version = "1"

        def reset(self, scenario: object, seed: int) -> None: ...

        def on_event(self, event: object) -> None: ...

        def decide(self, snapshot: object) -> Any:
            return answer

    scenario = Scenario.named("base", SHORT)
    if isinstance(answer, PolicyDecision):
        (run,) = pacing_core.simulate(scenario, Nonsense(), [1])
        assert run.most_lines <= 300
    else:
        with pytest.raises(TypeError, match="whole number of dials"):
            pacing_core.simulate(scenario, Nonsense(), [1])
