"""Keys by which switches ask the api: made, listed, revoked. They belong to no tenant.

A switch may have several that hold, so that a new one can be put in place before the old one is revoked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from models.errors import NotFound
from models.ids import new_id
from models.repository.db import Db


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchKey:
    """A key as an operator sees it, without its secret."""

    switch: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def create(db: Db, switch_id: str, *, prefix: str, key_hash: str) -> None:
    """Keep a new key of a switch."""
    db.execute(
        text(
            "INSERT INTO switch_key (id, switch_id, prefix, key_hash)"
            " VALUES (:id, :switch_id, :prefix, :hash)"
        ),
        {"id": new_id(), "switch_id": switch_id, "prefix": prefix, "hash": key_hash},
    )


def every(db: Db) -> tuple[SwitchKey, ...]:
    """Every key, by switch, the newest first."""
    rows = db.execute(
        text(
            "SELECT switch.name AS switch, k.prefix, k.created_at, k.last_used_at, k.revoked_at"
            " FROM switch_key k JOIN switch ON switch.id = k.switch_id ORDER BY switch.name, k.id DESC"
        )
    )
    return tuple(SwitchKey(**row._mapping) for row in rows)


def revoke(db: Db, prefix: str) -> None:
    """The key holds no more, from the commit on. A second time changes nothing.

    Raises:
        NotFound: `switch_key`.
    """
    found = db.execute(
        text(
            "UPDATE switch_key SET revoked_at = coalesce(revoked_at, now()) WHERE prefix = :prefix"
            " RETURNING id"
        ),
        {"prefix": prefix},
    ).first()
    if found is None:
        raise NotFound("switch_key", f"there is no key {prefix!r} of a switch")
