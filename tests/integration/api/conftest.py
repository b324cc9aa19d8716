"""Fixtures of the api's tests: two tenants on a real PostgreSQL, and a client in front of the application."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from models.session import sync_engine
from tests.integration.api.office import Tenant, make_client, make_state, make_tenant


@dataclass
class Office:
    """`engine` works as the owner, to look at what the api did."""

    url: str
    engine: Engine
    ours: Tenant
    theirs: Tenant


@pytest.fixture
def office(database_url: str) -> Iterator[Office]:
    engine = sync_engine(database_url)
    yield Office(database_url, engine, make_tenant(engine, "ours"), make_tenant(engine, "theirs"))
    engine.dispose()


@pytest.fixture
def client(office: Office) -> Iterator[TestClient]:
    with make_client(make_state(office.url)) as client:
        yield client
