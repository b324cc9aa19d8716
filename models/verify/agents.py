"""The agent state log: every step lawful, nothing missing at its end, no talk without its call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.orm import Session

from models.verify.invariants import Violation

# Which state may follow which (FEATURES.md, agent states). Written here again on purpose, not taken from the
# engine.
FOLLOWS: dict[str, frozenset[str]] = {
    "logged_out": frozenset({"connecting"}),
    "connecting": frozenset({"connecting", "ready", "paused", "logged_out"}),
    "ready": frozenset({"reserved", "connecting", "paused", "logged_out"}),
    "reserved": frozenset({"talking", "ready", "paused", "connecting", "logged_out"}),
    "talking": frozenset({"wrap_up", "on_hold"}),
    "on_hold": frozenset({"wrap_up", "talking"}),
    "wrap_up": frozenset({"ready", "connecting", "paused", "logged_out", "wrap_up"}),
    "paused": frozenset({"ready", "connecting", "logged_out", "paused"}),
}
FIRST = frozenset({"logged_out", "connecting"})

_LOG = text(
    """
    SELECT agent_id::text, id::text, state, extract(epoch FROM at)::float8 AS at, attempt_id::text
      FROM agent_state_log ORDER BY agent_id, at, id
    """
)
_NOW = text("SELECT id::text, state, extract(epoch FROM state_since)::float8 AS since FROM agent")
_CALLS = text(
    """
    SELECT attempt_id::text, agent_id::text, talk_seconds FROM call WHERE bridged_at IS NOT NULL AND NOT
    recovered
    """
)
TALK_TOLERANCE_SECONDS = 5.0


def check_agents(db: Session | Connection) -> tuple[Violation, ...]:
    """Violations in the state log, in the agents' current states, and between talking and calls."""
    log = {agent: list(rows) for agent, rows in groupby(db.execute(_LOG), key=lambda row: str(row.agent_id))}
    found: list[Violation] = []
    for rows in log.values():
        found += _illegal_steps(rows)
    for agent in db.execute(_NOW):
        found += _wrong_end(agent, log.get(agent.id, []))
    found += _talk_without_log(db, log)
    return tuple(found)


def _illegal_steps(rows: list[Row[Any]]) -> Iterator[Violation]:
    if rows[0].state not in FIRST:
        yield Violation(
            "agent_log_gap", rows[0].id, f"the log begins with {rows[0].state}: what came before is missing"
        )
    for before, after in pairwise(rows):
        if after.state not in FOLLOWS[before.state]:
            yield Violation("agent_log_illegal", after.id, f"{after.state} can't follow {before.state}")


def _wrong_end(agent: Row[Any], rows: list[Row[Any]]) -> Iterator[Violation]:
    if not rows:
        if agent.state != "logged_out":
            yield Violation(
                "agent_log_gap", agent.id, f"the agent is {agent.state} without a single row in the log"
            )
        return
    if rows[-1].state != agent.state or abs(rows[-1].at - agent.since) > 0.001:
        detail = f"the agent is {agent.state}, the log ends with {rows[-1].state}"
        yield Violation("agent_log_gap", agent.id, detail)


def _talk_without_log(db: Session | Connection, log: dict[str, list[Row[Any]]]) -> Iterator[Violation]:
    """Agents' time talking or on hold on an attempt is the talk of its call, but for the way of events."""
    seconds: dict[str, float] = {}
    talked: set[tuple[str, str]] = set()
    for agent, rows in log.items():
        for row, after in pairwise(rows):
            if row.state in ("talking", "on_hold") and row.attempt_id is not None:
                talked.add((agent, row.attempt_id))
                seconds[row.attempt_id] = seconds.get(row.attempt_id, 0.0) + after.at - row.at
    for call in db.execute(_CALLS):
        logged = seconds.get(call.attempt_id, 0.0)
        if (str(call.agent_id), call.attempt_id) not in talked:
            detail = "the agent of this call was never talking on it"
            yield Violation("talk_without_agent", call.attempt_id, detail)
        elif abs(logged - call.talk_seconds) > TALK_TOLERANCE_SECONDS:
            detail = f"the call talked {call.talk_seconds:.2f} s, its agents {logged:.2f} s"
            yield Violation("talk_differs", call.attempt_id, detail)
