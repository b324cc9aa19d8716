"""What `ringmaster doctor` looks at: each check is a finding with what to do about it. It changes nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from esl.client import Client
from esl.commands import Api
from esl.errors import EslError
from models import migrate, postgres
from models.errors import ModelsError
from models.repository import campaigns
from models.session import sync_engine
from models.settings import Settings

MIN_FREE_BYTES = 1 << 30
MIN_POSTGRES = 140000
MAX_SKEW_SECONDS = 5.0
SESSIONS_PER_SECOND_WANTED = 30


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table. `do` is empty when there is nothing to do."""

    check: str
    verdict: Verdict
    found: str
    do: str = ""


def ok(check: str, found: str) -> Finding:
    return Finding(check, Verdict.OK, found)


def warning(check: str, found: str, do: str) -> Finding:
    return Finding(check, Verdict.WARNING, found, do)


def failed(check: str, found: str, do: str) -> Finding:
    return Finding(check, Verdict.FAILED, found, do)


def examine(settings: Settings) -> list[Finding]:
    """Every check, in an order in which the first failure is the cause of the later ones."""
    findings = list(data_directory(settings.data_directory))
    gateways = {"agents"}
    findings += database(settings, gateways)
    findings += switch(settings, gateways)
    return findings


# --- data directory -----------------------------------------------------------------------------------------


def data_directory(directory: Path) -> Iterator[Finding]:
    """Is it there, may we write, is there room, did anything have to be set aside?"""
    path = directory.absolute()
    if not path.exists():
        parent = next(p for p in path.parents if p.exists())
        if os.access(parent, os.W_OK):
            yield ok("data directory", f"{path} is not there yet and can be made")
        else:
            yield failed(
                "data directory", f"{path} can't be made", f"make {parent} writable, or choose another"
            )
        return
    if not (path.is_dir() and os.access(path, os.W_OK | os.X_OK)):
        yield failed(
            "data directory",
            f"{path} can't be written",
            "make it writable for this user, or set RINGMASTER_DATA_DIRECTORY",
        )
        return
    yield ok("data directory", f"{path} can be written")
    free = shutil.disk_usage(path).free
    room = f"{free / (1 << 30):.1f} GiB free"
    if free < MIN_FREE_BYTES:
        yield warning("disk", room, "make room: the dialer stops when its journal can't be written")
    else:
        yield ok("disk", room)
    for rejected in sorted(path.glob("journal/*/*/rejected.jsonl")):
        yield warning(
            "journal",
            f"the database refused records, kept in {rejected}",
            "read the file: each line says why; report it",
        )


# --- database -----------------------------------------------------------------------------------------------


def database(settings: Settings, gateways: set[str]) -> Iterator[Finding]:
    """Reachable, new enough, migrated, one clock; who commands the switch. Adds the campaigns' gateways."""
    try:
        url = _url(settings)
        if url is None:
            yield warning(
                "database",
                "no DATABASE_URL, and the private PostgreSQL does not run",
                "nothing, if `ringmaster up` is to start it; else set DATABASE_URL",
            )
            return
        engine = sync_engine(url)
        try:
            with engine.connect() as connection:
                yield from _database(connection, settings, gateways)
        finally:
            engine.dispose()
    except DBAPIError as error:
        words = str(error.orig).strip().splitlines()
        yield failed("database", words[0] if words else "away", "start PostgreSQL, or correct DATABASE_URL")
    except ModelsError as error:
        yield failed("database", str(error), "correct the setting")


def _url(settings: Settings) -> str | None:
    if settings.database_url:
        return settings.database_url
    running = postgres.find_running(settings.data_directory) if settings.data_directory.is_dir() else None
    return None if running is None else running.url


def _database(connection: Connection, settings: Settings, gateways: set[str]) -> Iterator[Finding]:
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    version = connection.execute(text("SHOW server_version")).scalar_one()
    if number < MIN_POSTGRES:
        yield failed("database", f"PostgreSQL {version}", "install PostgreSQL 14 or later")
        return
    yield ok("database", f"PostgreSQL {version} answers")
    skew = (
        float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
        - time.time()
    )
    yield _skew("database clock", skew)
    revision, head = migrate.current(connection), migrate.head()
    if revision != head:
        yield failed(
            "schema", f"{revision or 'none'}, this version needs {head}", "run `ringmaster db migrate`"
        )
        return
    yield ok("schema", str(revision))
    gateways |= {campaign.gateway for campaign in campaigns.list_all(connection)}
    yield from _dialer(connection, settings.switch_name)


def _dialer(connection: Connection, name: str) -> Iterator[Finding]:
    query = text(
        "SELECT lease_holder <> '' AND lease_expires_at > clock_timestamp() AS held, lease_token FROM switch"
        " WHERE name = :name"
    )
    row = connection.execute(query, {"name": name}).first()
    if row is None or not row.held:
        yield warning("dialer", f"none commands the switch {name!r}", "start one with `ringmaster up`")
    else:
        yield ok("dialer", f"one commands the switch {name!r} (lease {row.lease_token})")


def _skew(check: str, seconds: float) -> Finding:
    found = f"{abs(seconds):.1f} s {'ahead of' if seconds > 0 else 'behind'} this machine"
    if abs(seconds) > MAX_SKEW_SECONDS:
        return failed(check, found, "set the clocks by NTP: nothing is dialed with a skew above 5 s")
    return ok(check, found)


# --- switch -------------------------------------------------------------------------------------------------


def switch(settings: Settings, gateways: set[str]) -> Iterator[Finding]:
    """Reachable, lets us in, has what the dialer needs, its limits, clock and gateways."""
    if not settings.switch_host:
        yield warning("switch", "none is named", "give --switch esl://:PASSWORD@HOST:PORT, or run the demo")
        return
    client = Client(settings.switch_host, settings.switch_port, settings.switch_password.get_secret_value())
    try:
        client.connect()
    except EslError as error:
        yield failed("switch", error.message, error.what_to_do)
        return
    try:
        yield from _switch(lambda line: client.send(Api(*line.split(" ", 1))).get().text.strip(), gateways)
    except EslError as error:
        yield failed("switch", error.message, error.what_to_do)
    finally:
        client.close()


def _switch(ask: Callable[[str], str], gateways: set[str]) -> Iterator[Finding]:
    yield ok("switch", ask("version") or "answers")
    for module, why in (
        ("mod_hash", "keeps each call's end for recovery"),
        ("mod_sofia", "is the SIP endpoint"),
    ):
        if ask(f"module_exists {module}") == "true":
            yield ok(module, "loaded")
        else:
            yield failed(module, "not loaded", f"load {module} in modules.conf.xml: it {why}")
    yield _limits(ask("status"))
    epoch = ask("strepoch")
    if epoch.isdecimal() and ask("ringmaster_speed").startswith("-"):
        yield _skew("switch clock", int(epoch) - time.time())
    elif epoch.isdecimal():
        yield ok("switch clock", "the simulator's own, which may run fast")
    for gateway in sorted(gateways):
        yield _gateway(gateway, ask(f"sofia xmlstatus gateway {gateway}"))


def _limits(status: str) -> Finding:
    rate = re.search(r"out of max (\d+)", status)
    sessions = re.search(r"(\d+) session\(s\) max", status)
    found = f"{sessions[1] if sessions else '?'} sessions, {rate[1] if rate else '?'} new ones per second"
    if rate is not None and int(rate[1]) < SESSIONS_PER_SECOND_WANTED:
        return warning(
            "switch limits",
            found,
            f"raise sessions-per-second to {SESSIONS_PER_SECOND_WANTED} in switch.conf.xml, or give the "
            "dialer a lower --legs-per-second",
        )
    return ok("switch limits", found)


def _gateway(name: str, answer: str) -> Finding:
    check = f"gateway {name}"
    status = re.search(r"<status>(\w+)</status>", answer)
    if status is None:
        return failed(check, "the switch does not have it", f"add the gateway {name} to a SIP profile")
    if status[1] != "UP":
        return failed(check, status[1], "see `sofia status` on the switch: the far end does not answer")
    return ok(check, "UP")


# --- the table ----------------------------------------------------------------------------------------------

_COLORS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


def show(findings: list[Finding], *, as_json: bool) -> int:
    """Print them; the exit code."""
    healthy = all(finding.verdict is not Verdict.FAILED for finding in findings)
    if as_json:
        sys.stdout.write(json.dumps({"ok": healthy, "findings": [asdict(f) for f in findings]}) + "\n")
        return int(not healthy)
    table = Table(box=None, pad_edge=False)
    for heading in ("", "check", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        color = _COLORS[finding.verdict]
        table.add_row(
            f"[{color}]{finding.verdict}[/]", finding.check, escape(finding.found), escape(finding.do)
        )
    Console().print(table)
    return int(not healthy)
