"""What is looked at on this machine: data directory, database, and what the campaigns want of a switch."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from callflow.doctor.findings import Finding, failed, ok, skew, warning
from models import migrate, postgres
from models.enums import CampaignState
from models.errors import ModelsError
from models.repository import campaigns, gateways, live
from models.session import sync_engine
from models.settings import Settings

MIN_FREE_BYTES = 1 << 30
MIN_POSTGRES = 140000
SESSIONS_PER_AGENT = 4
"""The agent's leg, a customer's, and two that are dialed meanwhile (a list that answers one call in ten)."""


@dataclass(slots=True)
class Wanted:
    """What the campaigns that are not stopped want of the switch; filled in as the database is read."""

    gateways: set[str] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)
    sessions: int = 0
    phone_profile: str = ""


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


def database(settings: Settings, wanted: Wanted) -> Iterator[Finding]:
    """Reachable, new enough, migrated, one clock; who commands the switch. Fills in what is wanted of it."""
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
                yield from _database(connection, settings, wanted)
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


def _database(connection: Connection, settings: Settings, wanted: Wanted) -> Iterator[Finding]:
    number = int(connection.execute(text("SHOW server_version_num")).scalar_one())
    version = connection.execute(text("SHOW server_version")).scalar_one()
    if number < MIN_POSTGRES:
        yield failed("database", f"PostgreSQL {version}", "install PostgreSQL 14 or later")
        return
    yield ok("database", f"PostgreSQL {version} answers")
    now = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
    yield skew("database clock", float(now) - time.time())
    revision, head = migrate.current(connection), migrate.head()
    if revision != head:
        yield failed(
            "schema", f"{revision or 'none'}, this version needs {head}", "run `ringmaster db migrate`"
        )
        return
    yield ok("schema", str(revision))
    _want(connection, settings.switch_name, wanted)
    yield from _dialer(connection, settings.switch_name)
    yield from _carriers(connection)


def _want(connection: Connection, switch_name: str, wanted: Wanted) -> None:
    query = text("SELECT id::text FROM switch WHERE name = :name")
    switch_id = connection.execute(query, {"name": switch_name}).scalar()
    routes = gateways.plan(connection, switch_id).routes if switch_id else {}
    for campaign in campaigns.list_all(connection):
        if campaign.state is not CampaignState.STOPPED:
            own = routes.get(campaign.campaign_id)
            wanted.gateways |= {campaign.gateway} if own is None else {route.gateway for route in own}
            wanted.messages |= {campaign.message} - {""}
    wanted.sessions = SESSIONS_PER_AGENT * int(
        connection.execute(text("SELECT count(*) FROM agent")).scalar_one()
    )


def _carriers(connection: Connection) -> Iterator[Finding]:
    """How the gateways have fared, as a dialer at work shows it."""
    shown = live.get(connection, "dialer")
    if shown is None or shown.age_seconds > live.STALE_SECONDS:
        return
    for name, figures in sorted(dict(shown.payload.get("gateways") or {}).items()):
        standing, taken, lost = figures["standing"], figures["taken"], figures["failed"]
        found = f"{standing}, {figures['calls']} calls; took {taken} and failed {lost} since the start"
        if standing in ("up", "closed"):
            yield ok(f"calls by {name}", found)
        else:
            yield warning(f"calls by {name}", found, "ask the carrier: nearly all of the last calls failed")


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
