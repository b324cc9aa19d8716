"""A recording that comes in from a switch's machine: spooled, counted, checked; nothing half is believed."""

from __future__ import annotations

import hashlib
import tempfile
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

from anyio import to_thread
from starlette.requests import Request

from api.problems import Problem

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Incoming:
    """A whole file, with what it turned out to be."""

    file: IO[bytes]
    size: int
    sha256: str
    seconds: float


@asynccontextmanager
async def incoming(request: Request, sha256: str, spool: str) -> AsyncIterator[Incoming]:
    """The body as a file whose checksum is right and whose sound is WAV.

    Raises:
        Problem: `checksum`, or `unsupported_media_type`.
    """
    with tempfile.TemporaryFile(dir=spool, prefix="recording-") as file:
        digest, size = hashlib.sha256(), 0
        waiting = bytearray()

        def write() -> None:
            digest.update(waiting)
            file.write(waiting)
            waiting.clear()

        async for piece in request.stream():
            waiting += piece
            size += len(piece)
            if len(waiting) >= BLOCK:
                await to_thread.run_sync(write)
        await to_thread.run_sync(write)
        if digest.hexdigest() != sha256:
            raise Problem(422, "invalid", "What arrived has another SHA-256: send it again.")
        yield Incoming(file, size, sha256, await to_thread.run_sync(_seconds, file))


def _seconds(file: IO[bytes]) -> float:
    file.seek(0)
    try:
        with wave.open(file, "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise Problem(415, "unsupported_media_type", f"This is no WAV file: {error}.") from error
