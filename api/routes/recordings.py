"""Recordings: handed over by switches, listed, heard and held by people; every listening is on record."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api.fields import StrictBool
from api.principal import Principal, allow
from api.problems import Problem, not_found, responses
from api.recorded import incoming
from api.shapes import Body, Count, Moment
from api.state import state_of
from api.storage import StorageFailed
from api.switch_door import asking_switch
from models.enums import ApiScope, RecordingConsent, RecordingDeed, UserRole
from models.repository import recordings
from models.repository.identity import KnownSwitch

router = APIRouter(prefix="/v1", tags=["recordings"])
log = logging.getLogger(__name__)
audit = logging.getLogger("api.audit")
Reader = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.READ))]
Controller = Annotated[Principal, Depends(allow(UserRole.SUPERVISOR, ApiScope.CONTROL))]
Asking = Annotated[KnownSwitch, Depends(asking_switch)]
_MOST = 1 << 50


class Recording(BaseModel):
    """A recording. `playable`: its sound is in the storage; `expires_at` null: kept until it is deleted."""

    id: str
    campaign_id: str
    attempt_id: str
    consent: RecordingConsent
    started_at: Moment
    stopped_at: Moment | None
    seconds: float | None
    cause: str
    sha256: str | None
    bytes: int | None
    stored_at: Moment | None
    expires_at: Moment | None
    held: bool
    deleted_at: Moment | None
    playable: bool

    @classmethod
    def of(cls, one: recordings.Recording) -> Recording:
        """As the database has it."""
        fields = {name: value for name, value in asdict(one).items() if name in cls.model_fields}
        return cls(**fields, playable=one.playable)


class Deed(BaseModel):
    """What was done to a recording, and by whom."""

    deed: RecordingDeed
    at: Moment
    who: str
    detail: str


class RecordingDetail(Recording):
    """A recording with its history, oldest first: masked spans, listenings, holds."""

    history: list[Deed]


class RecordingList(BaseModel):
    """Recordings of one call, oldest first."""

    items: list[Recording]


class Hold(Body):
    """Keep it whatever its retention says, or no longer."""

    held: StrictBool
    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


class SwitchRecording(BaseModel):
    """`open`: it goes on; `wanted`: send the file; `stored`: a file of this SHA-256 is kept, delete yours."""

    state: Literal["open", "wanted", "stored"]
    sha256: str | None


class Disk(Body):
    """The disk that a switch records to; under `least_bytes` what must be recorded is not dialed."""

    free_bytes: Annotated[Count, Field(ge=0, le=_MOST)]
    least_bytes: Annotated[Count, Field(ge=0, le=_MOST)]
    aside: Annotated[Count, Field(ge=0, le=1_000_000_000)] = 0


@router.get(
    "/calls/{attempt_id}/recordings", responses=responses(401, 403, 404, 422), operation_id="list_recordings"
)
async def list_recordings(attempt_id: UUID, who: Reader, request: Request) -> RecordingList:
    """The recordings of one call."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(recordings.of_attempt, str(attempt_id), tenant_id=tx.only)
    return RecordingList(items=[Recording.of(one) for one in found])


@router.get(
    "/recordings/{recording_id}", responses=responses(401, 403, 404, 422), operation_id="get_recording"
)
async def get_recording(recording_id: UUID, who: Reader, request: Request) -> RecordingDetail:
    """One recording, with everything that was done to it."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(recordings.one, str(recording_id), tenant_id=tx.only)
        deeds = await tx.run(recordings.history, found.id, tenant_id=tx.only)
    return RecordingDetail(**Recording.of(found).model_dump(), history=[Deed(**asdict(one)) for one in deeds])


@router.get(
    "/recordings/{recording_id}/audio",
    responses={
        **responses(401, 403, 404, 416, 422),
        200: {"content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"description": "The range that was asked for."},
    },
    response_class=StreamingResponse,
    operation_id="hear_recording",
)
async def hear_recording(recording_id: UUID, who: Reader, request: Request) -> Response:
    """The sound, or a range of its bytes. Each request that begins at the beginning is a listening."""
    state = state_of(request)
    async with state.database.tenant(who.tenant_id) as tx:
        found = await tx.run(recordings.one, str(recording_id), tenant_id=tx.only)
        if not found.playable or found.object is None or found.bytes is None:
            raise not_found("sound of this recording")
        asked = request.headers.get("Range", "")
        start, end = _range(asked, found.bytes)
        pieces = state.storage.read(found.object, start, end)
        try:
            first = await anext(pieces)
        except StorageFailed as error:
            log.error("a recording can't be heard: %s", error, extra={"recording_id": found.id})
            raise not_found("sound of this recording in the storage") from error
        if start == 0:
            await tx.run(recordings.note, [found], RecordingDeed.LISTENED, who=who.label)
    audit.info(
        "recording heard",
        extra={"by": who.label, "tenant_id": who.tenant_id, "recording_id": found.id, "range": asked[:100]},
    )
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(end - start)}
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.bytes}"
    return StreamingResponse(
        _from(first, pieces),
        status_code=206 if asked else 200,
        media_type="audio/wav",
        headers=headers,
    )


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


def _range(asked: str, size: int) -> tuple[int, int]:
    """From and up to, of `Range: bytes=A-B`; everything where none is asked for.

    Raises:
        Problem: `range`.
    """
    if not asked:
        return 0, size
    found = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", asked.strip())
    if found is not None and any(found.groups()):
        first, last = found.groups()
        start = int(first) if first else max(0, size - int(last))
        end = min(size, int(last) + 1) if first and last else size
        if start < end:
            return start, end
    raise Problem(
        416, "invalid", "Ask for one range within the file.", headers={"Content-Range": f"bytes */{size}"}
    )


@router.put(
    "/recordings/{recording_id}/hold",
    responses=responses(401, 403, 404, 422),
    operation_id="hold_recording",
)
async def hold_recording(recording_id: UUID, given: Hold, who: Controller, request: Request) -> Recording:
    """A legal hold: nothing deletes the recording until it is released."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(
            recordings.hold,
            str(recording_id),
            given.held,
            who=who.label,
            why=given.reason,
            tenant_id=tx.only,
        )
    told = {"by": who.label, "tenant_id": who.tenant_id, "recording_id": found.id, "held": given.held}
    audit.info("recording held" if given.held else "recording released", extra=told)
    return Recording.of(found)


# --- switches ------------------------------------------------------------------------------------------


@router.put(
    "/switch/recording-disk",
    status_code=204,
    responses=responses(401, 403, 422),
    operation_id="tell_recording_disk",
)
async def tell_recording_disk(given: Disk, switch: Asking, request: Request) -> None:
    """What a switch's machine says of its disk; for a switch with its key."""
    async with state_of(request).database.owner() as tx:
        await tx.run(recordings.tell_disk, switch.switch_id, **given.model_dump())


@router.get(
    "/switch/recordings/{recording_id}",
    responses=responses(401, 403, 404, 422),
    operation_id="ask_about_recording",
)
async def ask_about_recording(recording_id: UUID, switch: Asking, request: Request) -> SwitchRecording:
    """Whether a file is wanted; for the switch that has made it, with its key."""
    async with state_of(request).database.owner() as tx:
        found = await tx.run(recordings.of_switch, switch.switch_id, str(recording_id))
    if found is None:
        raise not_found("recording of this switch")
    return _standing(found)


def _standing(found: recordings.Recording) -> SwitchRecording:
    if found.stored_at is not None:
        return SwitchRecording(state="stored", sha256=found.sha256)
    return SwitchRecording(state="open" if found.stopped_at is None else "wanted", sha256=None)


@router.put(
    "/switch/recordings/{recording_id}",
    responses=responses(401, 403, 404, 409, 413, 415, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    operation_id="store_recording",
)
async def store_recording(
    recording_id: UUID,
    switch: Asking,
    request: Request,
    sha256: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
) -> SwitchRecording:
    """Take a finished file, check it, keep it; for the switch that has made it, with its key."""
    state = state_of(request)
    async with state.database.owner() as tx:
        found = await tx.run(recordings.of_switch, switch.switch_id, str(recording_id))
    if found is None:
        raise not_found("recording of this switch")
    standing = _standing(found)
    if standing.state == "stored":
        return standing
    if standing.state == "open":
        raise Problem(409, "conflict", "This recording goes on: send it when it is over.")
    key = f"{found.tenant_id}/{found.started_at:%Y/%m/%d}/{found.id}.wav"
    async with incoming(request, sha256, state.storage.spool) as file:
        await state.storage.put(key, file.file)
        async with state.database.owner() as tx:
            kept = await tx.run(
                recordings.store,
                found.id,
                sha256=sha256,
                size=file.size,
                object_key=key,
                seconds=file.seconds,
                who=f"switch {switch.name}",
            )
            if kept is None:
                kept = await tx.run(recordings.of_switch, switch.switch_id, found.id)
    if kept is None:
        raise not_found("recording of this switch")
    return _standing(kept)
