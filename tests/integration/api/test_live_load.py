"""A hundred wallboards on one api process while the demo dials: how late what they show is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.live_wallboards import measure
from models import postgres


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that the account of PostgreSQL may enter, also when the tests run as root."""
    directory = Path(tempfile.mkdtemp(prefix="rm-walls-"))
    directory.chmod(0o755)
    yield directory / "data"
    if (directory / "data").exists():
        postgres.stop(directory / "data")
    shutil.rmtree(directory, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_a_hundred_wallboards_show_what_happens_within_a_quarter_of_a_second(data_dir: Path) -> None:
    """At five times real speed: the machine is two shared cores, and must carry dialer and switch too.

    Others may take those cores away: the best of three runs counts for the time, every run for all the rest.
    """
    late = []
    for _ in range(3):
        found = measure(data_dir, walls=100, seconds=20, speed=5, agents=50)
        assert found["walls_that_differ"] == 0, found
        assert found["codes"] == {1012: 100}, found
        assert found["events_of_one"] > 200, found
        assert found["demo"]["invariant_violations"] == 0, found
        late.append(found["all_p99_ms"])
        if late[-1] < 250:
            return
    raise AssertionError(f"p99 in milliseconds, run by run: {late}")
