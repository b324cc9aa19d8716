"""Users of the tenant, for its administrators: made, listed, changed; never deleted, only disabled."""

from __future__ import annotations

import logging
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, SecretStr

from api import secrets
from api.fields import Cursor, Limit, StrictBool
from api.principal import Principal, allow
from api.problems import FieldProblem, Problem, responses
from api.shapes import Body, Moment
from api.state import state_of
from models.enums import ApiScope, UserRole
from models.repository import identity, users

router = APIRouter(prefix="/v1/users", tags=["users"])
audit = logging.getLogger("api.audit")
Admin = Annotated[Principal, Depends(allow(UserRole.ADMIN, ApiScope.ADMIN))]

# Another role, another password or a dismissal ends whatever the user had open.
_ENDS_SESSIONS = ("role", "disabled", "agent_id")


class NewUser(Body):
    """A user to be made; the password must be changed at the first sign-in."""

    login: str = Field(min_length=1, max_length=200)
    display_name: str = Field("", max_length=200)
    role: UserRole
    password: SecretStr = Field(min_length=secrets.MIN_PASSWORD, max_length=secrets.MAX_PASSWORD)
    agent_id: UUID | None = Field(None, description="The agent that the user works as; role agent needs one.")


class UserChange(Body):
    """What shall be other than it is; what is left out stays."""

    # Factories: a default would stand in the document as if it were what is left out.
    display_name: str = Field(default_factory=str, max_length=200)
    role: UserRole = Field(default_factory=lambda: UserRole.AGENT)
    disabled: StrictBool = Field(default_factory=bool)
    password: SecretStr = Field(
        default_factory=lambda: SecretStr(""),
        min_length=secrets.MIN_PASSWORD,
        max_length=secrets.MAX_PASSWORD,
    )
    agent_id: UUID | None = Field(default_factory=lambda: None)


class UserBody(BaseModel):
    """A user. `locked_until`: too many wrong passwords; nobody can sign in as this user before that time."""

    id: str
    login: str
    display_name: str
    role: UserRole
    agent_id: str | None
    disabled: bool
    must_change_password: bool
    locked_until: Moment | None
    last_sign_in_at: Moment | None
    created_at: Moment


class UserList(BaseModel):
    """Users by login."""

    items: list[UserBody]
    next_cursor: str | None


@router.get("", responses=responses(401, 403, 422), operation_id="list_users")
async def list_users(who: Admin, request: Request, limit: Limit = 100, cursor: Cursor = None) -> UserList:
    """The tenant's users."""
    after = None if cursor is None else str(cursor)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(users.list_all, tenant_id=tx.only, after=after, limit=limit + 1)
    shown = found[:limit]
    return UserList(
        items=await _bodies(request, shown), next_cursor=shown[-1].id if len(found) > limit else None
    )


@router.post("", status_code=201, responses=responses(401, 403, 409, 422), operation_id="create_user")
async def create_user(given: NewUser, who: Admin, request: Request) -> UserBody:
    """Make a user."""
    hashed = await _hashed(request, given.password, given.login)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        made = await tx.run(
            users.create,
            tenant_id=tx.tenant_id,
            login=given.login,
            display_name=given.display_name,
            role=given.role,
            password_hash=hashed,
            agent_id=None if given.agent_id is None else str(given.agent_id),
            must_change_password=True,
        )
    audit.info("user made", extra={"by": who.label, "tenant_id": who.tenant_id, "user_id": made.id})
    return (await _bodies(request, (made,)))[0]


@router.patch("/{user_id}", responses=responses(401, 403, 404, 409, 422), operation_id="change_user")
async def change_user(user_id: UUID, given: UserChange, who: Admin, request: Request) -> UserBody:
    """Change a user; another role, agent or password, and being disabled, end the user's sessions."""
    database, key = state_of(request).database, str(user_id)
    changes = given.model_dump(exclude_unset=True, exclude={"password"})
    if changes.get("agent_id") is not None:
        changes["agent_id"] = str(changes["agent_id"])
    async with database.tenant(who.tenant_id) as tx:
        before = await tx.run(users.get, key, tenant_id=tx.only)
    hashed = None
    if "password" in given.model_fields_set:
        hashed = await _hashed(request, given.password, before.login)
    async with database.tenant(who.tenant_id) as tx:
        changed = await tx.run(users.change, key, changes, tenant_id=tx.only)
        if hashed is not None:
            await tx.run(identity.set_password, key, hashed, must_change=True)
        if hashed or any(getattr(changed, name) != getattr(before, name) for name in _ENDS_SESSIONS):
            await tx.run(identity.close_other_sessions, key)
        changed = await tx.run(users.get, key, tenant_id=tx.only)
    if hashed is not None:
        async with database.owner() as tx:
            await tx.run(identity.forget_tries, changed.login)
    told = {"by": who.label, "tenant_id": who.tenant_id, "user_id": key}
    audit.info("user changed", extra={**told, "fields": sorted(given.model_fields_set)})
    return (await _bodies(request, (changed,)))[0]


async def _hashed(request: Request, password: SecretStr, login: str) -> str:
    given = password.get_secret_value()
    problem = secrets.password_problem(given, login)
    if problem:
        sentence = f"{problem[:1].upper()}{problem[1:]}."
        raise Problem(422, "invalid", sentence, errors=[FieldProblem(field="password", message=problem)])
    return await state_of(request).passwords.hash(given)


async def _bodies(request: Request, found: tuple[users.User, ...]) -> list[UserBody]:
    # Failed tries belong to no tenant: the owner counts them, for logins that the tenant has shown.
    async with state_of(request).database.owner() as tx:
        locked = await tx.run(identity.locked_until, [user.login for user in found])
    return [
        UserBody(
            id=user.id,
            login=user.login,
            display_name=user.display_name,
            role=user.role,
            agent_id=user.agent_id,
            disabled=user.disabled,
            must_change_password=user.must_change_password,
            locked_until=locked.get(user.login.lower()),
            last_sign_in_at=user.last_sign_in_at,
            created_at=user.created_at,
        )
        for user in found
    ]
