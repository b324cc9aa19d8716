"""Which switch asks: HTTP basic authentication with a key of its own, over TLS or from this machine."""

from __future__ import annotations

import base64
import binascii
import ipaddress

from starlette.requests import Request

from api import secrets
from api.principal import WHO
from api.problems import Problem
from api.state import state_of
from models.repository import identity
from models.repository.identity import KnownSwitch


async def asking_switch(request: Request) -> KnownSwitch:
    """The dependency of routes for switches alone.

    Raises:
        Problem: `not_signed_in`; `forbidden`, when the key came over a network without TLS.
    """
    split = secrets.split_key(_password(request.headers.get("Authorization", "")))
    if split is not None:
        prefix, hashed = split
        async with state_of(request).database.owner() as tx:
            found = await tx.run(identity.switch_key, prefix)
            right = secrets.same(found.key_hash if found else "", hashed)
            if found is not None and right:
                if found.stale:
                    await tx.run(identity.switch_key_used, found.key_id)
                request.scope[WHO] = f"switch {found.name}"
                _check_way(request)
                return found
    raise Problem(
        401,
        "not_signed_in",
        "This is for switches: make a key with `ringmaster switch key NAME`.",
        headers={"WWW-Authenticate": 'Basic realm="ringmaster"'},
    )


def _password(header: str) -> str:
    """The password of a basic authentication; empty if it is none. Its user says nothing."""
    kind, _, given = header.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        text = base64.b64decode(given.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return text.partition(":")[2]


def _check_way(request: Request) -> None:
    host = request.client.host if request.client else ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if request.url.scheme != "https" and not local:
        raise Problem(
            403,
            "forbidden",
            "A switch on another machine asks over HTTPS: this key was readable on its way. Revoke it.",
        )
