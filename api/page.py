"""The built page: files of api/static, and index.html for the paths that the page itself understands."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from api.methods import allowed
from api.problems import not_found

_NOT_BUILT = (
    "The page is not built. Run `make setup`, which builds it into api/static (it needs Node.js), then start "
    "again.\n"
)


def install(app: FastAPI, static: Path) -> None:
    """Serve the page at every path that nothing else answers."""
    root = static.resolve()
    assets = root / "assets"
    if assets.is_dir():
        # Their names hold a hash of what is in them: a browser may keep them for good.
        app.mount("/assets", StaticFiles(directory=assets), name="assets")

    @app.get("/{path:path}", include_in_schema=False)
    def page(request: Request, path: str) -> Response:
        if path.startswith("v1/") or path == "v1":
            raise HTTPException(405) if allowed(app, f"/{path}") else not_found("address")
        wanted = Path(os.path.normpath(root / path))
        if path and wanted.is_relative_to(root) and wanted.is_file() and wanted.suffix != ".html":
            return FileResponse(wanted)
        if "text/html" not in request.headers.get("Accept", "text/html"):
            raise not_found("address")
        index = root / "index.html"
        if not index.is_file():
            return PlainTextResponse(_NOT_BUILT, 503)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})
