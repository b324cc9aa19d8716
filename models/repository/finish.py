"""What becomes of the leads of attempts that just closed: models.rules.retry decides, this writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

from models.records import AttemptClosed
from models.repository.db import Db, rows_json
from models.rules.retry import RetryPolicy, next_step

_LEADS = text(
    """
    SELECT a.id::text AS attempt_id, l.id::text AS lead_id, l.tries, l.network_failures, c.retries
      FROM attempt a JOIN lead l ON l.id = a.lead_id JOIN campaign c ON c.id = a.campaign_id
     WHERE a.id = ANY (CAST(:ids AS uuid[]))
       FOR UPDATE OF l
    """
)
# A lead that was held, closed or erased during its call stays so; only its counts move on.
_MOVE = text(
    """
    UPDATE lead
       SET tries = r.tries, network_failures = r.network_failures,
           state = CASE WHEN lead.state = 'dialing' THEN r.state ELSE lead.state END,
           reason = CASE WHEN lead.state = 'dialing' THEN r.reason ELSE lead.reason END,
           due_at = CASE WHEN r.due_at IS NULL THEN lead.due_at ELSE to_timestamp(r.due_at) END
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(lead_id uuid, tries bigint, network_failures bigint,
           state text, reason text, due_at float8)
     WHERE lead.id = r.lead_id
    """
)
_BAD_NUMBER = text(
    """
    UPDATE person_phone p SET bad_since = coalesce(p.bad_since, a.closed_at)
      FROM attempt a
     WHERE a.id = ANY (CAST(:ids AS uuid[])) AND p.tenant_id = a.tenant_id AND p.number = a.number
    """
)
# Another good number of the person, if the one just dialed does not exist.
_OTHER_NUMBER = text(
    """
    UPDATE lead
       SET number = other.number, state = 'retry', due_at = a.closed_at, reason = 'other_number'
      FROM attempt a
     CROSS JOIN LATERAL (
           SELECT p.number FROM person_phone p
            WHERE p.person_id = a.person_id AND p.bad_since IS NULL
            ORDER BY p.position, p.number LIMIT 1
           ) AS other
     WHERE a.id = ANY (CAST(:ids AS uuid[])) AND lead.id = a.lead_id AND lead.state = 'closed'
       AND lead.reason = 'invalid_number'
       AND NOT EXISTS (SELECT FROM lead twin WHERE twin.list_id = lead.list_id AND twin.number = other.number)
    """
)


def finish_leads(db: Db, closed: Sequence[AttemptClosed]) -> None:
    """Move the leads of these attempts (each closed for the first time, just now) to their next step."""
    if not closed:
        return
    by_id = {record.attempt_id: record for record in closed}
    moves: list[dict[str, Any]] = []
    bad: list[str] = []
    for row in db.execute(_LEADS, {"ids": list(by_id)}):
        record = by_id[row.attempt_id]
        step = next_step(
            record.outcome,
            at=record.at,
            tries=row.tries,
            network_failures=row.network_failures,
            policy=RetryPolicy.from_json(row.retries),
        )
        moves.append(
            {
                "lead_id": row.lead_id,
                "tries": step.tries,
                "network_failures": step.network_failures,
                "state": step.state.value,
                "reason": step.reason,
                "due_at": step.due_at,
            }
        )
        if step.number_is_bad:
            bad.append(row.attempt_id)
    db.execute(_MOVE, {"rows": rows_json(moves)})
    if bad:
        db.execute(_BAD_NUMBER, {"ids": bad})
        db.execute(_OTHER_NUMBER, {"ids": bad})
