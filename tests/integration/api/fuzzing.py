"""Schemathesis over the OpenAPI document, against the real application on a real socket and PostgreSQL."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import schemathesis
import uvicorn
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from api.app import create_app
from api.state import State


@contextmanager
def served(state: State) -> Iterator[str]:
    """The application on a free port; its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(state), http="httptools", ws="none", log_config=None, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
        assert not thread.is_alive()


def faults(document: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[int, list[str]]:
    """How many requests were made, and what was wrong with their answers."""
    config = SchemathesisConfig.from_dict(dict(settings))
    schema = schemathesis.openapi.from_dict(dict(document), config=config)
    requests, found = 0, dict[str, None]()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            requests += len(event.recorder.interactions)
            for case_id, checks in event.recorder.checks.items():
                for check in checks:
                    if check.failure_info is not None:
                        case = event.recorder.cases[case_id].value
                        failure = check.failure_info.failure
                        answer = event.recorder.interactions[case_id].response
                        shown = "" if answer is None else f"{answer.status_code} {answer.content[:300]!r}"
                        found[
                            f"{case.operation.label}: {check.name}: {failure.title}: {failure.message}\n"
                            f"    {check.failure_info.code_sample}\n    -> {shown}"
                        ] = None
        elif isinstance(event, events.NonFatalError | events.FatalError):
            found[f"error: {getattr(event, 'info', None) or getattr(event, 'exception', event)}"] = None
    return requests, list(found)
