"""`ringmaster worker` and `ringmaster api`: read the settings, run until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from api.expiry import Expiry
from api.importer import Importer
from api.phones import Phones
from api.storage import Storage
from api.worker import Worker
from models import migrate, postgres
from models.carrier_keys import Vault
from models.errors import ModelsError
from models.logs import configure
from models.session import conninfo, sync_engine
from models.settings import Settings


def database_url(settings: Settings) -> str:
    """DATABASE_URL, else the private PostgreSQL of the data directory if it runs.

    Raises:
        ModelsError: `no_database`, when there is neither; or the address is none.
    """
    if settings.database_url:
        return settings.database_url
    if settings.data_directory.is_dir():
        running = postgres.find_running(settings.data_directory)
        if running is not None:
            return running.url
    raise ModelsError(
        "no_database",
        "There is no database: set DATABASE_URL, or start the private PostgreSQL with `ringmaster up` or "
        "`ringmaster demo`.",
    )


def storage(settings: Settings) -> Storage:
    """Where recordings are kept. Raises ModelsError."""
    return Storage.open(settings.recording_storage, settings.data_directory / "recordings")


async def serve(worker: Worker, importer: Importer, expiry: Expiry) -> None:
    """Run a worker, its importer and its retention; SIGTERM and SIGINT end them cleanly."""

    def stop() -> None:
        worker.stop()
        importer.stop()
        expiry.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with asyncio.TaskGroup() as both:
        both.create_task(worker.run())
        both.create_task(importer.run())
        both.create_task(expiry.run())


DataDir = Annotated[
    Path | None, typer.Option(help="Where the private PostgreSQL lives, if DATABASE_URL is not set.")
]


def worker(data_dir: DataDir = None) -> None:
    """Run the background worker: the order of events, expiry of commands, imports."""
    try:
        settings = _settings(data_dir)
        url = database_url(settings)
        address = conninfo(url)
        expiry = Expiry(sync_engine(url, pool_size=1), storage(settings))
    except (ModelsError, ValidationError, ValueError) as error:
        _give_up("worker", error)
    asyncio.run(serve(Worker(address, keep_seconds=86_400 * settings.event_days), Importer(url), expiry))


def api(
    host: Annotated[str | None, typer.Option(help="Address to listen on; RINGMASTER_HTTP_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one; RINGMASTER_HTTP_PORT.", min=0, max=65535)
    ] = None,
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="Say the address as one JSON line.")] = False,
    first_admin: Annotated[bool, typer.Option(help="Make the user admin if nobody has a password.")] = True,
) -> None:
    """Serve the page and the API. The first start makes the user `admin` and prints a password, once."""
    from api import server
    from api.first_run import ensure_admin

    try:
        settings = _settings(data_dir)
        phones = Phones(
            settings.phone_hours * 3600,
            settings.phone_server,
            settings.phone_websocket,
            tuple(settings.ice_servers.split()),
            settings.turn_secret.get_secret_value(),
        )
        url = database_url(settings)
        kept = storage(settings)
        migrate.upgrade(url)
        engine = sync_engine(url, pool_size=1)
        with engine.begin() as db:
            password = ensure_admin(db) if first_admin else None
        engine.dispose()
        bound = server.bind(
            settings.http_host if host is None else host, settings.http_port if port is None else port
        )
    except (ModelsError, ValidationError, ValueError) as error:
        _give_up("api", error)
    except DBAPIError as error:
        _give_up("api", f"The database can't be used: {str(error.orig).strip().splitlines()[0]}")
    if password is not None:
        typer.echo(
            f"First start: sign in as admin with the password  {password}  (it is shown once).", err=True
        )

    def started() -> None:
        where = server.address(bound)
        typer.echo(
            json.dumps({"event": "listening", "url": where}) if as_json else f"Ringmaster is at {where}"
        )

    server.serve(
        url,
        bound,
        session_seconds=settings.session_hours * 3600,
        phones=phones,
        vault=Vault.of(settings),
        storage=kept,
        started=started,
    )


def _settings(data_dir: Path | None) -> Settings:
    settings = Settings() if data_dir is None else Settings(data_directory=data_dir)
    configure(settings.log_level)
    return settings


def _give_up(command: str, error: object) -> NoReturn:
    typer.echo(f"ringmaster {command}: {error}", err=True)
    raise typer.Exit(2)
