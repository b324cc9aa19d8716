"""Commands of this package, as typer applications (`typer.Typer`):

`campaign` (sub-commands), `db` (sub-commands), `import_leads` (one command), `verify` (one command).
A composition root: settings are read here, and errors become one sentence and an exit code other than 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from models import migrate, postgres
from models import verify as checker
from models.enums import CampaignState, CommandKind, DialMode, RecordingConsent, RecordingMode
from models.errors import InvalidValue, ModelsError, NotFound
from models.importing import ImportOptions, ImportReport, import_file
from models.recordings import RecordingPlan
from models.records import CampaignSettings
from models.repository import campaigns, clients, commands, setup
from models.repository.db import Db
from models.rules import preset
from models.session import normalise_url, sync_engine
from models.settings import Settings

campaign = typer.Typer(help="Make, show and steer campaigns.", no_args_is_help=True, add_completion=False)
db = typer.Typer(
    help="The database: migrate, check, address, start, stop.", no_args_is_help=True, add_completion=False
)
import_leads = typer.Typer(help="Import leads from a CSV file.", add_completion=False)
verify = typer.Typer(help="Check every figure and invariant from the database alone.", add_completion=False)

out, err = Console(), Console(stderr=True)
Name = Annotated[str, typer.Argument(help="Name or id of the campaign.")]


@contextmanager
def plainly() -> Iterator[None]:
    """Errors that a person can act on as one sentence, exit code 1."""
    try:
        yield
    except ModelsError as error:
        err.print(f"[red]{escape(str(error))}[/red]")
        raise typer.Exit(1) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = "RINGMASTER_" + "_".join(str(part) for part in first["loc"]).upper()
        err.print(f"[red]The setting {escape(name)} is wrong: {escape(first['msg'])}.[/red]")
        raise typer.Exit(1) from error
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0] if error.orig is not None else str(error)
        err.print(
            f"[red]The database can't be reached ({escape(reason)}): check DATABASE_URL, or start it.[/red]"
        )
        raise typer.Exit(1) from error


@contextmanager
def database(settings: Settings | None = None, *, migrated: bool = True) -> Iterator[Engine]:
    """An engine on the configured database, or on the private one; a private one started here is stopped
    again."""
    settings = settings or Settings()
    started = False
    url = settings.database_url
    if not url:
        private = postgres.start(settings.data_directory, port=settings.postgres_port)
        url, started = private.url, private.started
    engine = sync_engine(url, pool_size=2)
    try:
        if migrated:
            migrate.upgrade(url)
        yield engine
    finally:
        engine.dispose()
        if started:
            postgres.stop(settings.data_directory)


def named(connection: Db, name: str) -> CampaignSettings:
    found = campaigns.find(connection, name)
    if found is None:
        raise NotFound("campaign", f"There is no campaign {name!r}: `ringmaster campaign list` shows them.")
    return found


@campaign.command("create")
def campaign_create(
    name: str,
    rules: Annotated[
        str, typer.Option(help="Preset of rules: us_telemarketing, us_debt, uk, italy, france.")
    ] = ("us_telemarketing"),
    mode: Annotated[DialMode, typer.Option(help="How calls are placed.")] = DialMode.PREDICTIVE,
    target: Annotated[float, typer.Option(help="Target abandon rate, a fraction.")] = 0.03,
    cap: Annotated[float, typer.Option(help="Highest target that the rules allow.")] = 0.03,
    gateway: Annotated[str, typer.Option(help="Carrier gateway of the switch.")] = "carrier",
    caller_id: Annotated[str, typer.Option(help="Number that the called person sees.")] = "",
    max_lines: Annotated[int, typer.Option(help="Lines at once.")] = 1000,
    calls_per_second: Annotated[float, typer.Option(help="New calls per second.")] = 50.0,
    client: Annotated[
        str, typer.Option(help="For whom: its campaigns share an abandon budget; made if new.")
    ] = setup.DEFAULT_CLIENT,
) -> None:
    """Make a campaign, not yet started."""
    with plainly(), database(settings := Settings()) as engine, engine.begin() as connection:
        made = campaigns.create(
            connection,
            CampaignSettings(
                campaign_id="",
                name=name,
                state=CampaignState.DRAFT,
                mode=mode,
                target=target,
                cap=cap,
                gateway=gateway,
                caller_id=caller_id,
                max_lines=max_lines,
                calls_per_second=calls_per_second,
                client_id=setup.client(connection, setup.tenant(connection), client),
            ),
            switch_id=setup.switch(connection, settings.switch_name),
            rules=preset(rules),
        )
        out.print(f"Campaign {escape(made.name)} made: {made.campaign_id}. Not legal advice: rules {rules}.")


@campaign.command("client")
def campaign_client(
    name: Annotated[str, typer.Argument(help="Name of the client, as given to `campaign create --client`.")],
    target: Annotated[
        float | None, typer.Option(help="Abandon rate that all its campaigns together may have.")
    ] = None,
    no_target: Annotated[bool, typer.Option("--no-target", help="Remove the target of its own.")] = False,
) -> None:
    """Show a client's abandon target, set it, or remove it; a running dialer follows within seconds."""
    with plainly(), database() as engine, engine.begin() as connection:
        if no_target and target is not None:
            raise InvalidValue("target", "give --target or --no-target, not both")
        client_id, found = clients.named(connection, setup.tenant(connection), name)
        if no_target or target is not None:
            clients.set_abandon_target(connection, client_id, target)
            found = target
        what = "no abandon target of its own" if found is None else f"the abandon target {found:.3g}"
        out.print(f"The client {escape(name)} has {what}.")


@campaign.command("recording")
def campaign_recording(
    name: Name,
    mode: Annotated[RecordingMode, typer.Argument(help="Which calls are recorded.")],
    consent: Annotated[
        RecordingConsent, typer.Option(help="How the person comes to know: at least what the rules ask for.")
    ] = RecordingConsent.ANNOUNCED,
    announcement: Annotated[
        str,
        typer.Option(help="Sound of the switch that announces it, as `ringmaster switch prompt` names it."),
    ] = "",
    share: Annotated[float, typer.Option(help="Of the calls, with `share`: 0 to 1.")] = 1.0,
    days: Annotated[int, typer.Option(help="How long a recording is kept; 0: until it is deleted.")] = 365,
) -> None:
    """Say which of a campaign's calls are recorded; its dialer follows within seconds."""
    with plainly(), database() as engine, engine.begin() as connection:
        plan = RecordingPlan(mode=mode, share=share, consent=consent, announcement=announcement, days=days)
        found = named(connection, name)
        campaigns.record(connection, found.campaign_id, plan)
        out.print(f"Campaign {escape(found.name)}: recording {mode.value}, consent {consent.value}.")


@campaign.command("list")
def campaign_list() -> None:
    """Every campaign with its leads."""
    with plainly(), database() as engine, engine.connect() as connection:
        found = campaigns.list_all(connection)
        counts = campaigns.lead_counts(connection, [settings.campaign_id for settings in found])
        table = Table("campaign", "state", "mode", "target", "leads", "closed", "id")
        for settings in found:
            leads = counts[settings.campaign_id]
            table.add_row(
                escape(settings.name),
                settings.state,
                settings.mode,
                f"{settings.target:.1%}",
                str(sum(leads.values())),
                str(leads.get("closed", 0)),
                settings.campaign_id,
            )
        out.print(
            table if found else "There is no campaign yet: `ringmaster campaign create NAME` makes one."
        )


@campaign.command("show")
def campaign_show(name: Name) -> None:
    """One campaign as JSON: settings, rules, leads by state."""
    with plainly(), database() as engine, engine.connect() as connection:
        found = named(connection, name)
        shown = {field: getattr(found, field) for field in CampaignSettings.__slots__}
        shown["recording"] = found.recording.to_json()
        shown["rules"] = campaigns.rules(connection, found.campaign_id).to_json()
        shown["leads"] = campaigns.lead_counts(connection, [found.campaign_id])[found.campaign_id]
        out.print_json(json.dumps(shown))


def _ask(name: str, kind: CommandKind, payload: dict[str, float] | None = None) -> None:
    with plainly(), database() as engine:
        with engine.begin() as connection:
            found = named(connection, name)
            if payload is not None and not 0 < payload["target"] <= found.cap:
                raise InvalidValue(
                    "target", f"The target must be above 0 and at most the cap, {found.cap:.3g}."
                )
            switch_id = campaigns.switch_of(connection, found.campaign_id)
            if switch_id is None:
                raise NotFound("switch", f"No switch dials campaign {name!r}: make it anew with a switch.")
            command_id = commands.insert(
                connection,
                switch_id=switch_id,
                kind=kind,
                campaign_id=found.campaign_id,
                payload=payload,
                requested_by="command line",
            )
        out.print(f"Asked the dialer: {kind} ({command_id}). It expires in 60 s if no dialer runs.")


@campaign.command("start")
def campaign_start(name: Name) -> None:
    """Ask the dialer to dial."""
    _ask(name, CommandKind.CAMPAIGN_START)


@campaign.command("pause")
def campaign_pause(name: Name) -> None:
    """Ask the dialer to stop dialing for now; calls go on."""
    _ask(name, CommandKind.CAMPAIGN_PAUSE)


@campaign.command("stop")
def campaign_stop(name: Name) -> None:
    """Ask the dialer to end the campaign; calls finish."""
    _ask(name, CommandKind.CAMPAIGN_STOP)


@campaign.command("target")
def campaign_target(
    name: Name, target: Annotated[float, typer.Argument(help="A fraction, such as 0.02.")]
) -> None:
    """Ask the dialer for another target abandon rate, within the cap."""
    _ask(name, CommandKind.CAMPAIGN_TARGET, {"target": target})


@db.command("migrate")
def db_migrate() -> None:
    """Bring the database to this version's schema."""
    with plainly(), database():
        out.print(f"The database is at revision {migrate.head()}.")


@db.command("url")
def db_url() -> None:
    """The address of the database that is used (a private one must run)."""
    with plainly():
        settings = Settings()
        if settings.database_url:
            typer.echo(normalise_url(settings.database_url).set(drivername="postgresql").render_as_string())
            return
        running = postgres.find_running(settings.data_directory)
        if running is None:
            raise NotFound(
                "postgres", "The private PostgreSQL does not run: `ringmaster db start` starts it."
            )
        typer.echo(running.url)


@db.command("check")
def db_check() -> None:
    """Whether the database can be reached and has this version's schema; changes nothing in it."""
    with plainly(), database(migrated=False) as engine, engine.connect() as connection:
        found, wanted = migrate.current(connection), migrate.head()
        if found != wanted:
            raise ModelsError(
                "schema", f"The schema is {found or 'empty'}, not {wanted}: run `ringmaster db migrate`."
            )
        out.print(f"The database answers and is at revision {found}.")


@db.command("start")
def db_start() -> None:
    """Start the private PostgreSQL and leave it running."""
    with plainly():
        settings = Settings()
        if settings.database_url:
            raise InvalidValue("database_url", "DATABASE_URL is set: that server is yours to start.")
        running = postgres.start(settings.data_directory, port=settings.postgres_port)
        migrate.upgrade(running.url)
        typer.echo(running.url)


@db.command("stop")
def db_stop() -> None:
    """Stop the private PostgreSQL."""
    with plainly():
        stopped = postgres.stop(Settings().data_directory)
        out.print("Stopped." if stopped else "It did not run.")


@import_leads.command()
def import_command(
    file: Annotated[Path, typer.Argument(help="CSV file, one lead per line.")],
    campaign_name: Annotated[str, typer.Option("--campaign", help="Name or id of the campaign.")],
    list_name: Annotated[
        str, typer.Option("--list", help="List to add to; the file's name by default.")
    ] = "",
    region: Annotated[str, typer.Option(help="Country of numbers without a country code.")] = "US",
    timezone: Annotated[str, typer.Option(help="Time zone of numbers that tell none.")] = "",
    phone_column: Annotated[list[str] | None, typer.Option(help="Column with a number (repeatable).")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the refused rows to this CSV file.")] = None,
) -> None:
    """Import leads: good rows once, refused rows with their reasons, all or nothing."""
    with plainly(), database() as engine:
        options = ImportOptions(
            region=region.upper(), timezone=timezone or None, phone_columns=tuple(phone_column or ())
        )
        with _progress(file.name) as progress, engine.begin() as connection:
            task = progress.add_task(escape(file.name), total=None)
            found = named(connection, campaign_name)
            result = import_file(
                connection,
                file,
                campaign_id=found.campaign_id,
                list_name=list_name,
                options=options,
                progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
            if report is not None:
                result.write_refused(report)
        _show(result, report)


def _progress(name: str) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=err)


def _show(result: ImportReport, report: Path | None) -> None:
    if result.already_imported:
        out.print(
            f"{escape(result.file_name)} was imported before ({result.accepted} leads, "
            f"{result.refused_count} refused): nothing was changed."
        )
        return
    out.print(
        f"{result.accepted} leads imported, {result.refused_count} rows refused "
        f"(read as {result.encoding}, delimiter {result.delimiter!r}, "
        f"numbers in {', '.join(result.phone_columns)})."
    )
    if not result.refused:
        return
    table = Table(
        "line", "reason", "value", title="Refused rows" if report else "Refused rows (--report keeps them)"
    )
    for row in result.refused[:10]:
        table.add_row(str(row.line), escape(row.reason), escape(row.value[:40]))
    out.print(table)
    out.print("All: " + ", ".join(f"{count} {code}" for code, count in result.by_reason().items()))


@verify.command()
def verify_command(
    since: Annotated[float | None, typer.Option(help="Begin of the figures, epoch seconds.")] = None,
    until: Annotated[float | None, typer.Option(help="End of the figures, epoch seconds.")] = None,
    running: Annotated[bool, typer.Option(help="A dialer runs: open calls are no violation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Recompute every figure and invariant; exit code 1 if one is violated."""
    with plainly(), database() as engine, engine.connect() as connection:
        findings = checker.check(connection, since=since, until=until, at_rest=not running)
        names = {settings.campaign_id: settings.name for settings in campaigns.list_all(connection)}
    if as_json:
        shown = {names.get(key, key): figures.to_json() for key, figures in findings.figures.items()}
        broken = [{"code": v.code, "subject": v.subject, "detail": v.detail} for v in findings.violations]
        typer.echo(
            json.dumps({"invariant_violations": len(broken), "violations": broken, "campaigns": shown})
        )
    else:
        _show_findings(findings, names)
    if findings.violations:
        raise typer.Exit(1)


def _show_findings(findings: checker.Findings, names: dict[str, str]) -> None:
    table = Table(
        "campaign", "attempts", "live", "abandoned", "abandon rate", "occupancy", "talk min per agent hour"
    )
    for key, figures in findings.figures.items():
        table.add_row(
            escape(names.get(key, key)),
            str(figures.attempts),
            str(figures.live_answers),
            str(figures.abandoned),
            f"{figures.abandon_rate:.2%}",
            f"{figures.occupancy:.1%}",
            f"{figures.talk_minutes_per_agent_hour:.1f}",
        )
    out.print(table)
    for violation in findings.violations[:50]:
        out.print(f"[red]{violation.code}[/red] {violation.subject}: {escape(violation.detail)}")
    out.print(f"{len(findings.violations)} violations.")
