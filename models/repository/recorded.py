"""The journal's records of recordings, applied: statements of `models.repository.records`."""

from __future__ import annotations

from typing import Final

STARTED: Final = """
    WITH r AS (SELECT r.*, attempt.tenant_id, attempt.campaign_id, attempt.switch_id,
                      coalesce(command.requested_by, '') AS who
                 FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(recording_id uuid, attempt_id uuid,
                      leg_id uuid, path text, consent text, at float8, command_id uuid)
                 JOIN attempt ON attempt.id = r.attempt_id
                 LEFT JOIN command ON command.id = r.command_id),
    made AS (
        INSERT INTO recording (id, tenant_id, campaign_id, attempt_id, switch_id, leg_id, path, consent,
                               started_at)
        SELECT r.recording_id, r.tenant_id, r.campaign_id, r.attempt_id, r.switch_id, r.leg_id, r.path,
               r.consent, to_timestamp(r.at) FROM r
            ON CONFLICT (id) DO NOTHING
        RETURNING id),
    told AS (
        INSERT INTO recording_event (id, tenant_id, recording_id, deed, at, who, detail)
        SELECT r.recording_id, r.tenant_id, r.recording_id, 'started', to_timestamp(r.at), r.who, r.consent
          FROM r JOIN made ON made.id = r.recording_id
            ON CONFLICT (id) DO NOTHING)
    SELECT recording_id::text FROM r
"""
MARKED: Final = """
    WITH r AS (SELECT r.*, recording.tenant_id, coalesce(command.requested_by, '') AS who
                 FROM jsonb_to_recordset(CAST(:rows AS jsonb))
                   AS r(id uuid, recording_id uuid, masked boolean, at float8, command_id uuid)
                 JOIN recording ON recording.id = r.recording_id
                 LEFT JOIN command ON command.id = r.command_id),
    told AS (
        INSERT INTO recording_event (id, tenant_id, recording_id, deed, at, who)
        SELECT r.id, r.tenant_id, r.recording_id, CASE WHEN r.masked THEN 'masked' ELSE 'unmasked' END,
               to_timestamp(r.at), r.who FROM r
            ON CONFLICT (id) DO NOTHING)
    SELECT id::text FROM r
"""
# A recording stops once: the switch's word may come twice, the first is kept.
STOPPED: Final = """
    WITH r AS (SELECT r.*, coalesce(command.requested_by, '') AS who
                 FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(recording_id uuid, at float8, cause text,
                      seconds float8, command_id uuid, fact_id uuid)
                 LEFT JOIN command ON command.id = r.command_id),
    moved AS (
        UPDATE recording x
           SET stopped_at = to_timestamp(r.at), cause = r.cause,
               seconds = CASE WHEN r.seconds IS NULL THEN NULL ELSE greatest(r.seconds, 0) END
          FROM r WHERE x.id = r.recording_id AND x.stopped_at IS NULL
        RETURNING x.id, x.tenant_id, r.at, r.cause, r.who, r.fact_id),
    told AS (
        INSERT INTO recording_event (id, tenant_id, recording_id, deed, at, who, detail)
        SELECT m.fact_id, m.tenant_id, m.id, 'stopped', to_timestamp(m.at), m.who, m.cause FROM moved m
            ON CONFLICT (id) DO NOTHING)
    SELECT x.id::text FROM recording x JOIN r ON x.id = r.recording_id
"""
