"""Identifiers: UUIDv7 (RFC 9562), so that rows sort by their making and indexes stay narrow at the right
end."""

from __future__ import annotations

import uuid_utils


def new_id() -> str:
    """A fresh UUIDv7 in its canonical text form (36 characters)."""
    return str(uuid_utils.uuid7())
