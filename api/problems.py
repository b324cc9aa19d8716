"""Errors as application/problem+json (RFC 9457): a stable `code`, and a sentence that says what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, OperationalError
from starlette.exceptions import HTTPException

from api.methods import allowed
from models.errors import InvalidValue, ModelsError, NotFound

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One value that can't be accepted."""

    field: str
    message: str


class ProblemBody(BaseModel):
    """What every error answer holds."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = None


class Problem(Exception):
    """Raise it anywhere under a route: it becomes the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldProblem] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = dict(headers or {})
        self.errors = list(errors) if errors else None

    def response(self) -> JSONResponse:
        """The answer."""
        body = ProblemBody(
            type=f"/problems/{self.code}",
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            code=self.code,
            errors=self.errors,
        )
        return JSONResponse(
            body.model_dump(exclude_none=True), self.status, headers=self.headers, media_type=MEDIA_TYPE
        )


def not_found(what: str) -> Problem:
    """There is no such thing, or it is another tenant's: the two can't be told apart."""
    return Problem(404, "not_found", f"There is no such {what}.")


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for OpenAPI."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
        for status in statuses
    }


_HTTP_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
}


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> JSONResponse:
        return error.response()

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [FieldProblem(field=_where(e["loc"]), message=str(e["msg"])) for e in error.errors()]
        detail = "; ".join(f"{e.field}: {e.message}" for e in errors[:3]) or "The request can't be read."
        return Problem(422, "invalid", detail, errors=errors[:50]).response()

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        status, headers = error.status_code, dict(error.headers or {})
        if status == 405:
            methods = allowed(app, request.url.path)
            if not methods and request.url.path.startswith("/v1/"):
                return not_found("address").response()
            headers["Allow"] = ", ".join(methods) or headers.get("Allow", "GET")
        if status == 400:  # what FastAPI makes of a body that is no JSON at all
            status = 422
        code = _HTTP_CODES.get(status, "error")
        return Problem(status, code, str(error.detail), headers=headers).response()

    @app.exception_handler(ModelsError)
    async def models(request: Request, error: ModelsError) -> JSONResponse:
        return of_models(error).response()

    @app.exception_handler(DBAPIError)
    async def database(request: Request, error: DBAPIError) -> JSONResponse:
        if isinstance(error, OperationalError) or error.connection_invalidated:
            log.warning("the database is away", extra={"path": request.url.path})
            return Problem(
                503,
                "database_away",
                "The database is away: try again in a moment.",
                headers={"Retry-After": "2"},
            ).response()
        return unexpected(request.url.path, error)


def unexpected(path: str, error: Exception) -> JSONResponse:
    """The answer to what nobody thought of; the log has it."""
    log.error("a request failed", exc_info=error, extra={"path": path})
    return Problem(
        500, "internal", "Something went wrong on our side. It is in the log; nothing was changed."
    ).response()


def of_models(error: ModelsError) -> Problem:
    """What a repository's error is to the one who asked."""
    sentence = str(error)[:1].upper() + str(error)[1:]
    sentence = sentence if sentence.endswith(".") else f"{sentence}."
    if isinstance(error, NotFound):
        return not_found(error.code.replace("_", " "))
    if isinstance(error, InvalidValue):
        taken = error.code.endswith(("_taken", "_name")) or error.code in (
            "last_admin",
            "user_agent",
            "gateway_routes",
        )
        return Problem(409 if taken else 422, "conflict" if taken else "invalid", sentence)
    log.error("a request failed", exc_info=error)
    return Problem(500, "internal", "Something went wrong on our side. It is in the log.")


def _where(location: Sequence[int | str]) -> str:
    return (
        ".".join(str(part) for part in location if part not in ("body", "query", "path", "header")) or "body"
    )
