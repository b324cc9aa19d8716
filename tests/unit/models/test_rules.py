"""The rules: each alone, their order, their edges in time, and that a verdict's retry time is worth waiting
for."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.enums import LeadState, Outcome
from models.errors import InvalidValue, NotFound
from models.rules import Caps, RetryPolicy, RuleInputs, RuleSet, check, next_step, preset, preset_names
from models.rules.hours import is_open, next_lawful
from models.rules.presets import preset_source

HOUR, DAY = 3600.0, 86_400.0
ALWAYS = (((0, 1440),),) * 7
OPEN = RuleSet(hours=ALWAYS)
NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC).timestamp()  # a Monday


def inputs(**changes: Any) -> RuleInputs:
    fields: dict[str, Any] = {"number": "+12125550100", "rules": OPEN, "timezones": ("America/New_York",)}
    return RuleInputs(**{**fields, **changes})


def at(zone: str, *when: int) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone)).timestamp()  # type: ignore[misc, arg-type]


def test_nothing_forbids() -> None:
    verdict = check(inputs(), NOW)
    assert (verdict.allowed, verdict.code, verdict.retry_at) == (True, "ok", None)


@pytest.mark.parametrize(
    "number", ["", "12345", "+0123456789", "+1 212", "abc", "1" * 16, "+12125550100\n", "1x2345678"]
)
def test_a_number_that_no_originate_takes(number: str) -> None:
    assert check(inputs(number=number), NOW).code == "bad_number"


def test_do_not_call_and_hold() -> None:
    assert check(inputs(do_not_call="asked"), NOW).code == "do_not_call"
    assert check(inputs(hold="dispute"), NOW).code == "hold"
    held = inputs(hold="breathing space", hold_until=NOW + 5)
    assert check(held, NOW).retry_at == NOW + 5
    assert check(held, NOW + 5).allowed


@pytest.mark.parametrize(
    ("caps", "times", "total", "code", "retry"),
    [
        (Caps(day=2), (NOW - HOUR, NOW - 2 * HOUR), 2, "24h", NOW - 2 * HOUR + DAY),
        (Caps(day=2), (NOW - HOUR, NOW - DAY), 2, None, None),
        (Caps(day=1), (NOW - HOUR, NOW - 2 * HOUR), 2, "24h", NOW - HOUR + DAY),
        (Caps(week=2), (NOW - DAY, NOW - 2 * DAY), 2, "7d", NOW + 5 * DAY),
        (Caps(month=1), (NOW - DAY,), 1, "30d", NOW + 29 * DAY),
        (Caps(lifetime=3), (), 3, "lifetime", None),
        (Caps(day=1, month=1), (NOW - HOUR,), 1, "30d", NOW - HOUR + 30 * DAY),
        (Caps(), (NOW,) * 60, 60, None, None),
    ],
)
@pytest.mark.parametrize("whose", ["number", "person"])
def test_caps(
    whose: str, caps: Caps, times: tuple[float, ...], total: int, code: str | None, retry: float | None
) -> None:
    rules = replace(OPEN, per_number=caps) if whose == "number" else replace(OPEN, per_person=caps)
    verdict = check(inputs(rules=rules, **{f"{whose}_times": times, f"{whose}_total": total}), NOW)
    assert verdict.code == ("ok" if code is None else f"cap_{whose}_{code}")
    assert verdict.retry_at == retry


def test_cool_down_unknown_and_lockout() -> None:
    rules = replace(OPEN, cool_down_seconds=7 * DAY, abandon_lockout_seconds=3 * DAY)
    for field, code, span in (
        ("last_conversation", "cool_down", 7 * DAY),
        ("last_unknown", "unknown_end", 7 * DAY),
        ("last_abandon", "abandon_lockout", 3 * DAY),
    ):
        facts = inputs(rules=rules, **{field: NOW})
        verdict = check(facts, NOW + span - 1)
        assert (verdict.code, verdict.retry_at) == (code, NOW + span)
        assert check(facts, NOW + span).allowed
    assert check(inputs(rules=rules, last_abandon=NOW, predictive=False), NOW + 1).allowed


def test_the_cure_that_takes_longest_is_not_hidden_by_hours() -> None:
    closed = RuleSet(hours=((),) * 7, per_number=Caps(day=1))
    facts = inputs(rules=closed, number_times=(NOW,), number_total=1)
    assert check(facts, NOW).code == "cap_number_24h"
    assert check(inputs(rules=closed), NOW).detail == "no lawful hour in the next 15 days"
    assert check(inputs(timezones=()), NOW).code == "no_timezone"


def test_hours_in_the_persons_place() -> None:
    rules = preset("us_telemarketing")
    facts = inputs(rules=rules)
    assert not check(facts, at("America/New_York", 2026, 3, 2, 7, 59, 59)).allowed
    assert check(facts, at("America/New_York", 2026, 3, 2, 8, 0)).allowed
    assert check(facts, at("America/New_York", 2026, 3, 2, 19, 59, 59)).allowed
    verdict = check(facts, at("America/New_York", 2026, 3, 2, 20, 0))
    assert verdict.retry_at == at("America/New_York", 2026, 3, 3, 8, 0)


def test_every_possible_zone_must_be_open() -> None:
    rules = preset("us_telemarketing")
    both = ("America/New_York", "America/Los_Angeles")
    morning_east = at("America/New_York", 2026, 3, 2, 9, 0)  # 06:00 in Los Angeles
    assert check(inputs(rules=rules, timezones=both), morning_east).retry_at == at(
        "America/Los_Angeles", 2026, 3, 2, 8, 0
    )
    far = ("Pacific/Auckland", "America/Los_Angeles", "Europe/Rome")
    assert next_lawful(RuleSet(hours=(((540, 600),),) * 7), far, NOW) is None


def test_windows_weekdays_and_holidays() -> None:
    france = replace(preset("france"), holidays=("2026-07-14",))
    assert is_open(france, "Europe/Paris", at("Europe/Paris", 2026, 7, 13, 12, 59))
    assert not is_open(france, "Europe/Paris", at("Europe/Paris", 2026, 7, 13, 13, 0))
    assert is_open(france, "Europe/Paris", at("Europe/Paris", 2026, 7, 13, 14, 0))
    friday_night = at("Europe/Paris", 2026, 7, 10, 21, 0)
    assert next_lawful(france, ("Europe/Paris",), friday_night) == at("Europe/Paris", 2026, 7, 13, 10, 0)
    assert not is_open(france, "Europe/Paris", at("Europe/Paris", 2026, 7, 14, 11, 0))


def test_the_spring_change_does_not_move_the_morning() -> None:
    rules = preset("us_debt")
    saturday = at("America/New_York", 2026, 3, 7, 21, 30)  # clocks go forward on Sunday the 8th
    lawful = next_lawful(rules, ("America/New_York",), saturday)
    assert lawful == at("America/New_York", 2026, 3, 8, 8, 0)
    assert lawful - saturday == 9.5 * HOUR
    skipped = RuleSet(hours=(((150, 180),),) * 7)  # 02:30 to 03:00 does not exist on that day
    found = next_lawful(skipped, ("America/New_York",), at("America/New_York", 2026, 3, 8, 0, 0))
    assert found == at("America/New_York", 2026, 3, 9, 2, 30)


ZONES = st.sampled_from(
    ["America/New_York", "Europe/Rome", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
)
TIMES = st.floats(NOW - 40 * DAY, NOW)
WINDOW = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] < pair[1])
RULESETS = st.builds(
    RuleSet,
    hours=st.tuples(*[st.lists(WINDOW, max_size=2).map(tuple)] * 7),
    per_number=st.builds(Caps, day=st.none() | st.integers(1, 3), week=st.none() | st.integers(1, 5)),
    per_person=st.builds(Caps, month=st.none() | st.integers(1, 6)),
    cool_down_seconds=st.floats(0, 9 * DAY),
    abandon_lockout_seconds=st.floats(0, 9 * DAY),
)
FACTS = st.builds(
    RuleInputs,
    number=st.just("+390212345678"),
    rules=RULESETS,
    timezones=st.lists(ZONES, max_size=3, unique=True).map(tuple),
    predictive=st.booleans(),
    hold=st.sampled_from(["", "dispute"]),
    hold_until=st.none() | st.floats(NOW - DAY, NOW + DAY),
    number_times=st.lists(TIMES, max_size=6).map(lambda times: tuple(sorted(times, reverse=True))),
    person_times=st.lists(TIMES, max_size=6).map(lambda times: tuple(sorted(times, reverse=True))),
    last_conversation=st.none() | TIMES,
    last_abandon=st.none() | TIMES,
)


@given(FACTS)
@settings(max_examples=150, deadline=None)
def test_inputs_survive_json_and_are_judged_the_same(facts: RuleInputs) -> None:
    again = RuleInputs.from_json(json.loads(json.dumps(facts.to_json())))
    assert again == facts
    assert check(again, NOW) == check(facts, NOW)


@given(FACTS)
@settings(max_examples=150, deadline=None)
def test_waiting_until_retry_at_always_gets_further(facts: RuleInputs) -> None:
    """Asked again at retry_at, the same rule does not refuse again, and a little before it still does."""
    now, seen = NOW, []
    for _ in range(12):
        verdict = check(facts, now)
        if verdict.allowed or verdict.retry_at is None:
            return
        assert verdict.retry_at > now
        if verdict.code != "hours":
            assert check(facts, (now + verdict.retry_at) / 2).code == verdict.code
        seen.append(verdict.code)
        now = verdict.retry_at
        if "no lawful hour" in verdict.detail:
            return
        assert seen.count(verdict.code) <= 2, seen


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": [[]]},
        {"hours": [[[600, 500]]] * 7},
        {"hours": [[[0, 1441]]] * 7},
        {"holidays": ["25.12.2026"]},
        {"per_number": {"day": 0}},
        {"per_number": {"year": 3}},
        {"cool_down_seconds": -1},
        {"surprise": 1},
    ],
)
def test_impossible_rules_can_not_be_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        RuleSet.from_json(wrong)


def test_presets_are_whole_and_named_with_their_source() -> None:
    for name in preset_names():
        rules = preset(name)
        assert RuleSet.from_json(rules.to_json()) == rules
        assert all(preset_source(name))
    with pytest.raises(NotFound, match="us_debt"):
        preset("mars")
    with pytest.raises(InvalidValue, match="Europe/Rome"):
        is_open(OPEN, "Mars/Olympus", NOW)


# --- retry ---------------------------------------------------------------------

POLICY = RetryPolicy()


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_next_step(outcome: Outcome) -> None:
    step = next_step(outcome, at=NOW, tries=0, network_failures=0, policy=POLICY)
    assert step.tries == (1 if outcome.uses_up_lead else 0)
    assert (step.due_at is None) == (step.state is LeadState.CLOSED)
    assert step.due_at is None or step.due_at >= NOW


def test_waits_by_outcome() -> None:
    def wait(outcome: Outcome) -> float | None:
        step = next_step(outcome, at=0.0, tries=0, network_failures=0, policy=POLICY)
        return step.due_at

    assert wait(Outcome.BUSY) == 900
    assert wait(Outcome.NO_ANSWER) == 7200
    assert wait(Outcome.CARRIER_FAILURE) == 300
    assert wait(Outcome.ABANDONED) == 72 * HOUR
    assert wait(Outcome.CONNECTED) is None
    assert wait(Outcome.NOT_DIALED) == 0


def test_tries_and_network_failures_end() -> None:
    last = next_step(Outcome.NO_ANSWER, at=NOW, tries=5, network_failures=3, policy=POLICY)
    assert (last.state, last.tries, last.reason, last.network_failures) == (
        LeadState.CLOSED,
        6,
        "max_tries",
        0,
    )
    dead = next_step(Outcome.CONGESTION, at=NOW, tries=0, network_failures=11, policy=POLICY)
    assert (dead.state, dead.reason) == (LeadState.CLOSED, "network_failures")
    slower = next_step(Outcome.CONGESTION, at=0.0, tries=0, network_failures=2, policy=POLICY)
    assert slower.due_at == 1200
    bad = next_step(Outcome.INVALID_NUMBER, at=NOW, tries=0, network_failures=0, policy=POLICY)
    assert (bad.state, bad.number_is_bad) == (LeadState.CLOSED, True)


@pytest.mark.parametrize("wrong", [{"max_tries": 0}, {"busy_seconds": 0}, {"surprise": 1}])
def test_impossible_retries_can_not_be_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        RetryPolicy.from_json(wrong)
    assert RetryPolicy.from_json(POLICY.to_json()) == POLICY
