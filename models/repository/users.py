"""Users of a tenant: made, changed, listed. Passwords come in as hashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from models.enums import UserRole
from models.errors import InvalidValue, NotFound
from models.ids import new_id
from models.repository.db import Db, clean_text

_COLUMNS = """
    id::text, login, display_name, role, agent_id::text, disabled, must_change_password, last_sign_in_at,
    created_at
"""
_OF_TENANT = "(CAST(:tenant_id AS uuid) IS NULL OR tenant_id = CAST(:tenant_id AS uuid))"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as an administrator sees them."""

    id: str
    login: str
    display_name: str
    role: UserRole
    agent_id: str | None
    disabled: bool
    must_change_password: bool
    last_sign_in_at: datetime | None
    created_at: datetime


def anybody_has_password(db: Db) -> bool:
    """Whether there is anybody in this installation, disabled or not, who has a password."""
    return (
        db.execute(text("SELECT 1 FROM user_account WHERE password_hash LIKE '$%' LIMIT 1")).first()
        is not None
    )


def create(
    db: Db,
    *,
    tenant_id: str,
    login: str,
    role: UserRole,
    password_hash: str,
    display_name: str = "",
    agent_id: str | None = None,
    must_change_password: bool = False,
) -> User:
    """Make a user.

    Raises:
        InvalidValue: `user_login`, `user_taken` or `user_agent`.
    """
    login, display_name = _valid(login, display_name)
    _one_at_a_time(db, tenant_id)
    _check_agent(db, tenant_id, role, agent_id, user_id=None)
    insert = text(
        """
        INSERT INTO user_account (id, tenant_id, login, display_name, role, password_hash, agent_id,
                                  must_change_password)
        VALUES (:id, :tenant_id, :login, :display_name, :role, :hash, :agent_id, :must)
            ON CONFLICT (lower(login)) DO NOTHING
        RETURNING id::text
        """
    )
    values = {"id": new_id(), "tenant_id": tenant_id, "login": login, "display_name": display_name}
    rest = {"role": role.value, "hash": password_hash, "agent_id": agent_id, "must": must_change_password}
    made = db.execute(insert, {**values, **rest}).scalar()
    if made is None:
        raise InvalidValue("user_taken", f"there is a user {login!r} already: choose another login")
    return get(db, made)


def get(db: Db, user_id: str, *, tenant_id: str | None = None) -> User:
    """One user.

    Raises:
        NotFound: `user`.
    """
    query = text(f"SELECT {_COLUMNS} FROM user_account WHERE id = CAST(:id AS uuid) AND {_OF_TENANT}")  # noqa: S608
    row = db.execute(query, {"id": user_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("user", f"there is no user {user_id}")
    return _user(row)


def list_all(
    db: Db, *, tenant_id: str | None = None, after: str | None = None, limit: int = 1000
) -> tuple[User, ...]:
    """Users of the tenant by login; `after` is the id of the last one that the asker has."""
    query = text(
        f"""
        SELECT {_COLUMNS} FROM user_account
         WHERE {_OF_TENANT}
           AND (CAST(:after AS uuid) IS NULL OR lower(login) > (
               SELECT lower(login) FROM user_account WHERE id = CAST(:after AS uuid) AND {_OF_TENANT}))
         ORDER BY lower(login) LIMIT :limit
        """  # noqa: S608
    )
    rows = db.execute(query, {"tenant_id": tenant_id, "after": after, "limit": limit})
    return tuple(_user(row) for row in rows)


def by_login(db: Db, login: str) -> User:
    """The user of that login in any tenant: for the command line.

    Raises:
        NotFound: `user`.
    """
    query = text(f"SELECT {_COLUMNS} FROM user_account WHERE lower(login) = lower(:login)")  # noqa: S608
    row = db.execute(query, {"login": clean_text(login).strip()}).first()
    if row is None:
        raise NotFound("user", f"There is no user {login!r}: `ringmaster user list` shows them.")
    return _user(row)


def change(db: Db, user_id: str, changes: dict[str, Any], *, tenant_id: str | None = None) -> User:
    """Change display_name, role, disabled or agent_id; the last administrator who may sign in stays one.

    Raises:
        NotFound: `user`.
        InvalidValue: `user_agent`, `last_admin` or `user_login`.
    """
    owner = _tenant_of(db, user_id, tenant_id)
    _one_at_a_time(db, owner)
    before = get(db, user_id, tenant_id=tenant_id)
    after = {name: changes.get(name, getattr(before, name)) for name in _CHANGEABLE}
    role = UserRole(after["role"])
    _, after["display_name"] = _valid(before.login, after["display_name"])
    _check_agent(db, owner, role, after["agent_id"], user_id=user_id)
    if before.role is UserRole.ADMIN and (role is not UserRole.ADMIN or after["disabled"]):
        _check_not_last(db, owner, user_id)
    db.execute(
        text(
            "UPDATE user_account SET display_name = :display_name, role = :role, disabled = :disabled,"
            " agent_id = :agent_id WHERE id = CAST(:id AS uuid)"
        ),
        {**after, "role": role.value, "id": user_id},
    )
    return get(db, user_id)


def _tenant_of(db: Db, user_id: str, tenant_id: str | None) -> str:
    query = text(f"SELECT tenant_id::text FROM user_account WHERE id = CAST(:id AS uuid) AND {_OF_TENANT}")  # noqa: S608
    found = db.execute(query, {"id": user_id, "tenant_id": tenant_id}).scalar()
    if found is None:
        raise NotFound("user", f"there is no user {user_id}")
    return str(found)


def _one_at_a_time(db: Db, tenant_id: str) -> None:
    """Changes of a tenant's users follow one another.

    Else two administrators who dismiss each other at once both succeed, a new name that was asked for at the
    same time as a dismissal undoes it, and two users become the same agent.
    """
    db.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('users of ' || :tenant_id, 3))"),
        {"tenant_id": tenant_id},
    )


_CHANGEABLE = ("display_name", "role", "disabled", "agent_id")


def _check_not_last(db: Db, tenant_id: str, user_id: str) -> None:
    others = text(
        "SELECT 1 FROM user_account WHERE tenant_id = CAST(:tenant_id AS uuid) AND role = 'admin'"
        " AND NOT disabled AND id <> CAST(:id AS uuid) LIMIT 1"
    )
    if db.execute(others, {"tenant_id": tenant_id, "id": user_id}).first() is None:
        raise InvalidValue("last_admin", "this is the last administrator: make another one first")


def _check_agent(
    db: Db, tenant_id: str, role: UserRole, agent_id: str | None, *, user_id: str | None
) -> None:
    if agent_id is None:
        if role is UserRole.AGENT:
            raise InvalidValue("user_agent", "a user of role agent needs the agent they work as: agent_id")
        return
    known = db.execute(
        text("SELECT 1 FROM agent WHERE id = CAST(:id AS uuid) AND tenant_id = CAST(:tenant_id AS uuid)"),
        {"id": agent_id, "tenant_id": tenant_id},
    ).first()
    if known is None:
        raise InvalidValue("user_agent", f"there is no agent {agent_id}")
    other = db.execute(
        text(
            "SELECT login FROM user_account WHERE agent_id = CAST(:id AS uuid)"
            " AND (CAST(:me AS uuid) IS NULL OR id <> CAST(:me AS uuid))"
        ),
        {"id": agent_id, "me": user_id},
    ).scalar()
    if other is not None:
        raise InvalidValue("user_agent", f"{other!r} works as that agent already")


def _valid(login: str, display_name: str) -> tuple[str, str]:
    login, display_name = clean_text(login).strip(), clean_text(display_name).strip()
    if not 1 <= len(login) <= 200 or not login.isprintable():
        raise InvalidValue("user_login", "a login has 1 to 200 printable characters")
    if len(display_name) > 200:
        raise InvalidValue("user_login", "a display name has at most 200 characters")
    return login, display_name


def _user(row: Row[Any]) -> User:
    return User(**{**row._mapping, "role": UserRole(row.role)})
