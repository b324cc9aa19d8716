"""A campaign's model of its leads, and how what it says is put to the pacer.

The model (pacing_core `LeadModel`) learns two things at once: how likely leads are to answer on the whole,
and how they differ. The pacer learns the first as well, faster and with jumps noticed, and corrects
whatever level it is given by what became of the calls. Two that correct one another's level overshoot: a
model that falls from its prior while the pacer's correction falls too has people abandoned from cold
(measured in docs/decisions/0026).

So only the differences are passed on: a lead's log-odds against the mean of leads dialed lately, both by the
model as it is now, on a level that is set once and then left alone. And none at all until the model has
learned something.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, field
from math import exp, isfinite, log

from pacing_core import Lead, LeadModel, Pacer, PacingValueError

LEARNED_CALLS = 500
"""Calls that the model must have learned from before it is believed."""
FIRST_DIALS = 100
"""Dials whose mean is needed first; from then on one in four counts."""
KEPT = 500
"""Leads in the mean, of the last 2,000 dials: a mixture of leads that changes moves it slowly beside the
pacer's correction, which can follow."""
_GOLDEN = 2_654_435_761
_RECKON_EVERY = 100
_HEAD = struct.Struct("<6sBd")
_MARK, _VERSION = b"RMLOOK", 1
_LOWEST, _HIGHEST = 0.001, 0.999


@dataclass(slots=True)
class Outlook:
    """What is known of a campaign's leads. Changes by `probability` and `learn` alone."""

    model: LeadModel = field(default_factory=LeadModel)
    level: float = float("nan")
    """Log-odds that a usual lead is given: the pacer's answer probability when it was first asked for."""
    _dials: int = 0
    _lately: deque[Lead] = field(default_factory=lambda: deque(maxlen=KEPT))
    _usual: float = 0.0
    """Mean log-odds of those."""

    def probability(self, lead: Lead, pacer: Pacer) -> float | None:
        """The probability to dial a lead with, for this dial; None while too little has been learned."""
        self._count(lead)
        return self.expected(lead, pacer)

    def expected(self, lead: Lead, pacer: Pacer) -> float | None:
        """The same for a lead that is not dialed yet."""
        if not self.is_believed:
            return None
        if not isfinite(self.level):
            self.level = _log_odds(pacer.answer_probability())
        odds = self.level + _log_odds(self.model.probability(lead)) - self._usual
        return 1.0 / (1.0 + exp(-odds))

    @property
    def is_believed(self) -> bool:
        """Enough has been learned, and dialed to compare with."""
        return self.model.calls() >= LEARNED_CALLS and self._dials > FIRST_DIALS

    def learn(self, lead: Lead, *, answered: bool) -> None:
        """What became of a call that rang until it was answered or not."""
        self.model.learn(lead, answered)

    def snapshot(self) -> bytes:
        """What was learned, of a fixed size, for `restore`."""
        return _HEAD.pack(_MARK, _VERSION, self.level) + self.model.snapshot()

    def restore(self, data: bytes) -> None:
        """Take over what another learned.

        Raises:
            PacingValueError: not what this version writes; nothing is changed then.
        """
        model = LeadModel()
        model.restore(data[_HEAD.size :])
        mark, version, level = _HEAD.unpack(data[: _HEAD.size])
        if (mark, version) != (_MARK, _VERSION) or abs(level) > 20.0:
            raise PacingValueError("these bytes are not what this version writes of its leads")
        self.model, self.level = model, level

    def _count(self, lead: Lead) -> None:
        self._dials += 1
        # One in four, spread so that leads which come by turns are all met (a golden-ratio sequence).
        if self._dials <= FIRST_DIALS or self._dials * _GOLDEN % 2**32 < 2**30:
            self._lately.append(lead)
        if self._dials >= FIRST_DIALS and self._dials % _RECKON_EVERY == 0:
            odds = [_log_odds(self.model.probability(one)) for one in self._lately]
            self._usual = sum(odds) / len(odds)


def _log_odds(p: float) -> float:
    inside = min(max(p, _LOWEST), _HIGHEST)
    return log(inside / (1.0 - inside))
