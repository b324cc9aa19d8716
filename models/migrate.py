"""Bring a database to the schema of this version. Several processes may try at once: one does, the others
wait."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from models.errors import ModelsError
from models.session import sync_engine

DIRECTORY = Path(__file__).parent / "migrations"
LOCK = 0x52494E47  # "RING": the advisory lock of whoever migrates


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(DIRECTORY).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision of this version of the package."""
    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    if revision is None:
        raise ModelsError("no_migrations", "The package holds no migrations: install it again.")
    return revision


def upgrade(url: str) -> None:
    """Apply every migration that is missing; all or nothing.

    Raises:
        sqlalchemy.exc.OperationalError: the database is away.
    """
    engine = sync_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            command.upgrade(configuration(connection), "head")
    finally:
        engine.dispose()


def current(connection: Connection) -> str | None:
    """The revision that the database has, None if it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()
