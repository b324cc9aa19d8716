"""Calling hours in the person's place: a call may begin only inside a window of every zone the person may be
in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from models.errors import InvalidValue
from models.rules.ruleset import RuleSet

HORIZON_DAYS = 15


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name.

    Raises:
        InvalidValue: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise InvalidValue("timezone", f"{name!r} is no IANA time zone, such as Europe/Rome") from error


def is_open(rules: RuleSet, timezone: str, wall: float) -> bool:
    """Whether the wall clock (epoch seconds) stands inside a calling window of that zone."""
    local = datetime.fromtimestamp(wall, zone(timezone))
    if local.date().isoformat() in rules.holidays:
        return False
    minute = local.hour * 60 + local.minute
    return any(begin <= minute < end for begin, end in rules.hours[local.weekday()])


def next_lawful(rules: RuleSet, timezones: tuple[str, ...], wall: float) -> float | None:
    """The first moment from `wall` on that is inside the hours of every zone; `wall` itself if it already is.

    None when there is none within 15 days.
    """
    if _open_everywhere(rules, timezones, wall):
        return wall
    # The intersection can only begin where a window of some zone begins.
    begins = sorted({begin for name in timezones for begin in _window_begins(rules, name, wall)})
    return next(
        (begin for begin in begins if begin > wall and _open_everywhere(rules, timezones, begin)), None
    )


def _open_everywhere(rules: RuleSet, timezones: tuple[str, ...], wall: float) -> bool:
    return all(is_open(rules, name, wall) for name in timezones)


def _window_begins(rules: RuleSet, timezone: str, wall: float) -> list[float]:
    today = datetime.fromtimestamp(wall, zone(timezone)).date()
    days = [today + timedelta(days=offset) for offset in range(HORIZON_DAYS + 1)]
    return [
        _epoch(day, begin, timezone)
        for day in days
        if day.isoformat() not in rules.holidays
        for begin, _ in rules.hours[day.weekday()]
    ]


def _epoch(day: date, minute: int, timezone: str) -> float:
    """Local wall time to epoch. A time that the spring change skips becomes the first one after the gap."""
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone(timezone))
    return local.astimezone(UTC).timestamp()
