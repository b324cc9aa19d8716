"""The application behind the real server, on a port of its own, in a thread; and a real WebSocket client."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import uvicorn
from websockets.sync.client import ClientConnection, connect

from api import server
from api.app import create_app
from api.principal import COOKIE
from api.state import State
from tests.integration.api.office import PASSWORD


@dataclass
class Served:
    """A running server; `stop` ends it as SIGTERM would."""

    port: int
    state: State
    server: uvicorn.Server
    thread: threading.Thread

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(30)
        assert not self.thread.is_alive()

    def sign_in(self, login: str) -> str:
        """The session's cookie."""
        answer = httpx2.post(f"{self.url}/v1/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return str(answer.cookies[COOKIE])

    def connect(self, cookie: str, *, receive_buffer: int | None = None) -> ClientConnection:
        """A socket; a small `receive_buffer` (bytes) makes it feel soon that nobody reads."""
        plain = socket.socket()
        if receive_buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.connect(("127.0.0.1", self.port))
        return connect(
            f"ws://127.0.0.1:{self.port}/v1/live",
            sock=plain,
            additional_headers={"Cookie": f"{COOKIE}={cookie}", "Origin": self.url},
            compression=None,
            max_queue=1,
            max_size=1 << 24,
            close_timeout=1,
        )


@contextmanager
def serving(state: State, *, send_buffer: int | None = None, port: int = 0) -> Iterator[Served]:
    """Serve until the end of the block."""
    bound = server.bind("127.0.0.1", port)
    if send_buffer is not None:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    config = server.settings(create_app(state))
    running = uvicorn.Server(config)

    def work() -> None:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(running.serve(sockets=[bound]))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    made = Served(bound.getsockname()[1], state, running, thread)
    try:
        httpx2.get(f"{made.url}/health", timeout=30)  # the port is open: this waits until it is served
        yield made
    finally:
        made.stop()
        bound.close()


def message(connection: ClientConnection) -> dict[str, Any]:
    """The next message that is no ping."""
    while True:
        found: dict[str, Any] = json.loads(connection.recv(timeout=60))
        if found["type"] != "ping":
            return found
        connection.send('{"type":"pong"}')
