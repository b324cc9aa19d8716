"""The seeded far ends are the base scenario of PACING.md."""

from __future__ import annotations

import random
import statistics

import pytest

from esl.simulator import CalleeProfile, FarEnd, SwitchConfig
from esl.simulator.callees import agent_phone, customer, talk_seconds
from tests.unit.simulator.driver import EPOCH_US, Driver


def ends(profile: CalleeProfile, count: int = 4000) -> list[FarEnd]:
    return [customer(profile, random.Random(seed)) for seed in range(count)]


def test_the_base_scenario() -> None:
    found = ends(CalleeProfile())
    answered = [end for end in found if end.answer is not None]
    assert len(answered) / len(found) == pytest.approx(0.3, abs=0.025)
    delays = [end.answer or 0.0 for end in answered]
    assert min(delays) >= 6.0
    assert max(delays) <= 20.0
    assert statistics.mean(delays) == pytest.approx(13.0, abs=0.4)
    unanswered = [end.fail for end in found if end.fail is not None]
    assert {when for when, _ in unanswered} == {25.0}
    assert {status for _, status in unanswered} == {480, 486}
    assert all(end.ring is not None and 0.2 <= end.ring <= 0.8 for end in found)


def test_talk_times() -> None:
    rng = random.Random(1)
    talks = [talk_seconds(CalleeProfile(), rng) for _ in range(20_000)]
    mean = statistics.mean(talks)
    assert mean == pytest.approx(120, rel=0.04)
    assert statistics.stdev(talks) / mean == pytest.approx(1.0, abs=0.1)
    empirical = [talk_seconds(CalleeProfile(talk="empirical"), rng) for _ in range(20_000)]
    assert statistics.median(empirical) == pytest.approx(180, rel=0.06)
    assert min(empirical) >= 1


def test_fast_failures_are_an_option() -> None:
    found = ends(CalleeProfile(busy_at_once=0.1, not_found=0.2, unavailable=0.3))
    fast = [end.fail[1] for end in found if end.fail is not None and end.fail[0] < 1]
    shares = {status: fast.count(status) / len(found) for status in (486, 404, 503)}
    assert shares == {
        486: pytest.approx(0.1, abs=0.02),
        404: pytest.approx(0.2, abs=0.02),
        503: pytest.approx(0.3, abs=0.03),
    }


def test_robot_phones_stay_unless_told_otherwise() -> None:
    assert agent_phone(CalleeProfile(), random.Random(1)).bye_after_answer is None
    leaving = agent_phone(CalleeProfile(agent_hangs_up_after_mean=100.0), random.Random(1))
    assert (leaving.bye_after_answer or 0) > 0


def test_the_fate_of_a_number_does_not_depend_on_what_else_is_dialed() -> None:
    fates = []
    for numbers in (["15550001"], ["15559999", "15558888", "15550001"]):
        d = Driver(SwitchConfig(epoch_offset_us=EPOCH_US), seed=7, events="CHANNEL_HANGUP_COMPLETE")
        for number in numbers:
            d.originate(number, f"carrier/{number}")
        d.run(60)
        truth = next(t for t in d.switch.truth if t.number == "15550001")
        fates.append((truth.outcome, truth.answered - truth.created, truth.ended - truth.created))
    assert fates[0] == fates[1]


def test_same_seed_same_bytes() -> None:
    said = []
    for _ in range(2):
        d = Driver(SwitchConfig(epoch_offset_us=EPOCH_US), seed=5)
        for n in range(10):
            d.originate(f"c{n}", f"carrier/1555{n}")
        d.run(90)
        said.append(d.raw)
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "wrong", [{"answer_probability": 1.5}, {"talk_mean": 0}, {"busy_at_once": 0.7, "not_found": 0.7}]
)
def test_impossible_profiles_cannot_be_built(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        CalleeProfile(**wrong)  # type: ignore[arg-type]
