"""The worker's retention of recordings: what is over its time, and that nobody holds, is deleted for good.

Any number of workers may do it: each takes what no other has in hand.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from api.storage import Storage, StorageFailed
from api.waiting import pause
from models.repository import recordings

log = logging.getLogger(__name__)
BATCH = 100


def expire_once(engine: Engine, storage: Storage, *, batch: int = BATCH) -> int:
    """Delete up to `batch` recordings; how many. The row is marked once the sound is gone.

    Raises:
        DBAPIError: the database is away; what was deleted is deleted once more next time.
    """
    gone: list[recordings.Recording] = []
    with engine.begin() as db:
        for found in recordings.expired(db, batch):
            try:
                storage.delete(found.object or "")
                gone.append(found)
            except StorageFailed as error:
                log.error("a recording is not deleted: %s", error, extra={"recording_id": found.id})
        recordings.delete(db, gone, who="worker", why="its retention is over")
    return len(gone)


@dataclass(slots=True)
class Expiry:
    """Runs `expire_once` every so often, until stopped."""

    engine: Engine
    storage: Storage
    every_seconds: float = 60.0
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Return from `run` soon."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped; a database that is away is asked again."""
        while not self._stopping.is_set():
            full = False
            try:
                gone = await asyncio.to_thread(expire_once, self.engine, self.storage)
                full = gone >= BATCH
                if gone:
                    log.info("%d recordings deleted: their retention is over", gone)
            except DBAPIError:
                log.debug("the database is away: recordings expire later")
            if not full:
                await pause(self._stopping, self.every_seconds)
        self.engine.dispose()
