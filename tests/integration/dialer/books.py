"""The database's books against the simulator's own.

What must hold after every stop, however often it was killed.
"""

from __future__ import annotations

from typing import Any

from tests.integration.dialer.site import Site

TALK_TOLERANCE_SECONDS = 0.1
"""Events move in 20 ms steps, and a talk is the difference of two of them."""

# What the simulator calls it -> what the dialer may have written.
LAWFUL = {
    "bridged": {"connected"},
    "not_bridged": {"abandoned", "ended_before_agent"},
    "no_answer": {"no_answer"},
    "busy": {"busy"},
    "failed": {"carrier_failure", "congestion", "invalid_number", "rejected"},
    "cancelled": {"cancelled", "no_answer"},
}
NEVER_RANG = {"not_dialed", "unknown", "switch_refused", "cancelled"}

_ATTEMPTS = """
    SELECT a.id::text, a.number, a.state, a.outcome, a.talk_seconds, l.id::text AS leg
      FROM attempt a LEFT JOIN leg l ON l.attempt_id = a.id
"""


def differences(site: Site) -> list[str]:
    """Every sentence is one thing that is wrong; empty when the books agree."""
    truth = site.truth()
    wrong: list[str] = []
    seen: set[str] = set()
    attempts: set[str] = set()
    for row in site.rows(_ATTEMPTS):
        if row["id"] in attempts:
            wrong.append(f"attempt {row['id']} has two legs")
        attempts.add(row["id"])
        if row["state"] != "closed":
            wrong.append(f"attempt {row['id']} is open: {row['state']}")
        real = truth.get(row["leg"] or "")
        if real is None:
            if row["outcome"] not in NEVER_RANG:
                wrong.append(
                    f"attempt {row['id']} is {row['outcome']}, and the switch never had its leg {row['leg']}"
                )
            continue
        seen.add(real["uuid"])
        wrong += _compare(row, real)
    wrong += [
        f"the switch had a leg {uuid} that no attempt knows: {truth[uuid]}" for uuid in truth.keys() - seen
    ]
    return wrong


def _compare(row: Any, real: dict[str, Any]) -> list[str]:
    wrong = []
    if row["number"].lstrip("+") != real["number"].lstrip("+"):
        wrong.append(f"attempt {row['id']} is of {row['number']}, and {real['number']} was dialed")
    if row["outcome"] not in LAWFUL.get(real["outcome"], set()):
        wrong.append(
            f"attempt {row['id']} is {row['outcome']}, at the switch it was {real['outcome']}: {real}"
        )
    talked = real["talk_us"] / 1e6
    if abs(row["talk_seconds"] - talked) > TALK_TOLERANCE_SECONDS:
        wrong.append(f"attempt {row['id']} talked {row['talk_seconds']} s, at the switch {talked} s: {real}")
    return wrong
