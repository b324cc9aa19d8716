"""API keys of the tenant, for its administrators. A key is shown once, when it is made; its hash is kept."""

from __future__ import annotations

import logging
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api import secrets
from api.fields import Cursor, Limit
from api.principal import Principal, allow
from api.problems import responses
from api.shapes import Body, GivenMoment, Moment
from api.state import state_of
from models.enums import ApiScope, UserRole
from models.repository import keys

router = APIRouter(prefix="/v1/api-keys", tags=["API keys"])
audit = logging.getLogger("api.audit")
Admin = Annotated[Principal, Depends(allow(UserRole.ADMIN, ApiScope.ADMIN))]


class NewKey(Body):
    """A key to be made. Scopes do not include each other: give each that is needed."""

    name: str = Field(min_length=1, max_length=200)
    scopes: list[ApiScope] = Field(min_length=1, max_length=20)
    expires_at: GivenMoment | None = None


class KeyBody(BaseModel):
    """A key without its secret. `created_by` is a login; `prefix` is how records name the key."""

    id: str
    name: str
    prefix: str
    scopes: list[ApiScope]
    created_by: str | None
    created_at: Moment
    last_used_at: Moment | None
    expires_at: Moment | None
    revoked_at: Moment | None


class MadeKey(KeyBody):
    """A key just made: `key` is never shown again."""

    key: str


class KeyList(BaseModel):
    """Keys, the newest first; those that are revoked too."""

    items: list[KeyBody]
    next_cursor: str | None


@router.get("", responses=responses(401, 403, 422), operation_id="list_api_keys")
async def list_api_keys(who: Admin, request: Request, limit: Limit = 100, cursor: Cursor = None) -> KeyList:
    """The tenant's API keys."""
    after = None if cursor is None else str(cursor)
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        found = await tx.run(keys.list_all, tenant_id=tx.only, after=after, limit=limit + 1)
    shown = found[:limit]
    return KeyList(
        items=[KeyBody.model_validate(key, from_attributes=True) for key in shown],
        next_cursor=shown[-1].id if len(found) > limit else None,
    )


@router.post("", status_code=201, responses=responses(401, 403, 422), operation_id="create_api_key")
async def create_api_key(given: NewKey, who: Admin, request: Request) -> MadeKey:
    """Make a key; it is in the answer and nowhere else."""
    new = secrets.new_key()
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        made = await tx.run(
            keys.create,
            tenant_id=tx.tenant_id,
            name=given.name,
            prefix=new.prefix,
            key_hash=new.key_hash,
            scopes=given.scopes,
            expires_at=given.expires_at,
            user_id=who.user_id,
            by_key=None if who.user_id else who.name,
        )
    told = {"by": who.label, "tenant_id": who.tenant_id, "prefix": made.prefix}
    audit.info("API key made", extra={**told, "scopes": [scope.value for scope in made.scopes]})
    body = KeyBody.model_validate(made, from_attributes=True)
    return MadeKey(**body.model_dump(), key=new.key)


@router.delete(
    "/{key_id}", status_code=204, responses=responses(401, 403, 404, 422), operation_id="revoke_api_key"
)
async def revoke_api_key(key_id: UUID, who: Admin, request: Request) -> None:
    """Revoke a key: it holds no more, at once."""
    async with state_of(request).database.tenant(who.tenant_id) as tx:
        await tx.run(keys.revoke, str(key_id), tenant_id=tx.only)
    audit.info("API key revoked", extra={"by": who.label, "tenant_id": who.tenant_id, "key_id": str(key_id)})
