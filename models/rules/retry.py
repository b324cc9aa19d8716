"""What becomes of a lead after an attempt: pure, by outcome.

The network's failures do not use the lead up: they come back soon, and more slowly the more there are in a
row. A
person who was reached is done with (a disposition may say otherwise); one who was abandoned is locked out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.enums import LeadState, Outcome
from models.errors import InvalidValue


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How long to wait after which outcome (seconds), and how often to try.

    `max_network_failures` ends the patience with a number that only ever fails in the network.
    """

    max_tries: int = 6
    busy_seconds: float = 900.0
    no_answer_seconds: float = 7200.0
    rejected_seconds: float = 7200.0
    early_end_seconds: float = 7200.0
    network_seconds: float = 300.0
    max_network_failures: int = 12
    abandoned_seconds: float = 3 * 86_400.0
    unknown_seconds: float = 7 * 86_400.0

    def __post_init__(self) -> None:
        if self.max_tries < 1 or self.max_network_failures < 1:
            raise InvalidValue("retries", "a lead needs at least one try: give max_tries of 1 or more")
        if any(seconds < 1 for name, seconds in asdict(self).items() if name.endswith("_seconds")):
            raise InvalidValue("retries", "a wait of less than a second redials at once: give 1 or more")

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object; `from_json` is its inverse."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RetryPolicy:
        """Read what `to_json` wrote; missing fields take their defaults.

        Raises:
            InvalidValue: an unknown field or an impossible value.
        """
        try:
            return cls(**data)
        except TypeError as error:
            raise InvalidValue("retries", f"these retry rules can't be read: {error}") from error


@dataclass(frozen=True, slots=True)
class NextStep:
    """The lead after an attempt. `due_at` is None once it is CLOSED."""

    state: LeadState
    tries: int
    network_failures: int
    due_at: float | None
    reason: str
    number_is_bad: bool = False


def next_step(
    outcome: Outcome, *, at: float, tries: int, network_failures: int, policy: RetryPolicy
) -> NextStep:
    """The lead's next step after an attempt that ended with `outcome` at `at` (epoch seconds)."""
    if outcome in (Outcome.NOT_DIALED, Outcome.CANCELLED):
        # Ours alone: back into the queue at once, nothing used up.
        return NextStep(LeadState.RETRY, tries, network_failures, at, outcome.value)
    if not outcome.uses_up_lead:
        failures = network_failures + 1
        if failures >= policy.max_network_failures:
            return NextStep(LeadState.CLOSED, tries, failures, None, "network_failures")
        wait = policy.network_seconds * min(2 ** (failures - 1), 12)
        return NextStep(LeadState.RETRY, tries, failures, at + wait, outcome.value)
    used = tries + 1
    if outcome is Outcome.CONNECTED:
        return NextStep(LeadState.CLOSED, used, 0, None, outcome.value)
    if outcome is Outcome.INVALID_NUMBER:
        return NextStep(LeadState.CLOSED, used, 0, None, outcome.value, number_is_bad=True)
    if used >= policy.max_tries:
        return NextStep(LeadState.CLOSED, used, 0, None, "max_tries")
    waits = {
        Outcome.BUSY: policy.busy_seconds,
        Outcome.NO_ANSWER: policy.no_answer_seconds,
        Outcome.REJECTED: policy.rejected_seconds,
        Outcome.ENDED_BEFORE_AGENT: policy.early_end_seconds,
        Outcome.ABANDONED: policy.abandoned_seconds,
        Outcome.UNKNOWN: policy.unknown_seconds,
    }
    state = LeadState.COOLING if outcome in (Outcome.ABANDONED, Outcome.UNKNOWN) else LeadState.RETRY
    return NextStep(state, used, 0, at + waits[outcome], outcome.value)
