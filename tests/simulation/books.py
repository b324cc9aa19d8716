"""The books against the truth, at the end: outcomes, talk seconds, abandons, attribution, nothing missing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from esl.simulator.truth import CallTruth
from models.enums import Outcome
from models.records import AttemptClosed
from tests.simulation.store import AttemptRow
from tests.simulation.truth import LOST, NEVER_THERE, TICK_SECONDS, expected_outcomes, waited_seconds

if TYPE_CHECKING:
    from tests.simulation.invariants import Checker

GRACE_SECONDS = 2.0
FAULT_AFTERMATH_SECONDS = 25.0
"""Calls in flight at a fault are answered this much later, when agents may be gone."""


def check_books(checker: Checker) -> None:
    """Every attempt against its legs, every leg against its attempt."""
    store, view = checker.store, checker.view
    for row in store.attempts.values():
        if row.closed is not None:
            legs = [view.legs[d.leg_id] for d in row.dialed if d.leg_id in view.legs]
            _attempt(checker, row, row.closed, legs)
    for leg in view.legs.values():
        if leg.kind == "customer" and leg.uuid not in store.attempt_of_leg and leg.uuid not in store.thirds:
            checker.fail("no call missing", f"{leg.uuid} to {leg.number} is in no book")

    _abandon_rate(checker)


def _abandon_rate(checker: Checker) -> None:
    """Within what chance allows at the target. Who was lost to a fault or a phone is not the pacer's."""
    store, view = checker.store, checker.view
    live = abandoned = 0
    for row in store.attempts.values():
        closed = row.closed
        if closed is None or not closed.outcome.is_live_answer:
            continue
        live += 1
        leg = view.legs.get(closed.leg_id or "")
        excused = leg is not None and (leg.ended_by == "partner" or _in_trouble(checker, leg))
        abandoned += closed.abandoned and not excused
    bound = abandon_bound(live, checker.target)
    if abandoned > bound:
        checker.fail(
            "abandon rate", f"{abandoned} of {live} abandoned, at most {bound:.1f} at {checker.target:g}"
        )


def _in_trouble(checker: Checker, leg: CallTruth) -> bool:
    answered = checker.engine_time(leg.answered)
    return any(begin - 3.0 <= answered <= end + FAULT_AFTERMATH_SECONDS for begin, end in checker.troubles)


def _attempt(checker: Checker, row: AttemptRow, closed: AttemptClosed, legs: list[CallTruth]) -> None:
    name = f"attempt {row.attempt_id}"
    if len(legs) > 1:
        checker.second_carrier(row)
    if row.dialed:  # the attempt ends as its last leg does
        legs = [leg for leg in legs if leg.uuid == row.dialed[-1].leg_id]
    if not row.dialed:
        if closed.outcome is not Outcome.NOT_DIALED:
            checker.fail("outcome true", f"{name} was never dialed and is {closed.outcome}")
        return
    if not legs:
        if closed.outcome not in NEVER_THERE | LOST:
            checker.fail("outcome true", f"{name} never reached the switch and is {closed.outcome}")
        return
    leg = legs[0]
    if not leg.ended:
        return
    if closed.outcome is Outcome.UNKNOWN and not checker.legs[leg.uuid].hook_set:
        return  # died before the switch was told to keep the outcome: nobody can know
    expected = expected_outcomes(leg, checker.wait_limit)
    if checker.switch_died_between(leg.ended / 1e6, closed.at):
        expected |= LOST  # its end went down with the switch before the dialer heard of it
    if closed.outcome not in expected:
        truth = f"{sorted(map(str, expected))} ({leg.outcome}, {leg.cause}, {leg.ended_by}"
        said = f"{name} is {closed.outcome}, the truth is {truth}"
        checker.fail("outcome true", f"{said}, waited {waited_seconds(leg) if leg.answered else 0:.2f} s)")
        return
    lost = checker.switch_died_between(leg.ended / 1e6, closed.at)
    if leg.ended_by not in ("crash", "shutdown") and not lost:
        _times(checker, name, closed, leg)


def _times(checker: Checker, name: str, closed: AttemptClosed, leg: CallTruth) -> None:
    talk = leg.talk_us / 1e6
    moved = checker.store.moves_asked_for.get(closed.attempt_id, set())
    sent_out = closed.attempt_id in checker.store.sent_out
    # On the way from one agent to the other, or to a number, nobody talks, for some ticks.
    slack = 3.0 if moved and closed.recovered else 0.3 * (len(moved) + sent_out)
    out = leg.last_partner in checker.store.thirds
    if (
        closed.talk_seconds > talk + 1.5 * TICK_SECONDS + slack
        if out
        else (abs(closed.talk_seconds - talk) > 1.5 * TICK_SECONDS + slack)
    ):
        checker.fail("talk true", f"{name}: {closed.talk_seconds:.3f} s in the book, {talk:.3f} s in truth")
    if leg.bridged:
        agent_id = checker.store.agent_of_leg.get(leg.last_partner)
        # A move of which the switch never told stays unknown: then the books have the agent before it.
        if agent_id != closed.agent_id and agent_id not in moved and not out:
            checker.fail("attribution", f"{name} is booked on {closed.agent_id}, {agent_id} talked")
        waited = waited_seconds(leg)
        # Of a call that was moved by one dialer and ended by another the first bridge is known about.
        exact = 3.0 if (moved or sent_out) and closed.recovered else 1.5 * TICK_SECONDS
        if closed.wait_seconds is None or abs(closed.wait_seconds - waited) > exact:
            checker.fail(
                "wait true", f"{name}: waited {closed.wait_seconds} in the book, {waited:.3f} s in truth"
            )
    late = bool(leg.bridged) and waited_seconds(leg) > GRACE_SECONDS
    should = late or closed.outcome is Outcome.ABANDONED
    if closed.abandoned != should:
        checker.fail(
            "abandon counted", f"{name} ({closed.outcome}) abandoned={closed.abandoned}, should be {should}"
        )


def abandon_bound(live: int, target: float) -> float:
    """Three standard deviations above the target, and one: what chance alone may do in a short run."""
    return target * live + 3.0 * math.sqrt(target * live) + 1.0
