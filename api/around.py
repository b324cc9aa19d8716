"""What surrounds every request: a limit to its body, headers that protect the browser, one log line.

Plain ASGI, so that a WebSocket and a streamed answer pass through untouched.
"""

from __future__ import annotations

import logging
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem

log = logging.getLogger("api.access")

MAX_BODY = 1 << 20
MAX_UPLOAD = 64 << 20
UPLOAD_PATHS = ("/imports", "/imports/preview")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


class TooLarge(Exception):
    """The body grew over its limit while it was read."""


class Around:
    """The middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        limit = MAX_UPLOAD if path.endswith(UPLOAD_PATHS) else MAX_BODY
        began, status, size = time.monotonic(), 500, 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                raise TooLarge
            return message

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if path.startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            announced = Headers(scope=scope).get("content-length", "")
            if announced.isdigit() and int(announced) > limit:
                raise TooLarge
            await self._app(scope, limited, dressed)
        except TooLarge:
            problem = Problem(413, "too_large", f"The body may have at most {limit >> 20} MiB.")
            await problem.response()(scope, receive, dressed)
        finally:
            log.info(
                "request",
                extra={
                    "method": scope["method"],
                    "path": path,
                    "status": status,
                    "milliseconds": round(1000 * (time.monotonic() - began), 1),
                },
            )
