"""Lists as files: looked at beforehand, taken in, followed, and the rows that were refused.

The file is kept in the database; a worker imports it, all or nothing (api.importer).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, ValidationError

from api import uploads
from api.fields import Cursor, Limit
from api.principal import Principal, allow
from api.problems import FieldProblem, Problem, responses
from api.shapes import Body, Moment
from api.state import state_of
from models.enums import ApiScope, ImportState, UserRole
from models.errors import InvalidValue
from models.importing import ImportOptions, ImportRefused, preview
from models.importing.refused_file import unpacked
from models.repository import campaigns, imports
from models.repository.imports import Job

router = APIRouter(prefix="/v1", tags=["imports"])
Importer = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.IMPORT))]

Column = Annotated[str, Field(min_length=1, max_length=200)]
RETRY_SECONDS = 10


class Options(Body):
    """How a file is read. What is left out is found by the names of the columns."""

    list_name: str = Field("", max_length=200, description="The list to add to; the file's name by default.")
    region: str = Field(
        "US", pattern="^[A-Za-z]{2}$", description="Country of numbers without a country code."
    )
    timezone: str | None = Field(None, max_length=64, description="For numbers that tell none.")
    phone_columns: list[Column] = Field([], max_length=20)
    name_column: Column | None = None
    first_name_column: Column | None = None
    last_name_column: Column | None = None
    external_id_column: Column | None = None
    timezone_column: Column | None = None
    priority_column: Column | None = None
    country_column: Column | None = None

    def checked(self) -> ImportOptions:
        """As the importer takes them.

        Raises:
            InvalidValue: no such country or time zone.
        """
        named = self.model_dump(exclude={"list_name", "region", "timezone", "phone_columns"})
        return ImportOptions(
            region=self.region.upper(),
            timezone=self.timezone or None,
            phone_columns=tuple(self.phone_columns),
            columns=tuple((key.removesuffix("_column"), name) for key, name in named.items() if name),
        )


class RefusedRow(BaseModel):
    """A row that was not imported: `reason` is a code, `detail` a sentence, `value` the cell it is about."""

    line: int
    reason: str
    detail: str
    value: str


class ImportSummary(BaseModel):
    """A file on its way into a list. `detail`: why it failed, or that it was imported before."""

    id: str
    campaign_id: str
    list_name: str
    file_name: str
    state: ImportState
    rows_done: int
    rows_total: int | None
    accepted: int
    refused: int
    by_reason: dict[str, int]
    detail: str
    created_at: Moment
    finished_at: Moment | None


class Import(ImportSummary):
    """With the first of its refused rows; all of them are in refused.csv."""

    refused_rows: list[RefusedRow]


class ImportList(BaseModel):
    """Imports of a campaign, the newest first."""

    items: list[ImportSummary]
    next_cursor: str | None


class PreviewBody(BaseModel):
    """The head of a file. `guess`: `phone` to its columns; name, external_id and others to their column."""

    columns: list[str]
    rows: list[list[str]]
    encoding: str
    delimiter: str
    guess: dict[str, list[str] | str]


@router.post(
    "/campaigns/{campaign_id}/imports/preview",
    responses=responses(401, 403, 404, 413, 415, 422),
    openapi_extra=uploads.body(),
    operation_id="preview_import",
)
async def preview_import(campaign_id: UUID, who: Importer, request: Request) -> PreviewBody:
    """Show how a file would be read. Nothing is imported or kept."""
    await _check_campaign(request, who, campaign_id)
    async with uploads.received(request) as upload, upload.content() as content:
        try:
            head = await to_thread.run_sync(preview, content)
        except ImportRefused as error:
            raise Problem(
                422, "invalid", str(error), errors=[FieldProblem(field="file", message=str(error))]
            ) from error
    return PreviewBody(
        columns=list(head.columns),
        rows=[list(row) for row in head.rows],
        encoding=head.encoding,
        delimiter=head.delimiter,
        guess={"phone": list(head.phone), **head.roles},
    )


@router.post(
    "/campaigns/{campaign_id}/imports",
    status_code=202,
    responses=responses(401, 403, 404, 413, 415, 422, 429),
    openapi_extra=uploads.body(Options),
    operation_id="create_import",
)
async def create_import(campaign_id: UUID, who: Importer, request: Request) -> Import:
    """Take a file in. A worker imports it: good rows once, the same file again changes nothing."""
    await _check_campaign(request, who, campaign_id)
    database = state_of(request).database
    try:
        async with database.tenant(who.tenant_id) as tx:  # before the body is read at all
            await tx.run(imports.check_room, tx.tenant_id)
        async with uploads.received(request) as upload:
            wishes = _options(upload.options)
            options = wishes.checked()
            async with upload.content() as content, database.tenant(who.tenant_id) as tx:
                job = await tx.run(
                    imports.queue,
                    tenant_id=tx.tenant_id,
                    campaign_id=str(campaign_id),
                    file_name=upload.name,
                    content=content,
                    list_name=wishes.list_name,
                    options=options,
                    requested_by=who.label,
                )
    except InvalidValue as error:
        if error.code != "too_many_imports":
            raise
        headers = {"Retry-After": str(RETRY_SECONDS)}
        raise Problem(429, "too_many_requests", f"{error}.", headers=headers) from error
    return _import(job)


@router.get(
    "/campaigns/{campaign_id}/imports",
    responses=responses(401, 403, 404, 422),
    operation_id="list_imports",
)
async def list_imports(
    campaign_id: UUID, who: Importer, request: Request, limit: Limit = 50, cursor: Cursor = None
) -> ImportList:
    """The campaign's imports, without their rows."""
    await _check_campaign(request, who, campaign_id)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(
            imports.of_campaign,
            str(campaign_id),
            tenant_id=tx.only,
            after=None if cursor is None else str(cursor),
            limit=limit + 1,
        )
    shown = found[:limit]
    return ImportList(
        items=[_summary(job) for job in shown], next_cursor=shown[-1].id if len(found) > limit else None
    )


@router.get("/imports/{import_id}", responses=responses(401, 403, 404, 422), operation_id="get_import")
async def get_import(import_id: UUID, who: Importer, request: Request) -> Import:
    """One import, with the first of its refused rows."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        return _import(await tx.run(imports.get, str(import_id), tenant_id=tx.only))


@router.get(
    "/imports/{import_id}/refused.csv",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "All refused rows."},
        **responses(401, 403, 404, 409, 422),
    },
    operation_id="get_refused_rows",
)
async def get_refused_rows(import_id: UUID, who: Importer, request: Request) -> StreamingResponse:
    """Every refused row as CSV: line, code, reason, value. No cell is a formula."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        job = await tx.run(imports.get, str(import_id), tenant_id=tx.only)
        if job.state in (ImportState.QUEUED, ImportState.RUNNING):
            raise Problem(409, "conflict", "The import is not done yet: ask again when it is.")
        packed = await tx.run(imports.refused_csv, job.id, tenant_id=tx.only)
    parts: Iterator[bytes] = unpacked(packed)
    name = f'attachment; filename="refused-{job.id}.csv"'
    return StreamingResponse(parts, media_type="text/csv", headers={"Content-Disposition": name})


async def _check_campaign(request: Request, who: Principal, campaign_id: UUID) -> None:
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        await tx.run(campaigns.switch_of, str(campaign_id), tenant_id=tx.only)


def _options(given: str) -> Options:
    try:
        return Options.model_validate_json(given or "{}", strict=True)
    except ValidationError as error:
        found = [
            FieldProblem(field=".".join(str(part) for part in ("options", *e["loc"])), message=str(e["msg"]))
            for e in error.errors(include_url=False, include_input=False)
        ]
        detail = "; ".join(f"{e.field}: {e.message}" for e in found[:3])
        raise Problem(422, "invalid", detail, errors=found[:50]) from error


def _summary(job: Job) -> ImportSummary:
    return ImportSummary(**_values(job))


def _import(job: Job) -> Import:
    rows = [RefusedRow(**row) for row in job.report.get("refused_rows", ())]
    return Import(**_values(job), refused_rows=rows)


def _values(job: Job) -> dict[str, Any]:
    values = {name: getattr(job, name) for name in ImportSummary.model_fields if name != "by_reason"}
    return {**values, "by_reason": job.report.get("by_reason", {})}
