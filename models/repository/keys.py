"""API keys of a tenant: made, listed, revoked. What holds them is looked up in models.repository.identity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from models.enums import ApiScope
from models.errors import InvalidValue, NotFound
from models.ids import new_id
from models.repository.db import Db, clean_text

MOST_KEYS = 200  # that hold, of one tenant

_SELECT = """
    SELECT k.id::text, k.name, k.prefix, k.scopes, u.login AS created_by, k.created_at, k.last_used_at,
           k.expires_at, k.revoked_at
      FROM api_key k LEFT JOIN user_account u ON u.id = k.created_by
"""
_OF_TENANT = "(CAST(:tenant_id AS uuid) IS NULL OR k.tenant_id = CAST(:tenant_id AS uuid))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as an administrator sees it, without its secret. `created_by` is a login."""

    id: str
    name: str
    prefix: str
    scopes: tuple[ApiScope, ...]
    created_by: str | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


def create(
    db: Db,
    *,
    tenant_id: str,
    name: str,
    prefix: str,
    key_hash: str,
    scopes: Iterable[ApiScope],
    expires_at: datetime | None = None,
    user_id: str | None = None,
    by_key: str | None = None,
) -> Key:
    """Keep a new key; `user_id` or `by_key` (a prefix) is who asks. Of a key's key, the maker is the first
    key's.

    Raises:
        InvalidValue: `key_label`, `key_scopes`, `key_expiry` or `key_count`.
    """
    name, wanted = clean_text(name).strip(), sorted(set(scopes), key=list(ApiScope).index)
    if not 1 <= len(name) <= 200:
        raise InvalidValue("key_label", "a key needs a name of 1 to 200 characters")
    if not wanted:
        raise InvalidValue("key_scopes", "a key needs at least one scope")
    _check_room(db, tenant_id, expires_at)
    insert = text(
        """
        INSERT INTO api_key (id, tenant_id, name, prefix, key_hash, scopes, expires_at, created_by)
        VALUES (:id, :tenant_id, :name, :prefix, :hash, :scopes, :expires_at,
                coalesce(CAST(:user_id AS uuid), (
                    SELECT created_by FROM api_key
                     WHERE prefix = :by_key AND tenant_id = CAST(:tenant_id AS uuid))))
        RETURNING id::text
        """
    )
    key = {"id": new_id(), "tenant_id": tenant_id, "name": name, "prefix": prefix, "hash": key_hash}
    rest = {"scopes": [scope.value for scope in wanted], "expires_at": expires_at}
    made = db.execute(insert, {**key, **rest, "user_id": user_id, "by_key": by_key}).scalar_one()
    return get(db, str(made))


def get(db: Db, key_id: str, *, tenant_id: str | None = None) -> Key:
    """One key.

    Raises:
        NotFound: `api_key`.
    """
    query = text(f"{_SELECT} WHERE k.id = CAST(:id AS uuid) AND {_OF_TENANT}")
    row = db.execute(query, {"id": key_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("api_key", f"there is no API key {key_id}")
    return _key(row)


def list_all(
    db: Db, *, tenant_id: str | None = None, after: str | None = None, limit: int = 1000
) -> tuple[Key, ...]:
    """Keys of the tenant, the newest first; `after` is the id of the last one that the asker has."""
    query = text(
        f"{_SELECT} WHERE {_OF_TENANT} AND (CAST(:after AS uuid) IS NULL OR k.id < CAST(:after AS uuid))"
        " ORDER BY k.id DESC LIMIT :limit"
    )
    rows = db.execute(query, {"tenant_id": tenant_id, "after": after, "limit": limit})
    return tuple(_key(row) for row in rows)


def revoke(db: Db, key_id: str, *, tenant_id: str | None = None) -> None:
    """The key holds no more, from the commit on; its row stays. A second time changes nothing.

    Raises:
        NotFound: `api_key`.
    """
    get(db, key_id, tenant_id=tenant_id)
    db.execute(
        text("UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE id = CAST(:id AS uuid)"),
        {"id": key_id},
    )


def _check_room(db: Db, tenant_id: str, expires_at: datetime | None) -> None:
    query = text(
        """
        SELECT count(*) AS keys, CAST(:expires_at AS timestamptz) <= now() AS late FROM api_key
         WHERE tenant_id = CAST(:tenant_id AS uuid) AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > now())
        """
    )
    found = db.execute(query, {"tenant_id": tenant_id, "expires_at": expires_at}).one()
    if found.late:
        raise InvalidValue("key_expiry", "expires_at is past: choose a later time")
    if found.keys >= MOST_KEYS:
        raise InvalidValue("key_count", f"there are {MOST_KEYS} keys that hold: revoke some first")


def _key(row: Row[Any]) -> Key:
    scopes = tuple(ApiScope(scope) for scope in row.scopes)
    return Key(**{**row._mapping, "scopes": scopes})
