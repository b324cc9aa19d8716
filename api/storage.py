"""Where recordings are kept: a folder, or a bucket of an S3-compatible storage, behind one face.

`obstore` speaks to both (decision 34). Keys are ours and never from outside: tenant, day and recording id.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from models.errors import ModelsError

PIECE = 256 << 10


class StorageFailed(ModelsError):
    """The storage does not take or give what was asked of it."""

    def __init__(self, doing: str, error: BaseException) -> None:
        super().__init__("storage", f"the storage of recordings can't {doing}: {str(error)[:200]}")


@dataclass(frozen=True, slots=True)
class Storage:
    """One folder or bucket. `spool`: where files are checked before they go there."""

    store: ObjectStore
    spool: str = tempfile.gettempdir()

    @classmethod
    def open(cls, where: str, default: Path) -> Storage:
        """`s3://BUCKET/PREFIX` with the usual AWS_* variables, a folder, or, if empty, the default folder.

        Raises:
            StorageFailed: it can't be opened.
        """
        try:
            if where.startswith("s3://"):
                return cls(from_url(where))
            folder = (Path(where) if where else default).absolute()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            return cls(LocalStore(prefix=folder, automatic_cleanup=True))
        except (BaseError, OSError, ValueError) as error:
            raise StorageFailed("be opened", error) from error

    async def put(self, key: str, file: IO[bytes]) -> None:
        """Keep a file under its key; what was there before is replaced, at once.

        Raises:
            StorageFailed: nothing is there under the key.
        """
        try:
            file.seek(0)
            await obstore.put_async(self.store, key, file)
        except (BaseError, OSError) as error:
            raise StorageFailed("keep a file", error) from error

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes from `start` up to `end`, piece by piece.

        Raises:
            StorageFailed: it is not there, or no longer.
        """
        while start < end:
            try:
                piece = await obstore.get_range_async(
                    self.store, key, start=start, end=min(end, start + PIECE)
                )
            except (BaseError, OSError) as error:
                raise StorageFailed("give a file", error) from error
            content = bytes(piece)
            if not content:
                raise StorageFailed("give a file", EOFError("it is shorter than it was"))
            start += len(content)
            yield content

    def delete(self, key: str) -> None:
        """Delete a file; one that is not there is deleted.

        Raises:
            StorageFailed: it may still be there.
        """
        try:
            obstore.delete(self.store, key)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as error:
            raise StorageFailed("delete a file", error) from error
