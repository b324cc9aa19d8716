"""The claim: due leads become durable attempts, under the lease and the rules, in one transaction.

Leads are taken in the order of priority and due time, row by row, skipping rows that another claim holds.
The facts that the rules need are gathered in the same statement; the pure rules judge; and one statement
inserts the attempts, only if the lease token is held and not expired by PostgreSQL's clock. The partial
unique indexes decide about a number or a person that is being called already: that lead waits.
"""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, TextClause, text

from models.ids import new_id
from models.numbers import kind_and_area
from models.records import ClaimedAttempt, DueLead, LeadFacts
from models.repository.db import Db, rows_json
from models.rules import RuleInputs, RuleSet, Verdict, check
from models.rules.inputs import KEPT_TIMES

BUSY_SECONDS = 30.0  # how long a lead waits whose number or person is in another call
MOST_AHEAD = 256  # leads looked at and not claimed
ROUNDS = 4  # how many times refused leads are replaced by the next ones within one claim


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The attempts that may be dialed once the transaction has committed.

    refusal: "" | "hopper_empty" | "lease" | "hours" (every due lead was refused for its calling hours) |
    "rules".
    """

    attempts: tuple[ClaimedAttempt, ...]
    refusal: str = ""
    ahead: tuple[DueLead, ...] = ()


_HOLDS_LEASE = text(
    """
    SELECT 1 FROM switch
     WHERE id = CAST(:switch_id AS uuid) AND lease_token = :token AND lease_holder <> ''
       AND lease_expires_at > clock_timestamp()
       FOR SHARE
    """
)
_CAMPAIGN = text("SELECT rules, mode FROM campaign WHERE id = CAST(:campaign_id AS uuid)")

_HISTORY = """
    SELECT array_agg(extract(epoch FROM a.claimed_at)::float8 ORDER BY a.claimed_at DESC)
               FILTER (WHERE a.claimed_at > to_timestamp(:now) - interval '30 days') AS times,
           count(*) AS total,
           (array_agg(a.outcome ORDER BY a.claimed_at DESC) FILTER (WHERE a.outcome IS NOT NULL))[1]
               AS last_outcome,
           extract(epoch FROM max(a.closed_at) FILTER (WHERE a.outcome = 'connected'))::float8 AS
           conversation,
           extract(epoch FROM max(a.closed_at) FILTER (WHERE a.outcome = 'unknown'))::float8 AS unknown,
           extract(epoch FROM max(a.closed_at) FILTER (
               WHERE a.abandoned OR a.outcome = 'abandoned' OR (a.outcome = 'unknown' AND a.answered_at IS
               NOT NULL)
           ))::float8 AS abandon
      FROM attempt a
"""

_IS_DUE = "l.state IN ('new', 'retry', 'cooling') AND l.due_at <= to_timestamp(:now)"
# One index probe per priority (0 to 9, the highest first) instead of a sort over every due lead.
_IN_ORDER = f"""
        SELECT picked.*
          FROM generate_series(9, 0, -1) AS level(priority)
         CROSS JOIN LATERAL (
               SELECT l.id, l.tenant_id, l.person_id, l.number, l.priority, l.due_at, l.tries, l.list_id
                 FROM lead l
                WHERE l.campaign_id = CAST(:campaign_id AS uuid) AND l.priority = level.priority AND {_IS_DUE}
                ORDER BY l.due_at, l.id
                LIMIT :count
                  FOR UPDATE SKIP LOCKED
               ) AS picked
         LIMIT :count
"""
# Those that the caller wants first, unless one of a higher priority is due.
_NAMED = f"""
        SELECT l.id, l.tenant_id, l.person_id, l.number, l.priority, l.due_at, l.tries, l.list_id
          FROM lead l
         WHERE l.id = ANY (CAST(:leads AS uuid[])) AND l.campaign_id = CAST(:campaign_id AS uuid)
           AND {_IS_DUE}
           AND NOT EXISTS (
               SELECT FROM generate_series(9, 0, -1) AS level(priority)
                WHERE level.priority > l.priority
                  AND EXISTS (SELECT FROM lead h
                               WHERE h.campaign_id = l.campaign_id AND h.priority = level.priority
                                 AND h.state IN ('new', 'retry', 'cooling')
                                 AND h.due_at <= to_timestamp(:now)))
           FOR UPDATE SKIP LOCKED
"""


def _due(which: str, order: str) -> TextClause:
    """What the rules ask about due leads, locked for this claim."""
    return text(
        f"""
    WITH due AS MATERIALIZED ({which})
    SELECT due.id::text AS lead_id, due.tenant_id::text AS tenant_id, due.person_id::text AS person_id,
    due.number, due.tries, due.list_id::text AS list_id, of_number.last_outcome,
           person.timezones, person.hold_reason, extract(epoch FROM person.hold_until)::float8 AS hold_until,
           of_number.times AS number_times, of_number.total AS number_total,
           of_person.times AS person_times, of_person.total AS person_total,
           greatest(of_number.conversation, of_person.conversation) AS last_conversation,
           greatest(of_number.unknown, of_person.unknown) AS last_unknown,
           greatest(of_number.abandon, of_person.abandon) AS last_abandon,
           forbidden.reason AS do_not_call,
           EXISTS (SELECT FROM attempt o WHERE o.tenant_id = due.tenant_id AND o.number = due.number
                                           AND o.state <> 'closed')
        OR EXISTS (SELECT FROM attempt o WHERE o.tenant_id = due.tenant_id AND o.person_id = due.person_id
                                           AND o.state <> 'closed') AS busy
      FROM due
      JOIN person ON person.id = due.person_id
      JOIN campaign ON campaign.id = CAST(:campaign_id AS uuid)
     CROSS JOIN LATERAL ({_HISTORY} WHERE a.tenant_id = due.tenant_id AND a.number = due.number AND a.counted)
        AS of_number
     CROSS JOIN LATERAL ({_HISTORY} WHERE a.person_id = due.person_id AND a.counted) AS of_person
      LEFT JOIN LATERAL (
           SELECT CASE WHEN d.reason = '' THEN 'on the do-not-call list' ELSE d.reason END AS reason
             FROM do_not_call d
            WHERE d.tenant_id = due.tenant_id
              AND d.number = ANY (ARRAY(SELECT left(due.number, n) FROM generate_series(2,
              length(due.number)) n))
              AND (d.is_prefix OR d.number = due.number)
              AND (d.client_id IS NULL OR d.client_id = campaign.client_id)
              AND (d.campaign_id IS NULL OR d.campaign_id = campaign.id)
              AND (d.expires_at IS NULL OR d.expires_at > to_timestamp(:now))
            LIMIT 1
           ) AS forbidden ON true
     ORDER BY {order}
    """
    )


_DUE = _due(_IN_ORDER, "due.priority DESC, due.due_at, due.id")
_DUE_NAMED = _due(_NAMED, "array_position(CAST(:leads AS uuid[]), due.id)")

# The next due leads of the highest priority that has any, looked at and not locked.
_AHEAD = text(
    f"""
    WITH top AS (
        SELECT level.priority FROM generate_series(9, 0, -1) AS level(priority)
         WHERE EXISTS (SELECT FROM lead l WHERE l.campaign_id = CAST(:campaign_id AS uuid)
                                            AND l.priority = level.priority AND {_IS_DUE})
         ORDER BY level.priority DESC
         LIMIT 1
    ), due AS MATERIALIZED (
        SELECT l.id, l.tenant_id, l.person_id, l.number, l.due_at, l.tries, l.list_id
          FROM top
         CROSS JOIN LATERAL (
               SELECT * FROM lead l
                WHERE l.campaign_id = CAST(:campaign_id AS uuid) AND l.priority = top.priority AND {_IS_DUE}
                ORDER BY l.due_at, l.id
                LIMIT :count
               ) AS l
    )
    SELECT due.id::text AS lead_id, due.number, due.tries, due.list_id::text AS list_id, person.timezones,
           (SELECT a.outcome FROM attempt a
             WHERE a.tenant_id = due.tenant_id AND a.number = due.number AND a.counted
               AND a.outcome IS NOT NULL
             ORDER BY a.claimed_at DESC LIMIT 1) AS last_outcome
      FROM due
      JOIN person ON person.id = due.person_id
     ORDER BY due.due_at, due.id
    """
)

_INSERT = text(
    """
    WITH held AS MATERIALIZED (
        SELECT lease_token FROM switch
         WHERE id = CAST(:switch_id AS uuid) AND lease_token = :token AND lease_holder <> ''
           AND lease_expires_at > clock_timestamp()
           FOR SHARE
    ), made AS (
        INSERT INTO attempt (id, tenant_id, campaign_id, lead_id, person_id, switch_id, number, state,
        lease_token,
                             rule_inputs, rule_verdict, claimed_at)
        SELECT r.id, r.tenant_id, CAST(:campaign_id AS uuid), r.lead_id, r.person_id, CAST(:switch_id AS
        uuid),
               r.number, 'claimed', held.lease_token, r.rule_inputs, r.rule_verdict, to_timestamp(:now)
          FROM held
         CROSS JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, tenant_id uuid, lead_id uuid,
               person_id uuid, number text, rule_inputs jsonb, rule_verdict jsonb)
         ORDER BY r.number
            ON CONFLICT DO NOTHING
        RETURNING id, lead_id
    ), marked AS (
        UPDATE lead SET state = 'dialing' FROM made WHERE lead.id = made.lead_id
    )
    SELECT made.id::text FROM held LEFT JOIN made ON true
    """
)

_POSTPONE = text(
    """
    UPDATE lead SET due_at = to_timestamp(r.due_at), state = CASE WHEN r.closed THEN 'closed' ELSE lead.state
    END,
                    reason = r.reason
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, due_at float8, closed boolean, reason text)
     WHERE lead.id = r.id
    """
)

_REFUSED = text(
    """
    INSERT INTO rule_refusal (id, tenant_id, campaign_id, lead_id, number, at, code, detail, retry_at,
    rule_inputs)
    SELECT r.id, r.tenant_id, CAST(:campaign_id AS uuid), r.lead_id, r.number, to_timestamp(:now), r.code,
    r.detail,
           to_timestamp(r.retry_at), r.rule_inputs
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, tenant_id uuid, lead_id uuid, number text,
           code text, detail text, retry_at float8, rule_inputs jsonb)
    """
)


def claim(
    db: Db,
    *,
    switch_id: str,
    lease_token: int,
    campaign_id: str,
    count: int,
    now_wall: float,
    leads: Sequence[str] = (),
    look: int = 0,
) -> ClaimResult:
    """Turn up to `count` due leads into attempts. They may be dialed only after the caller's commit.

    leads: these first, in this order, unless one of a higher priority is due. look: so many of the leads due
    after these are told as well.

    Refused leads are put off until the rule may allow them, or closed when it never will, and the refusal is
    kept.
    """
    if db.execute(_HOLDS_LEASE, {"switch_id": switch_id, "token": lease_token}).first() is None:
        return ClaimResult((), "lease")
    campaign = db.execute(_CAMPAIGN, {"campaign_id": campaign_id}).first()
    if campaign is None or count < 1:
        return ClaimResult((), "hopper_empty")
    rules, predictive = RuleSet.from_json(campaign.rules), campaign.mode == "predictive"
    taken: list[ClaimedAttempt] = []
    codes: set[str] = set()
    of = {"campaign_id": campaign_id, "now": now_wall}
    named = list(leads[:count])
    for turn in range(ROUNDS + 1):
        wanted = count - len(taken)
        if turn == 0:
            due = db.execute(_DUE_NAMED, {**of, "leads": named}).all() if named else []
        else:
            due = db.execute(_DUE, {**of, "count": wanted}).all()
        judged = [(row, _inputs(row, rules, predictive)) for row in due if not row.busy]
        verdicts = [(row, inputs, check(inputs, now_wall)) for row, inputs in judged]
        made = _insert(
            db, switch_id, lease_token, campaign_id, now_wall, [v for v in verdicts if v[2].allowed]
        )
        if made is None:
            return ClaimResult((), "lease")
        taken += made
        refused = [verdict for verdict in verdicts if not verdict[2].allowed]
        codes |= {verdict.code for _, _, verdict in refused}
        _refuse(db, campaign_id, now_wall, refused)
        mine = {attempt.lead_id for attempt in made} | {row.lead_id for row, _, _ in refused}
        _postpone_busy(db, now_wall, [row.lead_id for row in due if row.lead_id not in mine])
        if len(taken) >= count or (turn > 0 and len(due) < wanted):
            break
    ahead = db.execute(_AHEAD, {**of, "count": min(look, MOST_AHEAD)}).all() if look > 0 else []
    return ClaimResult(
        tuple(taken),
        "" if taken else _why_none(codes),
        tuple(DueLead(row.lead_id, lead_facts(row)) for row in ahead),
    )


def _why_none(codes: set[str]) -> str:
    if not codes:
        return "hopper_empty"
    return "hours" if codes == {"hours"} else "rules"


def _inputs(row: Row[Any], rules: RuleSet, predictive: bool) -> RuleInputs:
    return RuleInputs(
        number=row.number,
        rules=rules,
        timezones=tuple(row.timezones),
        predictive=predictive,
        do_not_call=row.do_not_call or "",
        hold=row.hold_reason,
        hold_until=row.hold_until,
        number_times=tuple(row.number_times or ())[:KEPT_TIMES],
        person_times=tuple(row.person_times or ())[:KEPT_TIMES],
        number_total=row.number_total,
        person_total=row.person_total,
        last_conversation=row.last_conversation,
        last_unknown=row.last_unknown,
        last_abandon=row.last_abandon,
    )


def lead_facts(row: Row[Any]) -> LeadFacts:
    """From a row with tries, last_outcome, number, list_id, timezones."""
    number_type, area = kind_and_area(row.number)
    return LeadFacts(
        attempt=row.tries + 1,
        last_outcome=row.last_outcome or "",
        number_type=number_type,
        area=area,
        list_id=row.list_id,
        timezone=row.timezones[0] if row.timezones else "",
    )


_Judged = tuple[Row[Any], RuleInputs, Verdict]


def _insert(
    db: Db, switch_id: str, token: int, campaign_id: str, now_wall: float, allowed: Sequence[_Judged]
) -> list[ClaimedAttempt] | None:
    """The attempts that were made, or None if the lease is lost."""
    if not allowed:
        return []
    fresh = [(new_id(), row, inputs, verdict) for row, inputs, verdict in allowed]
    rows = [
        {
            "id": attempt_id,
            "tenant_id": row.tenant_id,
            "lead_id": row.lead_id,
            "person_id": row.person_id,
            "number": row.number,
            "rule_inputs": inputs.to_json(),
            "rule_verdict": verdict.to_json(),
        }
        for attempt_id, row, inputs, verdict in fresh
    ]
    values = {"switch_id": switch_id, "token": token, "campaign_id": campaign_id, "now": now_wall}
    answer = db.execute(_INSERT, {**values, "rows": rows_json(rows)}).scalars().all()
    if not answer:
        return None
    made = set(answer)
    return [
        ClaimedAttempt(
            attempt_id=attempt_id,
            campaign_id=campaign_id,
            lead_id=row.lead_id,
            number=row.number,
            claimed_at=now_wall,
            rule_inputs=inputs,
            facts=lead_facts(row),
        )
        for attempt_id, row, inputs, _ in fresh
        if attempt_id in made
    ]


def _refuse(db: Db, campaign_id: str, now_wall: float, refused: Sequence[_Judged]) -> None:
    if not refused:
        return
    logged = [
        {
            "id": new_id(),
            "tenant_id": row.tenant_id,
            "lead_id": row.lead_id,
            "number": row.number,
            "code": verdict.code,
            "detail": verdict.detail,
            "retry_at": verdict.retry_at,
            "rule_inputs": inputs.to_json(),
        }
        for row, inputs, verdict in refused
    ]
    db.execute(_REFUSED, {"campaign_id": campaign_id, "now": now_wall, "rows": rows_json(logged)})
    put_off = [
        {
            "id": row.lead_id,
            "due_at": now_wall + 86_400 if verdict.retry_at is None else max(verdict.retry_at, now_wall + 1),
            "closed": verdict.retry_at is None and verdict.code in ENDS_LEAD,
            "reason": verdict.code,
        }
        for row, _, verdict in refused
    ]
    db.execute(_POSTPONE, {"rows": rows_json(put_off)})


# A do-not-call entry or a hold may be lifted: asked again each day. These never change by waiting.
ENDS_LEAD = frozenset({"bad_number", "cap_number_lifetime", "cap_person_lifetime"})


def _postpone_busy(db: Db, now_wall: float, lead_ids: Sequence[str]) -> None:
    if not lead_ids:
        return
    rows = [
        {"id": i, "due_at": now_wall + BUSY_SECONDS, "closed": False, "reason": "in_another_call"}
        for i in lead_ids
    ]
    db.execute(_POSTPONE, {"rows": rows_json(rows)})


_FORBIDDEN = text(
    """
    SELECT CASE WHEN d.reason = '' THEN 'on the do-not-call list' ELSE d.reason END
      FROM do_not_call d
      JOIN attempt a ON a.tenant_id = d.tenant_id AND a.id = CAST(:attempt_id AS uuid)
      JOIN campaign ON campaign.id = a.campaign_id
     WHERE d.number = ANY (ARRAY(SELECT left(CAST(:number AS text), n)
                                   FROM generate_series(2, length(CAST(:number AS text))) n))
       AND (d.is_prefix OR d.number = :number)
       AND (d.client_id IS NULL OR d.client_id = campaign.client_id)
       AND (d.campaign_id IS NULL OR d.campaign_id = campaign.id)
       AND (d.expires_at IS NULL OR d.expires_at > now())
     LIMIT 1
    """
)


def forbidden(db: Db, attempt_id: str, number: str) -> str:
    """Why do-not-call forbids to dial `number` for the conversation of an attempt; empty if nothing does."""
    values = {"attempt_id": attempt_id, "number": number.replace("\0", "")}
    return str(db.execute(_FORBIDDEN, values).scalar() or "")
