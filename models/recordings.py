"""Which calls of a campaign are recorded, and with whose knowledge: built only valid."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from models.enums import RecordingConsent, RecordingMode
from models.errors import InvalidValue

MAX_DAYS = 36_500
_SOUND = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPlan:
    """A campaign's `recording`.

    Attributes:
        share: the fraction of calls that SHARE records.
        announcement: the switch's sound that ANNOUNCED plays to both at the start of the conversation; a
        recording begins when it has been heard to its end.
        days: how long a recording is kept, from the end of the call; 0: until somebody deletes it.
    """

    mode: RecordingMode = RecordingMode.OFF
    share: float = 1.0
    consent: RecordingConsent = RecordingConsent.ANNOUNCED
    announcement: str = ""
    days: int = 365

    def __post_init__(self) -> None:
        wrong = ""
        if not 0.0 <= self.share <= 1.0:
            wrong = f"the share {self.share} must be 0 to 1"
        elif not 0 <= self.days <= MAX_DAYS:
            wrong = f"{self.days} days must be 0 (for ever) to {MAX_DAYS}"
        elif self.announcement and (len(self.announcement) > 200 or not _SOUND.fullmatch(self.announcement)):
            wrong = f"the announcement {self.announcement[:80]!r} must be a sound of the switch, by its name"
        elif self.records and self.consent is RecordingConsent.ANNOUNCED and not self.announcement:
            wrong = "recording with an announcement needs the announcement: name a sound of the switch"
        if wrong:
            raise InvalidValue("recording", wrong)

    @property
    def records(self) -> bool:
        """Whether any call may be recorded."""
        return self.mode is not RecordingMode.OFF

    @property
    def required(self) -> bool:
        """Whether calls must not be made when none can be recorded."""
        return self.mode in (RecordingMode.ALWAYS, RecordingMode.SHARE)

    def chooses(self, attempt_id: str) -> bool:
        """Whether this call is one to be recorded without being asked to: the lot is the attempt's own id, so
        that it can be drawn again."""
        if self.mode is not RecordingMode.SHARE:
            return self.mode is RecordingMode.ALWAYS
        lot = int.from_bytes(hashlib.sha256(f"recording:{attempt_id}".encode()).digest()[:8], "big")
        return lot / 2**64 < self.share

    def under(self, asked_for: RecordingConsent) -> RecordingPlan:
        """The same under rules that ask for at least this consent: off, if it can't be had."""
        consent = self.consent.at_least(asked_for)
        if self.records and consent is RecordingConsent.ANNOUNCED and not self.announcement:
            return replace(self, mode=RecordingMode.OFF, consent=consent)
        return replace(self, consent=consent)

    def check_under(self, asked_for: RecordingConsent) -> None:
        """Raises InvalidValue, if the campaign's rules ask for more."""
        if self.records and self.consent.at_least(asked_for) is not self.consent:
            raise InvalidValue(
                "recording",
                f"the campaign's rules ask for consent {asked_for.value!r} at least, "
                f"not {self.consent.value!r}",
            )

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object; `from_json` is its inverse."""
        return {
            "mode": self.mode.value,
            "share": self.share,
            "consent": self.consent.value,
            "announcement": self.announcement,
            "days": self.days,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RecordingPlan:
        """Read what `to_json` wrote; missing fields take their defaults.

        Raises:
            InvalidValue: an unknown field or an impossible value.
        """
        fields = dict(data)
        try:
            if "mode" in fields:
                fields["mode"] = RecordingMode(fields["mode"])
            if "consent" in fields:
                fields["consent"] = RecordingConsent(fields["consent"])
            return cls(**fields)
        except (TypeError, ValueError) as error:
            raise InvalidValue("recording", f"this recording plan can't be read: {error}") from error
