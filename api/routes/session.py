"""Sign in, sign out, who am I, a new password."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, SecretStr

from api import secrets
from api.principal import COOKIE, Principal, check_same_site, signed_in
from api.problems import Problem, responses
from api.shapes import Body, Moment
from api.state import state_of
from models.enums import UserRole
from models.repository import identity, phones
from models.repository.identity import KnownUser, Refusal

router = APIRouter(prefix="/v1/session", tags=["session"])


class SignIn(Body):
    """A login and its password."""

    login: str = Field(min_length=1, max_length=200)
    password: SecretStr = Field(max_length=secrets.MAX_PASSWORD)


class Link(Body):
    """The token of a one-time sign-in link."""

    token: SecretStr = Field(max_length=200)


class NewPassword(Body):
    """The password that holds, and the one that shall."""

    current_password: SecretStr = Field(max_length=secrets.MAX_PASSWORD)
    new_password: SecretStr = Field(max_length=secrets.MAX_PASSWORD)


class SessionUser(BaseModel):
    """The person who is signed in."""

    id: str
    login: str
    display_name: str
    role: UserRole
    agent_id: str | None
    must_change_password: bool


class TenantName(BaseModel):
    """Whose data they see."""

    id: str
    name: str


class SessionBody(BaseModel):
    """A session; `csrf_token` goes into the header X-CSRF-Token of whatever changes something."""

    user: SessionUser
    tenant: TenantName
    csrf_token: str
    expires_at: Moment


def _body(user: KnownUser, token: str, expires_at: datetime) -> SessionBody:
    return SessionBody(
        user=SessionUser(
            id=user.user_id,
            login=user.login,
            display_name=user.display_name,
            role=user.role,
            agent_id=user.agent_id,
            must_change_password=user.must_change_password,
        ),
        tenant=TenantName(id=user.tenant_id, name=user.tenant_name),
        csrf_token=secrets.csrf_token(token),
        expires_at=expires_at,
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _open(request: Request, response: Response, user: KnownUser) -> SessionBody:
    state = state_of(request)
    token = secrets.new_token()
    async with state.database.owner() as tx:
        await tx.run(identity.forget_tries, user.login)
        expires_at = await tx.run(
            identity.open_session,
            user,
            token_hash=secrets.token_hash(token),
            seconds=state.session_seconds,
            address=_address(request),
            user_agent=request.headers.get("User-Agent", ""),
        )
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(state.session_seconds),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    response.headers["Cache-Control"] = "no-store"
    return _body(user, token, expires_at)


async def _admit(request: Request, login: str) -> None:
    async with state_of(request).database.owner() as tx:
        admitted = await tx.run(identity.admit_try, login, _address(request))
    if isinstance(admitted, Refusal):
        minutes = max(1, round(admitted.retry_after_seconds / 60))
        what = "for this login" if admitted.code == "locked" else "from your address"
        raise Problem(
            429,
            admitted.code,
            f"Too many failed tries {what}: wait {minutes} minute{'s' if minutes > 1 else ''}.",
            headers={"Retry-After": str(admitted.retry_after_seconds)},
        )


@router.post("", responses=responses(401, 403, 422, 429), operation_id="sign_in")
async def sign_in(given: SignIn, request: Request, response: Response) -> SessionBody:
    """Sign in with login and password; the session is in the cookie of the answer."""
    check_same_site(request)
    await _admit(request, given.login)
    state = state_of(request)
    async with state.database.owner() as tx:
        user = await tx.run(identity.user_by_login, given.login)
    password = given.password.get_secret_value()
    right = await state.passwords.check(password, user.password_hash if user else None)
    if user is None or not right:
        raise Problem(401, "wrong_credentials", "Login or password is wrong.")
    return await _open(request, response, user)


@router.post("/link", responses=responses(401, 403, 422, 429), operation_id="sign_in_by_link")
async def sign_in_by_link(given: Link, request: Request, response: Response) -> SessionBody:
    """Sign in with the token of a one-time link."""
    check_same_site(request)
    await _admit(request, "link")
    async with state_of(request).database.owner() as tx:
        user = await tx.run(identity.use_link, secrets.token_hash(given.token.get_secret_value()))
        if user is not None:
            await tx.run(identity.forget_tries, "link")
    if user is None:
        raise Problem(
            401, "wrong_credentials", "This link was used already or is too old: ask for another one."
        )
    return await _open(request, response, user)


@router.get("", responses=responses(401), operation_id="get_session")
async def get_session(request: Request, response: Response) -> SessionBody:
    """Who is signed in, and the CSRF token."""
    token = request.cookies.get(COOKIE, "")
    async with state_of(request).database.owner() as tx:
        found = await tx.run(identity.session, secrets.token_hash(token)) if token else None
    if found is None:
        raise Problem(401, "not_signed_in", "Nobody is signed in.")
    response.headers["Cache-Control"] = "no-store"
    return _body(found.user, token, found.expires_at)


Who = Annotated[Principal, Depends(signed_in)]


@router.delete("", status_code=204, responses=responses(401, 403), operation_id="sign_out")
async def sign_out(who: Who, request: Request, response: Response) -> None:
    """Sign out; the cookie is worth nothing any more. The login of the agent's phone ends too."""
    if who.session_id is not None:
        async with state_of(request).database.owner() as tx:
            await tx.run(identity.close_session, who.session_id)
            if who.agent_id is not None:
                await tx.run(phones.end, who.agent_id, tenant_id=who.tenant_id)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


@router.put(
    "/password", status_code=204, responses=responses(401, 403, 422, 429), operation_id="change_password"
)
async def change_password(given: NewPassword, who: Who, request: Request) -> None:
    """Choose a new password; every other session of this user ends."""
    if who.user_id is None:
        raise Problem(403, "forbidden", "A program has no password.")
    state = state_of(request)
    await _admit(request, who.name)
    async with state.database.owner() as tx:
        user = await tx.run(identity.user_by_login, who.name)
    current, new = given.current_password.get_secret_value(), given.new_password.get_secret_value()
    if not await state.passwords.check(current, user.password_hash if user else None):
        raise Problem(401, "wrong_credentials", "The current password is wrong.")
    problem = secrets.password_problem(new, who.name)
    if not problem and secrets.same(new, current):
        problem = "the new password is the old one"
    if problem:
        raise Problem(422, "invalid", f"{problem[:1].upper()}{problem[1:]}.")
    hashed = await state.passwords.hash(new)
    async with state.database.owner() as tx:
        await tx.run(identity.forget_tries, who.name)
        await tx.run(identity.set_password, who.user_id, hashed)
        await tx.run(identity.close_other_sessions, who.user_id, but=who.session_id)
