"""Uploaded files on their way into a list: queued by the api, taken by a worker, told to the event feed.

Whoever takes a job holds an advisory lock on it (`LOCK_KEY`) on a connection that lives as long as the work:
a job that runs and whose lock is free has lost its worker. `tries` grows at each taking and fences the one
that was thought dead: it can finish nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, text

from models.enums import ImportState
from models.errors import InvalidValue, NotFound
from models.ids import new_id
from models.importing import ImportOptions, ImportReport
from models.importing.report import harmless
from models.repository import events
from models.repository.db import Db, clean_text, notify, object_json, of_tenant

IMPORT_CHANNEL = "ringmaster_import"
LOCK_KEY = "hashtextextended(%s, 4)"  # of the job's id, for pg_try_advisory_lock
MOST_WAITING = 3  # queued or running imports of one tenant
SHOWN_ROWS = 200

_COLUMNS = """
    id::text, campaign_id::text, list_name, file_name, state, rows_done, rows_total, accepted, refused,
    report, detail, created_at, finished_at
"""
_INSERT = text(
    """
    INSERT INTO import_job (id, tenant_id, campaign_id, list_name, file_name, options, content, state,
                            requested_by)
    VALUES (:id, :tenant_id, :campaign_id, :list_name, :file_name, CAST(:options AS jsonb), :content,
            'queued', :requested_by)
    """
)
_WAITING = text(
    """
    SELECT id::text FROM import_job j WHERE state IN ('queued', 'running')
     ORDER BY EXISTS (
                  SELECT 1 FROM import_job o
                   WHERE o.tenant_id = j.tenant_id AND o.id <> j.id AND o.state = 'running'
              ), created_at, id
     LIMIT 50
    """
)
_CLAIM = text(
    """
    UPDATE import_job SET state = 'running', tries = tries + 1, rows_done = 0, rows_total = NULL,
           started_at = clock_timestamp()
     WHERE id = (SELECT id FROM import_job WHERE id = CAST(:id AS uuid) AND state IN ('queued', 'running')
                    FOR UPDATE SKIP LOCKED)
    RETURNING id::text, campaign_id::text, list_name, file_name, options, tries
    """
)
_MINE = "id = CAST(:id AS uuid) AND state = 'running' AND tries = :tries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An import as its page sees it. `report` holds by_reason and refused_rows once it is done."""

    id: str
    campaign_id: str
    list_name: str
    file_name: str
    state: ImportState
    rows_done: int
    rows_total: int | None
    accepted: int
    refused: int
    report: Mapping[str, Any]
    detail: str
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A job that this worker runs."""

    id: str
    campaign_id: str
    list_name: str
    file_name: str
    options: ImportOptions
    tries: int


class TakenAway(Exception):
    """Another worker has the job: it thought this one dead. Nothing of this try may stay."""


def check_room(db: Db, tenant_id: str) -> None:
    """Whether the tenant may queue one more; until the commit nobody else of it can.

    Raises:
        InvalidValue: `too_many_imports`.
    """
    db.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('imports of ' || :tenant_id, 3))"),
        {"tenant_id": tenant_id},
    )
    waiting = text(
        "SELECT count(*) FROM import_job WHERE tenant_id = CAST(:tenant_id AS uuid)"
        " AND state IN ('queued', 'running')"
    )
    if db.execute(waiting, {"tenant_id": tenant_id}).scalar_one() >= MOST_WAITING:
        raise InvalidValue(
            "too_many_imports", f"{MOST_WAITING} imports are on their way: wait until one is done"
        )


def queue(
    db: Db,
    *,
    tenant_id: str,
    campaign_id: str,
    file_name: str,
    content: bytes,
    list_name: str = "",
    options: ImportOptions | None = None,
    requested_by: str = "",
) -> Job:
    """Keep a file for the worker. The caller has looked the campaign up under its tenant.

    Raises:
        InvalidValue: `too_many_imports`.
    """
    check_room(db, tenant_id)
    options = options or ImportOptions()
    values = {
        "id": new_id(),
        "tenant_id": tenant_id,
        "campaign_id": campaign_id,
        "list_name": clean_text(list_name).strip() or file_name,
        "file_name": file_name,
        "options": object_json(
            {
                "region": options.region,
                "timezone": options.timezone,
                "phone_columns": list(options.phone_columns),
                "columns": dict(options.columns),
            }
        ),
        "content": content,
        "requested_by": clean_text(requested_by),
    }
    db.execute(_INSERT, values)
    notify(db, IMPORT_CHANNEL)
    return _tell(db, str(values["id"]))


def get(db: Db, job_id: str, *, tenant_id: str | None = None) -> Job:
    """One import.

    Raises:
        NotFound: `import`.
    """
    query = text(f"SELECT {_COLUMNS} FROM import_job WHERE id = CAST(:id AS uuid) AND {of_tenant()}")  # noqa: S608
    row = db.execute(query, {"id": job_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("import", f"there is no import {job_id}")
    return _job(row)


def of_campaign(
    db: Db, campaign_id: str, *, tenant_id: str | None = None, after: str | None = None, limit: int = 1000
) -> tuple[Job, ...]:
    """The campaign's imports, the newest first; `after` is the id of the last one that the asker has."""
    query = text(
        f"""
        SELECT {_COLUMNS} FROM import_job
         WHERE campaign_id = CAST(:campaign_id AS uuid) AND {of_tenant()}
           AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid))
         ORDER BY id DESC LIMIT :limit
        """  # noqa: S608
    )
    values = {"campaign_id": campaign_id, "tenant_id": tenant_id, "after": after, "limit": limit}
    return tuple(_job(row) for row in db.execute(query, values))


def refused_csv(db: Db, job_id: str, *, tenant_id: str | None = None) -> bytes | None:
    """All refused rows as gzipped CSV; None where there are none, or none yet.

    Raises:
        NotFound: `import`.
    """
    query = text(f"SELECT refused_csv FROM import_job WHERE id = CAST(:id AS uuid) AND {of_tenant()}")  # noqa: S608
    row = db.execute(query, {"id": job_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("import", f"there is no import {job_id}")
    return None if row.refused_csv is None else bytes(row.refused_csv)


# --- what the worker does, as the owner -----------------------------------------------------------------


def waiting(db: Db) -> list[str]:
    """Jobs that may be there to be taken, in the order to try: first of tenants that none runs for."""
    return list(db.execute(_WAITING).scalars())


def take(db: Db, job_id: str) -> Taken | None:
    """Take a job whose lock the caller holds; None if it is over or just being taken."""
    row = db.execute(_CLAIM, {"id": job_id}).first()
    if row is None:
        return None
    _tell(db, row.id)
    given = row.options
    options = ImportOptions(
        region=given.get("region", "US"),
        timezone=given.get("timezone"),
        phone_columns=tuple(given.get("phone_columns", ())),
        columns=tuple(sorted(given.get("columns", {}).items())),
    )
    return Taken(**{**row._mapping, "options": options})


def content(db: Db, job: Taken) -> bytes:
    """The file.

    Raises:
        TakenAway
    """
    query = text(f"SELECT content FROM import_job WHERE {_MINE}")  # noqa: S608
    found = db.execute(query, {"id": job.id, "tries": job.tries}).scalar()
    if found is None:
        raise TakenAway(job.id)
    return bytes(found)


def progress(db: Db, job: Taken, done: int, total: int) -> None:
    """How far it is, for those who watch."""
    _set(db, job, "rows_done = :done, rows_total = :total", {"done": done, "total": total})


def finish(db: Db, job: Taken, report: ImportReport, refused: bytes | None) -> None:
    """Done, in the transaction of the import itself.

    Raises:
        TakenAway
    """
    shown = [
        {"line": row.line, "reason": row.code, "detail": row.reason, "value": harmless(row.value)}
        for row in report.refused[:SHOWN_ROWS]
    ]
    values = {
        "accepted": report.accepted,
        "refused": report.refused_count,
        "report": object_json({"by_reason": report.by_reason(), "refused_rows": shown}),
        "csv": refused if report.refused_count else None,
        "detail": (
            "This file was imported into this list before, with the same options: nothing was changed."
            if report.already_imported
            else ""
        ),
    }
    _set(
        db,
        job,
        "state = 'done', content = NULL, finished_at = clock_timestamp(), accepted = :accepted,"
        " refused = :refused, report = CAST(:report AS jsonb), refused_csv = :csv, detail = :detail,"
        " rows_done = coalesce(rows_total, rows_done)",
        values,
        must=True,
    )


def fail(db: Db, job: Taken, sentence: str) -> None:
    """Over, with nothing imported, and why."""
    _set(
        db,
        job,
        "state = 'failed', content = NULL, finished_at = clock_timestamp(), detail = :detail",
        {"detail": clean_text(sentence)},
    )


def give_back(db: Db, job: Taken) -> None:
    """For the next worker: this one stops, which is no try of the file's."""
    _set(db, job, "state = 'queued', tries = tries - 1, rows_done = 0, rows_total = NULL", {})
    notify(db, IMPORT_CHANNEL)


def _set(db: Db, job: Taken, what: str, values: Mapping[str, Any], *, must: bool = False) -> None:
    query = text(f"UPDATE import_job SET {what} WHERE {_MINE} RETURNING id::text")  # noqa: S608
    moved = db.execute(query, {**values, "id": job.id, "tries": job.tries}).scalar()
    if moved is not None:
        _tell(db, moved)
    elif must:
        raise TakenAway(job.id)


def _tell(db: Db, job_id: str) -> Job:
    query = text(f"SELECT {_COLUMNS}, tenant_id::text FROM import_job WHERE id = CAST(:id AS uuid)")  # noqa: S608
    row = db.execute(query, {"id": job_id}).one()
    events.record(db, "import", _data(job := _job(row)), tenant_id=row.tenant_id)
    return job


def _data(job: Job) -> dict[str, Any]:
    """The event's data: the import without its rows."""
    names = ("id", "campaign_id", "list_name", "file_name", "rows_done", "rows_total", "accepted", "refused")
    return {
        **{name: getattr(job, name) for name in (*names, "detail")},
        "state": job.state.value,
        "by_reason": job.report.get("by_reason", {}),
        "created_at": _iso(job.created_at),
        "finished_at": None if job.finished_at is None else _iso(job.finished_at),
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _job(row: Row[Any]) -> Job:
    values = {name: value for name, value in row._mapping.items() if name != "tenant_id"}
    return Job(**{**values, "state": ImportState(row.state)})
