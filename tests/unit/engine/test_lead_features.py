"""What is known of a lead, what the pacer is told of it, and what its call teaches."""

from __future__ import annotations

import random
import struct
from dataclasses import replace
from math import isnan

import pytest

from callflow.engine.leads import features
from callflow.engine.outlook import FIRST_DIALS, LEARNED_CALLS, Outlook
from callflow.inputs import Claimed
from models.enums import AttemptState
from models.records import ClaimedAttempt, DialerSnapshot, LeadFacts, Learned
from models.rules import RuleInputs
from pacing_core import Lead, LeadModel, Pacer, PacingValueError
from tests.unit.engine.bench import ALWAYS, CAMPAIGN, WALL, Bench, open_attempt

FACTS = LeadFacts(
    attempt=2, last_outcome="busy", number_type="mobile", area="+39 347", list_id="l1", timezone="Europe/Rome"
)
MONDAY_NIGHT = 1_767_657_600.0  # 2026-01-06 00:00 UTC: Tuesday 01:00 in Rome, Monday 19:00 in New York


def test_hour_and_weekday_are_those_of_the_person() -> None:
    known = {"attempt": 2, "last_outcome": "busy", "number_type": "mobile", "area": "+39 347", "list": "l1"}
    assert features(FACTS, MONDAY_NIGHT) == Lead(hour=1, weekday=1, **known)  # type: ignore[arg-type]
    new_york = replace(FACTS, timezone="America/New_York")
    assert features(new_york, MONDAY_NIGHT) == Lead(hour=19, weekday=0, **known)  # type: ignore[arg-type]


def test_what_is_not_known_is_left_out() -> None:
    assert features(LeadFacts(), WALL) == Lead(attempt=1)


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "../../etc/passwd", "x" * 100_000, "\0", "\ud800"])
@pytest.mark.parametrize("word", ["\ud800", "\0", "é" * 100_000, "💥"])
def test_hostile_facts_say_less_and_cost_no_more(timezone: str, word: str) -> None:
    facts = LeadFacts(
        attempt=-5, last_outcome=word, number_type=word, area=word, list_id=word, timezone=timezone
    )
    assert features(facts, WALL) != Lead()
    assert features(replace(facts, attempt=10**30), 1e300) != Lead()
    model = LeadModel()
    assert 0.0 < model.probability(features(facts, WALL)) < 1.0


# --- what the pacer is told -----------------------------------------------------------------------------


def taught(
    outlook: Outlook, calls: int, *, shares: tuple[float, float] = (0.1, 0.5), seed: int = 1
) -> list[float]:
    """Dial leads of two lists by turns, each told at once; the last probabilities by list."""
    rng, pacer, last = random.Random(seed), Pacer(), [float("nan")] * 2
    for number in range(calls):
        which = number % 2
        lead = Lead(list=f"list-{which}")
        given = outlook.probability(lead, pacer)
        last[which] = float("nan") if given is None else given
        outlook.learn(lead, answered=rng.random() < shares[which])
    return last


def test_nothing_is_believed_before_it_was_learned() -> None:
    outlook = Outlook()
    assert all(isnan(given) for given in taught(outlook, LEARNED_CALLS))
    assert not any(isnan(given) for given in taught(outlook, 2))


def test_differences_are_passed_on_and_the_level_is_the_pacer_s() -> None:
    seldom, often = taught(Outlook(), 4000)
    assert seldom < 0.18
    assert often > 0.42
    # A sixth of the answers of either list: another level, which is the pacer's to follow.
    rare = taught(Outlook(), 4000, shares=(0.018, 0.14))
    assert rare == pytest.approx([seldom, often], abs=0.06)


def test_leads_that_do_not_differ_are_given_the_level_once_set() -> None:
    outlook = Outlook()
    for share in (0.3, 0.6, 0.05):
        given = taught(outlook, 3000, shares=(share, share))
        assert given == pytest.approx([Pacer().answer_probability()] * 2, abs=0.05), share


def test_what_was_learned_is_taken_over_of_a_size_that_never_changes() -> None:
    first, second = Outlook(), Outlook()
    empty = len(first.snapshot())
    taught(first, 3000)
    kept = first.snapshot()
    assert len(kept) == empty < 10_000
    second.restore(kept)
    assert second.snapshot() == kept
    assert all(isnan(given) for given in taught(second, FIRST_DIALS)), "leads must be there to compare with"
    seldom, often = taught(second, 100)
    assert often - seldom > 0.2


@pytest.mark.parametrize("at", range(15))
def test_what_is_no_snapshot_is_refused_and_changes_nothing(at: int) -> None:
    outlook = Outlook()
    taught(outlook, 600)
    kept = outlook.snapshot()
    bent = bytearray(kept)
    bent[at] ^= 0x40 if at < 7 else 0
    bent[7:15] = struct.pack("<d", 1e9) if at >= 7 else bent[7:15]
    for data in (b"", b"x", bytes(bent), kept[:-1], kept + b"\0", Pacer().snapshot(), LeadModel().snapshot()):
        with pytest.raises(PacingValueError):
            outlook.restore(data)
    assert outlook.snapshot() == kept


# --- what a call teaches --------------------------------------------------------------------------------


def dialing(facts: LeadFacts | None = FACTS) -> tuple[Bench, str, LeadModel]:
    """A bench with one call dialed; its leg, and the model that is to learn."""
    bench = Bench()
    bench.log_in()
    claim = bench.claims.pop(0)
    number = "+15551230001"
    attempt = ClaimedAttempt(
        attempt_id="t-1",
        campaign_id="c1",
        lead_id="l-1",
        number=number,
        claimed_at=WALL,
        rule_inputs=RuleInputs(number=number, rules=ALWAYS, timezones=("Europe/Rome",)),
        facts=facts,
    )
    bench.give(Claimed(claim.batch, (attempt,)))
    return bench, "t-1", bench.engine.board.campaigns["c1"].leads.model


def untaught() -> float:
    return LeadModel().probability(features(FACTS, WALL))


def test_an_answer_teaches_at_once_and_once() -> None:
    bench, leg, model = dialing()
    bench.ring(leg)
    answered = bench.answer(leg)
    assert model.calls() == 1
    assert model.probability(features(FACTS, WALL)) > untaught()
    bench.hang_up(leg, answered=answered)
    assert model.calls() == 1


@pytest.mark.parametrize("cause", ["NO_ANSWER", "USER_BUSY", "CALL_REJECTED", "UNALLOCATED_NUMBER"])
def test_a_call_that_nobody_answered_teaches_at_its_end(cause: str) -> None:
    bench, leg, model = dialing()
    bench.ring(leg)
    assert model.calls() == 0
    bench.hang_up(leg, cause=cause)
    assert model.calls() == 1
    assert model.probability(features(FACTS, WALL)) < untaught()


@pytest.mark.parametrize("cause", ["NORMAL_TEMPORARY_FAILURE", "GATEWAY_DOWN", "MANAGER_REQUEST"])
def test_a_call_that_the_network_failed_or_we_ended_teaches_nothing(cause: str) -> None:
    bench, leg, model = dialing()
    bench.hang_up(leg, cause=cause)
    assert model.calls() == 0


def test_a_lead_of_which_nothing_is_known_teaches_nothing() -> None:
    bench, leg, model = dialing(None)
    bench.ring(leg)
    bench.hang_up(leg, cause="NO_ANSWER")
    assert model.calls() == 0


def test_a_call_adopted_at_the_start_teaches_unless_its_answer_already_has() -> None:
    for answered_at, learned in ((None, 1), (WALL - 5, 0)):
        found = open_attempt(facts=FACTS, state=AttemptState.RINGING, answered_at=answered_at)
        bench = Bench(DialerSnapshot(campaigns=(CAMPAIGN,), attempts=(found,)))
        start = bench.us()
        bench.reply("dump:leg-old", "-ERR No such channel!\n")
        bench.reply("hash:leg-old", f"NORMAL_CLEARING|{start}|{start + 5}|0|{start + 9_000_000}|200")
        assert not bench.engine.board.attempts
        assert bench.engine.board.campaigns["c1"].leads.model.calls() == learned


def test_what_cannot_be_taken_over_is_counted_and_learned_anew() -> None:
    outlook, pacer = Outlook(), Pacer()
    taught(outlook, 600)
    good = Learned(pacer=pacer.snapshot(), leads=outlook.snapshot())
    for learned, unreadable, calls in (
        (good, 0, 600),
        (Learned(pacer=b"x", leads=b"y"), 2, 0),
        (Learned(), 0, 0),
    ):
        bench = Bench(DialerSnapshot(campaigns=(CAMPAIGN,), learned={"c1": learned}))
        assert bench.engine.board.counters["learned_unreadable"] == unreadable
        assert bench.engine.board.campaigns["c1"].leads.model.calls() == calls
