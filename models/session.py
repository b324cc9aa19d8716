"""Engines and sessions on psycopg 3: synchronous (the dialer, under gevent) and asynchronous (api, worker).

A repository function never commits: whoever opens the session owns the transaction
(`with sessions.begin() as session: ...`), and what it did is durable when that block has ended.
"""

from __future__ import annotations

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, sessionmaker

from models.errors import InvalidValue

DRIVER = "postgresql+psycopg"


def normalise_url(url: str) -> URL:
    """Any usual spelling of a PostgreSQL address as a SQLAlchemy URL on psycopg 3.

    Raises:
        InvalidValue: it is no PostgreSQL address.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidValue(
            "database_url", "DATABASE_URL is no address: write postgresql://user:password@host/database"
        ) from error
    if parsed.drivername.split("+")[0] not in ("postgres", "postgresql"):
        raise InvalidValue(
            "database_url",
            f"DATABASE_URL names {parsed.drivername!r}: Ringmaster needs PostgreSQL 15 or later",
        )
    return parsed.set(drivername=DRIVER)


def conninfo(url: str) -> str:
    """The same address for psycopg itself (LISTEN, COPY)."""
    return normalise_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def sync_engine(url: str, *, pool_size: int = 5, connect_timeout_seconds: int = 5) -> Engine:
    """An engine that blocks the calling thread, or under gevent the calling greenlet only."""
    return create_engine(
        normalise_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"connect_timeout": connect_timeout_seconds, "application_name": "ringmaster"},
    )


def async_engine(url: str, *, pool_size: int = 5, connect_timeout_seconds: int = 5) -> AsyncEngine:
    """An engine for asyncio."""
    return create_async_engine(
        normalise_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args={"connect_timeout": connect_timeout_seconds, "application_name": "ringmaster"},
    )


def sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions of an engine; objects stay readable after the commit."""
    return sessionmaker(engine, expire_on_commit=False)


def async_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """The same for asyncio."""
    return async_sessionmaker(engine, expire_on_commit=False)
