"""The database's books against SIPp's: every call that rang a phone, and nothing that did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from tests.freeswitch.people import LEAVES_AFTER_SECONDS, REFUSALS, kind
from tests.freeswitch.sipp import Call

ATTEMPTS = """
    SELECT a.id::text, a.number, a.state, a.outcome, a.abandoned, a.talk_seconds, a.wait_seconds, a.recovered,
           a.refused_code, l.id::text AS leg
      FROM attempt a LEFT JOIN leg l ON l.attempt_id = a.id
"""
TOLERANCE_SECONDS = 0.25
"""The switch counts from the 200's arrival in steps of 20 ms, SIPp from its sending, on a busy machine."""
SHORTEST_RING_SECONDS = 16.0
AT_ONCE_MS = 150
WAIT_SECONDS = (1.7, 2.7)
"""How long the switch's own list holds a person with whom nobody talks: 1.9 s, and its thread's delay."""

REFUSED = {
    "refused_486": {"busy"},
    "refused_404": {"invalid_number"},
    "refused_503": {"congestion"},
    "refused_603": {"rejected"},
}
NEVER_RANG = {"not_dialed", "unknown", "switch_refused", "switch_lost"}
LOST_WITH_THE_SWITCH = {"switch_lost", "connected", "abandoned"}


def lawful(call: Call) -> set[str]:
    """What may be written of a call that the far end lived so, while the switch was there."""
    if call.over in REFUSED:
        return REFUSED[call.over]
    if call.over == "cancelled":
        rang = call.seconds("ringing", "cancelled")
        return {"no_answer"} if rang >= SHORTEST_RING_SECONDS - 0.1 else {"cancelled"}
    if call.over == "left":
        # Whoever stayed longer than the switch's own wait was with an agent: it would have let go of them.
        gone_at_once = LEAVES_AFTER_SECONDS[kind(call.number)] < 1.0
        return {"connected", "ended_before_agent"} if gone_at_once else {"connected"}
    if call.over == "let_go":
        low, high = WAIT_SECONDS
        return {"abandoned"} if low <= call.seconds("answered", "let_go") <= high else {"connected"}
    return set()


def differences(
    rows: Iterable[Mapping[str, Any]], calls: Mapping[str, Call], lost: frozenset[str] = frozenset()
) -> list[str]:
    """Every sentence is one thing that is wrong. `lost`: Call-IDs that were open when the switch died."""
    wrong: list[str] = []
    attempts: set[str] = set()
    legs: set[str] = set()
    for row in rows:
        if row["id"] in attempts:
            wrong.append(f"attempt {row['id']} has two legs")
        attempts.add(row["id"])
        if row["state"] != "closed":
            wrong.append(f"attempt {row['id']} is open: {row['state']}")
        call = calls.get(row["leg"] or "")
        if call is None:
            if row["outcome"] not in NEVER_RANG:
                wrong.append(f"attempt {row['id']} is {row['outcome']}, and no phone rang: {row}")
            continue
        legs.add(call.call_id)
        wrong += _compare(row, call, call.call_id in lost)
    wrong += [f"a phone rang that no attempt knows of: {calls[one]}" for one in sorted(calls.keys() - legs)]
    return wrong


def _compare(row: Mapping[str, Any], call: Call, lost: bool) -> Iterator[str]:
    if row["number"] != call.number:
        yield f"attempt {row['id']} is of {row['number']}, and {call.number} was dialed"
    allowed = LOST_WITH_THE_SWITCH if lost else lawful(call)
    if row["outcome"] not in allowed:
        yield f"attempt {row['id']} is {row['outcome']}, at the far end it was {call}"
    expected = REFUSALS.get(kind(call.number))
    if call.over.startswith("refused") and call.over != expected:
        yield f"SIPp played another part than the number's: {call}"
    if row["outcome"] == "connected" and not lost and call.over in ("left", "let_go"):
        theirs = call.seconds("answered", call.over)
        ours = row["wait_seconds"] + row["talk_seconds"]
        if abs(theirs - ours) > TOLERANCE_SECONDS:
            yield f"attempt {row['id']} lasted {ours:.2f} s, at the far end {theirs:.2f} s: {call}"


@dataclass(frozen=True)
class Figures:
    """What a run came to. Times in milliseconds, answer to bridge by the switch's own stamps.

    `at_once`: the share of bridges for which an agent was free when the person answered.
    """

    attempts: int
    outcomes: dict[str, int]
    not_dialed: dict[str, int]
    rang: int
    live_answers: int
    abandoned: int
    bridge_median_ms: int
    bridge_p99_ms: int
    at_once: float
    recovered: int

    @property
    def abandon_rate(self) -> float:
        return self.abandoned / max(1, self.live_answers)


def figures(rows: list[Mapping[str, Any]], calls: Mapping[str, Call]) -> Figures:
    outcomes = Counter(str(row["outcome"]) for row in rows)
    waits = [1000 * row["wait_seconds"] for row in rows if row["wait_seconds"] is not None]
    return Figures(
        attempts=len(rows),
        outcomes=dict(sorted(outcomes.items())),
        not_dialed=dict(Counter(row["refused_code"] for row in rows if row["outcome"] == "not_dialed")),
        rang=len(calls),
        live_answers=sum(outcomes[word] for word in ("connected", "abandoned", "ended_before_agent")),
        abandoned=sum(bool(row["abandoned"]) for row in rows),
        bridge_median_ms=round(median(waits)),
        bridge_p99_ms=round(quantiles(waits, n=100)[98]),
        at_once=round(sum(wait <= AT_ONCE_MS for wait in waits) / len(waits), 3),
        recovered=sum(bool(row["recovered"]) for row in rows),
    )
