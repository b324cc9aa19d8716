"""Passwords and tokens: made, hashed, compared. Nothing here is ever logged.

Passwords: Argon2id with argon2-cffi's defaults (RFC 9106, low-memory profile). Tokens are 256 random bits, so
a plain SHA-256 is enough to store them. The CSRF token of a session is an HMAC of its cookie: nothing more to
store.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.tokens import new_token, token_hash

__all__ = [
    "MAX_PASSWORD",
    "MIN_PASSWORD",
    "NewKey",
    "Passwords",
    "csrf_token",
    "hash_password",
    "new_key",
    "new_token",
    "password_problem",
    "same",
    "split_key",
    "token_hash",
]

MIN_PASSWORD = 10
MAX_PASSWORD = 200
KEY_MARK = "rm"

_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))  # compared with where there is no user: takes as long


class Passwords:
    """Hashes and checks passwords, a few at a time in threads: each takes 64 MiB for some 50 ms."""

    def __init__(self, at_once: int = 2) -> None:
        self._limiter = CapacityLimiter(at_once)

    async def hash(self, password: str) -> str:
        """Hash a new password."""
        return await to_thread.run_sync(hash_password, password, limiter=self._limiter)

    async def check(self, password: str, stored: str | None) -> bool:
        """Whether it is the password; None (no such user) takes as long and is never right."""
        return await to_thread.run_sync(_check, password, stored, limiter=self._limiter)


def hash_password(password: str) -> str:
    """Argon2id, with its parameters in the text."""
    return _hasher.hash(password)


def _check(password: str, stored: str | None) -> bool:
    try:
        _hasher.verify(stored or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def password_problem(password: str, login: str) -> str:
    """Why this can't be a password, as a sentence; empty if it can (NIST SP 800-63B: length, no recipes)."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters"
    if password.strip().lower() == login.strip().lower() or len(set(password)) < 4:
        return "that password is too easy to guess: choose another one"
    return ""


def csrf_token(session_token: str) -> str:
    """The token that a signed-in page sends along with whatever changes something."""
    return hmac.new(session_token.encode(), b"csrf", hashlib.sha256).hexdigest()


def same(ours: str, theirs: str) -> bool:
    """Compare without telling by the time it takes how much was right."""
    return hmac.compare_digest(ours.encode(), theirs.encode())


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key just made; `key` is shown once and never again."""

    prefix: str
    key: str
    key_hash: str


def new_key() -> NewKey:
    """Make an API key: `rm_PREFIX_SECRET`."""
    prefix, secret = secrets.token_hex(6), new_token()
    return NewKey(prefix, f"{KEY_MARK}_{prefix}_{secret}", token_hash(secret))


def split_key(key: str) -> tuple[str, str] | None:
    """(prefix, hash of the secret) of a key as sent; None if it is none."""
    mark, _, rest = key.partition("_")
    prefix, _, secret = rest.partition("_")
    if mark != KEY_MARK or not prefix or not secret:
        return None
    return prefix, token_hash(secret)
