"""Recordings handed over from a switch's machine: whole files only, checked at the other end, then deleted.

Runs where the switch writes them; it knows the api's address and the switch's key. Names, links and files
that are not a recording's are never followed: they stay, or are moved aside and reported. What can't be
handed over now is there at the next run.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

from api.pull import Door, PullFailed, Straight

_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NAME = re.compile(rf"{_ID}\.({_ID})\.wav")
ASIDE = "aside"
QUIET_SECONDS = 10.0
"""A file that was written to so lately may be half: the switch writes every few seconds."""
UNKNOWN_SECONDS = 3600.0
"""So long a file waits for its call to be known, should the database be behind."""
UPLOAD_SECONDS = 300.0
TRIES = 3
_MOST_ANSWER = 1 << 16


@dataclass(slots=True)
class Report:
    """What a run did. `handed`: files that the api has and that are gone here; `trouble`: for people."""

    handed: list[str] = field(default_factory=list)
    waiting: int = 0
    aside: int = 0
    trouble: list[str] = field(default_factory=list)


def push(door: Door, directory: Path, least_bytes: int, *, now: float | None = None) -> Report:
    """Hand over every finished recording in `directory`, and tell the api how much room is left.

    Raises:
        PullFailed: the api is away, or does not know this switch: nothing more is tried.
    """
    report, moment = Report(), time.time() if now is None else now
    for entry in _entries(directory):
        found = NAME.fullmatch(entry.name)
        if found is None or not entry.is_file(follow_symlinks=False):
            if entry.name != ASIDE:
                report.trouble.append(f"{entry.name[:100]!r} is no recording's file: left alone")
            continue
        try:
            _one(door, directory, entry.name, found[1], moment, report)
        except OSError as error:
            report.trouble.append(f"{entry.name}: {error.strerror or error}")
    report.aside = _count(directory / ASIDE)
    told = {
        "free_bytes": shutil.disk_usage(directory).free,
        "least_bytes": least_bytes,
        "aside": report.aside,
    }
    status, _ = _ask(
        door, "PUT", "/v1/switch/recording-disk", json.dumps(told).encode(), kind="application/json"
    )
    if status != 204:
        raise PullFailed(f"{door.address} does not take what the disk says: it answers {status}.")
    return report


def _entries(directory: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as found:
            yield from sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        raise PullFailed(f"{directory} can't be read: {error.strerror or error}.") from error


def _count(directory: Path) -> int:
    return sum(1 for _ in directory.iterdir()) if directory.is_dir() else 0


def _one(door: Door, directory: Path, name: str, recording_id: str, now: float, report: Report) -> None:
    with _opened(directory / name) as file:
        before = os.fstat(file.fileno())
        age = now - before.st_mtime
        if age < QUIET_SECONDS:
            report.waiting += 1
            return
        status, answer = _ask(door, "GET", f"/v1/switch/recordings/{recording_id}")
        state = str(answer.get("state")) if status == 200 else ""
        if status == 404 and age > UNKNOWN_SECONDS:
            _put_aside(directory, name)
            report.trouble.append(f"{name}: no call is known of it: put aside")
            return
        if state not in ("wanted", "stored"):
            report.waiting += 1
            return
        sha256 = _digest(file)
        if state == "wanted":
            status, answer = _upload(door, recording_id, file, before.st_size, sha256)
        if status in (415, 413):
            _put_aside(directory, name)
            report.trouble.append(f"{name}: the api can't take it ({status}): put aside")
        elif status != 200 or answer.get("state") != "stored":
            report.waiting += 1
            report.trouble.append(f"{name}: the api answers {status}: tried again later")
        elif answer.get("sha256") != sha256:
            _put_aside(directory, name)
            report.trouble.append(f"{name}: the api has another file of this recording: put aside")
        elif _same(os.stat(directory / name, follow_symlinks=False), before):
            os.unlink(directory / name)
            report.handed.append(name)
        else:
            report.trouble.append(f"{name}: it was written to meanwhile: left alone")


def _opened(path: Path) -> IO[bytes]:
    """Never through a link. Raises OSError."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(f"{path.name} is no file")
    return os.fdopen(number, "rb")


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    names = ("st_dev", "st_ino", "st_size", "st_mtime_ns")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _put_aside(directory: Path, name: str) -> None:
    (directory / ASIDE).mkdir(mode=0o700, exist_ok=True)
    os.replace(directory / name, directory / ASIDE / name)


def _upload(
    door: Door, recording_id: str, file: IO[bytes], size: int, sha256: str
) -> tuple[int, dict[str, Any]]:
    """Send it, again if the line breaks or the checksum differs."""
    path = f"/v1/switch/recordings/{recording_id}?sha256={sha256}"
    answer: tuple[int, dict[str, Any]] = (0, {})
    for _ in range(TRIES):
        file.seek(0)
        try:
            answer = _ask(
                door, "PUT", path, file, size=size, kind="application/octet-stream", seconds=UPLOAD_SECONDS
            )
        except PullFailed:
            answer = (0, {})
            continue
        if answer[0] != 422 and answer[0] < 500:
            break
    return answer


def _ask(
    door: Door,
    method: str,
    path: str,
    body: bytes | IO[bytes] | None = None,
    *,
    size: int | None = None,
    kind: str = "",
    seconds: float = 20.0,
) -> tuple[int, dict[str, Any]]:
    """(status, what was answered). Raises PullFailed: the api is away, or refuses the key."""
    shown = base64.b64encode(f"switch:{door.key}".encode()).decode()
    headers = {"Authorization": f"Basic {shown}"}
    if kind:
        headers["Content-Type"] = kind
    if size is not None:
        headers["Content-Length"] = str(size)
    asked = Request(f"{door.address}{path}", data=body, headers=headers, method=method)  # noqa: S310 - Door checked
    try:
        with build_opener(Straight()).open(asked, timeout=seconds) as given:
            return given.status, _object(given.read(_MOST_ANSWER))
    except HTTPError as error:
        error.close()
        if error.code in (401, 403):
            raise PullFailed(f"{door.address} does not know this switch: it answers {error.code}.") from None
        return error.code, {}
    except (URLError, HTTPException, OSError, ValueError) as error:
        raise PullFailed(f"{door.address} can't be asked: {error}.") from error


def _object(text: bytes) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
