"""Prompts pulled beside a switch: what is missing is fetched by its SHA-256, checked, put in place at once.
And the gateways that the api has, kept for a start without it.

Runs on the switch's machine, which has no database: it knows the api's address and the switch's key. Nothing
is ever overwritten or removed: a file that is there under its hash is right for ever.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from models.errors import ModelsError
from models.prompts import MAX_BYTES, is_sha256, message

SECONDS = 20.0
MOST_LISTED = 1 << 20


class PullFailed(ModelsError):
    """The api could not be asked, or said what can't be believed."""

    def __init__(self, sentence: str) -> None:
        super().__init__("pull", sentence)


class Straight(HTTPRedirectHandler):
    """The key goes to the address that was named, and nowhere else."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Door:
    """The api's door for switches."""

    address: str
    key: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise PullFailed("RINGMASTER_API_URL is written like https://HOST:PORT.")

    def get(self, path: str, most: int) -> bytes:
        """Raises PullFailed."""
        shown = base64.b64encode(f"switch:{self.key}".encode()).decode()
        asked = Request(f"{self.address}{path}", headers={"Authorization": f"Basic {shown}"})  # noqa: S310 - checked
        try:
            with build_opener(Straight()).open(asked, timeout=SECONDS) as answer:
                found: bytes = answer.read(most + 1)
        except HTTPError as error:
            error.close()
            raise PullFailed(f"{self.address} does not give {path}: it answers {error.code}.") from None
        except (URLError, OSError, ValueError) as error:
            raise PullFailed(f"{self.address} does not give {path}: {error}.") from error
        if len(found) > most:
            raise PullFailed(f"{self.address} gives more than {most} bytes for {path}.")
        return found


MOST_GATEWAYS = 1 << 20


def keep_gateways(door: Door, directory: Path) -> bool:
    """Keep the switch's gateways, carriers' passwords among them, where its configuration finds them when it
    starts without the api; readable by this account alone. True if they are others than before.

    Raises:
        PullFailed: what was kept before stays.
    """
    told = door.get("/v1/switch/gateways", MOST_GATEWAYS)
    if not (told.startswith(b"<include>\n") and told.endswith(b"\n</include>\n")):
        raise PullFailed(f"{door.address} does not give gateways.")
    path = directory / "carriers.xml"
    if path.is_file() and _same(path.read_bytes(), told):
        return False
    _put(path, told, mode=0o600)
    return True


def _same(before: bytes, now: bytes) -> bool:
    """Whether both have the same gateways: the hash of the user who is none is another each time."""
    return before.partition(b"<gateways>")[2] == now.partition(b"<gateways>")[2]


def pull(door: Door, sounds: Path) -> list[str]:
    """Fetch what is missing in `sounds`; the messages that are there now and were not before.

    Raises:
        PullFailed: nothing half-written is left behind.
    """
    try:
        listed = json.loads(door.get("/v1/switch/prompts", MOST_LISTED))["items"]
    except (ValueError, KeyError, TypeError) as error:
        raise PullFailed(f"{door.address} does not list prompts.") from error
    if not isinstance(listed, list) or not all(isinstance(one, str) and is_sha256(one) for one in listed):
        raise PullFailed(f"{door.address} lists what is no prompt.")
    missing = [one for one in listed if not (sounds / message(one)).is_file()]
    for sha256 in missing:
        content = door.get(f"/v1/switch/prompt?sha256={sha256}", MAX_BYTES)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise PullFailed(f"{door.address} gives another sound than {sha256}.")
        _put(sounds / message(sha256), content)
    return [message(one) for one in missing]


def _put(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write it where the switch sees all of it or nothing."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as part:
            try:
                part.write(content)
                part.flush()
                os.fsync(part.fileno())
                os.chmod(part.name, mode)
                os.replace(part.name, path)
            except BaseException:
                os.unlink(part.name)
                raise
    except OSError as error:
        raise PullFailed(f"{path.parent} can't be written: {error.strerror or error}.") from error
