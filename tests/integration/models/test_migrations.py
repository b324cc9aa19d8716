"""The migrations make exactly the schema of the models: alembic sees no difference, and neither does the
catalog."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from models import migrate
from models.session import sync_engine
from models.tables import Base

CATALOG = """
SELECT 'column', table_name || '.' || column_name, data_type || ' ' || is_nullable || ' ' ||
coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'policy', tablename || '.' || policyname, concat_ws(' ', cmd, roles::text, qual, with_check)
  FROM pg_policies WHERE schemaname = 'public'
UNION ALL
SELECT 'rights', table_name, string_agg(privilege_type, ' ' ORDER BY privilege_type)
  FROM information_schema.role_table_grants WHERE grantee = 'ringmaster_api' GROUP BY 2
UNION ALL
SELECT 'row security', relname, relrowsecurity::text
  FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
"""


def _catalog(connection: Connection) -> set[tuple[str, str, str]]:
    rows = {(str(kind), str(name), str(what)) for kind, name, what in connection.execute(text(CATALOG))}
    return {row for row in rows if "alembic_version" not in row[1]}


def test_alembic_finds_no_difference(database_url: str) -> None:
    engine = sync_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert migrate.current(connection) == migrate.head()
    engine.dispose()


def test_the_catalogs_are_equal(database_url: str, empty_database_url: str) -> None:
    made = sync_engine(empty_database_url)
    with made.begin() as connection:
        Base.metadata.create_all(connection)
        from_models = _catalog(connection)
    made.dispose()
    migrated = sync_engine(database_url)
    with migrated.connect() as connection:
        from_migrations = _catalog(connection)
    migrated.dispose()
    assert from_migrations == from_models
    assert len(from_models) > 200


def test_upgrading_twice_changes_nothing(empty_database_url: str) -> None:
    migrate.upgrade(empty_database_url)
    migrate.upgrade(empty_database_url)
