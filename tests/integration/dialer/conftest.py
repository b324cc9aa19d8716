"""Fixtures of the dialer's integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.session import sync_engine
from tests.integration.dialer.site import Site, open_site


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """A site at speed 20 with an empty database; its processes end with the test."""
    engine = sync_engine(database_url)
    try:
        with open_site(engine, database_url, tmp_path) as opened:
            yield opened
    finally:
        engine.dispose()
