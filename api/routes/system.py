"""Health and readiness: for load balancers and watchdogs, without a sign-in and without a secret."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from api.state import state_of
from models import migrate

router = APIRouter(tags=["system"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether requests can be served now."""

    status: Literal["ready", "not_ready"]
    database: Literal["there", "away"]
    migrations: Literal["current", "other", "unknown"]


@router.get("/health", operation_id="health")
async def health() -> Health:
    """The process is alive."""
    return Health()


@router.get(
    "/ready", operation_id="ready", responses={503: {"model": Readiness, "description": "Not ready yet."}}
)
async def ready(request: Request, response: Response) -> Readiness:
    """The database answers and has the schema of this version."""
    try:
        async with state_of(request).database.owner() as tx:
            revision = await tx.run(lambda session: migrate.current(session.connection()))
    except (SQLAlchemyError, OSError):
        response.status_code = 503
        return Readiness(status="not_ready", database="away", migrations="unknown")
    if revision != migrate.head():
        response.status_code = 503
        return Readiness(status="not_ready", database="there", migrations="other")
    return Readiness(status="ready", database="there", migrations="current")
