"""`python -m callflow.dialer`: the dialer process. gevent is patched before anything else is imported."""

from gevent import monkey

monkey.patch_all()

import logging  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Annotated, NoReturn  # noqa: E402

import gevent  # noqa: E402
import typer  # noqa: E402
from pydantic import ValidationError  # noqa: E402
from sqlalchemy.exc import DBAPIError  # noqa: E402

from callflow.address import parse_switch  # noqa: E402
from callflow.dial_string import DEFAULT, DialStrings  # noqa: E402
from callflow.errors import CallflowError  # noqa: E402
from callflow.process import DialerOptions, DialerProcess, link_settings  # noqa: E402
from callflow.writer import first_line  # noqa: E402
from models import postgres  # noqa: E402
from models.errors import ModelsError  # noqa: E402
from models.logs import configure  # noqa: E402
from models.settings import Settings  # noqa: E402

log = logging.getLogger("callflow.dialer")


class NotConfigured(CallflowError):
    """Something that a dialer needs was not given."""

    code = "not_configured"


def database_url(settings: Settings) -> str:
    """DATABASE_URL, else the private PostgreSQL of the data directory if it runs.

    Raises:
        NotConfigured: there is neither.
    """
    if settings.database_url:
        return settings.database_url
    if settings.data_directory.is_dir():
        running = postgres.find_running(settings.data_directory)
        if running is not None:
            return running.url
    raise NotConfigured(
        "There is no database: set DATABASE_URL, or start everything with `ringmaster up` or `ringmaster "
        "demo`."
    )


def dialer(
    switch: Annotated[
        str,
        typer.Option(
            help="The switch, esl://:PASSWORD@HOST:PORT. As others can read a command line, rather set "
            "RINGMASTER_SWITCH_HOST, _PORT and _PASSWORD."
        ),
    ] = "",
    switch_name: Annotated[str, typer.Option(help="Name of the switch in the database.")] = "",
    speed: Annotated[
        float, typer.Option(min=1.0, max=100.0, help="Speed of the clock; above 1 only with the simulator.")
    ] = 1.0,
    drain_max: Annotated[
        float, typer.Option(min=0.0, help="At a stop, seconds that calls may take to finish.")
    ] = 300.0,
    legs_per_second: Annotated[
        float, typer.Option(min=0.1, help="New legs per second at most: below the switch's own limit.")
    ] = 25.0,
    dial_string: Annotated[
        str, typer.Option(help="How customers are dialed; {gateway} stands for the campaign's own.")
    ] = str(DEFAULT.customers),
    agent_dial_string: Annotated[
        str, typer.Option(help="How agents' phones are dialed; {number} is the extension.")
    ] = str(DEFAULT.agents),
    data_dir: Annotated[Path | None, typer.Option(help="Where journal and private PostgreSQL live.")] = None,
) -> None:
    """Run the dialer of one switch until SIGTERM or Ctrl-C."""
    try:
        settings = Settings() if data_dir is None else Settings(data_directory=data_dir)
        configure(settings.log_level)
        options = _options(settings, switch, switch_name, speed, drain_max, legs_per_second)
        process = DialerProcess(replace(options, dial=DialStrings.parse(dial_string, agent_dial_string)))
        for number in (signal.SIGTERM, signal.SIGINT):
            gevent.signal_handler(number, process.stop)
        code = process.run()
    except (CallflowError, ModelsError, ValidationError, ValueError) as error:
        _give_up(str(error))
    except DBAPIError as error:
        # Not 2: whoever supervises us should try again, as the database may come back.
        _give_up(f"The database is away ({first_line(error)}): start it, or correct DATABASE_URL.", 1)
    raise typer.Exit(code)


def _options(
    settings: Settings, switch: str, name: str, speed: float, drain_max: float, legs_per_second: float
) -> DialerOptions:
    host, port = settings.switch_host, settings.switch_port
    password = settings.switch_password.get_secret_value()
    if switch:
        address = parse_switch(switch)
        host, port, password = address.host, address.port, address.password or password
    if not host:
        raise NotConfigured(
            "No switch is named: give --switch esl://:PASSWORD@HOST:PORT, or set RINGMASTER_SWITCH_HOST; "
            "without a FreeSWITCH, `ringmaster demo` brings a simulated one."
        )
    return DialerOptions(
        database_url=database_url(settings),
        data_directory=settings.data_directory.absolute(),
        switch_name=name or settings.switch_name,
        link=link_settings(host, port, password),
        speed=speed,
        drain_max_seconds=drain_max,
        lease_ttl_seconds=settings.lease_ttl_seconds,
        legs_per_second=legs_per_second,
        recordings=settings.recording_directory,
        decision_days=settings.decision_days,
        shadow_policy=settings.shadow_policy,
    )


def _give_up(sentence: str, code: int = 2) -> NoReturn:
    log.error("can't run: %s", sentence)
    sys.stderr.write(f"ringmaster dialer: {sentence}\n")
    raise typer.Exit(code)


def main() -> None:
    """Entry point of the module."""
    app = typer.Typer(add_completion=False)
    app.command()(dialer)
    app(prog_name="ringmaster dialer")


if __name__ == "__main__":
    main()
