"""Carriers' passwords, sealed: what the database has is worth nothing without the key, which it does not
have (docs/decisions/0033-carriers-accounts.md).

The key is RINGMASTER_CARRIER_KEY (several, separated by spaces: the first seals, all open), else the file
`carrier.key` of the data directory, made with the first password.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from models.errors import ModelsError
from models.settings import Settings

FILE = "carrier.key"


class NoCarrierKey(ModelsError):
    """There is no key, or it is not the one that a password was sealed with."""

    def __init__(self, sentence: str) -> None:
        super().__init__("carrier_key", sentence)


@dataclass(frozen=True, slots=True)
class Vault:
    """Seals and opens. Without keys it opens nothing, and seals only where it may make `file`."""

    keys: tuple[str, ...] = ()
    file: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> Vault:
        """As the settings say."""
        keys = tuple(settings.carrier_key.get_secret_value().split())
        return cls(keys, None if keys else settings.data_directory / FILE)

    def seal(self, gateway_id: str, password: str) -> str:
        """What the database keeps. It opens for this gateway only.

        Raises:
            NoCarrierKey: there is none, and none can be made.
        """
        return self._cipher(make=True).encrypt(f"{gateway_id}\n{password}".encode()).decode()

    def open(self, gateway_id: str, sealed: str) -> str:
        """The password.

        Raises:
            NoCarrierKey: the key is missing or another one.
        """
        try:
            owner, _, password = self._cipher().decrypt(sealed.encode()).decode().partition("\n")
        except InvalidToken:
            raise NoCarrierKey(
                "A carrier's password was sealed with another key: give that one as RINGMASTER_CARRIER_KEY, "
                "or set the password again."
            ) from None
        if owner != gateway_id:
            raise NoCarrierKey("A carrier's password was sealed for another gateway: set it again.")
        return password

    def _cipher(self, *, make: bool = False) -> MultiFernet:
        keys = self.keys or self._kept(make=make)
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise NoCarrierKey(
                "The key of carriers' passwords is none: `ringmaster gateway key` makes one."
            ) from None

    def _kept(self, *, make: bool) -> tuple[str, ...]:
        """The file's key; made if it may be, so that of two who make it one wins and both use that."""
        if self.file is None:
            return ()
        try:
            if make and not self.file.exists():
                self._make(self.file)
            return tuple(self.file.read_text("ascii").split())
        except FileNotFoundError:
            raise NoCarrierKey(
                f"There is no key to carriers' passwords: give RINGMASTER_CARRIER_KEY, or {self.file}."
            ) from None
        except (OSError, UnicodeError) as error:
            raise NoCarrierKey(f"{self.file} can't be used: {error}.") from error

    @staticmethod
    def _make(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(new_carrier_key() + "\n")
            os.link(part, path)  # fails where another was quicker, whose key counts then
        except FileExistsError:
            pass
        finally:
            part.unlink()


def new_carrier_key() -> str:
    """A key for RINGMASTER_CARRIER_KEY."""
    return Fernet.generate_key().decode()
