"""Who asks, and whether they may: the one place that decides, used by every route as a dependency.

A browser has a session cookie (SameSite=Strict, HttpOnly) and sends the session's CSRF token with whatever
changes something; a program has an API key. A role may all that a lower role may; scopes do not include each
other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request, WebSocket
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from api import secrets
from api.problems import Problem
from api.state import state_of
from models.enums import ApiScope, UserRole
from models.repository import identity
from models.repository.identity import KnownSession

COOKIE = "ringmaster_session"
CSRF_HEADER = "X-CSRF-Token"
WHO = "ringmaster.who"
"""The key of a request's scope that names, for the access log, who asked."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

cookie_scheme = APIKeyCookie(
    name=COOKIE,
    scheme_name="session",
    auto_error=False,
    description=f"A signed-in browser's session; what changes something needs the header {CSRF_HEADER} too.",
)
key_scheme = HTTPBearer(scheme_name="key", auto_error=False, description="An API key: `rm_…`.")


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person or a program. Exactly one of `role` and `scopes` says what it may do."""

    tenant_id: str
    tenant_name: str
    name: str
    role: UserRole | None = None
    scopes: frozenset[ApiScope] = frozenset()
    user_id: str | None = None
    agent_id: str | None = None
    session_id: str | None = None
    must_change_password: bool = False
    expires_at: datetime | None = None
    csrf_token: str = ""

    @property
    def label(self) -> str:
        """How records name who asked."""
        return f"user {self.name}" if self.role else f"key {self.name}"

    @property
    def log_id(self) -> str:
        """How logs name who asked: no login, which may be somebody's address."""
        return f"user {self.user_id}" if self.role else f"key {self.name}"

    def may(self, role: UserRole, *scopes: ApiScope) -> bool:
        """Whether this is someone of at least that role, or a program with one of those scopes."""
        if self.role is not None:
            return self.role.includes(role)
        return not self.scopes.isdisjoint(scopes)


async def identify(connection: HTTPConnection) -> Principal | None:
    """Whoever the cookie or key names; None if neither is sent.

    Raises:
        Problem: `not_signed_in`, when what is sent does not hold.
    """
    given = connection.headers.get("Authorization", "")
    if given:
        return await _program(connection, given)
    token = connection.cookies.get(COOKIE, "")
    if not token:
        return None
    async with state_of(connection).database.owner() as tx:
        found = await tx.run(identity.session, secrets.token_hash(token))
    if found is None:
        raise Problem(401, "not_signed_in", "Your session is over: sign in again.")
    return of_session(found, token)


def of_session(found: KnownSession, token: str) -> Principal:
    """The person of a session."""
    user = found.user
    return Principal(
        tenant_id=user.tenant_id,
        tenant_name=user.tenant_name,
        name=user.login,
        role=user.role,
        user_id=user.user_id,
        agent_id=user.agent_id,
        session_id=found.session_id,
        must_change_password=user.must_change_password,
        expires_at=found.expires_at,
        csrf_token=secrets.csrf_token(token),
    )


async def _program(connection: HTTPConnection, given: str) -> Principal:
    kind, _, key = given.partition(" ")
    split = secrets.split_key(key.strip()) if kind.lower() == "bearer" else None
    found = None
    if split is not None:
        async with state_of(connection).database.owner() as tx:
            found = await tx.run(identity.api_key, *split)
    if found is None:
        raise Problem(401, "not_signed_in", "This API key does not hold: make another one.")
    return Principal(
        tenant_id=found.tenant_id, tenant_name=found.tenant_name, name=found.prefix, scopes=found.scopes
    )


def check_same_site(connection: HTTPConnection) -> None:
    """Refuse what another site's page makes a browser send.

    Raises:
        Problem: `csrf`.
    """
    site = connection.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in ("same-origin", "none"):
        raise Problem(403, "csrf", "That came from another site's page: open Ringmaster's own page.")


async def signed_in(request: Request) -> Principal:
    """The dependency of routes for anybody who is signed in.

    Raises:
        Problem: `not_signed_in`, `csrf`.
    """
    who = await identify(request)
    if who is None:
        raise Problem(401, "not_signed_in", "Sign in, or send an API key.")
    request.scope[WHO] = who.log_id
    if who.session_id and request.method not in SAFE_METHODS:
        check_same_site(request)
        if not secrets.same(who.csrf_token, request.headers.get(CSRF_HEADER, "")):
            raise Problem(
                403, "csrf", f"The header {CSRF_HEADER} is missing or of another session: load the page anew."
            )
    return who


def allow(role: UserRole, *scopes: ApiScope) -> Callable[[Request], Awaitable[Principal]]:
    """The dependency of routes for people of at least this role and programs with one of these scopes."""

    async def checked(request: Request) -> Principal:
        who = await signed_in(request)
        if who.must_change_password:
            raise Problem(403, "password_change_required", "Choose a new password first.")
        if not who.may(role, *scopes):
            raise Problem(403, "forbidden", "You may not do that.")
        return who

    return checked


async def signed_in_socket(socket: WebSocket) -> Principal:
    """The same for a WebSocket: cookies are sent by any page, so the page's origin must be ours.

    Raises:
        Problem: `not_signed_in`, `csrf`, `password_change_required`.
    """
    who = await identify(socket)
    if who is None:
        raise Problem(401, "not_signed_in", "Sign in, or send an API key.")
    if who.session_id:
        origin = socket.headers.get("Origin", "")
        if origin.partition("://")[2] != socket.headers.get("Host", ""):
            raise Problem(403, "csrf", "That came from another site's page: open Ringmaster's own page.")
    if who.must_change_password:
        raise Problem(403, "password_change_required", "Choose a new password first.")
    return who
