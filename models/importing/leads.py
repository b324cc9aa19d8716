"""Import a file of leads into a list: every good row once, or nothing at all; the caller commits."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import phonenumbers
from sqlalchemy import text

from models.errors import InvalidValue
from models.ids import new_id
from models.importing.columns import ALIASES, Columns, map_columns
from models.importing.reading import MAX_BYTES, Table, read_table
from models.importing.report import ImportRefused, ImportReport, Refusals, RefusedRow
from models.importing.rows import LeadRow, parse_row
from models.repository.db import Db, clean_text, rows_json
from models.rules.hours import zone

Progress = Callable[[int, int], None]
CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How a file is read.

    Attributes:
        region: ISO country of numbers written without a country code.
        timezone: for numbers that tell none; None refuses them.
        phone_columns: names of the columns with numbers; empty finds them by their names.
        columns: (role, name of its column); roles not named are found by their names.
    """

    region: str = "US"
    timezone: str | None = None
    phone_columns: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if self.region not in phonenumbers.SUPPORTED_REGIONS:
            raise InvalidValue("region", f"{self.region!r} is no country code such as US, IT or PL")
        if self.timezone is not None:
            zone(self.timezone)
        for role, _ in self.columns:
            if role not in ALIASES:
                raise InvalidValue("role", f"{role!r} is nothing that a column can be: {', '.join(ALIASES)}")

    def fingerprint(self) -> bytes:
        """What makes the same file another import."""
        return (repr(self) + (repr(sorted(self.columns)) if self.columns else "")).encode()


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:campaign_id, 0))")
_CAMPAIGN = text("SELECT tenant_id::text FROM campaign WHERE id = CAST(:id AS uuid)")
_FIND_LIST = text("SELECT id::text FROM list WHERE campaign_id = CAST(:campaign_id AS uuid) AND name = :name")
_MAKE_LIST = text(
    "INSERT INTO list (id, tenant_id, campaign_id, name) VALUES (:id, :tenant_id, :campaign_id, :name)"
)
_BEFORE = text(
    "SELECT accepted, refused FROM import_batch WHERE list_id = CAST(:list_id AS uuid) AND sha256 = :sha256"
)
_KEEP = text(
    """
    INSERT INTO import_batch (id, tenant_id, list_id, file_name, sha256, accepted, refused)
    VALUES (:id, :tenant_id, :list_id, :file_name, :sha256, :accepted, :refused)
    """
)
_TAKEN = text(
    """
    SELECT l.number FROM lead l
     WHERE l.campaign_id = CAST(:campaign_id AS uuid) AND l.number = ANY (CAST(:numbers AS text[]))
    """
)
# A row with the external id of a person we know adds a lead and numbers to that person.
_INSERT = text(
    """
    WITH r AS MATERIALIZED (
        SELECT x.*, to_timestamp(x.line / 1e6) AS place
          FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS x(line int, person_id uuid, lead_id uuid, phones
          jsonb,
               number text, timezones text[], name text, external_id text, priority int, fields jsonb)
    ), people AS (
        INSERT INTO person (id, tenant_id, external_id, name, timezones)
        SELECT DISTINCT ON (coalesce(external_id, person_id::text))
               person_id, CAST(:tenant_id AS uuid), external_id, name, timezones FROM r
         ORDER BY coalesce(external_id, person_id::text), line
            ON CONFLICT (tenant_id, external_id) WHERE external_id IS NOT NULL
            DO UPDATE SET external_id = excluded.external_id
        RETURNING id, external_id
    ), matched AS (
        SELECT r.*, people.id AS whose
          FROM r JOIN people ON people.id = r.person_id OR people.external_id = r.external_id
    ), phones AS (
        INSERT INTO person_phone (id, tenant_id, person_id, number, position)
        SELECT DISTINCT ON (m.whose, p.number) p.id, CAST(:tenant_id AS uuid), m.whose, p.number, p.position
          FROM matched m
         CROSS JOIN LATERAL jsonb_to_recordset(m.phones) AS p(id uuid, number text, position int)
         ORDER BY m.whose, p.number, p.position
            ON CONFLICT DO NOTHING
    )
    INSERT INTO lead (id, tenant_id, campaign_id, list_id, person_id, number, state, priority, due_at, fields)
    SELECT m.lead_id, CAST(:tenant_id AS uuid), CAST(:campaign_id AS uuid), CAST(:list_id AS uuid), m.whose,
    m.number,
           'new', m.priority, m.place, m.fields
      FROM matched m
    """
)


def import_file(
    db: Db,
    path: Path,
    *,
    campaign_id: str,
    list_name: str = "",
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a CSV file; `progress(done, total)` is told of lines. Nothing is committed here.

    The same file imported again into the same list changes nothing.

    Raises:
        ImportRefused: nothing of the file can be imported; the message says what to do.
    """
    return import_bytes(
        db,
        _read(path),
        file_name=path.name,
        campaign_id=campaign_id,
        list_name=list_name,
        options=options,
        progress=progress,
    )


def import_bytes(
    db: Db,
    data: bytes,
    *,
    file_name: str,
    campaign_id: str,
    list_name: str = "",
    options: ImportOptions | None = None,
    progress: Progress | None = None,
    alive: Callable[[], None] = lambda: None,
    refusals: Refusals | None = None,
) -> ImportReport:
    """The same for a file's bytes. `alive` is called at every row: what it raises ends the import.

    Raises:
        ImportRefused: nothing of the file can be imported; the message says what to do.
    """
    options, refusals = options or ImportOptions(), refusals or Refusals()
    tenant_id = db.execute(_CAMPAIGN, {"id": campaign_id}).scalar()
    if tenant_id is None:
        raise ImportRefused(
            "campaign", f"There is no campaign {campaign_id}: `ringmaster campaign list` shows them."
        )
    db.execute(
        _LOCK, {"campaign_id": campaign_id}
    )  # two imports at once would each miss the other's duplicates
    list_id = _list(db, str(tenant_id), campaign_id, clean_text(list_name or file_name))
    digest = hashlib.sha256(data + options.fingerprint()).hexdigest()
    table = read_table(data, options.region)
    columns = map_columns(table.header, options.phone_columns, options.columns)
    before = db.execute(_BEFORE, {"list_id": list_id, "sha256": digest}).first()
    if before is not None:
        return ImportReport(
            **_read_as(file_name, list_id, table, columns),
            accepted=before.accepted,
            refused=(),
            refused_count=before.refused,
            by_code=Counter(),
            already_imported=True,
        )
    where = {"tenant_id": tenant_id, "campaign_id": campaign_id, "list_id": list_id}
    accepted = _import_rows(db, table, columns, options, where, refusals, progress, alive)
    if accepted == 0 and not refusals.count:
        raise ImportRefused("no_rows", "The file has a header but no rows: it needs one line per lead.")
    counts = {"accepted": accepted, "refused": refusals.count}
    whose = {"id": new_id(), "tenant_id": tenant_id, "list_id": list_id, "sha256": digest}
    db.execute(_KEEP, {**whose, **counts, "file_name": clean_text(file_name)})
    if accepted:
        db.execute(text("ANALYZE lead"))  # without figures the planner sorts what the index holds in order
    return ImportReport(
        **_read_as(file_name, list_id, table, columns),
        accepted=accepted,
        refused=tuple(refusals.rows),
        refused_count=refusals.count,
        by_code=refusals.by_code,
    )


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImportRefused("too_large", f"{path} is larger than {MAX_BYTES >> 20} MB: split it.")
        return path.read_bytes()
    except OSError as error:
        raise ImportRefused(
            "unreadable", f"{path} can't be read ({error.strerror}): check its name and rights."
        ) from error


def _list(db: Db, tenant_id: str, campaign_id: str, name: str) -> str:
    found = db.execute(_FIND_LIST, {"campaign_id": campaign_id, "name": name}).scalar()
    if found is None:
        found = new_id()
        db.execute(
            _MAKE_LIST, {"id": found, "tenant_id": tenant_id, "campaign_id": campaign_id, "name": name}
        )
    return str(found)


def _import_rows(
    db: Db,
    table: Table,
    columns: Columns,
    options: ImportOptions,
    where: dict[str, str],
    refusals: Refusals,
    progress: Progress | None,
    alive: Callable[[], None],
) -> int:
    accepted, seen = 0, dict[str, int]()
    total = max(1, len(table.lines) - table.first_line)
    parsed = (
        parse_row(record, columns, region=options.region, default_timezone=options.timezone)
        for record in table.records()
    )
    for chunk in _chunks(parsed, alive):
        good = [row for row in chunk if isinstance(row, LeadRow)]
        fresh, twice = _without_duplicates(db, where["campaign_id"], good, seen)
        refusals.add([*(row for row in chunk if isinstance(row, RefusedRow)), *twice])
        if fresh:
            db.execute(_INSERT, {**where, "rows": rows_json(map(_as_row, fresh))})
        accepted += len(fresh)
        if progress is not None:
            progress(min(total, chunk[-1].line - table.first_line), total)
    if progress is not None:
        progress(total, total)
    return accepted


def _chunks(
    rows: Iterator[LeadRow | RefusedRow], alive: Callable[[], None]
) -> Iterator[list[LeadRow | RefusedRow]]:
    while True:
        chunk: list[LeadRow | RefusedRow] = []
        for row in islice(rows, CHUNK):
            alive()
            chunk.append(row)
        if not chunk:
            return
        yield chunk


def _without_duplicates(
    db: Db, campaign_id: str, rows: Sequence[LeadRow], seen: dict[str, int]
) -> tuple[list[LeadRow], list[RefusedRow]]:
    """Rows whose first number is new to the file and to the campaign; `seen` is number to line."""
    numbers = [row.numbers[0] for row in rows]
    taken = set(db.execute(_TAKEN, {"campaign_id": campaign_id, "numbers": numbers}).scalars()) - seen.keys()
    fresh: list[LeadRow] = []
    twice: list[RefusedRow] = []
    for row in rows:
        number = row.numbers[0]
        if number in seen:
            twice.append(RefusedRow(row.line, "duplicate", f"the same number as line {seen[number]}", number))
        elif number in taken:
            twice.append(
                RefusedRow(row.line, "already_there", "the campaign has a lead with this number", number)
            )
        else:
            seen[number] = row.line
            fresh.append(row)
    return fresh, twice


def _as_row(row: LeadRow) -> dict[str, object]:
    return {
        "line": row.line,
        "person_id": new_id(),
        "lead_id": new_id(),
        "number": row.numbers[0],
        "phones": [
            {"id": new_id(), "number": number, "position": position}
            for position, number in enumerate(row.numbers)
        ],
        "timezones": list(row.timezones),
        "name": row.name,
        "external_id": row.external_id,
        "priority": row.priority,
        "fields": row.fields,
    }


def _read_as(file_name: str, list_id: str, table: Table, columns: Columns) -> dict[str, Any]:
    return {
        "file_name": file_name,
        "list_id": list_id,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "phone_columns": columns.phone_names(),
    }
