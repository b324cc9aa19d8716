"""`ringmaster user`: people who sign in, from the command line of the machine: the way back in, too.

Passwords are asked for at the terminal or read from standard input; never an argument, which every other
process of the machine could read.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from api.cli import database_url
from api.first_run import LINK_SECONDS, sign_in_link
from api.secrets import hash_password, password_problem
from models import migrate
from models.enums import UserRole
from models.errors import InvalidValue, ModelsError, NotFound
from models.repository import identity, setup, users
from models.repository.users import User
from models.session import sync_engine
from models.settings import Settings

user = typer.Typer(
    help="People who sign in: make, list, let back in.", no_args_is_help=True, add_completion=False
)
out, err = Console(), Console(stderr=True)
Login = Annotated[str, typer.Argument(help="The user's login.")]


@contextmanager
def database() -> Iterator[Connection]:
    """One transaction as the owner; errors that a person can act on as one sentence, exit code 1."""
    try:
        url = database_url(Settings())
        migrate.upgrade(url)
        engine = sync_engine(url, pool_size=1)
        try:
            with engine.begin() as db:
                yield db
        finally:
            engine.dispose()
    except (ModelsError, ValidationError) as error:
        err.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(1) from error
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        err.print(f"[red]The database can't be reached ({escape(reason)}): check DATABASE_URL.[/red]")
        raise typer.Exit(1) from error


def _password(login: str) -> str:
    """A new password, from the terminal twice or from the first line of standard input.

    Raises:
        InvalidValue: `password`.
    """
    if sys.stdin.isatty():
        given = getpass.getpass("Password: ")
        if getpass.getpass("Once more: ") != given:
            raise InvalidValue("password", "The two are not the same: nothing was changed.")
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    problem = password_problem(given, login)
    if problem:
        raise InvalidValue("password", f"{problem[:1].upper()}{problem[1:]}: nothing was changed.")
    return given


@user.command()
def create(
    login: Login,
    role: Annotated[UserRole, typer.Option(help="What the user may do.")] = UserRole.SUPERVISOR,
    agent: Annotated[str, typer.Option(help="Name or extension of the agent that the user works as.")] = "",
    tenant: Annotated[str, typer.Option(help="Whose data; made if missing.")] = setup.DEFAULT_TENANT,
    name: Annotated[str, typer.Option(help="The name that is shown.")] = "",
) -> None:
    """Make a user. The password is asked for, or read from standard input."""
    with database() as db:
        hashed = hash_password(_password(login))
        tenant_id = setup.tenant(db, tenant)
        made = users.create(
            db,
            tenant_id=tenant_id,
            login=login,
            role=role,
            password_hash=hashed,
            display_name=name,
            agent_id=agent_named(db, tenant_id, agent) if agent else None,
        )
    out.print(f"User {escape(made.login)} made, role {made.role}, tenant {escape(tenant)}.")


def agent_named(db: Connection, tenant_id: str, agent: str) -> str:
    """The id of the tenant's agent of that extension or name.

    Raises:
        NotFound: `agent`.
    """
    query = text(
        "SELECT id::text FROM agent WHERE tenant_id = CAST(:tenant_id AS uuid)"
        " AND :agent IN (extension, name) ORDER BY extension = :agent DESC LIMIT 1"
    )
    found = db.execute(query, {"tenant_id": tenant_id, "agent": agent}).scalar()
    if found is None:
        raise NotFound("agent", f"This tenant has no agent {agent!r}.")
    return str(found)


@user.command()
def password(login: Login) -> None:
    """Set a user's password; whatever the user had open ends."""
    with database() as db:
        found = users.by_login(db, login)
        hashed = hash_password(_password(found.login))
        identity.set_password(db, found.id, hashed)
        identity.close_other_sessions(db, found.id)
        identity.forget_tries(db, found.login)
    out.print(f"{escape(found.login)} has a new password; other sessions are ended.")


@user.command()
def link(login: Login) -> None:
    """Print the path of a link that signs the user in, once, within a quarter of an hour."""
    with database() as db:
        found = users.by_login(db, login)
        if found.disabled:
            raise InvalidValue("user_disabled", f"{found.login!r} is disabled and can't sign in.")
        token = sign_in_link(db, found.id, LINK_SECONDS)
    typer.echo(f"/sign-in#token={token}")


@user.command("list")
def list_users(
    tenant: Annotated[str, typer.Option(help="Of this tenant only.")] = "",
) -> None:
    """Every user, of every tenant."""
    with database() as db:
        query = text("SELECT id::text, name FROM tenant WHERE :name IN ('', name) ORDER BY name")
        rows = [
            (name, found)
            for tenant_id, name in db.execute(query, {"name": tenant}).all()
            for found in users.list_all(db, tenant_id=tenant_id)
        ]
        locked = identity.locked_until(db, [found.login for _, found in rows])
    if not rows:
        out.print("There is no user: `ringmaster user create LOGIN` makes one.")
        return
    table = Table("login", "tenant", "role", "state", "last sign-in")
    for name, found in rows:
        last = "never" if found.last_sign_in_at is None else f"{found.last_sign_in_at:%Y-%m-%d %H:%M}"
        table.add_row(
            escape(found.login), escape(name), found.role, _state(found, found.login.lower() in locked), last
        )
    out.print(table)


def _state(found: User, locked: bool) -> str:
    if found.disabled:
        return "disabled"
    if locked:
        return "locked"
    return "must choose a password" if found.must_change_password else "may sign in"


@user.command()
def disable(login: Login) -> None:
    """Let a user in no more; whatever the user had open ends. The last administrator stays."""
    with database() as db:
        found = users.by_login(db, login)
        users.change(db, found.id, {"disabled": True})
        identity.close_other_sessions(db, found.id)
    out.print(f"{escape(found.login)} is disabled.")


@user.command()
def unlock(login: Login) -> None:
    """Forget a user's wrong passwords, so that the right one counts again; let in who was disabled."""
    with database() as db:
        found = users.by_login(db, login)
        users.change(db, found.id, {"disabled": False})
        identity.forget_tries(db, found.login)
    out.print(f"{escape(found.login)} may sign in.")
