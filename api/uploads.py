"""Files that come in: read after it is known who sends them, in bounded memory.

FastAPI would read the whole body before it asks who is there. Here the route asks for it: the parser writes
what is more than a megabyte to disk, `Around` ends what is larger than allowed, and one file at a time is
brought into memory on its way to the database.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter
from anyio.lowlevel import RunVar
from fastapi import Request
from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.problems import Problem

MAX_OPTIONS = 64 << 10
MAX_NAME = 200
_one_at_a_time: RunVar[CapacityLimiter] = RunVar("uploads in memory")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as sent. `name` is safe to show; `options` is the text of the form's field of that name."""

    file: UploadFile
    name: str
    options: str

    @asynccontextmanager
    async def content(self) -> AsyncIterator[bytes]:
        """Its bytes; while the block runs, no other upload of this process is in memory."""
        async with _limiter():
            yield await self.file.read()


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Upload]:
    """The form of an upload: a part `file`, and perhaps `options`.

    Raises:
        Problem: `unsupported_media_type` or `invalid`.
    """
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Problem(415, "unsupported_media_type", "Send the file as multipart/form-data.")
    form_of = request.form(max_files=1, max_fields=1, max_part_size=MAX_OPTIONS)
    try:
        form = await form_of
    except HTTPException as error:
        if error.status_code != 400:
            raise
        raise Problem(422, "invalid", f"The form can't be read: {error.detail}") from error
    try:
        file, options = form.get("file"), form.get("options", "")
        if not isinstance(file, UploadFile):
            raise Problem(422, "invalid", "The form has no file: send it as the part `file`.")
        if not isinstance(options, str) or set(form) - {"file", "options"}:
            raise Problem(422, "invalid", "The form may hold the parts `file` and `options`, nothing else.")
        yield Upload(file, shown_name(file.filename or ""), options)
    finally:
        await form.close()


def shown_name(given: str) -> str:
    """The last part of a path as any system writes it, printable, of bounded length."""
    last = re.split(r"[/\\]", given)[-1]
    clean = "".join(c if c.isprintable() else "_" for c in last).strip()
    return clean[-MAX_NAME:] or "upload.csv"


def body(options: type[BaseModel] | None = None) -> dict[str, Any]:
    """The request body for OpenAPI."""
    parts: dict[str, Any] = {"file": {"type": "string", "format": "binary"}}
    if options is not None:
        parts["options"] = options.model_json_schema()
    schema = {"type": "object", "properties": parts, "required": ["file"], "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _limiter() -> CapacityLimiter:
    """One for each event loop: a process has one."""
    try:
        return _one_at_a_time.get()
    except LookupError:
        _one_at_a_time.set(limiter := CapacityLimiter(1))
        return limiter
