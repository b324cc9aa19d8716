"""The pacer through its public door: limits, reasons, ledger, hostile events, snapshots."""

import math
from typing import Any

import pytest

from pacing_core import Decision, Pacer, PacingValueError, Scenario, simulate

ROOM = {"lines_free": 1000, "rate_tokens": 1000, "leads": 1000}


def team(agents: int, **options: Any) -> Pacer:
    pacer = Pacer(**options)
    for agent in range(agents):
        pacer.agent(0.0, agent, "idle")
    return pacer


def test_nobody_logged_in_dials_nothing() -> None:
    decision = Pacer().decide(0.0, **ROOM)
    assert decision.dials == 0
    assert decision.limited_by == "agents"


def test_cold_start_dials_at_least_one_per_idle_agent_and_not_many_more() -> None:
    decision = team(10).decide(0.0, **ROOM)
    assert 10 <= decision.dials <= 14
    assert decision.free_agents == pytest.approx(10)
    assert decision.limited_by == "abandon_budget"
    assert 0.0 <= decision.abandon_risk <= 0.01


def test_progressive_dials_one_per_idle_agent_without_one() -> None:
    pacer = team(10, policy="progressive")
    assert pacer.decide(0.0, **ROOM).dials == 10
    for call in range(4):
        pacer.dialed(0.0, call)
    assert pacer.decide(0.0, **ROOM).dials == 6
    assert pacer.decide(0.0, **ROOM, pending=6).dials == 0


@pytest.mark.parametrize(
    ("limit", "reason"),
    [("lines_free", "lines"), ("rate_tokens", "calls_per_second"), ("leads", "hopper_empty")],
)
def test_the_limit_that_binds_is_named(limit: str, reason: str) -> None:
    decision = team(10).decide(0.0, **{**ROOM, limit: 3})
    assert (decision.dials, decision.limited_by) == (3, reason)
    assert team(10).decide(0.0, **{**ROOM, limit: -2}).dials == 0


def test_pending_dials_count_as_in_flight() -> None:
    pacer = team(10)
    first = pacer.decide(0.0, **ROOM).dials
    assert pacer.decide(0.0, **ROOM, pending=first).dials == 0


def test_a_spent_budget_holds_every_dial_to_an_idle_agent() -> None:
    pacer = team(20, budget_answered=1000, budget_abandoned=40)
    for agent in range(18):
        pacer.agent(1.0, agent, "wrap")
    decision = pacer.decide(30.0, **ROOM)
    assert decision.limited_by == "abandon_budget"
    assert decision.dials >= 2
    for call in range(decision.dials):
        pacer.dialed(30.0, call)
    for agent in (18, 19):
        pacer.agent(30.0, agent, "away")
    assert pacer.decide(30.1, **ROOM).dials == 0


def test_a_surplus_dials_ahead_of_busy_agents() -> None:
    busy, spent = team(50, budget_answered=1000), team(50, budget_answered=1000, budget_abandoned=32)
    for pacer in (busy, spent):
        for agent in range(50):
            pacer.agent(1.0, agent, "wrap" if agent % 3 else "talk")
    assert busy.decide(6.0, **ROOM).dials > 0
    assert spent.decide(6.0, **ROOM).dials == 0


def busy_team(**options: Any) -> Pacer:
    pacer = team(50, **options)
    for agent in range(50):
        pacer.agent(1.0, agent, "wrap" if agent % 3 else "talk")
    return pacer


def test_far_over_the_target_each_dial_holds_an_idle_agent() -> None:
    within = team(10, budget_answered=100, budget_abandoned=3)
    over = team(10, budget_answered=100, budget_abandoned=8)
    for pacer in (within, over):
        for call in range(200):  # one person in twenty answers
            pacer.dialed(0.0, call)
            if call % 20:
                pacer.ended(25.0, call, "no_answer")
        for call in range(0, 200, 20):
            pacer.answered(26.0, call)
            pacer.ended(26.0, call, "hangup_before_agent")
    assert within.decide(30.0, **ROOM).dials > over.decide(30.0, **ROOM).dials == 10


def test_the_groups_budget_binds_beside_the_campaigns() -> None:
    pacer = busy_team(budget_answered=1000)
    free = busy_team(budget_answered=1000).decide(6.0, **ROOM).dials
    assert free > 0
    pacer.set_group_budget(0.03, 5000, 160)
    assert pacer.decide(6.0, **ROOM).dials == 0
    assert pacer.decide(6.0, **ROOM).limited_by == "abandon_budget"
    pacer.set_group_budget(0.03, 5000, 100)
    assert pacer.decide(6.0, **ROOM).dials == free
    pacer.set_group_budget(0.03, 5000, 100, expected=60.0)
    assert pacer.decide(6.0, **ROOM).dials == 0
    pacer.clear_group_budget()
    assert pacer.decide(6.0, **ROOM).dials == free
    assert pacer.group_ledger() is None


def test_the_campaigns_own_events_count_in_the_group() -> None:
    pacer = team(2, budget_answered=7)
    pacer.set_group_budget(0.03, 100, 2)
    for call in (1, 2):
        pacer.dialed(1.0, call)
    pacer.answered(9.0, 1)
    pacer.connected(9.0, 1, 0)
    pacer.answered(9.0, 2)
    pacer.abandoned(11.0, 2)
    assert pacer.group_ledger() == (102, 3)
    assert pacer.ledger() == (9, 1)


def test_calls_in_flight_count_at_their_expected_abandons() -> None:
    pacer = team(1)
    assert pacer.expected_abandons() == 0.0
    for call in range(6):
        pacer.dialed(0.0, call)
    pacer.decide(5.0, **ROOM)
    assert 0.5 < pacer.expected_abandons() < 3.0


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("target", (0.0, 10, 0, 0.0)),
        ("answered", (0.03, -1, 0, 0.0)),
        ("abandoned", (0.03, 10, 10**30, 0.0)),
        ("expected", (0.03, 10, 0, math.nan)),
    ],
)
def test_a_group_budget_out_of_range_changes_nothing(
    name: str, values: tuple[float, int, int, float]
) -> None:
    pacer = team(1)
    pacer.set_group_budget(0.03, 40, 1)
    with pytest.raises(PacingValueError, match=name):
        pacer.set_group_budget(*values[:3], expected=values[3])
    assert pacer.group_ledger() == (40, 1)


def test_leaving_agents_are_not_counted_on() -> None:
    pacer = team(50, budget_answered=1000)
    for agent in range(50):
        pacer.agent(1.0, agent, "wrap", leaving=True)
    decision = pacer.decide(6.0, **ROOM)
    assert decision.dials == 0
    assert decision.free_agents == 0.0


def test_an_agent_with_a_planned_departure_counts_until_then_only() -> None:
    def free(now: float, *plans: float | None) -> float:
        pacer = team(2)
        for at in plans:
            pacer.agent_leaves(0.0, 1, at)
        return pacer.decide(now, **ROOM).free_agents

    # Answers come 6 to 20 s after the dial, 13 s in the middle.
    assert free(0.0, 600.0) == free(0.0, None) == free(0.0, 600.0, None) == 2.0
    assert free(0.0, 10.0) == free(30.0, 10.0) == 1.0
    assert free(0.0, 19.0) == 2.0
    assert free(120.0, 10.0) == 2.0  # there still: the plan was not kept


def test_nobody_dials_for_an_idle_agent_about_to_leave() -> None:
    pacer = team(1)
    pacer.agent_leaves(0.0, 0, 5.0)
    decision = pacer.decide(0.0, **ROOM)
    assert (decision.dials, decision.limited_by) == (0, "agents")


def test_a_departure_of_nobody_or_at_no_time_is_ignored() -> None:
    pacer = team(1)
    pacer.agent_leaves(0.0, 7, 5.0)
    pacer.agent_leaves(0.0, 0, math.nan)
    assert pacer.ignored_events() == 2
    assert pacer.decide(0.0, **ROOM).dials >= 1


def test_being_away_ends_the_plan_and_a_call_does_not() -> None:
    pacer = team(2)
    for agent in range(2):
        pacer.agent_leaves(0.0, agent, 30.0)
        pacer.agent(1.0, agent, "talk")
    pacer.agent(2.0, 0, "away")
    for agent in range(2):
        pacer.agent(28.0, agent, "idle")
    assert pacer.decide(28.0, **ROOM).free_agents == 1.0


def test_the_cap_binds_when_it_is_below_the_target() -> None:
    def dials(**options: float) -> int:
        pacer = team(30, budget_answered=2000, budget_abandoned=15, **options)
        for agent in range(28):
            pacer.agent(1.0, agent, "wrap")
        return pacer.decide(4.0, **ROOM).dials

    assert dials(target=0.03, cap=0.01) == dials(target=0.01) < dials(target=0.03)


def test_ledger_counts_each_person_once() -> None:
    pacer = team(3)
    for call in range(6):
        pacer.dialed(0.0, call)
        pacer.answered(8.0, call)
    pacer.connected(8.1, 0, 0)
    pacer.abandoned(10.0, 1)
    pacer.ended(9.0, 2, "hangup_before_agent")
    pacer.ended(10.0, 3, "unknown")
    assert pacer.ledger() == (6, 2)
    pacer.decide(11.0, **ROOM)  # calls 4 and 5 have waited for three seconds by now
    assert pacer.ledger() == (6, 4)
    pacer.abandoned(11.0, 4)
    pacer.connected(11.0, 5, 1)
    assert pacer.ledger() == (6, 4)


def test_a_machine_that_the_agent_found_out_counts_no_more() -> None:
    pacer = team(2)
    for call in range(4):
        pacer.dialed(0.0, call)
        pacer.answered(8.0, call)
    pacer.connected(8.1, 0, 0)
    pacer.connected(8.1, 1, 1)
    assert pacer.ledger() == (4, 0)
    pacer.ended(20.0, 0, "machine")
    pacer.ended(20.0, 1, "done")
    # Calls 2 and 3 waited too long: what is not known to be a machine is a person.
    pacer.decide(20.0, **ROOM)
    assert pacer.ledger() == (3, 2)
    pacer.ended(20.1, 2, "machine")
    assert pacer.ledger() == (3, 2)
    assert pacer.ignored_events() == 0


def test_a_late_report_within_the_delay_is_not_an_abandon() -> None:
    pacer = team(1)
    pacer.dialed(0.0, 1)
    pacer.answered(8.0, 1)
    pacer.connected(10.1, 1, 0)
    assert pacer.ledger() == (1, 0)


def test_hostile_events_are_counted_and_change_nothing() -> None:
    pacer = team(2)
    before = pacer.decide(1.0, **ROOM)
    pacer.answered(1.0, 99)
    pacer.connected(1.0, 99, 0)
    pacer.abandoned(1.0, 99)
    pacer.ended(1.0, 99, "done")
    pacer.ringing(1.0, 99)
    pacer.agent_gone(1.0, 99)
    assert pacer.ignored_events() == 6
    assert pacer.decide(1.0, **ROOM) == before
    pacer.dialed(1.0, 1)
    pacer.dialed(1.0, 1)
    assert pacer.ignored_events() == 7
    pacer.ended(0.5, 1, "no_answer")  # time does not go backwards
    pacer.decide(float("nan"), **ROOM)


def test_failures_of_the_network_teach_nothing_about_people() -> None:
    pacer = team(5)
    before = pacer.answer_probability()
    for call in range(300):
        pacer.dialed(float(call), call)
        pacer.ended(call + 0.2, call, "failed")
    pacer.decide(400.0, **ROOM)
    assert pacer.answer_probability() == pytest.approx(before, abs=0.01)


@pytest.mark.parametrize("p", [0.1, 0.6])
def test_the_answer_probability_is_followed_within_tens_of_calls(p: float) -> None:
    pacer = team(5)
    for call in range(60):
        pacer.dialed(float(call), call)
        if call % 10 < 10 * p:
            pacer.answered(call + 6.0 + call % 13, call)
            pacer.ended(call + 20.0, call, "hangup_before_agent")
        else:
            pacer.ended(call + 25.0, call, "no_answer")
    pacer.decide(200.0, **ROOM)
    assert pacer.answer_probability() == pytest.approx(p, abs=0.06)


def test_snapshot_keeps_what_was_learned() -> None:
    pacer = team(5)
    for call in range(200):
        pacer.dialed(float(call), call)
        pacer.ended(call + 18.0, call, "no_answer")
    pacer.decide(300.0, **ROOM)
    fresh = Pacer()
    fresh.restore(pacer.snapshot())
    assert fresh.answer_probability() == pytest.approx(pacer.answer_probability(), abs=1e-3)
    assert fresh.snapshot() == pacer.snapshot()


def test_a_jump_of_the_answer_rate_is_followed_within_tens_of_calls() -> None:
    pacer, now = team(20), 0.0

    def dial(first: int, calls: int, answered_of_ten: int) -> None:
        nonlocal now
        for call in range(first, first + calls):
            pacer.dialed(now, call)
            if (call * 7) % 10 < answered_of_ten:
                pacer.answered(now + 8.0, call)
                pacer.ended(now + 8.0, call, "hangup_before_agent")
            else:
                pacer.ended(now + 25.0, call, "no_answer")
            now += 26.0
            pacer.decide(now, **ROOM)

    dial(0, 400, 1)
    assert pacer.jumps() == 0
    assert pacer.answer_probability() == pytest.approx(0.1, abs=0.03)
    dial(400, 30, 6)
    assert pacer.jumps() == 1
    assert pacer.answer_probability() == pytest.approx(0.6, abs=0.15)
    dial(430, 60, 1)
    assert pacer.jumps() == 2
    assert pacer.answer_probability() == pytest.approx(0.1, abs=0.1)


def test_longer_conversations_are_noticed_while_they_last() -> None:
    pacer, now = team(10), 0.0

    def talk(rounds: int, seconds: int) -> None:
        nonlocal now
        for _ in range(rounds):
            for agent in range(10):
                pacer.agent(now, agent, "talk")
            for second in range(seconds):
                pacer.decide(now + second, **ROOM)
                if second >= seconds - 50 and second % 5 == 0:
                    pacer.agent(now + second, (second // 5) % 10, "idle")
            now += seconds

    talk(30, 120)
    before = pacer.tempo_changes()[0]
    talk(1, 700)
    assert pacer.tempo_changes()[0] > before


@pytest.mark.parametrize("data", [b"", b"garbage", b"RMPACER\x09" + b"\0" * 100])
def test_a_snapshot_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(PacingValueError, match="start the pacer without it") as caught:
        Pacer().restore(data)
    assert caught.value.code == "bad_snapshot"


def test_give_up_only_with_the_option_and_after_sixteen_seconds() -> None:
    for option, expected in [(None, []), (16.0, [7])]:
        pacer = Pacer(give_up_after=option)
        pacer.dialed(0.0, 7)
        pacer.ringing(1.0, 7)
        assert pacer.decide(16.9, **ROOM).give_up == []
        assert pacer.decide(17.0, **ROOM).give_up == expected
    with pytest.raises(PacingValueError, match="16"):
        Pacer(give_up_after=15.0)


@pytest.mark.parametrize(
    "options", [{"target": 0.0}, {"target": 1.5}, {"cap": -0.1}, {"grace_seconds": -1.0}, {"policy": "blind"}]
)
def test_bad_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(PacingValueError, match="give"):
        Pacer(**options)


def test_words_are_checked() -> None:
    pacer = team(1)
    with pytest.raises(PacingValueError, match="idle, reserved"):
        pacer.agent(0.0, 1, "asleep")  # type: ignore[arg-type]
    with pytest.raises(PacingValueError, match="no_answer, failed"):
        pacer.ended(0.0, 1, "lost")  # type: ignore[arg-type]


def test_a_decision_is_frozen_and_readable() -> None:
    decision = team(1).decide(0.0, **ROOM)
    assert isinstance(decision, Decision)
    assert repr(decision).startswith("Decision(dials=1, ")
    with pytest.raises(AttributeError):
        decision.dials = 5  # type: ignore[misc]


@pytest.mark.parametrize("seed", [1, 2])
def test_thousands_of_calls_of_one_age_are_no_jump(seed: int) -> None:
    """2,000 agents, one answer in twenty-two, from cold: 14 answers a second need 7,500 calls in flight."""
    scenario = Scenario.named(
        "base", "agents = 2000\nseconds = 1800.0\nwarmup_seconds = 0.0\nanswer_probability = 0.0445"
    )
    (run,) = simulate(scenario, "ringmaster", [seed])
    assert run.abandon_rate <= 0.03
    assert run.worst_quarter <= 0.045
    assert run.occupancy >= 0.95


def test_agents_taken_by_others_are_not_counted_on() -> None:
    def dials(taken: int) -> int:
        pacer = Pacer(budget_answered=2000, budget_abandoned=30)
        for agent in range(30):
            pacer.agent(0.0, agent, "idle")
        for number in range(taken):
            now = 600.0 * (number + 1) / taken
            pacer.agent(now, number % 10, "talk")
            pacer.agent(now, number % 10, "idle")
        return pacer.decide(600.0, lines_free=500, rate_tokens=500, leads=500).dials

    assert dials(0) > dials(30) > dials(120) > 0


def test_an_agent_reserved_or_connected_was_not_taken() -> None:
    pacers = [Pacer(budget_answered=2000, budget_abandoned=30) for _ in range(2)]
    for reserved, pacer in enumerate(pacers):
        for agent in range(10):
            pacer.agent(0.0, agent, "idle")
        for call in range(20):
            now = 10.0 * call
            pacer.dialed(now, call)
            pacer.answered(now + 5.0, call)
            if reserved:
                pacer.agent(now + 5.0, call % 10, "reserved")
                pacer.agent(now + 5.0, call % 10, "talk")
            pacer.connected(now + 5.0, call, call % 10)
            pacer.ended(now + 9.0, call, "done")
            pacer.agent(now + 9.0, call % 10, "idle")
    plain, reserving = (pacer.decide(300.0, **ROOM) for pacer in pacers)
    assert plain == reserving
    assert plain.dials > 0


def test_far_over_the_target_idle_agents_whom_no_caller_needs_are_dialed_for() -> None:
    pacer = Pacer(budget_answered=1000, budget_abandoned=300)
    for agent in range(40):
        pacer.agent(0.0, agent, "idle")
    for number in range(60):
        pacer.agent(10.0 * number, number % 10, "talk")
        pacer.agent(10.0 * number + 5.0, number % 10, "idle")
    assert 20 <= pacer.decide(600.0, **ROOM).dials < 40


def test_inbound_calls_that_take_agents_do_not_overdraw_the_budget() -> None:
    text = "agents = 20\nseconds = 28800.0\ndecide_seconds = 0.5\ninbound = { per_hour = 180.0 }"
    for run in simulate(Scenario.named("blend", text), "ringmaster", [1, 2, 3, 4]):
        assert run.total_abandoned <= 0.03 * run.total_answered
        assert run.occupancy > 0.85
