"""The first way in: a user `admin` with a random password, and links that sign in once."""

from __future__ import annotations

import secrets

from sqlalchemy import text

from api.secrets import hash_password, new_token, token_hash
from models.enums import UserRole
from models.repository import identity, setup, users
from models.repository.db import Db

LOGIN = "admin"
LINK_SECONDS = 900.0
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('ringmaster first run', 2))")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another one
_GROUPS = 5


def random_password() -> str:
    """One to be read off a screen and typed once: five groups of four, 99 random bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_GROUPS))


def ensure_admin(db: Db) -> str | None:
    """Make the user `admin` if nobody has a password yet; the password, to be printed once, or None.

    Two processes that start at once make one: the second waits for the first one's commit. Somebody who is
    disabled counts as well: who locked everybody out does not get in by a restart.
    """
    db.execute(_LOCK)
    if users.anybody_has_password(db):
        return None
    password = random_password()
    users.create(
        db,
        tenant_id=setup.tenant(db),
        login=LOGIN,
        role=UserRole.ADMIN,
        password_hash=hash_password(password),
        display_name="Administrator",
        must_change_password=True,
    )
    return password


def sign_in_link(db: Db, user_id: str, seconds: float = LINK_SECONDS) -> str:
    """The token of a link that signs this user in once: the page is `/sign-in#token=TOKEN`.

    Raises:
        NotFound: `user`.
    """
    users.get(db, user_id)
    token = new_token()
    identity.make_link(db, user_id, token_hash(token), seconds)
    return token
