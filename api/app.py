"""The FastAPI application: its routes, its errors, what surrounds every answer, and the built page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import page, problems
from api.around import Around
from api.hub import Hub
from api.principal import cookie_scheme, key_scheme
from api.routes import (
    agents,
    calls,
    campaigns,
    commands,
    conversation,
    directory,
    events,
    gateways,
    imports,
    keys,
    live,
    metrics,
    phones,
    prompts,
    recordings,
    reports,
    session,
    staffing,
    switches,
    system,
    users,
)
from api.state import State

STATIC = Path(__file__).parent / "static"
VERSION = "1"
_SIGN_IN = (
    "sign_in",
    "sign_in_by_link",
    "find_phone",
    "get_switch_gateways",
    "list_switch_prompts",
    "get_switch_prompt",
    "tell_recording_disk",
    "ask_about_recording",
    "store_recording",
)


def create_app(state: State, *, static: Path = STATIC) -> FastAPI:
    """Make the application over an opened database."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state.hub.start()
        yield
        await state.hub.stop()
        await state.database.engine.dispose()

    app = FastAPI(
        title="Ringmaster",
        version=VERSION,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    state.hub = Hub(state.database)
    app.state.ringmaster = state
    problems.install(app)
    for module in (
        session,
        system,
        users,
        keys,
        campaigns,
        commands,
        reports,
        events,
        live,
        metrics,
        imports,
        agents,
        conversation,
        phones,
        prompts,
        recordings,
        calls,
        switches,
        gateways,
        directory,
        staffing,
    ):
        app.include_router(module.router)
    page.install(app, static)
    app.add_middleware(Around)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            routes=app.routes,
            summary="Outbound dialing: campaigns, agents, calls, live figures.",
        )
        schemas = schema.setdefault("components", {}).setdefault("schemas", {})
        for model in (problems.ProblemBody, problems.FieldProblem):
            schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas[model.__name__].pop("$defs", None)
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        _say_how_to_sign_in(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _say_how_to_sign_in(schema: dict[str, Any]) -> None:
    """Whatever may answer 401 wants a session or a key, but for the routes where one signs in."""
    schema["components"]["securitySchemes"] = {
        scheme.scheme_name: scheme.model.model_dump(mode="json", by_alias=True, exclude_none=True)
        for scheme in (cookie_scheme, key_scheme)
    }
    either: list[dict[str, list[str]]] = [{cookie_scheme.scheme_name: []}, {key_scheme.scheme_name: []}]
    for methods in schema["paths"].values():
        for operation in methods.values():
            if "401" in operation["responses"] and operation["operationId"] not in _SIGN_IN:
                operation["security"] = either
