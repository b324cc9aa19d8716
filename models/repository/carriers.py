"""Carriers' accounts of the gateways: set, taken away, told to the switch. Passwords come sealed and stay so;
no function but `of_switch`, which answers a switch, gives them out. As the tables' owner only."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import text

from models.carriers import CarrierAccount
from models.errors import InvalidValue, NotFound
from models.repository import events
from models.repository.db import Db, object_json

MOST = 100
"""Accounts of one switch: its answer has a largest size."""

_JOINED = "carrier_account JOIN gateway ON gateway.id = carrier_account.gateway_id"
_OF = "gateway.switch_id = CAST(:switch_id AS uuid)"
_GATEWAY = text(f"SELECT gateway.id::text FROM gateway WHERE {_OF} AND gateway.name = :name FOR UPDATE")
_PUT = text(
    """
    INSERT INTO carrier_account (gateway_id, account, password, revision)
    VALUES (CAST(:gateway_id AS uuid), CAST(:account AS jsonb), :password, :revision)
        ON CONFLICT (gateway_id) DO UPDATE
       SET account = excluded.account, revision = excluded.revision,
           password = CASE WHEN :keep THEN carrier_account.password ELSE excluded.password END
    RETURNING password IS NOT NULL
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAccount:
    """An account as people see it."""

    gateway: str
    account: CarrierAccount
    has_password: bool
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedAccount:
    """An account as the switch is told it; `password` is sealed for `gateway_id`."""

    gateway_id: str
    gateway: str
    account: CarrierAccount
    password: str | None
    revision: str


def put(
    db: Db,
    switch_id: str,
    gateway: str,
    account: CarrierAccount,
    *,
    seal: Callable[[str], str] | None = None,
    keep_password: bool = True,
    by: str,
) -> KnownAccount:
    """Give a gateway this account. `seal` makes, of the gateway's id, what is kept of a new password; without
    it the one before stays, or goes if `keep_password` is false.

    Raises:
        NotFound: `gateway`.
        InvalidValue: `carrier`, when the account registers without a password, or there are too many.
    """
    gateway_id = _gateway_id(db, switch_id, gateway)
    count = db.execute(
        text(f"SELECT count(*) FROM {_JOINED} WHERE {_OF} AND gateway.name <> :name"),
        {"switch_id": switch_id, "name": gateway},
    ).scalar_one()
    if count >= MOST:
        raise InvalidValue("carrier", f"a switch has at most {MOST} gateways with an account")
    row = {
        "gateway_id": gateway_id,
        "account": object_json(account.to_json()),
        "password": None if seal is None else seal(gateway_id),
        "keep": seal is None and keep_password,
        "revision": secrets.token_hex(16),
    }
    has_password = bool(db.execute(_PUT, row).scalar_one())
    if account.register and not has_password:
        raise InvalidValue("carrier", "password is needed to register")
    _tell(db, switch_id, gateway, by, proxy=account.proxy, register=account.register)
    return KnownAccount(
        gateway=gateway, account=account, has_password=has_password, revision=str(row["revision"])
    )


def remove(db: Db, switch_id: str, gateway: str, *, by: str) -> bool:
    """Take a gateway's account away: the switch loses the gateway. False if it had none.

    Raises:
        NotFound: `gateway`.
    """
    gateway_id = _gateway_id(db, switch_id, gateway)
    query = text("DELETE FROM carrier_account WHERE gateway_id = CAST(:id AS uuid) RETURNING revision")
    if db.execute(query, {"id": gateway_id}).first() is None:
        return False
    _tell(db, switch_id, gateway, by, proxy=None, register=None)
    return True


def known(db: Db, switch_id: str) -> dict[str, KnownAccount]:
    """The accounts of a switch's gateways, by the gateway's name, without passwords."""
    query = text(
        f"SELECT gateway.name, account, password IS NOT NULL AS has, revision FROM {_JOINED} WHERE {_OF}"
    )
    return {
        row.name: KnownAccount(
            gateway=row.name,
            account=CarrierAccount.from_json(row.account),
            has_password=row.has,
            revision=row.revision,
        )
        for row in db.execute(query, {"switch_id": switch_id})
    }


def of_switch(db: Db, switch_id: str) -> tuple[SealedAccount, ...]:
    """What a switch is told, by name."""
    query = text(
        f"SELECT gateway.id::text, gateway.name, account, password, revision FROM {_JOINED} WHERE {_OF}"
        " ORDER BY gateway.name"
    )
    return tuple(
        SealedAccount(
            gateway_id=row.id,
            gateway=row.name,
            account=CarrierAccount.from_json(row.account),
            password=row.password,
            revision=row.revision,
        )
        for row in db.execute(query, {"switch_id": switch_id})
    )


def revisions(db: Db, switch_id: str) -> Mapping[str, str]:
    """Which revision of which gateway the switch should have."""
    query = text(f"SELECT gateway.name, revision FROM {_JOINED} WHERE {_OF}")
    return {row.name: row.revision for row in db.execute(query, {"switch_id": switch_id})}


def _gateway_id(db: Db, switch_id: str, name: str) -> str:
    found = db.execute(_GATEWAY, {"switch_id": switch_id, "name": name}).scalar()
    if found is None:
        raise NotFound(
            "gateway", f"the switch has no gateway {name[:80]!r}: `ringmaster gateway list` shows them"
        )
    return str(found)


def _tell(db: Db, switch_id: str, gateway: str, by: str, *, proxy: str | None, register: bool | None) -> None:
    data = {"switch_id": switch_id, "gateway": gateway, "proxy": proxy, "register": register, "by": by}
    events.record(db, "carrier_account", data, tenant_id=None)
