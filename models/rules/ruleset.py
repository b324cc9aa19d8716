"""A campaign's rules as values: calling hours, attempt caps, cool-down, lockout. Built only valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from models.enums import RecordingConsent
from models.errors import InvalidValue

DAY = 86_400.0
Window = tuple[int, int]  # minutes of the day, from (included) to (excluded); 1440 is midnight at the end


@dataclass(frozen=True, slots=True)
class Caps:
    """At most so many attempts within each span; None is no cap."""

    day: int | None = None
    week: int | None = None
    month: int | None = None
    lifetime: int | None = None

    def __post_init__(self) -> None:
        for cap in (self.day, self.week, self.month, self.lifetime):
            if cap is not None and cap < 1:
                raise InvalidValue(
                    "rules_caps", f"an attempt cap of {cap} dials nobody: give 1 or more, or none"
                )

    def spans(self) -> tuple[tuple[str, float, int], ...]:
        """(name, seconds, cap) of every cap that is set over a span (24 hours, 7 days, 30 days)."""
        named = (("24h", DAY, self.day), ("7d", 7 * DAY, self.week), ("30d", 30 * DAY, self.month))
        return tuple((name, span, cap) for name, span, cap in named if cap is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The parameters of every rule.

    Attributes:
        hours: for Monday to Sunday the windows in which a call may begin, in the called person's time.
        holidays: ISO dates, in the person's time, on which nobody is called.
        per_number, per_person: attempt caps, over every campaign of the tenant.
        cool_down_seconds: no call so long after a conversation, or after a call whose end is unknown.
        abandon_lockout_seconds: no predictive call so long after an abandoned one.
        recording: the least that a person must know or agree to before a call is recorded.
    """

    name: str = "custom"
    version: str = "1"
    hours: tuple[tuple[Window, ...], ...] = (((480, 1260),),) * 7
    holidays: tuple[str, ...] = ()
    per_number: Caps = field(default_factory=Caps)
    per_person: Caps = field(default_factory=Caps)
    cool_down_seconds: float = 7 * DAY
    abandon_lockout_seconds: float = 3 * DAY
    recording: RecordingConsent = RecordingConsent.ANNOUNCED

    def __post_init__(self) -> None:
        if len(self.hours) != 7:
            raise InvalidValue("rules_hours", "calling hours need seven weekdays, Monday first")
        for windows in self.hours:
            for begin, end in windows:
                if not 0 <= begin < end <= 1440:
                    raise InvalidValue(
                        "rules_hours", f"{begin}-{end} is no window: 0 <= from < to <= 1440 minutes"
                    )
        for day in self.holidays:
            try:
                date.fromisoformat(day)
            except ValueError as error:
                raise InvalidValue("rules_holidays", f"{day!r} is no date: write it as 2026-12-25") from error
        if self.cool_down_seconds < 0 or self.abandon_lockout_seconds < 0:
            raise InvalidValue("rules_seconds", "cool-down and lockout can't be negative")

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object; `from_json` is its inverse."""
        return {
            "name": self.name,
            "version": self.version,
            "hours": [[list(window) for window in windows] for windows in self.hours],
            "holidays": list(self.holidays),
            "per_number": _caps_to_json(self.per_number),
            "per_person": _caps_to_json(self.per_person),
            "cool_down_seconds": self.cool_down_seconds,
            "abandon_lockout_seconds": self.abandon_lockout_seconds,
            "recording": self.recording.value,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RuleSet:
        """Read what `to_json` wrote; missing fields take their defaults.

        Raises:
            InvalidValue: an unknown field or an impossible value.
        """
        fields = dict(data)
        try:
            if "hours" in fields:
                fields["hours"] = tuple(
                    tuple((int(begin), int(end)) for begin, end in windows) for windows in fields["hours"]
                )
            if "holidays" in fields:
                fields["holidays"] = tuple(str(day) for day in fields["holidays"])
            for name in ("per_number", "per_person"):
                if name in fields:
                    fields[name] = Caps(**fields[name])
            if "recording" in fields:
                fields["recording"] = RecordingConsent(fields["recording"])
            return cls(**fields)
        except (TypeError, ValueError) as error:
            raise InvalidValue("rules", f"these rules can't be read: {error}") from error


def _caps_to_json(caps: Caps) -> dict[str, int]:
    named = {"day": caps.day, "week": caps.week, "month": caps.month, "lifetime": caps.lifetime}
    return {name: cap for name, cap in named.items() if cap is not None}
