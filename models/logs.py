"""Structured logs, of every process alike: one JSON object a line on standard error.

A line has what its `extra` carries (attempt_id, campaign_id, ...), and what is bound to the work in hand: the
id of a request, for instance.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_NOTHING: Mapping[str, Any] = {}
_bound: ContextVar[Mapping[str, Any]] = ContextVar("bound", default=_NOTHING)


class JsonLines(logging.Formatter):
    """`{"at": …, "level": …, "log": …, "say": …, extras…}`; an exception becomes `trace`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "log": record.name,
            "say": record.getMessage(),
            **_bound.get(),
        }
        line.update((key, value) for key, value in vars(record).items() if key not in _OWN)
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Every line that is logged inside, in this task, has these fields too."""
    token = _bound.set({**_bound.get(), **fields})
    try:
        yield
    finally:
        _bound.reset(token)


def configure(level: str) -> None:
    """Send every log line to standard error.

    Raises:
        ValueError: no such level.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it announces its dialect at each look
    # At INFO it writes the address of each socket with its query; api.live has a line of its own.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
