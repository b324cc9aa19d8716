"""Fixtures that every test folder may use: a private PostgreSQL per test process, a fresh database per
test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from models import migrate, postgres
from models.ids import new_id
from models.session import conninfo, normalise_url

TEMPLATE = "ringmaster_template"


MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 2 * 2**30  # a cluster, its log and a few databases; containers often give 64 MB


def _fast_place() -> Path | None:
    """Memory, where copying a database takes 20 ms instead of 500 ms on a slow disk; None is the usual
    place."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
        return MEMORY
    return None


def _address(server: postgres.PrivatePostgres, database: str) -> str:
    return normalise_url(server.url).set(database=database).render_as_string(hide_password=False)


def _execute(server: postgres.PrivatePostgres, statement: str) -> None:
    with psycopg.connect(conninfo(_address(server, "postgres")), autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def fast_directory() -> Iterator[Path]:
    """An empty directory, in memory where there is enough, that every account may enter; gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="rm-test-", dir=_fast_place()))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.PrivatePostgres]:
    """A real PostgreSQL without fsync, one per test process (per worker under pytest-xdist), gone afterwards.

    It holds a migrated database that `database_url` copies.
    """
    directory = Path(tempfile.mkdtemp(prefix="rm-tests-", dir=_fast_place()))
    directory.chmod(0o755)  # as root the server runs under another account, which must enter
    try:
        server = postgres.start(directory, durable=False)
        _execute(server, f"CREATE DATABASE {TEMPLATE}")
        migrate.upgrade(_address(server, TEMPLATE))
        yield server
    finally:
        postgres.stop(directory)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def database_url(postgres_server: postgres.PrivatePostgres) -> Iterator[str]:
    """The address of a fresh, migrated, empty database of this test alone."""
    name = f"test_{new_id().replace('-', '')}"
    _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    yield _address(postgres_server, name)
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_database_url(postgres_server: postgres.PrivatePostgres) -> Iterator[str]:
    """The same without a schema."""
    name = f"test_{new_id().replace('-', '')}"
    _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY")
    yield _address(postgres_server, name)
    _execute(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")
