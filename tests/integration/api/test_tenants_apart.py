"""What PostgreSQL itself keeps apart for the role that serves HTTP, in every table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from models.ids import new_id
from models.session import sync_engine
from models.tables import Base, security
from tests.integration.api.canaries import NOT_PLANTED, Planted, plant
from tests.integration.api.office import make_tenant

PLANTED = sorted(table.name for table in Base.metadata.sorted_tables if table.name not in NOT_PLANTED)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = sync_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def two(engine: Engine) -> tuple[Planted, Planted]:
    return (
        plant(engine, make_tenant(engine, "quokka"), "+12125550177", 1),
        plant(engine, make_tenant(engine, "wombat"), "+12125550188", 2),
    )


def become(db: Connection, tenant_id: str | None) -> None:
    db.execute(text(f"SET LOCAL ROLE {security.API_ROLE}"))
    if tenant_id is not None:
        db.execute(
            text("SELECT set_config(:name, :id, true)"), {"name": security.TENANT_SETTING, "id": tenant_id}
        )


def count(db: Connection, table: str, planted: Planted) -> int:
    key = "topic" if table == "live_snapshot" else "attempt_id" if table == "call" else "id"
    found: int = db.execute(
        text(f"SELECT count(*) FROM {table} WHERE {key}::text = :id"), {"id": planted.ids[table]}
    ).scalar_one()
    return found


def test_every_table_is_somebody_s_decision() -> None:
    tables = set(Base.metadata.tables)
    said = {*security.ACCESS, *security.SHARED, *security.CLOSED}
    assert tables == said, "say in models/tables/security.py who may"


def test_every_table_shows_the_own_rows_only(engine: Engine, two: tuple[Planted, Planted]) -> None:
    ours, theirs = two
    with engine.begin() as db:
        assert all(count(db, table, theirs) == 1 for table in PLANTED), "the canaries are there"
        become(db, ours.tenant.id)
        assert {table: count(db, table, ours) for table in PLANTED} == dict.fromkeys(PLANTED, 1)
        assert {table: count(db, table, theirs) for table in PLANTED} == dict.fromkeys(PLANTED, 0)
        for table in PLANTED:
            seen = db.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t")).scalars().all()
            assert not any(sign in row for row in seen for sign in theirs.signs()), table
        assert db.execute(text("SELECT name FROM tenant")).scalars().all() == ["quokka"]


@pytest.mark.parametrize("tenant_id", [None, ""])
def test_without_a_tenant_there_is_nothing(
    engine: Engine, two: tuple[Planted, Planted], tenant_id: str | None
) -> None:
    with engine.begin() as db:
        become(db, tenant_id)
        for table in (*PLANTED, "tenant"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, table


def test_a_tenant_that_is_none_is_an_error(engine: Engine, two: tuple[Planted, Planted]) -> None:
    with engine.begin() as db:
        become(db, "' OR true --")
        with pytest.raises(DBAPIError):
            db.execute(text("SELECT count(*) FROM person"))


@pytest.mark.parametrize("table", PLANTED)
def test_another_tenant_s_rows_can_t_be_made_changed_or_removed(
    engine: Engine, two: tuple[Planted, Planted], table: str
) -> None:
    ours, theirs = two
    touched = {
        str(attack): _touched(engine, ours.tenant.id, attack) for attack in _attacks(table, ours, theirs)
    }
    assert set(touched.values()) <= {0, "row-level security", "permission denied"}, touched


def _touched(engine: Engine, tenant_id: str, attack: sa.Executable) -> int | str:
    """How many rows it got at, or what stopped it. Nothing of it stays."""
    with engine.connect() as db:
        become(db, tenant_id)
        try:
            return db.execute(attack).rowcount
        except DBAPIError as error:
            told = str(error.orig)
        known = ("row-level security", "permission denied")
        return next((reason for reason in known if reason in told), told)


def _attacks(name: str, ours: Planted, theirs: Planted) -> Iterator[sa.Executable]:
    table = Base.metadata.tables[name]
    key = next(iter(table.primary_key.columns))
    yield sa.delete(table).where(sa.cast(key, sa.Text) == theirs.ids[name])
    for column in table.columns:
        if column.primary_key:
            continue
        same = {column.name: column}
        yield sa.update(table).where(sa.cast(key, sa.Text) == theirs.ids[name]).values(same)
    if "tenant_id" in table.columns:
        yield sa.insert(table).values({key.name: new_id(), "tenant_id": theirs.tenant.id})
        given_away = {"tenant_id": theirs.tenant.id}
        yield sa.update(table).where(sa.cast(key, sa.Text) == ours.ids[name]).values(given_away)


def test_what_is_closed_and_what_is_nobody_s(engine: Engine) -> None:
    rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    with engine.connect() as db:
        there = (
            db.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        )
        may = {
            table: {
                right
                for right in rights
                if db.execute(
                    text("SELECT has_table_privilege(:role, :table, :right)"),
                    {"role": security.API_ROLE, "table": table, "right": right},
                ).scalar_one()
            }
            for table in there
        }
        bypasses = db.execute(
            text(
                "SELECT rolsuper OR rolbypassrls OR rolcanlogin OR rolcreaterole FROM pg_roles"
                " WHERE rolname = :role"
            ),
            {"role": security.API_ROLE},
        ).scalar_one()
    for table in set(security.CLOSED) | (set(there) - set(Base.metadata.tables)):
        assert may[table] == set(), table
    for table in security.SHARED:
        assert may[table] == {"SELECT"}, table
    for table, (granted, _) in security.ACCESS.items():
        assert may[table] == set(granted.split(", ")), table
    assert not bypasses


def test_the_role_and_the_tenant_end_with_the_transaction(
    engine: Engine, two: tuple[Planted, Planted]
) -> None:
    """A pooled connection remembers neither."""
    with engine.connect() as db:
        with db.begin():
            become(db, two[0].tenant.id)
        who = db.execute(
            text("SELECT current_user, current_setting(:name, true)"), {"name": security.TENANT_SETTING}
        ).one()
        owner = db.execute(text("SELECT session_user")).scalar_one()
    assert who[0] == owner
    assert who[1] in (None, "")
