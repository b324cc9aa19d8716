"""The lease of a switch: one dialer commands it. Real time, PostgreSQL's own clock.

The token grows each time the holder changes, and never otherwise: work claimed under an old token is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from models.repository.db import Db


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as just granted: trust it for `ttl_seconds` from before the call, on a monotonic clock."""

    switch_id: str
    holder: str
    token: int
    ttl_seconds: float


_ACQUIRE = text(
    """
    UPDATE switch
       SET lease_token = CASE WHEN lease_holder = :holder THEN lease_token ELSE lease_token + 1 END,
           lease_holder = :holder,
           lease_expires_at = clock_timestamp() + make_interval(secs => :ttl)
     WHERE id = CAST(:switch_id AS uuid)
       AND (lease_holder IN ('', :holder) OR lease_expires_at IS NULL OR lease_expires_at <=
       clock_timestamp())
    RETURNING lease_token
    """
)
_RENEW = text(
    """
    UPDATE switch SET lease_expires_at = clock_timestamp() + make_interval(secs => :ttl)
     WHERE id = CAST(:switch_id AS uuid) AND lease_holder = :holder AND lease_token = :token
    RETURNING lease_token
    """
)
_RELEASE = text(
    """
    UPDATE switch SET lease_holder = '', lease_expires_at = NULL
     WHERE id = CAST(:switch_id AS uuid) AND lease_holder = :holder AND lease_token = :token
    RETURNING lease_token
    """
)
HELD = "(lease_holder <> '' AND coalesce(lease_expires_at > clock_timestamp(), false))"
_IS_HELD = text(f"SELECT {HELD} FROM switch WHERE id = CAST(:switch_id AS uuid)")  # noqa: S608


def acquire(db: Db, switch_id: str, holder: str, ttl_seconds: float) -> Lease | None:
    """Take the lease if it is free, expired or already the holder's; None if another holds it.

    `holder` names one process for its life (a fresh id), so that a restarted dialer gets a new token.
    """
    row = db.execute(_ACQUIRE, {"switch_id": switch_id, "holder": holder, "ttl": ttl_seconds}).first()
    return None if row is None else Lease(switch_id, holder, int(row[0]), ttl_seconds)


def is_held(db: Db, switch_id: str) -> bool:
    """Whether a dialer commands the switch now."""
    return bool(db.execute(_IS_HELD, {"switch_id": switch_id}).scalar())


def renew(db: Db, lease: Lease) -> bool:
    """Extend the lease by its TTL from now. False: another took it, stop at once.

    Renewing after the expiry is lawful as long as nobody took it: the token proves that nothing happened
    between.
    """
    values = {
        "switch_id": lease.switch_id,
        "holder": lease.holder,
        "token": lease.token,
        "ttl": lease.ttl_seconds,
    }
    return db.execute(_RENEW, values).first() is not None


def release(db: Db, lease: Lease) -> bool:
    """Give the lease back; the next holder gets a higher token. False if it was not ours any more."""
    values = {"switch_id": lease.switch_id, "holder": lease.holder, "token": lease.token}
    return db.execute(_RELEASE, values).first() is not None
