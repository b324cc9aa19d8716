"""What surrounds every request: a limit to its body, headers that protect the browser, an id, one log line.

Plain ASGI, so that a WebSocket and a streamed answer pass through untouched.
"""

from __future__ import annotations

import logging
import re
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.principal import WHO
from api.problems import Problem, unexpected
from api.state import State
from models import logs
from models.ids import new_id

log = logging.getLogger("api.access")

REQUEST_ID = "X-Request-ID"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)

MAX_BODY = 1 << 20
MAX_UPLOAD = 64 << 20
MAX_RECORDING = 512 << 20
"""Four hours in stereo at 8 kHz."""
RECORDING_PATHS = "/v1/switch/recordings/"
UPLOAD_PATHS = ("/imports", "/imports/preview")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
        " connect-src 'self'{socket}; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


class TooLarge(HTTPException):
    """The body grew over its limit while it was read.

    FastAPI makes a 400 of whatever else happens there.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The body may have at most {limit >> 20} MiB.")


class Around:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(REQUEST_ID, "")
        request_id = given if _SANE_ID.fullmatch(given) else new_id()
        with logs.bound(request_id=request_id):
            await self._answer(scope, receive, send, headers, request_id)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, asked: Headers, request_id: str
    ) -> None:
        path = scope["path"]
        limit = MAX_UPLOAD if path.endswith(UPLOAD_PATHS) else MAX_BODY
        if path.startswith(RECORDING_PATHS):
            limit = MAX_RECORDING
        state: State = scope["app"].state.ringmaster
        origin = state.phones.origin
        socket = f" {origin}" if origin else ""  # where a browser's phone registers
        began, status, size, begun = time.monotonic(), 500, 0, False

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise TooLarge(limit)
            return message

        async def dressed(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                status, begun = message["status"], True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value.replace("{socket}", socket))
                headers[REQUEST_ID] = request_id
                if path.startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            announced = asked.get("content-length", "")
            if announced.isdigit() and int(announced) > limit:
                raise TooLarge(limit)
            await self._app(scope, limited, dressed)
        except TooLarge as error:
            problem = Problem(413, "too_large", error.detail)
            await problem.response()(scope, receive, dressed)
        except Exception as error:
            # Answered here and not by whatever is around this, so that it is dressed and counted like others.
            if begun:
                raise
            await unexpected(path, error)(scope, receive, dressed)
        finally:
            _note(scope, status, time.monotonic() - began)


def _note(scope: Scope, status: int, seconds: float) -> None:
    """Count the answer and log a line: the path without its query, which may hold what nobody should read."""
    route = getattr(scope.get("route"), "path", "other")
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    state: State = scope["app"].state.ringmaster
    state.metrics.answered(method, route, status, seconds)
    log.info(
        "request",
        extra={
            "method": scope["method"],
            "path": scope["path"],
            "status": status,
            "milliseconds": round(1000 * seconds, 1),
            "who": scope.get(WHO, ""),
        },
    )
