"""The verdict over one lead: the first rule that forbids the call, and when to ask again.

Order: what never changes by waiting first (number, do-not-call, hold), then what waiting cures (caps,
cool-down,
lockout, hours), so that `retry_at` of a verdict is worth waiting for. Sources: REGULATION.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.rules.hours import next_lawful
from models.rules.inputs import RuleInputs
from models.rules.ruleset import Caps

DIALABLE = re.compile(r"\+?[1-9][0-9]{5,14}")
ASK_AGAIN_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the call is allowed; if not, the rule's `code`, a `detail` for people, and when to ask again.

    `retry_at` is epoch seconds, None when waiting does not help. Codes: ok, bad_number, do_not_call, hold,
    cap_number_*, cap_person_* (24h, 7d, 30d, lifetime), cool_down, unknown_end, abandon_lockout,
    no_timezone, hours.
    """

    allowed: bool
    code: str
    detail: str = ""
    retry_at: float | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object."""
        return {
            "allowed": self.allowed,
            "code": self.code,
            "detail": self.detail,
            "retry_at": self.retry_at,
        }


ALLOWED = Verdict(True, "ok")


def check(inputs: RuleInputs, now_wall: float) -> Verdict:
    """Judge whether the number may be dialed at `now_wall` (epoch seconds). Pure: the same inputs, the same
    verdict."""
    for rule in RULES:
        verdict = rule(inputs, now_wall)
        if verdict is not None:
            return verdict
    return ALLOWED


def _number(inputs: RuleInputs, now_wall: float) -> Verdict | None:
    if DIALABLE.fullmatch(inputs.number):
        return None
    return Verdict(False, "bad_number", "the number is not dialable")


def _do_not_call(inputs: RuleInputs, now_wall: float) -> Verdict | None:
    if not inputs.do_not_call:
        return None
    return Verdict(False, "do_not_call", inputs.do_not_call)


def _hold(inputs: RuleInputs, now_wall: float) -> Verdict | None:
    if not inputs.hold or (inputs.hold_until is not None and now_wall >= inputs.hold_until):
        return None
    return Verdict(False, "hold", inputs.hold, inputs.hold_until)


def _caps(inputs: RuleInputs, now_wall: float) -> Verdict | None:
    rules = inputs.rules
    return _over_cap(
        "number", rules.per_number, inputs.number_times, inputs.number_total, now_wall
    ) or _over_cap("person", rules.per_person, inputs.person_times, inputs.person_total, now_wall)


def _over_cap(
    whose: str, caps: Caps, times: tuple[float, ...], total: int, now_wall: float
) -> Verdict | None:
    if caps.lifetime is not None and total >= caps.lifetime:
        return Verdict(False, f"cap_{whose}_lifetime", f"{total} attempts, the cap is {caps.lifetime}")
    longest: Verdict | None = None
    for name, span, cap in caps.spans():
        recent = sorted((at for at in times if at > now_wall - span), reverse=True)
        if len(recent) < cap:
            continue
        free_at = recent[cap - 1] + span  # when the cap-th newest attempt leaves the span
        if longest is None or longest.retry_at is None or free_at > longest.retry_at:
            detail = f"{len(recent)} attempts in {name}, the cap is {cap}"
            longest = Verdict(False, f"cap_{whose}_{name}", detail, free_at)
    return longest


def _cool_down(inputs: RuleInputs, now_wall: float) -> Verdict | None:
    span = inputs.rules.cool_down_seconds
    for code, at, what in (
        ("cool_down", inputs.last_conversation, "a conversation"),
        ("unknown_end", inputs.last_unknown, "a call whose end is unknown"),
    ):
        if at is not None and now_wall < at + span:
            return Verdict(False, code, f"{what} less than {span / 3600:.0f} h ago", at + span)
    return None


def _lockout(inputs: RuleInputs, now_wall: float) -> Verdict | None:
    span = inputs.rules.abandon_lockout_seconds
    if not inputs.predictive or inputs.last_abandon is None or now_wall >= inputs.last_abandon + span:
        return None
    detail = f"an abandoned call less than {span / 3600:.0f} h ago, and no agent is guaranteed"
    return Verdict(False, "abandon_lockout", detail, inputs.last_abandon + span)


def _hours(inputs: RuleInputs, now_wall: float) -> Verdict | None:
    if not inputs.timezones:
        return Verdict(False, "no_timezone", "the person's time zone is not known: give it in the list")
    lawful_at = next_lawful(inputs.rules, inputs.timezones, now_wall)
    if lawful_at == now_wall:
        return None
    if lawful_at is None:
        return Verdict(
            False, "hours", "no lawful hour in the next 15 days", now_wall + 24 * ASK_AGAIN_SECONDS
        )
    return Verdict(
        False, "hours", f"outside the calling hours in {', '.join(inputs.timezones[:3])}", lawful_at
    )


RULES: tuple[Callable[[RuleInputs, float], Verdict | None], ...] = (
    _number,
    _do_not_call,
    _hold,
    _caps,
    _cool_down,
    _lockout,
    _hours,
)
