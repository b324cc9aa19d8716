"""The WebSocket: a snapshot, then every event in its order and the newest figures; resumed after a break.

The protocol is in docs/reference/live.md. One task sends, one hears, one watches over both; the first that
ends ends the socket, with a code that says why.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from contextlib import suppress
from typing import NoReturn

import anyio
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from api.frames import EventFrame, Outbox, dumps
from api.principal import Principal, signed_in_socket
from api.problems import Problem
from api.room import AWAY, Room
from api.snapshot import bounds, own_snapshot
from api.state import State, state_of
from models.enums import ApiScope, UserRole
from models.repository import events

log = logging.getLogger("api.live")
router = APIRouter()

FIRST_SECONDS = 10.0
PING_SECONDS = 15.0
SILENCE_SECONDS = 45.0
CHECK_SECONDS = 30.0
CLOSE_SECONDS = 20.0
MAX_MESSAGE = 1024
MAX_RESUMED = 5000
LAST = 2**63 - 1

GOING = 1012  # this process ends: come back
LATER = 1013  # the database is away
SLOW = 4008
BAD_MESSAGE = 4400
NOT_SIGNED_IN = 4401
FORBIDDEN = 4403
SILENT = 4408


class Closed(Exception):
    """The socket is to be closed with this code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@router.websocket("/v1/live")
async def live(socket: WebSocket) -> None:
    """Serve one socket until either side ends it."""
    state = state_of(socket)
    who: Principal | None = None
    code, began = 1000, time.monotonic()
    state.metrics.sockets.inc()
    try:
        try:
            who = await _who(socket)
        finally:
            await socket.accept()  # also to be sent away: a code is told only to who is in
        await _Conversation(socket, state, who).run()
    except Closed as closed:
        code = closed.code
        await _close(socket, closed)
    except AWAY:
        code = LATER
        await _close(socket, Closed(LATER, "the database is away: try again in a moment"))
    except WebSocketDisconnect as gone:
        code = gone.code
    finally:
        state.metrics.sockets.dec()
        state.metrics.closed(code)
        log.info(
            "socket closed",
            extra={
                "who": who.label if who else "",
                "code": code,
                "seconds": round(time.monotonic() - began, 1),
            },
        )


async def _who(socket: WebSocket) -> Principal:
    """Whoever may look.

    Raises:
        Closed: nobody is signed in, or they may not.
    """
    try:
        who = await signed_in_socket(socket)
    except Problem as problem:
        code = NOT_SIGNED_IN if problem.status == 401 else FORBIDDEN
        raise Closed(code, problem.code) from problem
    if who.role is not UserRole.AGENT and not who.may(UserRole.SUPERVISOR, ApiScope.READ):
        raise Closed(FORBIDDEN, "forbidden")
    return who


async def _close(socket: WebSocket, closed: Closed) -> None:
    # A client that reads nothing can't be told why; it is not waited for much longer.
    with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(CLOSE_SECONDS):
            await socket.close(closed.code, closed.reason)


class _Conversation:
    """One socket of somebody who may look."""

    def __init__(self, socket: WebSocket, state: State, who: Principal) -> None:
        self._socket = socket
        self._state = state
        self._who = who
        self._box = Outbox(agent_id=who.agent_id if who.role is UserRole.AGENT else None)
        self._heard = time.monotonic()

    async def run(self) -> None:
        """Talk until somebody ends it.

        Raises:
            Closed, WebSocketDisconnect, SQLAlchemyError, OSError.
        """
        resume = await self._first()
        async with self._state.hub.join(self._who.tenant_id, self._box) as room:
            try:
                # Not asyncio's: before Python 3.13 its group leaves this task marked as being cancelled.
                async with anyio.create_task_group() as group:
                    group.start_soon(self._send, room, resume)
                    for work in (self._hear, self._ping, self._check, self._ends):
                        group.start_soon(work)
            except ExceptionGroup as ends:
                raise ends.exceptions[0] from None

    async def _first(self) -> int | None:
        try:
            async with asyncio.timeout(FIRST_SECONDS):
                said = await self._read()
        except TimeoutError:
            raise Closed(BAD_MESSAGE, "nothing was asked for within 10 s") from None
        resume = said.get("resume")
        if said == {"resume": None}:
            return None
        if said.keys() == {"resume"} and type(resume) is int and 0 <= resume <= LAST:
            return resume
        raise Closed(BAD_MESSAGE, 'the first message is {"resume": SEQ} or {"resume": null}')

    async def _read(self) -> dict[str, object]:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1005)
        text = message.get("text") or ""
        try:
            said = json.loads(text) if len(text.encode()) <= MAX_MESSAGE else None
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise Closed(BAD_MESSAGE, f"a message is a JSON object of at most {MAX_MESSAGE} bytes")
        self._heard = time.monotonic()
        return said

    async def _hear(self) -> NoReturn:
        while True:
            if (await self._read()).get("type") != "pong":
                raise Closed(BAD_MESSAGE, 'after the first message there is only {"type": "pong"}')

    async def _ping(self) -> NoReturn:
        while True:
            await asyncio.sleep(PING_SECONDS)
            if time.monotonic() - self._heard > SILENCE_SECONDS - PING_SECONDS / 2:
                raise Closed(SILENT, "no pong for too long")
            self._box.ping()

    async def _check(self) -> NoReturn:
        """Whoever was signed out, or may less or more than at the beginning, is sent away."""
        while True:
            await asyncio.sleep(CHECK_SECONDS * random.uniform(0.7, 1.3))  # noqa: S311 - jitter
            with suppress(*AWAY):
                now = await _who(self._socket)
                if _rights(now) != _rights(self._who):
                    raise Closed(FORBIDDEN, "your rights have changed: connect again")

    async def _ends(self) -> NoReturn:
        if await self._box.end() == "closing":
            raise Closed(GOING, "this server ends: connect again")
        raise Closed(SLOW, "too slow: connect again and resume")

    async def _send(self, room: Room, resume: int | None) -> NoReturn:
        joined = asyncio.get_running_loop().time()
        if resume is None or not await self._resumed(room, resume):
            await self._snapshot(room, joined)
        while True:
            frame = await self._box.next()
            await self._socket.send_text(frame.text)
            if frame.born is not None:
                kind = "event" if isinstance(frame, EventFrame) else "live"
                self._state.metrics.delivered(kind, time.monotonic() - frame.born)

    async def _snapshot(self, room: Room, joined: float) -> None:
        if self._box.agent_id is None:
            seq, text = await room.snapshot(joined)
        else:
            seq, text = await own_snapshot(self._state.database, self._who.tenant_id, self._box.agent_id)
        self._box.after = seq
        await self._socket.send_text(text)

    async def _resumed(self, room: Room, resume: int) -> bool:
        """Send what was missed since; False if that is not all kept, or too much."""
        async with self._state.database.tenant(self._who.tenant_id) as tx:
            missed = await tx.run(events.after, resume, MAX_RESUMED + 1, tenant_id=tx.only)
        # Looked at afterwards: what was deleted meanwhile is not taken for complete.
        if len(missed) > MAX_RESUMED or not (await bounds(self._state.database)).holds_after(resume):
            return False
        self._box.after = missed[-1].seq if missed else resume
        await self._socket.send_text(dumps({"type": "resumed", "seq": resume}))
        for frame in map(EventFrame.of, missed):
            if self._box.agent_id in (None, frame.agent_id):
                await self._socket.send_text(frame.text)
        newest = room.figures.everything()
        if newest is not None:
            self._box.show(newest)
        return True


def _rights(who: Principal) -> tuple[object, ...]:
    return (who.tenant_id, who.role, who.scopes, who.agent_id)
