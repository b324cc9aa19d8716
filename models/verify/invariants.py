"""Invariants over rows, one query each: a query returns the rows that break it (subject, detail)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

MOST_SHOWN = 1000  # of one kind: a broken table should not fill the memory


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant: stable `code`, the row's id, and what is wrong with it."""

    code: str
    subject: str
    detail: str


def check_rows(db: Session | Connection, *, at_rest: bool) -> tuple[Violation, ...]:
    """Every violation of the invariants below; those of AT_REST only when no dialer runs."""
    queries = {**ALWAYS, **(AT_REST if at_rest else {})}
    return tuple(
        Violation(code, str(subject), str(detail))
        for code, query in queries.items()
        for subject, detail in db.execute(text(f"SELECT * FROM ({query}) AS broken LIMIT {MOST_SHOWN}"))  # noqa: S608
    )


def _overlap(of: str) -> str:
    """Two attempts of one number or person at once, whether both are open now or were open at the same
    time."""
    return f"""
    SELECT id, 'open from ' || claimed_at || ', and the one before until ' || before
      FROM (SELECT id, claimed_at,
                   max(coalesce(closed_at, 'infinity')) OVER (PARTITION BY tenant_id, {of} ORDER BY
                   claimed_at, id
                       ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
              FROM attempt) AS spans
     WHERE claimed_at < before"""  # noqa: S608 - a column name of this module


ALWAYS = {
    "number_twice_at_once": _overlap("number"),
    "person_twice_at_once": _overlap("person_id"),
    "agent_in_two_calls": """
        SELECT id, 'agent ' || agent_id || ' talked since ' || bridged_at
               || ', and in the call before until ' || before
          FROM (SELECT id, agent_id, bridged_at,
                       max(bridged_at + make_interval(secs => talk_seconds)) OVER (PARTITION BY agent_id
                           ORDER BY bridged_at, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
                  FROM attempt WHERE bridged_at IS NOT NULL AND agent_id IS NOT NULL) AS talks
         WHERE bridged_at < before - interval '50 milliseconds'""",
    "outcome_missing": """
        SELECT id, 'closed without an outcome or without its time' FROM attempt
         WHERE state = 'closed' AND (outcome IS NULL OR closed_at IS NULL)""",
    "outcome_early": """
        SELECT id, 'has an outcome but is ' || state FROM attempt
         WHERE state <> 'closed' AND (outcome IS NOT NULL OR closed_at IS NOT NULL)""",
    "call_missing": """
        SELECT a.id, 'closed as ' || a.outcome || ' without a call record' FROM attempt a
         WHERE a.state = 'closed' AND a.outcome <> 'not_dialed'
           AND NOT EXISTS (SELECT FROM call c WHERE c.attempt_id = a.id)""",
    "call_too_many": """
        SELECT c.attempt_id, 'a call record of an attempt that is open or was not dialed'
          FROM call c LEFT JOIN attempt a ON a.id = c.attempt_id
         WHERE a.id IS NULL OR a.state <> 'closed' OR a.outcome = 'not_dialed'""",
    "call_differs": """
        SELECT a.id, 'attempt and call record tell different facts' FROM attempt a JOIN call c ON
        c.attempt_id = a.id
         WHERE (a.outcome, a.number, a.agent_id, a.answered_at, a.bridged_at, a.talk_seconds, a.abandoned,
         a.campaign_id,
                a.dialed_at)
               IS DISTINCT FROM
               (c.outcome, c.number, c.agent_id, c.answered_at, c.bridged_at, c.talk_seconds, c.abandoned,
               c.campaign_id,
                c.started_at)""",
    "answer_unresolved": """
        SELECT id, 'answered, then ' || outcome || ': neither bridged, abandoned nor ended by the customer'
        FROM attempt
         WHERE answered_at IS NOT NULL AND state = 'closed' AND bridged_at IS NULL AND NOT abandoned
           AND outcome NOT IN ('ended_before_agent', 'abandoned', 'unknown', 'switch_lost')""",
    "connected_unbridged": """
        SELECT id, 'connected without a bridge, an answer or an agent' FROM attempt
         WHERE outcome = 'connected' AND (bridged_at IS NULL OR agent_id IS NULL OR answered_at IS NULL)""",
    "late_bridge_not_counted": """
        SELECT a.id, 'bridged ' || a.wait_seconds || ' s after the answer, grace ' || c.grace_seconds
               || ' s, not counted'
          FROM attempt a JOIN campaign c ON c.id = a.campaign_id
         WHERE a.wait_seconds > c.grace_seconds + 0.02 AND a.bridged_at IS NOT NULL AND NOT a.abandoned""",
    "abandoned_not_flagged": """
        SELECT id, 'abandoned by outcome but not in the numerator' FROM attempt
         WHERE outcome = 'abandoned' AND NOT abandoned""",
    "talk_wrong": """
        SELECT id, 'talked ' || talk_seconds || ' s in a call of ' || extract(epoch FROM closed_at -
        bridged_at) || ' s'
          FROM attempt
         WHERE state = 'closed'
           AND (talk_seconds < 0 OR (bridged_at IS NULL AND talk_seconds > 0)
                OR talk_seconds > extract(epoch FROM closed_at - bridged_at) + 5)""",
    "times_out_of_order": """
        SELECT id, 'claimed, dialed, answered, bridged and closed are not in that order' FROM attempt
         WHERE dialed_at < claimed_at - interval '1 second' OR answered_at < dialed_at - interval '5 seconds'
            OR bridged_at < answered_at OR closed_at < claimed_at - interval '1 second'
            OR closed_at < bridged_at - interval '5 seconds'""",
    "leg_times_out_of_order": """
        SELECT id, 'ended before it was opened' FROM leg WHERE ended_at < opened_at - interval '5 seconds'""",
    "leg_left_open": """
        SELECT l.id, 'the leg of a closed attempt has no end' FROM leg l JOIN attempt a ON a.id = l.attempt_id
         WHERE a.state = 'closed' AND l.ended_at IS NULL""",
    "dialed_without_leg": """
        SELECT a.id, 'dialed without a leg' FROM attempt a
         WHERE a.dialed_at IS NOT NULL AND a.state <> 'claimed'
           AND NOT EXISTS (SELECT FROM leg l WHERE l.attempt_id = a.id)""",
    "dialed_not_dialed": """
        SELECT id, 'outcome not_dialed, but it was answered or connected' FROM attempt
         WHERE outcome = 'not_dialed' AND (answered_at IS NOT NULL OR bridged_at IS NOT NULL OR talk_seconds
         > 0)""",
    "dialed_against_verdict": """
        SELECT id, CASE WHEN refused_code <> '' THEN 'dialed though refused: ' || refused_code
                        WHEN rule_verdict->>'allowed' IS NULL THEN 'claimed without a verdict'
                        ELSE 'claimed against the verdict ' || coalesce(rule_verdict->>'code', '') END
          FROM attempt
         WHERE (rule_verdict->>'allowed') IS DISTINCT FROM 'true'
            OR (refused_code <> '' AND dialed_at IS NOT NULL AND outcome <> 'not_dialed')""",
    # A stop or pause holds from a second after it was done until the next start of that campaign.
    "dialed_after_stop": """
        SELECT a.id, 'dialed at ' || a.dialed_at || ', stopped at ' || s.finished_at
          FROM attempt a
          JOIN command s ON s.status = 'done' AND s.kind IN ('campaign_stop', 'campaign_pause', 'stop_all')
               AND (s.campaign_id = a.campaign_id OR (s.kind = 'stop_all' AND s.switch_id = a.switch_id))
         WHERE a.dialed_at > s.finished_at + interval '1 second'
           AND NOT EXISTS (SELECT FROM command b
                            WHERE b.kind = 'campaign_start' AND b.status = 'done' AND b.campaign_id =
                            a.campaign_id
                              AND b.finished_at BETWEEN s.finished_at
                                  AND a.dialed_at + interval '1 second')""",
    "dialed_while_stopped": """
        SELECT a.id, 'dialed at ' || a.dialed_at || ', the campaign is ' || c.state || ' since ' ||
        c.changed_at
          FROM attempt a JOIN campaign c ON c.id = a.campaign_id
         WHERE c.state IN ('stopped', 'winding_down') AND a.dialed_at > c.changed_at + interval '1 second'""",
    "token_from_nowhere": """
        SELECT a.id, 'claimed under lease ' || a.lease_token || ', the newest is ' || s.lease_token
          FROM attempt a JOIN switch s ON s.id = a.switch_id WHERE a.lease_token > s.lease_token""",
    "cap_exceeded": """
        SELECT a.id, 'more attempts in 24 h than the cap of ' ||
        (a.rule_inputs->'rules'->'per_number'->>'day')
          FROM attempt a
         WHERE a.counted AND a.dialed_at IS NOT NULL
           AND (SELECT count(*) FROM attempt b
                 WHERE b.tenant_id = a.tenant_id AND b.number = a.number AND b.counted AND b.id <> a.id
                   AND b.claimed_at <= a.claimed_at AND b.claimed_at > a.claimed_at - interval '24 hours')
               >= (a.rule_inputs->'rules'->'per_number'->>'day')::int""",
    "lockout_broken": """
        SELECT a.id, 'dialed after an abandoned call to the same number, ended ' || b.closed_at
          FROM attempt a
          JOIN attempt b ON b.tenant_id = a.tenant_id AND b.number = a.number AND b.id <> a.id AND b.abandoned
               AND b.counted AND b.closed_at <= a.claimed_at
         WHERE a.dialed_at IS NOT NULL AND (a.rule_inputs->>'predictive')::boolean
           AND a.claimed_at < b.closed_at
               + make_interval(secs => (a.rule_inputs->'rules'->>'abandon_lockout_seconds')::float8)""",
    "lead_stuck": """
        SELECT l.id, 'the lead is being dialed but has no open attempt' FROM lead l
         WHERE l.state = 'dialing'
           AND NOT EXISTS (SELECT FROM attempt a WHERE a.lead_id = l.id AND a.state <> 'closed')""",
    "lead_dialed_again": """
        SELECT id, 'claimed after a conversation closed the lead at ' || ended
          FROM (SELECT id, lead_id, claimed_at,
                       min(closed_at) FILTER (WHERE outcome = 'connected') OVER (PARTITION BY lead_id) AS
                       ended
                  FROM attempt) AS tries
         WHERE claimed_at > ended""",
    "note_without_call": """
        SELECT n.id, 'a disposition of a call that never connected to an agent' FROM call_note n
          JOIN attempt a ON a.id = n.attempt_id WHERE a.bridged_at IS NULL""",
    "event_places": """
        SELECT id, 'the event feed has a gap before place ' || seq
          FROM (SELECT id, seq, lag(seq) OVER (ORDER BY seq) AS before FROM event WHERE seq IS NOT NULL) p
         WHERE before IS NOT NULL AND seq <> before + 1""",
}

AT_REST = {
    "attempt_left_open": "SELECT id, 'still ' || state FROM attempt WHERE state <> 'closed'",
    "agent_leg_left_open": """
        SELECT l.id, 'the standing leg of an agent who is logged out has no end' FROM leg l
          JOIN agent g ON g.id = l.agent_id
         WHERE l.kind = 'agent' AND l.ended_at IS NULL AND g.state = 'logged_out'""",
    "command_left_open": """
        SELECT id, kind || ' was taken and has no outcome' FROM command WHERE status = 'taken'""",
    "agent_left_in_call": """
        SELECT id, 'still ' || state || ' though no call is open' FROM agent g
         WHERE state IN ('talking', 'on_hold', 'reserved')
           AND NOT EXISTS (SELECT FROM attempt a WHERE a.agent_id = g.id AND a.state <> 'closed')""",
}
