"""Secrets of 256 random bits (session cookies, sign-in links, API keys), and the hash that is stored."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """A new secret."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of it. So many random bits need no slow hash, unlike a password."""
    return hashlib.sha256(token.encode()).hexdigest()
