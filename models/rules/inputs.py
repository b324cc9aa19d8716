"""The facts that the rules judge: everything needed to judge again, kept with the attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from models.rules.ruleset import RuleSet

KEPT_TIMES = 64  # the newest attempts that are kept to count spans; no sane cap within 30 days is higher


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInputs:
    """Facts about one lead at its claim. Times are epoch seconds.

    Attributes:
        timezones: every zone the person may be in; a call must be lawful in all of them.
        predictive: True when no agent is guaranteed at the answer: the lockout after an abandon then holds.
        do_not_call: the reason of the entry that forbids the number, "" if none does.
        hold, hold_until: why nobody may call the person, and until when (None: until the hold is lifted).
        number_times, person_times: when the counted attempts of the last 30 days were claimed, newest first.
        number_total, person_total: counted attempts ever.
        last_conversation, last_unknown, last_abandon: ends of the newest such call to the number or person.
    """

    number: str
    rules: RuleSet
    timezones: tuple[str, ...] = ()
    predictive: bool = True
    do_not_call: str = ""
    hold: str = ""
    hold_until: float | None = None
    number_times: tuple[float, ...] = ()
    person_times: tuple[float, ...] = ()
    number_total: int = 0
    person_total: int = 0
    last_conversation: float | None = None
    last_unknown: float | None = None
    last_abandon: float | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object; `from_json` is its inverse."""
        data = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            **data,
            "rules": self.rules.to_json(),
            "timezones": list(self.timezones),
            "number_times": list(self.number_times),
            "person_times": list(self.person_times),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RuleInputs:
        """Read what `to_json` wrote.

        Raises:
            InvalidValue: rules that no version knows.
        """
        return cls(
            **{
                **data,
                "rules": RuleSet.from_json(data["rules"]),
                "timezones": tuple(data["timezones"]),
                "number_times": tuple(data["number_times"]),
                "person_times": tuple(data["person_times"]),
            }
        )
