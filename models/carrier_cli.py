"""`ringmaster gateway account` and `key`: what the switch is told of a carrier, and what seals its password.

The password is asked for at the terminal or read from standard input; never an argument, which every other
process of the machine could read.
"""

from __future__ import annotations

import getpass
import sys
from typing import Annotated, Any

import typer
from rich.markup import escape

from models.carrier_keys import Vault, new_carrier_key
from models.carriers import CarrierAccount, check_password
from models.cli import database, out, plainly
from models.errors import InvalidValue
from models.repository import carriers, setup
from models.settings import Settings

BY = "command line"


def account(
    name: Annotated[str, typer.Argument(help="Name of the gateway, as `ringmaster gateway add` gave it.")],
    proxy: Annotated[str | None, typer.Option(help="Where calls go: HOST or HOST:PORT.")] = None,
    outbound_proxy: Annotated[str | None, typer.Option(help="A border controller before it.")] = None,
    transport: Annotated[str | None, typer.Option(help="udp or tcp.")] = None,
    register: Annotated[bool | None, typer.Option(help="Register with the carrier.")] = None,
    username: Annotated[str | None, typer.Option(help="The account's user name.")] = None,
    auth_username: Annotated[str | None, typer.Option(help="For the digest, if it is another.")] = None,
    realm: Annotated[str | None, typer.Option(help="The carrier's SIP realm.")] = None,
    from_user: Annotated[str | None, typer.Option(help="User of From, if it is another.")] = None,
    from_domain: Annotated[str | None, typer.Option(help="Domain of From, if it is another.")] = None,
    caller_id_in_from: Annotated[bool | None, typer.Option(help="The caller's number in From.")] = None,
    ping_seconds: Annotated[int | None, typer.Option(help="Ask so often if it is there; 0: never.")] = None,
    expire_seconds: Annotated[int | None, typer.Option(help="How long to register for.")] = None,
    codecs: Annotated[str | None, typer.Option(help="Such as PCMA,PCMU; empty: the profile's.")] = None,
    password: Annotated[
        bool | None,
        typer.Option(
            "--password/--no-password", help="Ask for a password (or read it from stdin); have none."
        ),
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="The switch loses the gateway.")] = False,
    switch: Annotated[str, typer.Option(help="Name of the switch; RINGMASTER_SWITCH_NAME without.")] = "",
) -> None:
    """How the switch reaches a carrier: from this it makes the gateway. What is not given stays."""
    given: dict[str, Any] = {
        "proxy": proxy,
        "outbound_proxy": outbound_proxy,
        "transport": transport,
        "register": register,
        "username": username,
        "auth_username": auth_username,
        "realm": realm,
        "from_user": from_user,
        "from_domain": from_domain,
        "caller_id_in_from": caller_id_in_from,
        "expire_seconds": expire_seconds,
        "codecs": None if codecs is None else tuple(codecs.upper().replace(",", " ").split()),
    }
    settings = Settings()
    with plainly(), database(settings) as engine:
        secret = _password() if password else None
        with engine.begin() as connection:
            switch_id = setup.switch(connection, switch or settings.switch_name)
            if remove:
                carriers.remove(connection, switch_id, name, by=BY)
                out.print(f"The switch loses the gateway {escape(name)}, if it had it from here.")
                return
            before = carriers.known(connection, switch_id).get(name)
            values: dict[str, Any] = {"proxy": ""} if before is None else before.account.to_json()
            values |= {key: value for key, value in given.items() if value is not None}
            if ping_seconds is not None:
                values["ping_seconds"] = ping_seconds or None
            vault = Vault.of(settings)
            made = carriers.put(
                connection,
                switch_id,
                name,
                CarrierAccount.from_json(values),
                seal=None if secret is None else lambda gateway_id: vault.seal(gateway_id, secret),
                keep_password=password is None,
                by=BY,
            )
    out.print(
        f"The gateway {escape(name)}: {escape(made.account.proxy)}"
        f"{', registered' if made.account.register else ''}"
        f"{', with a password' if made.has_password else ', without a password'}. "
        "The dialer brings it to the switch within seconds."
    )


def key() -> None:
    """Make a key to carriers' passwords, and print it: RINGMASTER_CARRIER_KEY for the CLI and the api."""
    typer.echo(new_carrier_key())


def _password() -> str:
    """A password, from the terminal twice or from the first line of standard input.

    Raises:
        InvalidValue: `carrier_password`.
    """
    if sys.stdin.isatty():
        given = getpass.getpass("The carrier's password: ")
        if getpass.getpass("Once more: ") != given:
            raise InvalidValue("carrier_password", "The two are not the same: nothing was changed.")
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    return check_password(given)
