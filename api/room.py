"""Everything that the sockets of one tenant share: the feed read once, figures counted once, one snapshot.

A room is there while somebody of the tenant is connected. It reads under the tenant's own eyes
(`Database.tenant`), so that nothing of another tenant can get into a message.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError

from api.database import Database
from api.figures import Figures
from api.frames import EventFrame, LiveFrame, Outbox
from api.snapshot import snapshot
from models.repository import events

log = logging.getLogger(__name__)

AWAY = (SQLAlchemyError, OSError)
"""What a statement raises while the database is away, or has no connection left for it."""
BATCH = 500
RETRY_SECONDS = 1.0


class Room:
    """One tenant's. `newest`: the place of the newest event when it was opened.

    Attributes:
        seq: the place up to which events were handed out.
        broken: a fault of ours ended its work; its sockets are sent away, and the next ones get another room.
    """

    def __init__(self, database: Database, tenant_id: str, newest: int) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self.seq = newest
        self.broken = False
        self.boxes: set[Outbox] = set()
        self.figures = Figures(database, tenant_id, show=self._show, watched=self._watched)
        self.feed_bell = asyncio.Event()
        self._lock = asyncio.Lock()
        self._shared: tuple[float, int, str] = (-1.0, 0, "")
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Start reading."""
        self.feed_bell.set()
        self.figures.bell.set()
        for work in (self._feed, self.figures.run, self.figures.run_reports):
            self._tasks.append(asyncio.create_task(self._keep(work)))

    async def close(self) -> None:
        """Stop reading."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await _for_ever(work)
        except Exception:
            log.exception("live data of a tenant are broken off", extra={"tenant_id": self._tenant_id})
            self.broken = True
            for box in self.boxes:
                box.close("closing")

    async def snapshot(self, joined: float) -> tuple[int, str]:
        """(place, message): all that is now, not read before `joined` (loop time).

        Whoever asks while one is read waits for the next, which then is one for all of them.
        """
        async with self._lock:
            began, seq, text = self._shared
            if began < joined:
                began = asyncio.get_running_loop().time()
                seq, text = await snapshot(self._database, self._tenant_id, self.figures)
                self._shared = (began, seq, text)
            return seq, text

    def _show(self, frame: LiveFrame) -> None:
        for box in self.boxes:
            box.show(frame)

    def _watched(self) -> bool:
        return any(box.agent_id is None for box in self.boxes)

    async def _feed(self) -> None:
        while True:
            await self.feed_bell.wait()
            self.feed_bell.clear()
            while await self._hand_out() == BATCH:
                pass

    async def _hand_out(self) -> int:
        async with self._database.tenant(self._tenant_id) as tx:
            found = await tx.run(events.after, self.seq, BATCH, tenant_id=tx.only)
        for event in found:
            frame = EventFrame.of(event)
            self.seq = frame.seq
            for box in self.boxes:
                box.add(frame)
        return len(found)


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Begin again after the database was away: what was missed is read then."""
    away = False
    while True:
        try:
            await work()
        except AWAY as error:
            if not away:
                log.warning("live data wait for the database: %s", str(error).split("\n")[0])
            away = True
            await asyncio.sleep(RETRY_SECONDS)
