"""`ringmaster switch`: keys of switches, logins of phones, messages and how a switch gets them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from api.pull import Door, PullFailed, keep_gateways, pull
from api.push import ASIDE, push
from api.secrets import new_key
from api.user_cli import agent_named, database, err, out
from models.phones import PHONE_DOMAIN, new_phone
from models.prompts import MAX_BYTES, message, read_sound
from models.repository import phones, prompts, setup, switch_keys
from models.settings import Settings

switch = typer.Typer(
    help="Keys of switches, logins of phones, messages, recordings.",
    no_args_is_help=True,
    add_completion=False,
)


@switch.command()
def key(
    name: Annotated[str, typer.Argument(help="The switch's name, RINGMASTER_SWITCH_NAME.")] = "",
) -> None:
    """Make a key with which a switch asks the api, and print it, once."""
    made = new_key()
    with database() as db:
        switch_id = setup.switch(db, name or Settings().switch_name)
        switch_keys.create(db, switch_id, prefix=made.prefix, key_hash=made.key_hash)
    typer.echo(made.key)
    err.print("Give it to the switch as RINGMASTER_SWITCH_KEY: it is shown once.")


@switch.command()
def keys() -> None:
    """Every key of a switch, without its secret."""
    with database() as db:
        found = switch_keys.every(db)
    if not found:
        out.print("No switch has a key: `ringmaster switch key` makes one.")
        return
    table = Table("switch", "prefix", "made", "last used", "state")
    for one in found:
        used = "never" if one.last_used_at is None else f"{one.last_used_at:%Y-%m-%d %H:%M}"
        state = "holds" if one.revoked_at is None else "revoked"
        table.add_row(escape(one.switch), one.prefix, f"{one.created_at:%Y-%m-%d %H:%M}", used, state)
    out.print(table)


@switch.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="As `ringmaster switch keys` shows it.")],
) -> None:
    """Revoke a key: the switch that has it is told of no phone any more, from now on."""
    with database() as db:
        switch_keys.revoke(db, prefix)
    out.print(f"The key {escape(prefix)} holds no more.")


@switch.command()
def prompt(
    file: Annotated[
        Path, typer.Argument(help="WAV: mono, 16 bits, 8 or 16 kHz.", exists=True, dir_okay=False)
    ],
    name: Annotated[str, typer.Option(help="For people; the file's name without.")] = "",
    tenant: Annotated[str, typer.Option(help="Whose it is.")] = setup.DEFAULT_TENANT,
) -> None:
    """Keep a message, and print what a campaign's `message` is, so that every switch plays it."""
    with database() as db:
        sound = read_sound(file.read_bytes()[: MAX_BYTES + 1])
        made = prompts.add(db, sound, name=name or file.name, tenant_id=setup.tenant(db, tenant))
    typer.echo(message(made.sha256))


@switch.command()
def sync(
    sounds: Annotated[Path, typer.Option(help="The switch's directory of sounds.")] = Path("sounds"),
    gateways: Annotated[
        Path | None, typer.Option(help="Keep the gateways there too: RINGMASTER_KEPT_GATEWAYS of the switch.")
    ] = None,
) -> None:
    """On the switch's machine: fetch missing messages from RINGMASTER_API_URL, with RINGMASTER_SWITCH_KEY."""
    try:
        door = Door(
            os.environ.get("RINGMASTER_API_URL", "http://127.0.0.1:8000").rstrip("/"),
            os.environ.get("RINGMASTER_SWITCH_KEY", ""),
        )
        for one in pull(door, sounds):
            typer.echo(one)
        if gateways is not None and keep_gateways(door, gateways):
            typer.echo(gateways / "carriers.xml")
    except PullFailed as error:
        err.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(1) from error


@switch.command(name="recordings")
def hand_over(
    directory: Annotated[
        Path, typer.Option(help="Where the switch records to, RINGMASTER_RECORDING_DIRECTORY.")
    ] = Path("/var/lib/freeswitch/recordings"),
    least_free: Annotated[
        float, typer.Option(min=0.0, help="GiB: under it, calls that must be recorded are not dialed.")
    ] = 2.0,
) -> None:
    """On the switch's machine: hand finished recordings over to the api, and tell it how much room is
    left."""
    try:
        door = Door(
            os.environ.get("RINGMASTER_API_URL", "http://127.0.0.1:8000").rstrip("/"),
            os.environ.get("RINGMASTER_SWITCH_KEY", ""),
        )
        report = push(door, directory, round(least_free * (1 << 30)))
    except PullFailed as error:
        err.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(1) from error
    for one in report.handed:
        typer.echo(one)
    for trouble in report.trouble:
        err.print(escape(trouble))
    if report.aside:
        err.print(f"{report.aside} files are aside: look at them in {escape(str(directory / ASIDE))}.")


@switch.command()
def phone(
    agent: Annotated[str, typer.Argument(help="The agent's extension or name.")],
    tenant: Annotated[str, typer.Option(help="The agent's tenant.")] = setup.DEFAULT_TENANT,
) -> None:
    """Make a login for an agent's phone, and print it, once; the one before it holds no more."""
    made = new_phone()
    with database() as db:
        chosen = agent_named(db, setup.tenant(db, tenant), agent)
        until = phones.put(db, chosen, made, seconds=3600 * Settings().phone_hours)
    typer.echo(f"user name  {made.user_name}\npassword   {made.password}\ndomain     {PHONE_DOMAIN}")
    typer.echo(f"until      {until:%Y-%m-%d %H:%M %Z}")
