"""`ringmaster dialer`, `up` and `doctor`; `demo` lives in callflow.demo and is loaded only when used.

None of them imports the dialer itself: that is a process of its own, patched by gevent in its first lines.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import SecretStr, ValidationError
from sqlalchemy.exc import DBAPIError

from callflow.address import parse_switch
from callflow.dial_string import DEFAULT, DialStrings
from callflow.errors import CallflowError
from callflow.supervisor import Program, Supervisor
from models import migrate, postgres
from models.errors import ModelsError
from models.logs import configure
from models.settings import Settings

log = logging.getLogger("callflow.up")

DRAIN_SPARE_SECONDS = 75.0
LOOK_SECONDS = 0.5


def __getattr__(name: str) -> Any:
    if name == "demo":
        from callflow.demo_cli import demo

        return demo
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_dialer = typer.Typer(add_completion=False)


@_dialer.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
)
def _run_dialer(context: typer.Context) -> None:
    """Run the dialer of one switch."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "callflow.dialer", *context.args])  # noqa: S606 - no shell


dialer = _dialer


def up(
    switch: Annotated[str, typer.Option(help="The switch, esl://:PASSWORD@HOST:PORT.")] = "",
    dial_string: Annotated[
        str, typer.Option(help="How customers are dialed; {gateway} stands for the campaign's own.")
    ] = str(DEFAULT.customers),
    agent_dial_string: Annotated[
        str,
        typer.Option(
            help="How agents' phones are dialed; {number} is the extension, {agent} a phone registered here."
        ),
    ] = str(DEFAULT.agents),
    data_dir: Annotated[Path | None, typer.Option(help="Where journal and private PostgreSQL live.")] = None,
    drain_max: Annotated[
        float, typer.Option(min=0.0, help="At a stop, seconds that calls may take to finish.")
    ] = 300.0,
    speed: Annotated[
        float, typer.Option(min=1.0, max=100.0, help="Speed of the clock; above 1 only with the simulator.")
    ] = 1.0,
) -> None:
    """Start everything on this machine: private PostgreSQL (without DATABASE_URL), dialer, worker, page."""
    try:
        settings = _settings(switch, data_dir)
        dial = DialStrings.parse(dial_string, agent_dial_string)
        configure(settings.log_level)
        check_writable(settings.data_directory)
        raise typer.Exit(_keep_up(settings, drain_max, speed, dial))
    except (CallflowError, ModelsError, ValidationError, ValueError) as error:
        _give_up("up", str(error))
    except DBAPIError as error:
        _give_up(
            "up", f"The database is away ({str(error.orig).strip()}): start it, or correct DATABASE_URL."
        )


def _settings(switch: str, data_dir: Path | None) -> Settings:
    given: dict[str, Any] = {} if data_dir is None else {"data_directory": data_dir}
    if switch:
        address = parse_switch(switch)
        given |= {"switch_host": address.host, "switch_port": address.port}
        if address.password:
            given["switch_password"] = SecretStr(address.password)
    settings = Settings(**given)
    if not settings.switch_host:
        raise CallflowError(
            "No switch is named: give --switch esl://:PASSWORD@HOST:PORT, or set RINGMASTER_SWITCH_HOST; to "
            "see Ringmaster without a FreeSWITCH, run `ringmaster demo`."
        )
    return settings


def check_writable(directory: Path) -> None:
    """Make the data directory, and see that it can be written to.

    Raises:
        CallflowError: one sentence that says what to do.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise CallflowError(
            f"The data directory {directory.absolute()} can't be written ({error.strerror or error}): make "
            "it writable, or set RINGMASTER_DATA_DIRECTORY to another one."
        ) from error


def _keep_up(settings: Settings, drain_max: float, speed: float, dial: DialStrings) -> int:
    """Run until SIGTERM or Ctrl-C; the exit code."""
    stop, pause = threading.Event(), threading.Event()
    asked: list[int] = []

    def ask(number: int, frame: object) -> None:
        asked.append(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    server = None
    url = settings.database_url
    if not url:
        server = postgres.start(settings.data_directory, port=settings.postgres_port)
        url = server.url
        log.info("the private PostgreSQL runs", extra={"port": server.port})
    try:
        migrate.upgrade(url)
        supervisor = Supervisor(programs(settings, url, drain_max, speed, dial))
        try:
            while not stop.is_set():
                supervisor.look()
                stop.wait(LOOK_SECONDS)
        finally:
            hurried = len(asked)

            def poll(seconds: float) -> None:
                nonlocal hurried
                if len(asked) > max(1, hurried):
                    hurried = len(asked)
                    supervisor.hurry()
                pause.wait(seconds)

            clean = supervisor.stop(poll)
        return 0 if clean else 1
    finally:
        if server is not None and server.started:
            postgres.stop(settings.data_directory)


def programs(
    settings: Settings, url: str, drain_max: float, speed: float, dial: DialStrings
) -> list[Program]:
    """Dialer, worker and api, told through the environment, where no other user can read it."""
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "RINGMASTER_DATA_DIRECTORY": str(settings.data_directory.absolute()),
        "RINGMASTER_SWITCH_HOST": settings.switch_host,
        "RINGMASTER_SWITCH_PORT": str(settings.switch_port),
        "RINGMASTER_SWITCH_PASSWORD": settings.switch_password.get_secret_value(),
        "PYTHONUNBUFFERED": "1",
    }
    dialer_arguments = (
        *("-m", "callflow.dialer", "--drain-max", f"{drain_max:g}", "--speed", f"{speed:g}"),
        *dial.arguments(),
    )
    ringmaster = (sys.executable, "-c", "from models.command import main; main()")
    return [
        Program(
            "dialer",
            (sys.executable, *dialer_arguments),
            environment,
            drain_max / speed + DRAIN_SPARE_SECONDS,
        ),
        Program("worker", (*ringmaster, "worker"), environment),
        Program("api", (*ringmaster, "api"), environment),
    ]


def doctor(
    switch: Annotated[str, typer.Option(help="The switch, esl://:PASSWORD@HOST:PORT.")] = "",
    dial_string: Annotated[str, typer.Option(help="As given to `up`: which gateway is to be there.")] = str(
        DEFAULT.customers
    ),
    agent_dial_string: Annotated[str, typer.Option(help="As given to `up`.")] = str(DEFAULT.agents),
    data_dir: Annotated[Path | None, typer.Option(help="Where journal and private PostgreSQL live.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")] = False,
) -> None:
    """Check database, data directory and switch; say of each finding what to do. Exit code 1 if one fails."""
    from callflow.doctor import examine, show

    try:
        given: dict[str, Any] = {} if data_dir is None else {"data_directory": data_dir}
        settings = Settings(**given)
        if switch:
            settings = _settings(switch, data_dir)
        dial = DialStrings.parse(dial_string, agent_dial_string)
    except (CallflowError, ValidationError, ValueError) as error:
        _give_up("doctor", str(error))
    raise typer.Exit(show(examine(settings, dial), as_json=as_json))


def _give_up(command: str, sentence: str) -> NoReturn:
    typer.echo(f"ringmaster {command}: {sentence}", err=True)
    raise typer.Exit(2)
