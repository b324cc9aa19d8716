"""What is known of a lead, what the pacer is told of it, and what its call teaches.

A lead's facts become the model's features at the dial, by the time of day where the person is (`outlook`).
What became of the call goes to the model: answered as soon as it is, not answered at the end. A call that
the network failed, or that we ended, teaches nothing.
"""

from __future__ import annotations

from datetime import datetime

from callflow.engine.board import Attempt, Campaign
from models.enums import Outcome
from models.errors import InvalidValue
from models.records import LeadFacts
from models.rules.hours import zone
from pacing_core import Lead

_WORD_LENGTH = 100
"""Of a word that the model hashes: whatever a list holds, a dial costs the same."""
_MANY_ATTEMPTS = 1000
_NOT_ANSWERED = frozenset({Outcome.NO_ANSWER, Outcome.BUSY, Outcome.REJECTED, Outcome.INVALID_NUMBER})


def features(facts: LeadFacts, wall: float) -> Lead:
    """What the model is asked about: the facts, at `wall` (epoch seconds). What is not known or can't be is
    left out."""
    hour, weekday = _local(facts.timezone, wall)
    words = (facts.last_outcome, facts.number_type, facts.area, facts.list_id)
    last_outcome, number_type, area, list_id = (_word(word) for word in words)
    return Lead(
        hour=hour,
        weekday=weekday,
        attempt=min(max(1, facts.attempt), _MANY_ATTEMPTS),
        last_outcome=last_outcome,
        number_type=number_type,
        area=area,
        list=list_id,
    )


def _word(word: str) -> str | None:
    # A lone surrogate can't leave Python.
    return word[:_WORD_LENGTH].encode("utf-8", "replace").decode("utf-8") or None


def _local(timezone: str, wall: float) -> tuple[int | None, int | None]:
    if not timezone:
        return None, None
    try:
        local = datetime.fromtimestamp(wall, zone(timezone))
    except (InvalidValue, OverflowError, ValueError, OSError):
        return None, None
    return local.hour, local.weekday()


def know(attempt: Attempt, facts: LeadFacts | None, wall: float) -> None:
    """Remember what is known of an attempt's lead; `wall`: epoch seconds of the dial."""
    attempt.lead = None if facts is None else features(facts, wall)


def expected(campaign: Campaign, facts: LeadFacts, wall: float) -> float | None:
    """The probability that a lead answers which is not dialed yet; None while too little is known."""
    return campaign.leads.expected(features(facts, wall), campaign.pacer)


def dialed(campaign: Campaign, attempt: Attempt, now: float) -> None:
    """Tell the pacer of a dial, with the probability that a person answers where something is known of the
    lead."""
    lead = attempt.lead
    probability = None if lead is None else campaign.leads.probability(lead, campaign.pacer)
    campaign.pacer.dialed(now, attempt.call_id, probability)


def answered(campaign: Campaign, attempt: Attempt) -> None:
    """A person answered."""
    _learn(campaign, attempt, answered=True)


def ended(campaign: Campaign, attempt: Attempt, outcome: Outcome, *, was_answered: bool) -> None:
    """The call is over."""
    if was_answered or outcome.is_live_answer:
        _learn(campaign, attempt, answered=True)
    elif outcome in _NOT_ANSWERED:
        _learn(campaign, attempt, answered=False)
    attempt.lead = None


def _learn(campaign: Campaign, attempt: Attempt, *, answered: bool) -> None:
    if attempt.lead is not None:
        campaign.leads.learn(attempt.lead, answered=answered)
        attempt.lead = None
