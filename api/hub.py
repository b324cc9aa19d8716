"""What goes out live from this process: one connection that listens, and a room for each tenant that looks.

Routes that wait for what a dialer does use `event_arrived`:

    seen = state.hub.arrivals
    ... look into the database ...
    await state.hub.event_arrived(seen)   # a fact was committed since `seen` was taken, or a moment passed
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from api.database import Database
from api.frames import Outbox
from api.listen import Listener
from api.room import Room
from api.sequencer import EVENT_CHANNEL, FEED_CHANNEL
from models.repository import events
from models.repository.live import LIVE_CHANNEL
from models.session import conninfo

log = logging.getLogger(__name__)


class Hub:
    """Started and stopped with the application; nothing runs before.

    Attributes:
        arrivals: how often facts were announced so far.
    """

    def __init__(self, database: Database, *, poll_seconds: float = 2.0) -> None:
        self._database = database
        self._poll = poll_seconds
        self._rooms: dict[str, Room] = {}
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()
        self._shutting: set[asyncio.Task[None]] = set()
        self._stopped = False
        self.arrivals = 0
        self.listener: Listener | None = None

    def start(self) -> None:
        """Listen, from inside the running loop."""
        address = conninfo(self._database.engine.url.render_as_string(hide_password=False))
        channels = (EVENT_CHANNEL, FEED_CHANNEL, LIVE_CHANNEL)
        self.listener = Listener(address, channels, self._heard, poll_seconds=self._poll)
        self._task = asyncio.create_task(self.listener.run())

    async def stop(self) -> None:
        """Send every socket away and listen no longer."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        rooms, self._rooms = list(self._rooms.values()), {}
        for room in rooms:
            for box in room.boxes:
                box.close("closing")
            self._shut(room)
        await asyncio.gather(*self._shutting)

    @property
    def sockets(self) -> int:
        """How many sockets are open."""
        return sum(len(room.boxes) for room in self._rooms.values())

    async def event_arrived(self, seen: int, *, timeout_seconds: float = 0.5) -> None:
        """Return once facts were announced after `arrivals` was `seen`, or after the time."""
        if self.arrivals == seen:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), timeout_seconds)

    @asynccontextmanager
    async def join(self, tenant_id: str, box: Outbox) -> AsyncIterator[Room]:
        """The tenant's room, which fills `box` with every event from here on.

        Raises:
            SQLAlchemyError, OSError: the database is away.
        """
        async with self._lock:
            room = self._rooms.get(tenant_id)
            if room is None or room.broken:
                async with self._database.owner() as tx:
                    newest = (await tx.run(events.bounds)).newest
                room = self._rooms[tenant_id] = Room(self._database, tenant_id, newest)
                room.open()
            room.boxes.add(box)
            if self._stopped:
                box.close("closing")
        try:
            yield room
        finally:
            room.boxes.discard(box)
            if not room.boxes and self._rooms.get(tenant_id) is room:
                del self._rooms[tenant_id]
                self._shut(room)

    def _shut(self, room: Room) -> None:
        # In a task of its own: whoever leaves last may be cancelled in the middle of it.
        task = asyncio.create_task(room.close())
        self._shutting.add(task)
        task.add_done_callback(self._shutting.discard)

    def _heard(self, channel: str) -> None:
        if channel == EVENT_CHANNEL:
            self.arrivals += 1
            self._arrived.set()
            self._arrived = asyncio.Event()
            return
        for room in self._rooms.values():
            (room.feed_bell if channel == FEED_CHANNEL else room.figures.bell).set()
