"""What every repository module shares: the kind of connection it takes, and times in both directions.

Statements are text where PostgreSQL is asked for what an ORM hides (SKIP LOCKED, ON CONFLICT, bulk rows as
JSON).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

Db: TypeAlias = Session | Connection


def of_tenant(column: str = "tenant_id") -> str:
    """SQL: the row is the tenant's, or no tenant is asked for (parameter `tenant_id`)."""
    return f"(CAST(:tenant_id AS uuid) IS NULL OR {column} = CAST(:tenant_id AS uuid))"


def rows_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as one JSON parameter for jsonb_to_recordset. NUL, which PostgreSQL can't hold, becomes U+FFFD."""
    encoded = json.dumps(list(rows), ensure_ascii=True, allow_nan=False)
    return _without_nul(encoded)


def object_json(value: Mapping[str, Any]) -> str:
    """One object as a jsonb parameter."""
    return _without_nul(json.dumps(dict(value), ensure_ascii=True, allow_nan=False))


def clean_text(value: str) -> str:
    """Text that PostgreSQL can hold: NUL and lone surrogates become U+FFFD."""
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def notify(db: Db, channel: str) -> None:
    """Wake whoever listens, at the commit; no payload, so that PostgreSQL folds many into one."""
    db.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


def _without_nul(encoded: str) -> str:
    if "\\u0000" not in encoded and "\\ud" not in encoded:
        return encoded
    return json.dumps(_clean(json.loads(encoded)), ensure_ascii=True)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        # Surrogate pairs are whole characters after json.loads; what is left over is lone.
        return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
