"""The rows that everything else hangs on: tenant, client, switch, team. Asking twice gives the same row."""

from __future__ import annotations

from sqlalchemy import text

from models.ids import new_id
from models.repository.db import Db, clean_text

DEFAULT_TENANT = "default"
DEFAULT_CLIENT = "house"


def tenant(db: Db, name: str = DEFAULT_TENANT) -> str:
    """The id of the tenant of that name, made if missing."""
    return _ensure(db, "tenant", {"name": clean_text(name)})


def client(db: Db, tenant_id: str, name: str = DEFAULT_CLIENT) -> str:
    """The id of the tenant's client of that name, made if missing."""
    return _ensure(db, "client", {"name": clean_text(name), "tenant_id": tenant_id})


def team(db: Db, tenant_id: str, name: str) -> str:
    """The id of the tenant's team of that name, made if missing."""
    return _ensure(db, "team", {"name": clean_text(name), "tenant_id": tenant_id})


def switch(db: Db, name: str) -> str:
    """The id of the switch of that name, made if missing."""
    return _ensure(db, "switch", {"name": clean_text(name)})


def _ensure(db: Db, table: str, values: dict[str, str]) -> str:
    where = " AND ".join(f"{column} = :{column}" for column in values)
    columns = ", ".join(values)
    parameters = ", ".join(f":{column}" for column in values)
    insert = text(f"INSERT INTO {table} (id, {columns}) VALUES (:id, {parameters}) ON CONFLICT DO NOTHING")  # noqa: S608
    select = text(f"SELECT id::text FROM {table} WHERE {where}")  # noqa: S608 - names of this module only
    found = db.execute(select, values).scalar()
    if found is None:
        db.execute(insert, {**values, "id": new_id()})
        found = db.execute(select, values).scalar_one()
    return str(found)
