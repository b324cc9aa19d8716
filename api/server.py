"""The api process: the application over one database, served by uvicorn on a socket that is bound first."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.database import Database
from api.phones import Phones
from api.state import State
from api.storage import Storage
from models.carrier_keys import Vault
from models.errors import ModelsError
from models.session import async_engine

POOL = 10
BACKLOG = 2048
"""Connections that wait to be accepted: uvicorn's own, which it sets again."""
SHUTDOWN_SECONDS = 5
UNREAD_SECONDS = 60


def bind(host: str, port: int) -> socket.socket:
    """Take the port before anything else is done: in use is said at once, and 0 is known before serving.

    It listens already: whoever comes before requests are answered waits, and is not refused.

    Raises:
        ModelsError: `http_port`.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":
            # A client that takes nothing any more, but stays, would keep its socket for ever.
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * UNREAD_SECONDS)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as error:
        raise ModelsError(
            "http_port",
            f"{host}:{port} can't be listened on ({error.strerror or error}): stop what uses it, or choose "
            "another with --port or RINGMASTER_HTTP_PORT.",
        ) from error
    return bound


def address(bound: socket.socket) -> str:
    """Where the page is."""
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def settings(app: FastAPI) -> uvicorn.Config:
    """How uvicorn serves the application."""
    return uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=4096,
        ws_ping_interval=None,  # the live protocol has its own
        ws_per_message_deflate=False,  # a hundred wallboards would be compressed a hundred times
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


class _Server(uvicorn.Server):
    """uvicorn's, which also tells when it serves."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell()


def serve(
    database_url: str,
    bound: socket.socket,
    *,
    session_seconds: float,
    phones: Phones | None = None,
    vault: Vault | None = None,
    storage: Storage | None = None,
    started: Callable[[], None] = lambda: None,
    static: Path | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; `started` is called once requests are answered."""
    state = State(
        Database(async_engine(database_url, pool_size=POOL)),
        session_seconds=session_seconds,
        phones=phones or Phones(),
        vault=vault or Vault(),
    )
    if storage is not None:
        state.storage = storage
    app = create_app(state) if static is None else create_app(state, static=static)
    config = settings(app)
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn ends gracefully and then raises the signal again: ended as asked is exit code 0 here.
        signal.signal(number, lambda *_: None)
    server = _Server(config, started)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[bound]))
