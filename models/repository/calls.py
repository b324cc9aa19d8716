"""Finished calls, the newest first, page by page; and one call with all that is kept of it."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from models.enums import LegKind, Outcome
from models.errors import NotFound
from models.repository.db import Db, of_tenant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COLUMNS = """
    c.attempt_id::text, c.campaign_id::text, c.agent_id::text, c.person_id::text, person.name AS person_name,
    c.number, c.outcome, c.started_at, c.ringing_at, c.answered_at, c.bridged_at, c.ended_at, c.talk_seconds,
    c.wait_seconds, c.abandoned, c.cause, c.sip_status, c.recovered
"""
_CHOSEN = f"""
    {of_tenant("c.tenant_id")}
    AND c.started_at >= CAST(:since AS timestamptz) AND c.started_at < CAST(:until AS timestamptz)
    AND c.started_at <= CAST(:at AS timestamptz)
    AND (c.started_at < CAST(:at AS timestamptz) OR c.attempt_id < CAST(:attempt_id AS uuid))
"""
# The newest of each campaign by its index, then the newest of those: no index has all calls of a tenant.
_OF_CAMPAIGNS = f"""
    SELECT {_COLUMNS}
      FROM (SELECT c.* FROM campaign
             CROSS JOIN LATERAL (
                   SELECT c.* FROM call c WHERE c.campaign_id = campaign.id AND {_CHOSEN}
                    ORDER BY c.started_at DESC, c.attempt_id DESC LIMIT :limit
                   ) AS c
             WHERE {of_tenant("campaign.tenant_id")}
               AND (CAST(:campaign_id AS uuid) IS NULL OR campaign.id = CAST(:campaign_id AS uuid))
             ORDER BY c.started_at DESC, c.attempt_id DESC LIMIT :limit
           ) AS c JOIN person ON person.id = c.person_id
     ORDER BY c.started_at DESC, c.attempt_id DESC
"""
_OF_AGENT = f"""
    SELECT {_COLUMNS}
      FROM (SELECT c.* FROM call c
             WHERE c.agent_id = CAST(:agent_id AS uuid) AND {_CHOSEN}
               AND (CAST(:campaign_id AS uuid) IS NULL OR c.campaign_id = CAST(:campaign_id AS uuid))
             ORDER BY c.started_at DESC, c.attempt_id DESC LIMIT :limit
           ) AS c JOIN person ON person.id = c.person_id
     ORDER BY c.started_at DESC, c.attempt_id DESC
"""
# Whether one outcome is asked for is part of the statement, so that the index by outcome serves it: of a rare
# one all calls would be read.
_ONE_OUTCOME = f"{_CHOSEN} AND c.outcome = CAST(:outcome AS text)"
_PAGES = {
    (by_agent, one_outcome): text(query.replace(_CHOSEN, _ONE_OUTCOME) if one_outcome else query)
    for by_agent, query in ((False, _OF_CAMPAIGNS), (True, _OF_AGENT))
    for one_outcome in (False, True)
}
_ONE = text(
    f"""
    SELECT {_COLUMNS}, attempt.rule_inputs, attempt.rule_verdict
      FROM call c JOIN person ON person.id = c.person_id JOIN attempt ON attempt.id = c.attempt_id
     WHERE c.attempt_id = CAST(:attempt_id AS uuid) AND {of_tenant("c.tenant_id")}
    """
)
_NOTES = text(
    """
    SELECT note.id::text, note.agent_id::text, agent.name AS agent_name, note.disposition, note.text, note.at
      FROM call_note note JOIN agent ON agent.id = note.agent_id
     WHERE note.attempt_id = CAST(:attempt_id AS uuid) ORDER BY note.at, note.id
    """
)
_LEGS = text(
    """
    SELECT id::text, kind, opened_at, ringing_at, answered_at, bridged_at, ended_at, cause, sip_status
      FROM leg
     WHERE attempt_id = CAST(:attempt_id AS uuid) OR transfer_of = CAST(:attempt_id AS uuid)
     ORDER BY opened_at, id
    """
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: the calls after it are older, or as old with a smaller id."""

    at: datetime
    attempt_id: str

    @property
    def cursor(self) -> str:
        """48 hexadecimal digits: microseconds since 1970, and the id."""
        micros = (self.at - EPOCH) // timedelta(microseconds=1)
        return f"{micros:016x}{self.attempt_id.replace('-', '')}"

    @classmethod
    def of_cursor(cls, cursor: str, latest: datetime) -> Place:
        """Read a cursor; a time out of reach is `latest`.

        Raises:
            ValueError: these are not 48 hexadecimal digits.
        """
        if len(cursor) != 48:
            raise ValueError("a cursor has 48 digits")
        micros = min(int(cursor[:16], 16), (latest - EPOCH) // timedelta(microseconds=1))
        return cls(EPOCH + timedelta(microseconds=micros), f"{int(cursor[16:], 16):032x}")


NEWEST = Place(datetime(9000, 1, 1, tzinfo=UTC), "f" * 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which calls: those that began in [since, until), of a campaign, agent or outcome."""

    since: datetime
    until: datetime
    campaign_id: str | None = None
    agent_id: str | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A finished call; `wait_seconds` is answer to agent."""

    attempt_id: str
    campaign_id: str
    agent_id: str | None
    person_id: str
    person_name: str
    number: str
    outcome: Outcome
    started_at: datetime
    ringing_at: datetime | None
    answered_at: datetime | None
    bridged_at: datetime | None
    ended_at: datetime
    talk_seconds: float
    wait_seconds: float | None
    abandoned: bool
    cause: str
    sip_status: int | None
    recovered: bool

    @property
    def place(self) -> Place:
        """Where a page that ends with this call goes on."""
        return Place(self.started_at, self.attempt_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A disposition or note, with its author."""

    id: str
    agent_id: str
    agent_name: str
    disposition: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRow:
    """One channel of the call on the switch."""

    id: str
    kind: LegKind
    opened_at: datetime
    ringing_at: datetime | None
    answered_at: datetime | None
    bridged_at: datetime | None
    ended_at: datetime | None
    cause: str
    sip_status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFile:
    """A call with its notes and legs, and what the rules judged when it was claimed."""

    call: CallRow
    notes: tuple[NoteRow, ...]
    legs: tuple[LegRow, ...]
    rule_inputs: Mapping[str, Any]
    rule_verdict: Mapping[str, Any]


def page(
    db: Db, choice: Choice, *, after: Place = NEWEST, limit: int, tenant_id: str | None = None
) -> tuple[CallRow, ...]:
    """Up to `limit` calls of the tenant, the newest first."""
    values = {
        "tenant_id": tenant_id,
        "campaign_id": choice.campaign_id,
        "agent_id": choice.agent_id,
        "since": choice.since,
        "until": choice.until,
        "at": after.at,
        "attempt_id": after.attempt_id,
        "limit": limit,
    }
    if choice.outcome is not None:
        values["outcome"] = choice.outcome.value
    query = _PAGES[choice.agent_id is not None, choice.outcome is not None]
    return tuple(_call(row) for row in db.execute(query, values))


def one(db: Db, attempt_id: str, *, tenant_id: str | None = None) -> CallFile:
    """One finished call of the tenant.

    Raises:
        NotFound: `call`: there is none, or it goes on.
    """
    row = db.execute(_ONE, {"attempt_id": attempt_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("call", f"there is no finished call {attempt_id}")
    notes, legs = (db.execute(query, {"attempt_id": attempt_id}) for query in (_NOTES, _LEGS))
    return CallFile(
        call=_call(row),
        notes=tuple(NoteRow(**note._mapping) for note in notes),
        legs=tuple(LegRow(**{**leg._mapping, "kind": LegKind(leg.kind)}) for leg in legs),
        rule_inputs=row.rule_inputs,
        rule_verdict=row.rule_verdict,
    )


def _call(row: Row[Any]) -> CallRow:
    known = {name: row._mapping[name] for name in CallRow.__slots__}
    return CallRow(**{**known, "outcome": Outcome(row.outcome)})
