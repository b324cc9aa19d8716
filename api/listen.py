"""The one connection of an api process that hears NOTIFY, whatever number of sockets it serves.

What was announced while there was no connection is not heard: so every (re)connection, and a jittered poll
behind the NOTIFY, counts as if every channel had been announced.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence

import psycopg
from psycopg import AsyncConnection
from psycopg.sql import SQL, Identifier

log = logging.getLogger(__name__)

PROBE_SECONDS = 5.0


class Listener:
    """Calls `heard(channel)` for each announcement; never twice at once, and it must not wait.

    Attributes:
        connected: set while announcements are heard.
    """

    def __init__(
        self,
        conninfo: str,
        channels: Sequence[str],
        heard: Callable[[str], None],
        *,
        poll_seconds: float = 2.0,
        retry_seconds: float = 1.0,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._conninfo = conninfo
        self._channels = channels
        self._heard = heard
        self._poll = poll_seconds
        self._retry = retry_seconds
        self._draw = draw
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled; a database that goes away is waited for."""
        away = False
        while True:
            try:
                connection = await AsyncConnection.connect(
                    self._conninfo, autocommit=True, connect_timeout=5, application_name="ringmaster listen"
                )
                async with connection:
                    if away:
                        log.warning("announcements are heard again")
                    away = False
                    await self._listen(connection)
            except (psycopg.Error, OSError) as error:
                if not away:
                    log.warning("announcements are not heard, trying again: %s", str(error).split("\n")[0])
                away = True
                await asyncio.sleep(self._spread(self._retry))
            finally:
                self.connected.clear()

    async def _listen(self, connection: AsyncConnection) -> None:
        while True:
            # Said again at each poll: it costs nothing, and a connection that died in silence is found out.
            async with asyncio.timeout(PROBE_SECONDS):
                for channel in self._channels:
                    await connection.execute(SQL("LISTEN {}").format(Identifier(channel)))
            self.connected.set()
            for channel in self._channels:
                self._heard(channel)
            async for notification in connection.notifies(timeout=self._spread(self._poll)):
                self._heard(notification.channel)

    def _spread(self, seconds: float) -> float:
        return seconds * (0.7 + 0.6 * self._draw())
