"""Who knocks: logins, cookies, API keys, links, switches, phones, looked up before a tenant is known.

These statements run as the tables' owner, without row-level security: nobody else may (tables/security.py).
What they return names the tenant in which everything after them happens. Secrets come in and are compared as
hashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, text

from models.enums import ApiScope, UserRole
from models.ids import new_id
from models.repository.db import Db, clean_text

LOCK_AFTER = 5  # failed tries of one login ...
LOCK_SECONDS = 15 * 60  # ... within this, and for so long
ADDRESS_TRIES = 20  # failed tries from one address ...
ADDRESS_SECONDS = 60  # ... within this


@dataclass(frozen=True, slots=True)
class KnownUser:
    """A user as the one who checks the password needs them."""

    user_id: str
    tenant_id: str
    tenant_name: str
    login: str
    display_name: str
    role: UserRole
    agent_id: str | None
    password_hash: str
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class KnownSession:
    """A browser that is signed in."""

    session_id: str
    user: KnownUser
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A program's key that holds."""

    key_id: str
    tenant_id: str
    tenant_name: str
    name: str
    prefix: str
    scopes: frozenset[ApiScope]


@dataclass(frozen=True, slots=True)
class KnownSwitch:
    """A switch's key that is not revoked; whether the secret is right is for the asker to compare."""

    key_id: str
    switch_id: str
    name: str
    prefix: str
    key_hash: str
    stale: bool


@dataclass(frozen=True, slots=True)
class KnownPhone:
    """What an agent's phone registers with; it holds for `seconds` more."""

    user_name: str
    agent_id: str
    a1_hash: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """Too many tries: `code` is `locked` (this login) or `too_many_requests` (this address)."""

    code: str
    retry_after_seconds: int


_USER = """
    u.id::text AS user_id, u.tenant_id::text, t.name AS tenant_name, u.login, u.display_name, u.role,
    u.agent_id::text, u.password_hash, u.must_change_password
"""
_BY_LOGIN = text(
    f"SELECT {_USER} FROM user_account u JOIN tenant t ON t.id = u.tenant_id"  # noqa: S608
    " WHERE lower(u.login) = lower(:login) AND NOT u.disabled"
)
_BY_SESSION = text(
    f"""
    SELECT {_USER}, s.id::text AS session_id, s.expires_at, s.seen_at < now() - interval '1 minute' AS stale
      FROM web_session s JOIN user_account u ON u.id = s.user_id JOIN tenant t ON t.id = u.tenant_id
     WHERE s.token_hash = :hash AND s.expires_at > now() AND NOT u.disabled
    """  # noqa: S608
)
_TRIES = text(
    """
    SELECT count(*) FILTER (WHERE login = :login AND at > now() - make_interval(secs => :lock)) AS of_login,
           coalesce(extract(epoch FROM max(at) FILTER (WHERE login = :login) - now())::float8, 0)
               AS login_age,
           count(*) FILTER (WHERE address = :address AND at > now() - make_interval(secs => :span))
               AS of_address
      FROM sign_in_failure
     WHERE (login = :login OR address = :address) AND at > now() - make_interval(secs => :lock)
    """
)


def admit_try(db: Db, login: str, address: str) -> str | Refusal:
    """Count a try before its password is looked at, so that a thousand at once are not admitted as one.

    Returns:
        The try's id, for `forget_tries` when the password was right; or why it is not admitted.
    """
    login, address = _login(login), clean_text(address)[:100]
    for key in sorted((f"login {login}", f"address {address}")):
        db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": key})
    values = {"login": login, "address": address, "lock": LOCK_SECONDS, "span": ADDRESS_SECONDS}
    tries = db.execute(_TRIES, values).one()
    if tries.of_address >= ADDRESS_TRIES:
        return Refusal("too_many_requests", ADDRESS_SECONDS)
    if tries.of_login >= LOCK_AFTER:
        return Refusal("locked", max(1, round(LOCK_SECONDS + tries.login_age)))
    try_id = new_id()
    insert = text("INSERT INTO sign_in_failure (id, login, address) VALUES (:id, :login, :address)")
    db.execute(insert, {"id": try_id, "login": login, "address": address})
    return try_id


def forget_tries(db: Db, login: str) -> None:
    """The password was right: the login begins anew; what is long past is cleaned up along the way."""
    db.execute(
        text("DELETE FROM sign_in_failure WHERE login = :login OR at < now() - interval '1 day'"),
        {"login": _login(login)},
    )


def locked_until(db: Db, logins: Sequence[str]) -> dict[str, datetime]:
    """Which of these logins are locked, in lower case, and until when."""
    query = text(
        """
        SELECT login, max(at) + make_interval(secs => :lock) FROM sign_in_failure
         WHERE login = ANY (CAST(:logins AS text[])) AND at > now() - make_interval(secs => :lock)
         GROUP BY login HAVING count(*) >= :most
        """
    )
    values = {"logins": [_login(login) for login in logins], "lock": LOCK_SECONDS, "most": LOCK_AFTER}
    return {row[0]: row[1] for row in db.execute(query, values)}


def user_by_login(db: Db, login: str) -> KnownUser | None:
    """The user of that login who may sign in."""
    row = db.execute(_BY_LOGIN, {"login": _login(login)}).first()
    return None if row is None else _user(row)


def open_session(
    db: Db, user: KnownUser, *, token_hash: str, seconds: float, address: str, user_agent: str
) -> datetime:
    """Remember a browser that signed in; when its session ends."""
    db.execute(text("DELETE FROM web_session WHERE expires_at < now()"))
    db.execute(
        text("UPDATE user_account SET last_sign_in_at = now() WHERE id = CAST(:id AS uuid)"),
        {"id": user.user_id},
    )
    insert = text(
        """
        INSERT INTO web_session (id, tenant_id, user_id, token_hash, seen_at, expires_at, address, user_agent)
        VALUES (:id, :tenant_id, :user_id, :hash, now(), now() + make_interval(secs => :seconds), :address,
                :user_agent)
        RETURNING expires_at
        """
    )
    values = {"id": new_id(), "tenant_id": user.tenant_id, "user_id": user.user_id, "hash": token_hash}
    told = {"address": clean_text(address)[:100], "user_agent": clean_text(user_agent)[:300]}
    expires_at: datetime = db.execute(insert, {**values, **told, "seconds": seconds}).scalar_one()
    return expires_at


def session(db: Db, token_hash: str) -> KnownSession | None:
    """The session of a cookie, if it holds."""
    row = db.execute(_BY_SESSION, {"hash": token_hash}).first()
    if row is None:
        return None
    if row.stale:
        db.execute(
            text("UPDATE web_session SET seen_at = now() WHERE id = CAST(:id AS uuid)"),
            {"id": row.session_id},
        )
    return KnownSession(row.session_id, _user(row), row.expires_at)


def close_session(db: Db, session_id: str) -> None:
    """Sign out."""
    db.execute(text("DELETE FROM web_session WHERE id = CAST(:id AS uuid)"), {"id": session_id})


def close_other_sessions(db: Db, user_id: str, *, but: str | None = None) -> None:
    """Sign a user out everywhere, but for one session: after a change of password or role."""
    db.execute(
        text(
            "DELETE FROM web_session WHERE user_id = CAST(:user_id AS uuid)"
            " AND (CAST(:but AS uuid) IS NULL OR id <> CAST(:but AS uuid))"
        ),
        {"user_id": user_id, "but": but},
    )


def set_password(db: Db, user_id: str, password_hash: str, *, must_change: bool = False) -> None:
    """A new password; the caller has checked who asks. Links that are still out sign nobody in any more."""
    db.execute(
        text(
            "UPDATE user_account SET password_hash = :hash, must_change_password = :must"
            " WHERE id = CAST(:id AS uuid)"
        ),
        {"id": user_id, "hash": password_hash, "must": must_change},
    )
    db.execute(
        text("UPDATE sign_in_link SET used_at = now() WHERE user_id = CAST(:id AS uuid) AND used_at IS NULL"),
        {"id": user_id},
    )


def api_key(db: Db, prefix: str, key_hash: str) -> KnownKey | None:
    """The key of that prefix and hash, if it holds."""
    row = db.execute(
        text(
            """
            SELECT k.id::text AS key_id, k.tenant_id::text, t.name AS tenant_name, k.name, k.prefix, k.scopes,
                   coalesce(k.last_used_at < now() - interval '1 minute', true) AS stale
              FROM api_key k JOIN tenant t ON t.id = k.tenant_id
             WHERE k.prefix = :prefix AND k.key_hash = :hash AND k.revoked_at IS NULL
               AND (k.expires_at IS NULL OR k.expires_at > now())
            """
        ),
        {"prefix": prefix, "hash": key_hash},
    ).first()
    if row is None:
        return None
    if row.stale:
        db.execute(
            text("UPDATE api_key SET last_used_at = now() WHERE id = CAST(:id AS uuid)"), {"id": row.key_id}
        )
    scopes = frozenset(ApiScope(scope) for scope in row.scopes)
    return KnownKey(row.key_id, row.tenant_id, row.tenant_name, row.name, row.prefix, scopes)


def only_tenant(db: Db, tenant_id: str) -> bool:
    """Whether nobody else has users or campaigns here: then this tenant administers the installation."""
    others = text(
        "SELECT count(*) FROM tenant WHERE id <> CAST(:id AS uuid)"
        " AND (EXISTS (SELECT FROM user_account u WHERE u.tenant_id = tenant.id)"
        " OR EXISTS (SELECT FROM campaign c WHERE c.tenant_id = tenant.id))"
    )
    return not db.execute(others, {"id": tenant_id}).scalar_one()


def switch_key(db: Db, prefix: str) -> KnownSwitch | None:
    """The key of that prefix, if it is not revoked."""
    row = db.execute(
        text(
            """
            SELECT k.id::text AS key_id, k.switch_id::text, s.name, k.prefix, k.key_hash,
                   coalesce(k.last_used_at < now() - interval '1 minute', true) AS stale
              FROM switch_key k JOIN switch s ON s.id = k.switch_id
             WHERE k.prefix = :prefix AND k.revoked_at IS NULL
            """
        ),
        {"prefix": clean_text(prefix)},
    ).first()
    return None if row is None else KnownSwitch(**row._mapping)


def switch_key_used(db: Db, key_id: str) -> None:
    """Note that a switch's key was used now."""
    db.execute(
        text("UPDATE switch_key SET last_used_at = now() WHERE id = CAST(:id AS uuid)"), {"id": key_id}
    )


def phone(db: Db, user_name: str) -> KnownPhone | None:
    """A phone's login, if it holds: it ends when it expires, and when its agent logs out."""
    row = db.execute(
        text(
            """
            SELECT p.user_name, p.agent_id::text, p.a1_hash,
                   extract(epoch FROM p.expires_at - clock_timestamp())::float8 AS seconds
              FROM phone_login p JOIN agent ON agent.id = p.agent_id AND agent.tenant_id = p.tenant_id
             WHERE p.user_name = :name AND p.expires_at > clock_timestamp()
               AND NOT (agent.state = 'logged_out' AND agent.state_since > p.made_at)
            """
        ),
        {"name": clean_text(user_name)},
    ).first()
    return None if row is None else KnownPhone(**row._mapping)


def make_link(db: Db, user_id: str, token_hash: str, seconds: float) -> None:
    """A link that signs the user in once."""
    db.execute(
        text(
            """
            INSERT INTO sign_in_link (id, tenant_id, user_id, token_hash, expires_at)
            SELECT :id, u.tenant_id, u.id, :hash, now() + make_interval(secs => :seconds)
              FROM user_account u WHERE u.id = CAST(:user_id AS uuid)
            """
        ),
        {"id": new_id(), "user_id": user_id, "hash": token_hash, "seconds": seconds},
    )


def use_link(db: Db, token_hash: str) -> KnownUser | None:
    """The user whom the link signs in; the link is used up by asking."""
    login = db.execute(
        text(
            """
            UPDATE sign_in_link l SET used_at = now() FROM user_account u
             WHERE l.token_hash = :hash AND l.used_at IS NULL AND l.expires_at > now() AND u.id = l.user_id
            RETURNING u.login
            """
        ),
        {"hash": token_hash},
    ).scalar()
    return None if login is None else user_by_login(db, login)


def _login(login: str) -> str:
    return clean_text(login).strip().lower()[:200]


def _user(row: Row[tuple[object, ...]]) -> KnownUser:
    names = KnownUser.__dataclass_fields__
    values = {name: value for name, value in row._mapping.items() if name in names}
    return KnownUser(**{**values, "role": UserRole(values["role"])})
