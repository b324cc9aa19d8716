"""Transactions for requests: one each, as the tenant of whoever asks, or as the owner for the few without.

Repository functions are synchronous and take a session; `Tx.run` gives them one over the asynchronous
connection.

A tenant is kept apart twice. PostgreSQL's row-level security shows the role `ringmaster_api` the tenant's
rows only; and every query of the repositories is told the tenant and asks for its rows only. Either alone is
enough, and the tests switch off one and then the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session

from models.tables.security import API_ROLE, TENANT_SETTING

P = ParamSpec("P")
T = TypeVar("T")

_BECOME = text("SELECT set_config('role', :role, true), set_config(:setting, :tenant_id, true)")


@dataclass(frozen=True, slots=True)
class Tx:
    """One transaction. `tenant_id` is whose rows new ones are; `only` is what queries are told to ask for."""

    session: AsyncSession
    tenant_id: str
    only: str | None

    async def run(self, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a repository function in this transaction."""
        return await self.session.run_sync(lambda session: query(session, *args, **kwargs))


@dataclass(frozen=True, slots=True)
class Database:
    """The api's way to PostgreSQL.

    Attributes:
        row_security: False works as the owner: for the test of the application's own check.
        tell_tenant: False tells queries no tenant: for the test of row-level security alone.
    """

    engine: AsyncEngine
    row_security: bool = True
    tell_tenant: bool = True

    @asynccontextmanager
    async def tenant(self, tenant_id: str) -> AsyncIterator[Tx]:
        """A transaction in which nothing of another tenant exists; committed at the end of the block."""
        sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        async with sessions.begin() as session:
            if self.row_security:
                await session.execute(
                    _BECOME, {"role": API_ROLE, "setting": TENANT_SETTING, "tenant_id": tenant_id}
                )
            yield Tx(session, tenant_id, tenant_id if self.tell_tenant else None)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[Tx]:
        """A transaction as the owner of all tables: only for models.repository.identity and for health."""
        sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        async with sessions.begin() as session:
            yield Tx(session, "", None)
