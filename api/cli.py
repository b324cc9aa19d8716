"""`ringmaster worker`: read the settings, run the worker until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from api.worker import Worker
from models import postgres
from models.errors import ModelsError
from models.session import conninfo
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


async def serve(worker: Worker) -> None:
    """Run a worker; SIGTERM and SIGINT end it cleanly."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    await worker.run()


def worker(
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the private PostgreSQL lives, if DATABASE_URL is not set.")
    ] = None,
) -> None:
    """Run the background worker: the order of events, expiry of commands."""
    try:
        settings = Settings() if data_dir is None else Settings(data_directory=data_dir)
        logging.basicConfig(
            level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        address = conninfo(database_url(settings))
    except (ModelsError, ValidationError, ValueError) as error:
        typer.echo(f"ringmaster worker: {error}", err=True)
        raise typer.Exit(2) from error
    asyncio.run(serve(Worker(address)))
