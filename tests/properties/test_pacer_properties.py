"""Whatever happens to the pacer, in whatever order, it stays within its limits."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacing_core import Pacer, PacingValueError

IDS = st.integers(0, 12)
STEP = st.floats(-2.0, 30.0)
STATES = st.sampled_from(["idle", "reserved", "talk", "wrap", "away"])
OUTCOMES = st.sampled_from(["no_answer", "failed", "cancelled", "hangup_before_agent", "done", "unknown"])

EVENTS = st.one_of(
    st.tuples(st.just("agent"), IDS, STATES, st.booleans()),
    st.tuples(st.just("agent_gone"), IDS),
    st.tuples(st.just("dialed"), IDS, st.one_of(st.none(), st.floats(allow_nan=True))),
    st.tuples(st.just("ringing"), IDS),
    st.tuples(st.just("answered"), IDS),
    st.tuples(st.just("connected"), IDS, IDS),
    st.tuples(st.just("abandoned"), IDS),
    st.tuples(st.just("ended"), IDS, OUTCOMES),
    st.tuples(st.just("next_leads"), st.lists(st.one_of(st.none(), st.floats(allow_nan=True)), max_size=20)),
)
STORIES = st.lists(st.tuples(STEP, EVENTS), max_size=60)
LIMITS = st.fixed_dictionaries(
    {name: st.integers(-1, 60) for name in ("lines_free", "rate_tokens", "leads", "pending")}
)


def play(pacer: Pacer, story: list[tuple[float, tuple[Any, ...]]]) -> float:
    now = 0.0
    for step, (name, *arguments) in story:
        now += step
        if name == "next_leads":
            pacer.next_leads(*arguments)
        else:
            getattr(pacer, name)(now, *arguments)
    return now


@settings(max_examples=100, deadline=None)
@given(story=STORIES, limits=LIMITS, answered=st.integers(0, 5000), abandoned=st.integers(0, 200))
def test_within_every_limit(story: list[Any], limits: dict[str, int], answered: int, abandoned: int) -> None:
    pacer = Pacer(budget_answered=answered, budget_abandoned=abandoned)
    now = play(pacer, story)
    decision = pacer.decide(now, **limits)
    room = max(0, min(limits["lines_free"], limits["rate_tokens"], limits["leads"]))
    assert 0 <= decision.dials <= room
    assert 0.0 <= decision.abandon_risk <= 1.0
    assert decision.expected_answers >= 0.0
    assert decision.free_agents >= 0.0
    assert decision.give_up == []
    assert pacer.decide(now, **limits) == decision


@settings(max_examples=80, deadline=None)
@given(story=STORIES)
def test_no_surplus_and_no_idle_agent_dials_nothing(story: list[Any]) -> None:
    pacer = Pacer(budget_answered=100, budget_abandoned=50)
    now = play(pacer, story)
    for agent in range(13):
        pacer.agent(now, agent, "talk")
    assert pacer.decide(now + 5.0, lines_free=100, rate_tokens=100, leads=100).dials == 0


@settings(max_examples=80, deadline=None)
@given(
    story=STORIES,
    answered=st.integers(0, 3000),
    abandoned=st.integers(0, 60),
    targets=st.tuples(st.floats(0.001, 0.3), st.floats(0.001, 0.3)),
)
def test_a_higher_target_never_dials_less(
    story: list[Any], answered: int, abandoned: int, targets: tuple[float, float]
) -> None:
    dials = []
    for target in sorted(targets):
        pacer = Pacer(target=target, budget_answered=answered, budget_abandoned=abandoned)
        now = play(pacer, story)
        dials.append(pacer.decide(now, lines_free=500, rate_tokens=500, leads=500).dials)
    assert dials[0] <= dials[1]


@settings(max_examples=100, deadline=None)
@given(story=STORIES)
def test_a_snapshot_survives_the_round_trip(story: list[Any]) -> None:
    pacer = Pacer()
    play(pacer, story)
    other = Pacer()
    other.restore(pacer.snapshot())
    assert other.snapshot() == pacer.snapshot()


@settings(max_examples=80, deadline=None)
@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_snapshot_are_refused(data: bytes) -> None:
    pacer = Pacer()
    before = pacer.snapshot()
    with pytest.raises(PacingValueError, match="snapshot"):
        pacer.restore(data)
    assert pacer.snapshot() == before
