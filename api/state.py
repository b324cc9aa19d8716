"""What an api process holds, apart from requests: handed to `create_app`, read through `state_of`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from obstore.store import MemoryStore
from starlette.requests import HTTPConnection

from api.database import Database
from api.directory import Misses
from api.metrics import Metrics
from api.phones import Phones
from api.secrets import Passwords
from api.storage import Storage
from models.carrier_keys import Vault

if TYPE_CHECKING:
    from api.hub import Hub


@dataclass(slots=True)
class State:
    """The process's parts.

    Attributes:
        session_seconds: how long a sign-in lasts.
        command_seconds: how long a request waits for what the dialer did.
        phones: what agents' phones are told.
        vault: opens and seals carriers' passwords.
        storage: where recordings are kept.
        phone_misses: addresses whose phones have no login.
        hub: what goes out live; `create_app` makes it.
    """

    database: Database
    session_seconds: float = 12 * 3600.0
    command_seconds: float = 5.0
    phones: Phones = field(default_factory=Phones)
    vault: Vault = field(default_factory=Vault)
    storage: Storage = field(default_factory=lambda: Storage(MemoryStore()))
    phone_misses: Misses = field(default_factory=Misses)
    passwords: Passwords = field(default_factory=Passwords)
    metrics: Metrics = field(default_factory=Metrics)
    hub: Hub = field(init=False)


def state_of(connection: HTTPConnection) -> State:
    """The state of the app that serves this request or socket."""
    state: State = connection.app.state.ringmaster
    return state
