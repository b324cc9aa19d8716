"""The refused rows of a file as gzipped CSV, written as they come: in memory up to a size, then on disk."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType

from models.importing.report import REFUSED_HEADER, RefusedRow, refused_cells

IN_MEMORY = 4 << 20
_PART = 64 << 10


class RefusedFile:
    """Use it as a context manager; `content` ends the writing."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - this is the context manager
        self._gzip = gzip.GzipFile(fileobj=self._file, mode="wb", compresslevel=6, mtime=0)
        self._text = io.TextIOWrapper(self._gzip, encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._text)
        self._writer.writerow(REFUSED_HEADER)

    def __enter__(self) -> RefusedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.close()
        self._file.close()

    def write(self, row: RefusedRow) -> None:
        """One more."""
        self._writer.writerow(refused_cells(row))

    def content(self) -> bytes:
        """The whole file."""
        self._text.close()
        self._file.seek(0)
        return self._file.read()


def unpacked(content: bytes | None) -> Iterator[bytes]:
    """The CSV in parts; its header alone where there are no rows."""
    if content is None:
        yield ("\ufeff" + ",".join(REFUSED_HEADER) + "\r\n").encode()
        return
    unpacker = zlib.decompressobj(wbits=31)
    for at in range(0, len(content), _PART):
        rest = content[at : at + _PART]
        while rest:
            if part := unpacker.decompress(rest, 4 * _PART):
                yield part
            rest = unpacker.unconsumed_tail
    if part := unpacker.flush():
        yield part
