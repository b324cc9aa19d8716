"""Which leads are dialed next: a look ahead into the hopper, and an order in which alike leads come together.

A small team whose next dials are alike knows better how many will answer (docs/decisions/0036). So, once the
leads' model is believed, a claim brings the next due leads of one priority along; they are put in order a
batch at a time, later claims ask for them by name, and the pacer is told how likely each is to answer. A
claim may give others all the same: what is due, allowed and of the highest priority is decided there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from models.records import DueLead, LeadFacts
from pacing_core import Pacer, dial_order

LARGEST_TEAM = 30
"""Agents logged in, up to which the order of leads tells; with more it is not worth the look."""
LOOK = 96
"""Leads looked at: no lead is overtaken by more."""
FEW = 32
"""So few left ask for the next look."""


@dataclass(frozen=True, slots=True)
class Next:
    """A lead to be dialed soon."""

    lead_id: str
    p: float


@dataclass(slots=True)
class Ahead:
    """A campaign's next leads in the order of their dials. Changes by these methods alone."""

    _next: deque[Next] = field(default_factory=deque)
    _asked_for: dict[int, tuple[Next, ...]] = field(default_factory=dict)
    """By the number of the claim, in the order of the claims."""
    _looks: int | None = None
    """The claim that looks ahead."""

    def wanted(self, batch: int, count: int) -> tuple[str, ...]:
        """Leads that a claim of `count` asks for by name."""
        named = tuple(self._next.popleft() for _ in range(min(count, len(self._next))))
        if named:
            self._asked_for[batch] = named
        return tuple(one.lead_id for one in named)

    @property
    def runs_low(self) -> bool:
        """Few are left and no claim looks."""
        return self._looks is None and len(self._next) < FEW

    def look(self, batch: int) -> int:
        """The claim looks ahead; at how many leads."""
        self._looks = batch
        return LOOK

    def claimed(self, batch: int, dialed: Sequence[str]) -> bool:
        """The claim was answered and these leads were dialed; whether the pacer was told of others."""
        named = [one.lead_id for one in self._asked_for.pop(batch, ())]
        if self._looks == batch:
            self._looks = None
        return list(dialed) != named and bool(named or self._next or self._asked_for)

    def found(self, due: Sequence[DueLead], probability: Callable[[LeadFacts], float | None]) -> None:
        """Put leads that were looked at, in order, behind those still to be dialed."""
        known = {one.lead_id for one in self._all()}
        fresh = []
        for one in due:
            p = probability(one.facts)
            if p is not None and one.lead_id not in known:
                fresh.append(Next(one.lead_id, p))
        last = self._next[-1].p if self._next else None
        self._next.extend(fresh[place] for place in dial_order([one.p for one in fresh], last))

    def tell(self, pacer: Pacer) -> None:
        """Tell the pacer how likely they are to answer, those asked for first."""
        pacer.next_leads([one.p for one in self._all()])

    def _all(self) -> Iterator[Next]:
        for named in self._asked_for.values():
            yield from named
        yield from self._next
