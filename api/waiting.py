"""How background loops wait: for a NOTIFY, a time, or the end, whichever is first."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from psycopg import AsyncConnection


async def until_notified(connection: AsyncConnection, stopping: asyncio.Event, seconds: float) -> None:
    """Wait for a notification on the connection, the stop, or so long."""
    listening = asyncio.ensure_future(_hear(connection, seconds))
    stopped = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({listening, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        if not listening.done():
            listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def pause(stopping: asyncio.Event, seconds: float) -> None:
    """Wait for the stop, or so long."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


async def _hear(connection: AsyncConnection, timeout_seconds: float) -> None:
    """Return at the first notification or after the timeout; what else is queued is read along."""
    async for _ in connection.notifies(timeout=timeout_seconds, stop_after=1):
        pass


def first_line(error: Exception) -> str:
    """An error's first line, for a log that is read by people."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
