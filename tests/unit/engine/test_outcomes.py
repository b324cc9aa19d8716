"""Outcomes against FACTS §4: the table of causes, and the recorded ends of the corpus."""

from __future__ import annotations

import pytest

from callflow.engine.outcomes import Ending, classify, classify_refusal, from_hook, hook_value
from models.enums import Outcome

SECOND = 1_000_000


def ending(cause: str, *, rang: bool = False, answered: int = 0, bridged: int = 0, hangup: int = 0) -> Ending:
    return Ending(cause, None, 1, SECOND if rang else 0, answered, bridged, hangup)


@pytest.mark.parametrize(
    ("cause", "rang", "outcome"),
    [
        ("USER_BUSY", False, Outcome.BUSY),
        ("UNALLOCATED_NUMBER", False, Outcome.INVALID_NUMBER),
        ("CALL_REJECTED", True, Outcome.REJECTED),
        ("NO_ANSWER", True, Outcome.NO_ANSWER),
        ("NO_USER_RESPONSE", False, Outcome.NO_ANSWER),
        ("SUBSCRIBER_ABSENT", False, Outcome.NO_ANSWER),
        ("NORMAL_TEMPORARY_FAILURE", False, Outcome.CONGESTION),
        ("NORMAL_TEMPORARY_FAILURE", True, Outcome.NO_ANSWER),
        ("RECOVERY_ON_TIMER_EXPIRE", False, Outcome.CARRIER_FAILURE),
        ("NORMAL_CLEARING", True, Outcome.CANCELLED),
        ("SOMETHING_NEW", False, Outcome.CONGESTION),
    ],
)
def test_unanswered(cause: str, rang: bool, outcome: Outcome) -> None:
    assert classify(ending(cause, rang=rang), wait_limit_seconds=1.9) is outcome


@pytest.mark.parametrize(
    ("waited_us", "outcome"),
    [
        (0, Outcome.ENDED_BEFORE_AGENT),
        (1_899_999, Outcome.ENDED_BEFORE_AGENT),
        (1_900_000, Outcome.ABANDONED),
    ],
)
def test_answered_and_never_bridged_is_judged_by_the_switch_times(waited_us: int, outcome: Outcome) -> None:
    end = Ending("NORMAL_CLEARING", 200, 1, 1, SECOND, 0, SECOND + waited_us)
    assert classify(end, wait_limit_seconds=1.9) is outcome


def test_who_did_not_hang_up_themselves_was_abandoned() -> None:
    end = Ending("NORMAL_CLEARING", None, 1, 1, SECOND, 0, SECOND + 60_000)
    assert classify(end, wait_limit_seconds=1.9) is Outcome.ABANDONED


def test_a_bridge_is_a_connection_whatever_ended_it() -> None:
    end = ending("NORMAL_CLEARING", answered=SECOND, bridged=2 * SECOND, hangup=62 * SECOND)
    assert classify(end, wait_limit_seconds=1.9) is Outcome.CONNECTED
    assert end.talk_seconds == 60.0
    assert end.wait_seconds == 1.0


def test_the_persons_own_end_wins_over_our_giving_up() -> None:
    assert (
        classify(ending("USER_BUSY", rang=True), wait_limit_seconds=1.9, ring_given_up=True) is Outcome.BUSY
    )


def test_ringing_that_we_gave_up_is_no_answer_by_any_cause() -> None:
    assert classify(ending("NORMAL_CLEARING", rang=True), wait_limit_seconds=1.9, ring_given_up=True) is (
        Outcome.NO_ANSWER
    )


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        ("GATEWAY_DOWN", Outcome.CARRIER_FAILURE),
        ("INVALID_PROFILE", Outcome.CARRIER_FAILURE),
        ("DESTINATION_OUT_OF_ORDER", Outcome.SWITCH_REFUSED),
        ("USER_BUSY", Outcome.BUSY),
    ],
)
def test_refused_without_a_channel(cause: str, outcome: Outcome) -> None:
    assert classify_refusal(cause) is outcome


def test_the_hook_is_read_as_it_is_written() -> None:
    template = hook_value("leg-1", "rm_outcome")
    assert template.startswith("hash insert/rm_outcome/leg-1/")
    assert template.count("|") == 5
    read = from_hook("NORMAL_CLEARING|1000000|2000000|3000000|9000000|200")
    assert read == Ending("NORMAL_CLEARING", 200, 0, 1000000, 2000000, 3000000, 9000000)


@pytest.mark.parametrize("text", ["", "-ERR no reply", "x", "A|1|2", "|1|2|3|4|5"])
def test_what_is_no_hook_word_is_nothing(text: str) -> None:
    assert from_hook(text) is None


def test_empty_fields_of_the_hook_are_never() -> None:
    read = from_hook("USER_BUSY|0|0||1795384242701780|486\n")
    assert read is not None
    assert (read.progress_us, read.answered_us, read.bridged_us, read.sip_status) == (0, 0, 0, 486)
