"""The one way to start a greenlet: what it raises is reported, never lost."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import gevent

log = logging.getLogger(__name__)

Failed = Callable[[str, BaseException], None]


def spawn(name: str, run: Callable[..., Any], *args: Any, failed: Failed | None = None) -> gevent.Greenlet:
    """Run in a greenlet called `name`; an exception is logged, then handed to `failed`."""

    def guarded() -> None:
        try:
            run(*args)
        except gevent.GreenletExit:
            raise
        except Exception as error:
            log.exception("greenlet failed", extra={"greenlet": name})
            if failed is not None:
                failed(name, error)

    greenlet = gevent.Greenlet(guarded)
    greenlet.name = name
    greenlet.start()
    return greenlet
