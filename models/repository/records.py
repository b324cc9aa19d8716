"""Apply the journal's records: bulk statements, in the caller's transaction, and twice is as good as once.

Order within a batch is by kind, not by line: every statement moves a row forward only (an attempt that is
closed stays closed, a time that is known stays known), so that any order that the journal can hold ends in
the same rows. A record whose attempt, agent or campaign this database does not know is not applied and
reported in `Applied.ignored`: the journal belongs to another database, or the row was erased.

What pages and programs should hear of goes into the event feed by the same statement. An event's id is its
fact's, so that a journal applied twice tells nothing twice.
"""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import text

from models import records as facts
from models.dispositions import ANSWERING_MACHINE
from models.enums import Outcome
from models.repository import events, recorded
from models.repository.db import Db, notify, rows_json
from models.repository.events import EVENT_CHANNEL, fact_id, told
from models.repository.finish import finish_leads

__all__ = ["EVENT_CHANNEL", "Applied", "apply"]


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch did: how many records found their row, and which did not (kind and id)."""

    records: int
    ignored: tuple[tuple[str, str], ...] = ()


def apply(db: Db, records: Sequence[facts.Record]) -> Applied:
    """Apply a batch; the caller commits. Sends one NOTIFY per batch.

    Raises:
        sqlalchemy.exc.DBAPIError: the database is away; nothing of the batch is applied.
    """
    by_kind: dict[str, list[Any]] = {}
    for record in records:
        by_kind.setdefault(record.kind, []).append(record)
    ignored: list[tuple[str, str]] = []
    for kind, step in _STEPS:
        batch = by_kind.get(kind)
        if batch:
            missing = step(db, batch)
            ignored += [(kind, key) for key in missing]
    if records:
        notify(db, EVENT_CHANNEL)
    return Applied(len(records) - len(ignored), tuple(ignored))


def _run(db: Db, sql: str, batch: Sequence[Any], key: str) -> list[str]:
    """Run a bulk statement that returns the keys of the rows it knows; gives back the other keys."""
    rows = [{**asdict(record), "line": line} for line, record in enumerate(batch)]
    known = set(db.execute(text(sql), {"rows": rows_json(rows)}).scalars())
    return [str(row[key]) for row in rows if row[key] not in known]


_DIALED = """
    WITH r AS (SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                 AS r(attempt_id uuid, leg_id uuid, switch_id uuid, at float8, gateway text)),
    moved AS (
        UPDATE attempt a
           SET dialed_at = coalesce(a.dialed_at, to_timestamp(r.at)),
               state = CASE WHEN a.state = 'claimed' THEN 'dialing' ELSE a.state END
          FROM r WHERE a.id = r.attempt_id
        RETURNING a.id),
    opened AS (
        INSERT INTO leg (id, kind, switch_id, attempt_id, gateway, opened_at, ended_at)
        SELECT r.leg_id, 'customer', a.switch_id, a.id, r.gateway, to_timestamp(r.at), a.closed_at
          FROM r JOIN attempt a ON a.id = r.attempt_id
            ON CONFLICT (id) DO NOTHING)
    SELECT id::text FROM moved
"""
_CARRIER_FAILED = """
    UPDATE leg SET ended_at = coalesce(leg.ended_at, to_timestamp(r.at)),
                   cause = CASE WHEN leg.ended_at IS NULL THEN r.cause ELSE leg.cause END,
                   sip_status = coalesce(leg.sip_status, r.sip_status)
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(leg_id uuid, cause text, sip_status int, at float8)
     WHERE leg.id = r.leg_id
    RETURNING leg.id::text
"""
_ANSWERED = """
    WITH r AS (SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(attempt_id uuid, at float8)),
    moved AS (
        UPDATE attempt a
           SET answered_at = coalesce(a.answered_at, to_timestamp(r.at)),
               state = CASE WHEN a.state IN ('claimed', 'dialing', 'ringing') THEN 'answered' ELSE a.state END
          FROM r WHERE a.id = r.attempt_id
        RETURNING a.id),
    legs AS (
        UPDATE leg SET answered_at = coalesce(leg.answered_at, to_timestamp(r.at))
          FROM r WHERE leg.attempt_id = r.attempt_id AND leg.ended_at IS NULL)
    SELECT id::text FROM moved
"""
_BRIDGED = """
    WITH r AS (SELECT r.*, agent.id AS known_agent
                 FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(attempt_id uuid, agent_id uuid, at float8)
                 LEFT JOIN agent ON agent.id = r.agent_id),
    moved AS (
        UPDATE attempt a
           SET bridged_at = coalesce(a.bridged_at, to_timestamp(r.at)),
               agent_id = coalesce(a.agent_id, r.known_agent),
               state = CASE WHEN a.state = 'closed' THEN a.state ELSE 'connected' END
          FROM r WHERE a.id = r.attempt_id
        RETURNING a.id),
    legs AS (
        UPDATE leg SET bridged_at = coalesce(leg.bridged_at, to_timestamp(r.at)),
                       agent_id = coalesce(leg.agent_id, r.known_agent)
          FROM r WHERE leg.attempt_id = r.attempt_id AND leg.ended_at IS NULL)
    SELECT id::text FROM moved
"""
_MOVED = """
    WITH r AS (SELECT DISTINCT ON (r.attempt_id) r.*
                 FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(attempt_id uuid, agent_id uuid, at float8)
                 JOIN agent ON agent.id = r.agent_id ORDER BY r.attempt_id, r.at DESC),
    legs AS (
        UPDATE leg SET agent_id = r.agent_id
          FROM r WHERE leg.attempt_id = r.attempt_id AND leg.ended_at IS NULL),
    moved AS (
        UPDATE attempt a SET agent_id = r.agent_id, moved = true
          FROM r WHERE a.id = r.attempt_id AND a.state <> 'closed')
    SELECT a.id::text FROM attempt a JOIN r ON a.id = r.attempt_id
"""
_LEG_OPENED = """
    WITH r AS (SELECT r.* FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                 AS r(leg_id uuid, agent_id uuid, switch_id uuid, at float8)
                 JOIN agent ON agent.id = r.agent_id JOIN switch ON switch.id = r.switch_id),
    opened AS (
        INSERT INTO leg (id, kind, switch_id, agent_id, opened_at)
        SELECT r.leg_id, 'agent', r.switch_id, r.agent_id, to_timestamp(r.at) FROM r
            ON CONFLICT (id) DO NOTHING)
    SELECT leg_id::text FROM r
"""
_THIRD_OPENED = """
    WITH r AS (SELECT r.* FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                 AS r(leg_id uuid, attempt_id uuid, agent_id uuid, switch_id uuid, number text, gateway text,
                      at float8)
                 JOIN attempt ON attempt.id = r.attempt_id JOIN agent ON agent.id = r.agent_id
                 JOIN switch ON switch.id = r.switch_id),
    opened AS (
        INSERT INTO leg (id, kind, switch_id, agent_id, transfer_of, number, gateway, opened_at)
        SELECT r.leg_id, 'third_party', r.switch_id, r.agent_id, r.attempt_id, r.number, r.gateway,
               to_timestamp(r.at) FROM r
            ON CONFLICT (id) DO NOTHING)
    SELECT leg_id::text FROM r
"""
_THIRD_JOINED = """
    WITH r AS (SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                 AS r(leg_id uuid, attempt_id uuid, at float8)),
    moved AS (UPDATE attempt a SET moved = true FROM r WHERE a.id = r.attempt_id AND a.state <> 'closed')
    UPDATE leg SET bridged_at = coalesce(leg.bridged_at, to_timestamp(r.at))
      FROM r WHERE leg.id = r.leg_id
    RETURNING leg.id::text
"""
_THIRD_ENDED = """
    UPDATE leg SET ended_at = coalesce(leg.ended_at, to_timestamp(r.at)),
                   cause = CASE WHEN leg.ended_at IS NULL THEN r.cause ELSE leg.cause END,
                   sip_status = coalesce(leg.sip_status, r.sip_status),
                   ringing_at = coalesce(leg.ringing_at, to_timestamp(r.ringing_at)),
                   answered_at = coalesce(leg.answered_at, to_timestamp(r.answered_at))
      FROM jsonb_to_recordset(CAST(:rows AS jsonb))
           AS r(leg_id uuid, cause text, at float8, sip_status int, ringing_at float8, answered_at float8)
     WHERE leg.id = r.leg_id
    RETURNING leg.id::text
"""
_LEG_ENDED = """
    UPDATE leg SET ended_at = coalesce(leg.ended_at, to_timestamp(r.at)),
                   cause = CASE WHEN leg.ended_at IS NULL THEN r.cause ELSE leg.cause END
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(leg_id uuid, cause text, at float8)
     WHERE leg.id = r.leg_id
    RETURNING leg.id::text
"""
_AGENT_STATE = f"""
    WITH r AS (SELECT r.*, coalesce(campaign.id, agent.campaign_id) AS known_campaign, agent.tenant_id,
                      agent.name, agent.extension,
                      agent.state_log_id IS NULL
                      OR (to_timestamp(r.at), r.id) >= (agent.state_since, agent.state_log_id) AS news
                 FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id uuid, agent_id uuid, state text, at
                 float8,
                      campaign_id uuid, reason text, attempt_id uuid)
                 JOIN agent ON agent.id = r.agent_id
                 LEFT JOIN campaign ON campaign.id = r.campaign_id),
    logged AS (
        INSERT INTO agent_state_log (id, agent_id, campaign_id, attempt_id, state, at, reason)
        SELECT r.id, r.agent_id, r.known_campaign, r.attempt_id, r.state, to_timestamp(r.at), r.reason FROM r
            ON CONFLICT (id) DO NOTHING
        RETURNING id),
    {told("agent", "r JOIN logged USING (id)", events.AGENT, where="r.news")},
    newest AS (SELECT DISTINCT ON (agent_id) * FROM r ORDER BY agent_id, at DESC, id DESC),
    moved AS (
        UPDATE agent
           SET state = n.state, state_since = to_timestamp(n.at), state_log_id = n.id, reason = n.reason,
               attempt_id = n.attempt_id, campaign_id = coalesce(n.known_campaign, agent.campaign_id)
          FROM newest n
         WHERE agent.id = n.agent_id
           AND (agent.state_log_id IS NULL
                OR (to_timestamp(n.at), n.id) >= (agent.state_since, agent.state_log_id)))
    SELECT id::text FROM r
"""
_CAMPAIGN = f"""
    WITH r AS (SELECT DISTINCT ON (campaign_id) * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                 AS r(campaign_id uuid, state text, target float8, at float8, line bigint, fact_id uuid)
                ORDER BY campaign_id, at DESC, line DESC),
    moved AS (
        UPDATE campaign c
           SET state = r.state, target = least(r.target, c.cap), changed_at = to_timestamp(r.at),
               started_at = CASE WHEN r.state = 'running' AND c.state <> 'running' THEN to_timestamp(r.at)
                                 ELSE c.started_at END
          FROM r WHERE c.id = r.campaign_id AND (c.changed_at IS NULL OR c.changed_at <= to_timestamp(r.at))
        RETURNING c.id, c.tenant_id, c.state, c.target, r.fact_id, r.at),
    {told("campaign", "moved r", events.CAMPAIGN, key="r.fact_id")}
    SELECT c.id::text FROM campaign c JOIN r ON c.id = r.campaign_id
"""
_COMMAND = f"""
    WITH r AS (SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                 AS r(command_id uuid, status text, at float8, detail text)),
    moved AS (
        UPDATE command c SET status = r.status, finished_at = to_timestamp(r.at), detail = r.detail
          FROM r WHERE c.id = r.command_id AND c.status IN ('pending', 'taken')
        RETURNING c.*, r.at),
    {told("command", "moved r", events.COMMAND)}
    SELECT c.id::text FROM command c JOIN r ON c.id = r.command_id
"""
# The disposition do_not_call is obeyed at once, for the whole tenant; its entry has the id of the note.
# Whether a machine had answered is for the last word on the call to say.
_NOTE = f"""
    WITH r AS (SELECT r.*, attempt.tenant_id, attempt.campaign_id, attempt.number
                 FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                 AS r(id uuid, attempt_id uuid, agent_id uuid, disposition text, at float8, text text)
                 JOIN attempt ON attempt.id = r.attempt_id JOIN agent ON agent.id = r.agent_id),
    added AS (
        INSERT INTO call_note (id, attempt_id, agent_id, disposition, text, at)
        SELECT r.id, r.attempt_id, r.agent_id, r.disposition, r.text, to_timestamp(r.at) FROM r
            ON CONFLICT (id) DO NOTHING
        RETURNING id),
    {told("note", "r JOIN added USING (id)", events.NOTE)},
    asked AS (
        INSERT INTO do_not_call (id, tenant_id, number, reason)
        SELECT r.id, r.tenant_id, r.number, 'asked for in a call' FROM r WHERE r.disposition = 'do_not_call'
            ON CONFLICT (id) DO NOTHING),
    last AS (
        SELECT DISTINCT ON (r.attempt_id) r.attempt_id, r.disposition = '{ANSWERING_MACHINE}' AS machine
          FROM r JOIN added USING (id) ORDER BY r.attempt_id, r.at DESC, r.id DESC),
    heard AS (
        UPDATE attempt SET machine = last.machine
          FROM last WHERE attempt.id = last.attempt_id AND attempt.machine <> last.machine)
    SELECT id::text FROM r
"""
_EVENT = """
    WITH r AS (SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                 AS r(id uuid, topic text, at float8, payload jsonb)),
    added AS (
        INSERT INTO event (id, topic, at, payload)
        SELECT r.id, r.topic, to_timestamp(r.at), r.payload FROM r ON CONFLICT (id) DO NOTHING)
    SELECT id::text FROM r
"""

# `counted`: what caps count (tables/calls.py): the phone rang or was answered, or the try is used up.
_CLOSED = f"""
    WITH r AS (SELECT r.*, agent.id AS known_agent FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(
                 attempt_id uuid, outcome text, at float8, leg_id uuid, cause text, sip_status int,
                 created_at float8,
                 ringing_at float8, answered_at float8, bridged_at float8, ended_at float8, agent_id uuid,
                 talk_seconds float8, wait_seconds float8, abandoned boolean, recovered boolean, verdict text,
                 uses_up boolean)
                 LEFT JOIN agent ON agent.id = r.agent_id),
    moved AS (
        UPDATE attempt a
           SET state = 'closed', outcome = r.outcome, closed_at = to_timestamp(r.at),
               ringing_at = coalesce(to_timestamp(r.ringing_at), a.ringing_at),
               answered_at = coalesce(to_timestamp(r.answered_at), a.answered_at),
               bridged_at = coalesce(to_timestamp(r.bridged_at), a.bridged_at),
               agent_id = coalesce(r.known_agent, a.agent_id),
               cause = r.cause, sip_status = r.sip_status, talk_seconds = greatest(r.talk_seconds, 0),
               wait_seconds = r.wait_seconds, abandoned = r.abandoned, recovered = r.recovered,
               refused_code = r.verdict,
               dialed_at = CASE WHEN r.outcome = 'not_dialed' THEN a.dialed_at
                                ELSE coalesce(a.dialed_at, to_timestamp(r.created_at), a.claimed_at) END,
               counted = r.outcome <> 'not_dialed'
                         AND (r.uses_up OR r.ringing_at IS NOT NULL OR r.answered_at IS NOT NULL
                              OR a.ringing_at IS NOT NULL OR a.answered_at IS NOT NULL)
          FROM r
         WHERE a.id = r.attempt_id AND a.state <> 'closed'
        RETURNING a.*, r.leg_id, r.at, coalesce(r.ended_at, r.at) AS ended_wall),
    {told("call", "moved r", events.CALL, where="r.outcome <> 'not_dialed'")},
    legs AS (
        UPDATE leg
           SET ended_at = to_timestamp(r.ended_wall), cause = r.cause, sip_status = r.sip_status,
               ringing_at = r.ringing_at, answered_at = coalesce(leg.answered_at, r.answered_at),
               bridged_at = coalesce(leg.bridged_at, r.bridged_at)
          FROM moved r
         WHERE leg.attempt_id = r.id AND leg.ended_at IS NULL),
    recorded AS (
        INSERT INTO call (attempt_id, tenant_id, campaign_id, lead_id, person_id, switch_id, agent_id,
        leg_id, number,
                          outcome, started_at, ringing_at, answered_at, bridged_at, ended_at, talk_seconds,
                          wait_seconds, abandoned, cause, sip_status, recovered)
        SELECT m.id, m.tenant_id, m.campaign_id, m.lead_id, m.person_id, m.switch_id, m.agent_id, m.leg_id,
        m.number,
               m.outcome, m.dialed_at, m.ringing_at, m.answered_at, m.bridged_at, to_timestamp(m.ended_wall),
               m.talk_seconds, m.wait_seconds, m.abandoned, m.cause, m.sip_status, m.recovered
          FROM moved m WHERE m.outcome <> 'not_dialed'
            ON CONFLICT (attempt_id) DO NOTHING)
    SELECT id::text FROM moved
"""


def _close(db: Db, batch: Sequence[facts.AttemptClosed]) -> list[str]:
    # The journal may hold a close twice (recovery writes again what it could not be sure of): the first one
    # stands.
    first: dict[str, facts.AttemptClosed] = {}
    for record in batch:
        first.setdefault(record.attempt_id, record)
    rows = [{**asdict(record), "uses_up": Outcome(record.outcome).uses_up_lead} for record in first.values()]
    closed = set(db.execute(text(_CLOSED), {"rows": rows_json(rows)}).scalars())
    finish_leads(db, [first[attempt_id] for attempt_id in first if attempt_id in closed])
    left = [attempt_id for attempt_id in first if attempt_id not in closed]
    if not left:
        return []
    known = text("SELECT id::text FROM attempt WHERE id = ANY (CAST(:ids AS uuid[]))")
    there = set(db.execute(known, {"ids": left}).scalars())
    return [attempt_id for attempt_id in left if attempt_id not in there]


def _change(db: Db, batch: Sequence[facts.CampaignChanged]) -> list[str]:
    # A batch's last change of a campaign is the one that is told: the feed says what is, not each step.
    rows = [
        {**asdict(record), "line": line, "fact_id": fact_id(record.at, *asdict(record).values())}
        for line, record in enumerate(batch)
    ]
    known = set(db.execute(text(_CAMPAIGN), {"rows": rows_json(rows)}).scalars())
    return [record.campaign_id for record in batch if record.campaign_id not in known]


def _stop_recordings(db: Db, batch: Sequence[facts.RecordingStopped]) -> list[str]:
    first: dict[str, facts.RecordingStopped] = {}
    for record in batch:
        first.setdefault(record.recording_id, record)
    rows = [
        {**asdict(one), "fact_id": fact_id(one.at, one.kind, *asdict(one).values())} for one in first.values()
    ]
    known = set(db.execute(text(recorded.STOPPED), {"rows": rows_json(rows)}).scalars())
    return [key for key in first if key not in known]


def _bulk(sql: str, key: str) -> Callable[[Db, Sequence[Any]], list[str]]:
    return lambda db, batch: _run(db, sql, batch, key)


# The order: legs and agents' legs exist before what ends them; a leg that its carrier failed is over before
# its attempt is answered by another; attempts move before they close.
_STEPS: tuple[tuple[str, Callable[[Db, Sequence[Any]], list[str]]], ...] = (
    (facts.AgentLegOpened.kind, _bulk(_LEG_OPENED, "leg_id")),
    (facts.AttemptDialed.kind, _bulk(_DIALED, "attempt_id")),
    (facts.CarrierLegEnded.kind, _bulk(_CARRIER_FAILED, "leg_id")),
    (facts.AttemptAnswered.kind, _bulk(_ANSWERED, "attempt_id")),
    (facts.AttemptBridged.kind, _bulk(_BRIDGED, "attempt_id")),
    (facts.ThirdLegOpened.kind, _bulk(_THIRD_OPENED, "leg_id")),
    (facts.ThirdLegJoined.kind, _bulk(_THIRD_JOINED, "leg_id")),
    (facts.ThirdLegEnded.kind, _bulk(_THIRD_ENDED, "leg_id")),
    (facts.AttemptMoved.kind, _bulk(_MOVED, "attempt_id")),
    (facts.AttemptClosed.kind, _close),
    (facts.AgentLegEnded.kind, _bulk(_LEG_ENDED, "leg_id")),
    (facts.AgentStateChanged.kind, _bulk(_AGENT_STATE, "id")),
    (facts.CampaignChanged.kind, _change),
    (facts.CommandFinished.kind, _bulk(_COMMAND, "command_id")),
    (facts.NoteAdded.kind, _bulk(_NOTE, "id")),
    (facts.RecordingStarted.kind, _bulk(recorded.STARTED, "recording_id")),
    (facts.RecordingMarked.kind, _bulk(recorded.MARKED, "id")),
    (facts.RecordingStopped.kind, _stop_recordings),
    (facts.EventRecorded.kind, _bulk(_EVENT, "id")),
)
