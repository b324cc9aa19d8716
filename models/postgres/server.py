"""Start, find and stop the private PostgreSQL of a data directory.

The cluster is durable (fsync and synchronous_commit on) unless a test says otherwise. It listens on the
loopback interface (passwords, SCRAM) and, where the path is short enough, on a socket in its own 0700
directory (trust: only its owner and root can reach it). Safe against crashes: a cluster is made beside its
place and renamed into it, and whether a server runs is asked of postmaster.pid and of the server itself.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from models.errors import PostgresError
from models.postgres.account import Account, place, reachable_binaries
from models.postgres.binaries import Binaries, find

DATABASE = "ringmaster"
ROLE = "ringmaster"
SOCKET_PATH_LIMIT = 107  # sockaddr_un.sun_path on Linux, without the closing NUL
CONFIGURATION = "ringmaster.conf"
LEAVING_SECONDS = 15.0  # how long a start waits for a killed server and its children to be gone
RETRY_SECONDS = 0.1
# What PostgreSQL says (in the C locale) while another server holds the directory: miscinit.c, sysv_shmem.c.
STILL_LEAVING = ('lock file "postmaster.pid" already exists', "pre-existing shared memory block")


@dataclass(frozen=True, slots=True)
class PrivatePostgres:
    """A private PostgreSQL that runs.

    `url` is the best way in (socket if there is one), `tcp_url` the one over loopback with a password.
    `started` is True if this very call started it: then this caller should stop it.
    """

    url: str
    tcp_url: str
    data_directory: Path
    pid: int
    port: int
    started: bool


@dataclass(frozen=True, slots=True)
class _Cluster:
    """The files of one private cluster."""

    base: Path
    account: Account

    @property
    def data(self) -> Path:
        return self.base / "cluster"

    @property
    def password_file(self) -> Path:
        return self.base / "password"

    @property
    def log(self) -> Path:
        return self.base / "log"

    def socket_directory(self, port: int) -> Path | None:
        path = self.base / f".s.PGSQL.{port}.lock"
        return self.base if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT else None

    def tcp_url(self, port: int, database: str = DATABASE) -> str:
        password = quote(self.password_file.read_text().strip(), safe="")
        return f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{database}"

    def url(self, port: int, database: str = DATABASE) -> str:
        directory = self.socket_directory(port)
        if directory is None:
            return self.tcp_url(port, database)
        return f"postgresql://{ROLE}@/{database}?host={quote(str(directory), safe='/')}&port={port}"

    def describe(self, pid: int, port: int, *, started: bool) -> PrivatePostgres:
        return PrivatePostgres(self.url(port), self.tcp_url(port), self.base, pid, port, started)


def start(
    data_directory: Path, *, port: int | None = None, durable: bool = True, timeout_seconds: float = 60.0
) -> PrivatePostgres:
    """Start the private PostgreSQL of `data_directory`, or find it running; its database exists afterwards.

    Args:
        port: the loopback port; None takes the one of last time if free, else any free one.
        durable: False turns fsync off: for tests only.

    Raises:
        PostgresError: with one sentence that says what to do.
    """
    base, account = place(data_directory)
    cluster = _Cluster(base, account)
    with _locked(cluster):
        running = _running(cluster)
        if running is not None:
            if port is not None and running.port != port:
                raise PostgresError(
                    "port_mismatch",
                    f"The private PostgreSQL already runs on port {running.port}, not {port}: stop it with "
                    "`ringmaster db stop` first.",
                )
            return running
        binaries = reachable_binaries(find(), account)
        _initialise(cluster, binaries, durable=durable)
        chosen = _choose_port(cluster, port)
        _configure(cluster, chosen, durable=durable)
        _start_server(cluster, binaries, timeout_seconds)
        _create_database(cluster, chosen)
        pid = _postmaster(cluster)
        if pid is None:
            raise PostgresError(
                "postgres_start", f"PostgreSQL ended just after its start: read {cluster.log}."
            )
        return cluster.describe(pid[0], chosen, started=True)


def find_running(data_directory: Path) -> PrivatePostgres | None:
    """The private PostgreSQL of `data_directory` if it runs and answers."""
    base, account = place(data_directory)
    return _running(_Cluster(base, account))


def stop(data_directory: Path, *, timeout_seconds: float = 60.0) -> bool:
    """Stop it (fast shutdown: open transactions are rolled back). False if it did not run.

    Raises:
        PostgresError: `postgres_stop`, when it does not end in time.
    """
    base, account = place(data_directory)
    cluster = _Cluster(base, account)
    with _locked(cluster):
        if _running(cluster) is None:
            return False
        binaries = reachable_binaries(find(), account)
        arguments = [
            "stop",
            "-m",
            "fast",
            "-w",
            "-s",
            "-t",
            str(int(timeout_seconds)),
            "-D",
            str(cluster.data),
        ]
        _run(cluster, [binaries.program("pg_ctl"), *arguments], timeout_seconds + 10, code="postgres_stop")
        return True


@contextmanager
def _locked(cluster: _Cluster) -> Iterator[None]:
    """One starter or stopper at a time; the kernel drops the lock of a process that dies."""
    with (cluster.base / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _postmaster(cluster: _Cluster) -> tuple[int, int] | None:
    """(pid, port) of postmaster.pid if that process lives and says it is ready."""
    try:
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 8 or lines[7].strip() != "ready":
        return None
    pid, port = int(lines[0]), int(lines[3])
    return (pid, port) if _lives(pid) else None


def _lives(pid: int) -> bool:
    """Whether a process runs. A zombie does not, though kill(2) finds it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it lives, under another account
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True  # no /proc here: believe kill(2)
    return state not in ("Z", "X")


def _start_server(cluster: _Cluster, binaries: Binaries, timeout_seconds: float) -> None:
    """Run `pg_ctl start`; again and again for a while if a server that was killed is still on its way out.

    A killed server is deaf at once, but the kernel takes its memory apart before it is a zombie or gone, and
    its children end only when they notice: for that long PostgreSQL rightly refuses to start beside them.
    """
    program = binaries.program("pg_ctl")
    arguments = [program, "start", "-w", "-s", "-t", str(int(timeout_seconds))]
    arguments += ["-D", str(cluster.data), "-l", str(cluster.log)]
    give_up_at = time.monotonic() + LEAVING_SECONDS
    while True:
        _disown_zombie(cluster)
        try:
            _run(cluster, arguments, timeout_seconds + 10)
        except PostgresError as error:
            if not any(words in str(error) for words in STILL_LEAVING) or time.monotonic() > give_up_at:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


def _disown_zombie(cluster: _Cluster) -> None:
    """Let PostgreSQL take over the lock files of a killed server whose zombie nobody reaps.

    In a container whose first process never waits for orphans, a killed postmaster stays a zombie, and
    PostgreSQL takes it for alive. It ignores a lock file that names pg_ctl's parent (that is us), and then
    still makes sure that no process is attached to the old shared memory: so the files are edited, not
    removed.
    """
    for path in (cluster.data / "postmaster.pid", *cluster.base.glob(".s.PGSQL.*.lock")):
        try:
            lines = path.read_text().splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, IndexError, ValueError):
            continue
        if not _lives(pid):
            path.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")


def _running(cluster: _Cluster) -> PrivatePostgres | None:
    found = _postmaster(cluster)
    if found is None:
        return None
    pid, port = found
    try:
        with psycopg.connect(cluster.url(port), connect_timeout=5):
            pass
    except psycopg.OperationalError as error:
        if "does not exist" in str(error):  # a start that was cut short before the database was made
            _create_database(cluster, port)
        else:
            return None  # the pid is another process's by now: the server crashed, and starting repairs it
    return cluster.describe(pid, port, started=False)


def _initialise(cluster: _Cluster, binaries: Binaries, *, durable: bool) -> None:
    if (cluster.data / "PG_VERSION").exists():
        major = int((cluster.data / "PG_VERSION").read_text().strip())
        if major != binaries.major:
            raise PostgresError(
                "postgres_version",
                f"{cluster.data} was made by PostgreSQL {major}, and {binaries.major} is here: install "
                f"version {major}, or dump and restore it, or choose another RINGMASTER_DATA_DIRECTORY.",
            )
        return
    fresh = cluster.base / "cluster.new"
    shutil.rmtree(fresh, ignore_errors=True)
    password = cluster.password_file
    if not password.exists():
        descriptor = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(24) + "\n")
        cluster.account.own(password)
    options = ["-D", str(fresh), "-U", ROLE, f"--pwfile={password}", "--encoding=UTF8", "--locale=C"]
    options += ["--auth-local=trust", "--auth-host=scram-sha-256", "--no-instructions"]
    if not durable:
        options.append("--no-sync")
    _run(cluster, [binaries.program("initdb"), *options], 300, code="postgres_init")
    fresh.rename(cluster.data)


def _choose_port(cluster: _Cluster, asked: int | None) -> int:
    if asked is not None:
        if not _is_free(asked):
            raise PostgresError(
                "port_in_use",
                f"Port {asked} on 127.0.0.1 is in use: stop what uses it, or choose another with "
                "RINGMASTER_POSTGRES_PORT.",
            )
        return asked
    last = _last_port(cluster)
    if last is not None and _is_free(last):
        return last
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_port(cluster: _Cluster) -> int | None:
    try:
        text = (cluster.data / CONFIGURATION).read_text()
    except FileNotFoundError:
        return None
    for line in text.splitlines():
        if line.startswith("port = "):
            return int(line.removeprefix("port = "))
    return None


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _configure(cluster: _Cluster, port: int, *, durable: bool) -> None:
    directory = cluster.socket_directory(port)
    on = "on" if durable else "off"
    quoted = "" if directory is None else str(directory).replace("'", "''")
    lines = [
        "# Written by Ringmaster anew at each start; your own go into postgresql.conf, below the include.",
        f"port = {port}",
        "listen_addresses = '127.0.0.1'",
        f"unix_socket_directories = '{quoted}'",
        "unix_socket_permissions = 0700",
        "password_encryption = 'scram-sha-256'",
        f"fsync = {on}",
        f"synchronous_commit = {on}",
        f"full_page_writes = {on}",
        "shared_buffers = '128MB'",
        "max_connections = 100",
        "log_min_messages = warning",
        "log_checkpoints = off",
        "timezone = 'UTC'",
        "log_timezone = 'UTC'",
    ]
    path = cluster.data / CONFIGURATION
    path.write_text("\n".join(lines) + "\n")
    cluster.account.own(path)
    main = cluster.data / "postgresql.conf"
    include = f"include_if_exists = '{CONFIGURATION}'\n"
    if include not in main.read_text():
        with main.open("a") as handle:
            handle.write(include)


def _create_database(cluster: _Cluster, port: int) -> None:
    with psycopg.connect(cluster.url(port, "postgres"), autocommit=True, connect_timeout=10) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _run(
    cluster: _Cluster, arguments: list[str], timeout_seconds: float, *, code: str = "postgres_start"
) -> None:
    """Run one of PostgreSQL's programs as the account; its own last words go into the error."""
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "HOME": str(cluster.base)}
    logged_before = cluster.log.stat().st_size if cluster.log.exists() else 0
    try:
        # Output goes to a file, not a pipe: the server that pg_ctl leaves behind would hold the pipe open
        # for ever.
        with (cluster.base / "last-command").open("w+") as output:
            finished = subprocess.run(  # noqa: S603 - a list built here, no shell
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cluster.base,
                env=environment,
                timeout=timeout_seconds,
                check=False,
                **cluster.account.subprocess_options(),
            )
            output.seek(0)
            said = output.read()
    except subprocess.TimeoutExpired as error:
        raise PostgresError(
            code, f"{Path(arguments[0]).name} took longer than {timeout_seconds:.0f} s."
        ) from error
    except OSError as error:
        raise PostgresError(code, f"{arguments[0]} can't be run: {error.strerror or error}.") from error
    if finished.returncode != 0:
        reason = _reason(cluster, said, logged_before)
        raise PostgresError(code, f"PostgreSQL's {Path(arguments[0]).name} failed: {reason}")


def _reason(cluster: _Cluster, said: str, logged_before: int) -> str:
    """The line that tells most: the server's last FATAL of this run or the program's last error."""
    log = cluster.log.read_bytes()[logged_before:].decode(errors="replace") if cluster.log.exists() else ""
    lines = [line.strip() for line in (log + "\n" + said).splitlines() if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "error:"))]
    last = (telling or lines or ["no output"])[-1]
    return f"{last.rstrip('.')}. See {cluster.log}."
