"""Recordings: what a dialer obeys, what a switch hands over, what people find, and how they end."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from models.enums import RecordingConsent, RecordingDeed
from models.errors import NotFound
from models.ids import new_id
from models.records import RecordingOrders
from models.repository import campaigns
from models.repository.db import Db, clean_text, of_tenant

SILENT_SECONDS = 300.0
"""A disk of which nothing was heard for so long counts as full: nobody moves recordings off it either."""

_SHOWN = """
    id::text, tenant_id::text, campaign_id::text, attempt_id::text, consent, started_at, stopped_at, seconds,
    cause, sha256, bytes, object, stored_at, expires_at, held, deleted_at
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A recording as it stands. `object` is its key in the storage."""

    id: str
    tenant_id: str
    campaign_id: str
    attempt_id: str
    consent: RecordingConsent
    started_at: datetime
    stopped_at: datetime | None
    seconds: float | None
    cause: str
    sha256: str | None
    bytes: int | None
    object: str | None
    stored_at: datetime | None
    expires_at: datetime | None
    held: bool
    deleted_at: datetime | None

    @property
    def playable(self) -> bool:
        """Whether its sound is in the storage."""
        return self.stored_at is not None and self.deleted_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One line of a recording's history."""

    deed: RecordingDeed
    at: datetime
    who: str
    detail: str


# --- the dialer ----------------------------------------------------------------------------------------


def orders(db: Db, switch_id: str) -> RecordingOrders:
    """What the switch's dialer obeys."""
    plans = {one.campaign_id: one.recording for one in campaigns.list_all(db, switch_id=switch_id)}
    return RecordingOrders(plans=plans, room=room(db, switch_id))


def room(db: Db, switch_id: str) -> bool | None:
    """Whether the switch's disk has room for recordings; None: nobody ever told."""
    query = text(
        "SELECT free_bytes >= least_bytes AND at > now() - make_interval(secs => :silent)"
        " FROM recording_disk WHERE switch_id = CAST(:switch_id AS uuid)"
    )
    found = db.execute(query, {"switch_id": switch_id, "silent": SILENT_SECONDS}).scalar()
    return None if found is None else bool(found)


# --- the switch's machine ------------------------------------------------------------------------------


def tell_disk(db: Db, switch_id: str, *, free_bytes: int, least_bytes: int, aside: int) -> None:
    """Keep what the switch's machine says of its disk."""
    db.execute(
        text(
            "INSERT INTO recording_disk (switch_id, free_bytes, least_bytes, aside, at)"
            " VALUES (CAST(:switch_id AS uuid), :free, :least, :aside, now())"
            " ON CONFLICT (switch_id) DO UPDATE SET free_bytes = excluded.free_bytes,"
            " least_bytes = excluded.least_bytes, aside = excluded.aside, at = excluded.at"
        ),
        {"switch_id": switch_id, "free": free_bytes, "least": least_bytes, "aside": aside},
    )


def of_switch(db: Db, switch_id: str, recording_id: str) -> Recording | None:
    """A recording that this switch has made."""
    query = text(
        f"SELECT {_SHOWN} FROM recording"
        " WHERE id = CAST(:id AS uuid) AND switch_id = CAST(:switch_id AS uuid)"
    )
    row = db.execute(query, {"id": recording_id, "switch_id": switch_id}).first()
    return None if row is None else _recording(row)


def store(
    db: Db, recording_id: str, *, sha256: str, size: int, object_key: str, seconds: float, who: str
) -> Recording | None:
    """The file is in the storage, checked: its retention begins. None: it has been stored before.

    `seconds` is what the file itself says, kept where the switch's word was not heard.
    """
    query = text(
        f"""
        WITH kept AS (
            UPDATE recording r
               SET sha256 = :sha256, bytes = :size, object = :object, stored_at = now(),
                   seconds = coalesce(r.seconds, :seconds),
                   expires_at = r.stopped_at + make_interval(days => days.days)
              FROM (SELECT c.id, nullif(coalesce((c.recording->>'days')::int, 365), 0) AS days
                      FROM campaign c) AS days
             WHERE r.id = CAST(:id AS uuid) AND r.stopped_at IS NOT NULL AND r.stored_at IS NULL
               AND days.id = r.campaign_id
            RETURNING r.*)
        SELECT {_SHOWN} FROM kept
        """
    )
    values = {"id": recording_id, "sha256": sha256, "size": size, "object": object_key, "seconds": seconds}
    row = db.execute(query, values).first()
    if row is None:
        return None
    found = _recording(row)
    note(db, [found], RecordingDeed.STORED, who=who)
    return found


# --- people --------------------------------------------------------------------------------------------


def of_attempt(db: Db, attempt_id: str, *, tenant_id: str | None = None) -> tuple[Recording, ...]:
    """The recordings of one call, oldest first.

    Raises:
        NotFound: `call`, of this tenant.
    """
    there = text(f"SELECT 1 FROM attempt WHERE id = CAST(:id AS uuid) AND {of_tenant()}")
    if db.execute(there, {"id": attempt_id, "tenant_id": tenant_id}).first() is None:
        raise NotFound("call", f"there is no call {attempt_id}")
    query = text(
        f"SELECT {_SHOWN} FROM recording WHERE attempt_id = CAST(:id AS uuid) AND {of_tenant()} ORDER BY id"
    )
    rows = db.execute(query, {"id": attempt_id, "tenant_id": tenant_id})
    return tuple(_recording(row) for row in rows)


def one(db: Db, recording_id: str, *, tenant_id: str | None = None) -> Recording:
    """Raises NotFound: `recording`, of this tenant."""
    query = text(f"SELECT {_SHOWN} FROM recording WHERE id = CAST(:id AS uuid) AND {of_tenant()}")
    row = db.execute(query, {"id": recording_id, "tenant_id": tenant_id}).first()
    if row is None:
        raise NotFound("recording", f"there is no recording {recording_id}")
    return _recording(row)


def history(db: Db, recording_id: str, *, tenant_id: str | None = None) -> tuple[Deed, ...]:
    """All that was done to it, oldest first."""
    query = text(
        "SELECT deed, at, who, detail FROM recording_event"
        f" WHERE recording_id = CAST(:id AS uuid) AND {of_tenant()} ORDER BY at, id"
    )
    rows = db.execute(query, {"id": recording_id, "tenant_id": tenant_id})
    return tuple(Deed(**{**row._mapping, "deed": RecordingDeed(row.deed)}) for row in rows)


def hold(
    db: Db, recording_id: str, held: bool, *, who: str, why: str, tenant_id: str | None = None
) -> Recording:
    """Keep a recording whatever its retention says, or no longer. A second time changes nothing.

    Raises:
        NotFound: `recording`, of this tenant, that has not been deleted.
    """
    query = text(
        f"UPDATE recording SET held = :held WHERE id = CAST(:id AS uuid) AND {of_tenant()}"
        f" AND deleted_at IS NULL AND held <> :held RETURNING {_SHOWN}"
    )
    row = db.execute(query, {"id": recording_id, "held": held, "tenant_id": tenant_id}).first()
    if row is None:
        found = one(db, recording_id, tenant_id=tenant_id)
        if found.deleted_at is not None:
            raise NotFound("recording", "this recording has been deleted")
        return found
    deed = RecordingDeed.HELD if held else RecordingDeed.RELEASED
    note(db, [_recording(row)], deed, who=who, detail=why)
    return _recording(row)


def note(db: Db, of: Sequence[Recording], deed: RecordingDeed, *, who: str, detail: str = "") -> None:
    """Add a line to the history of each."""
    query = text(
        "INSERT INTO recording_event (id, tenant_id, recording_id, deed, at, who, detail)"
        " VALUES (:id, CAST(:tenant_id AS uuid), CAST(:recording_id AS uuid), :deed, now(), :who, :detail)"
    )
    for found in of:
        db.execute(
            query,
            {
                "id": new_id(),
                "tenant_id": found.tenant_id,
                "recording_id": found.id,
                "deed": deed.value,
                "who": clean_text(who)[:200],
                "detail": clean_text(detail)[:500],
            },
        )


# --- the end -------------------------------------------------------------------------------------------


def expired(db: Db, limit: int) -> tuple[Recording, ...]:
    """Recordings whose time is over and that nobody holds, locked for this transaction."""
    query = text(
        f"SELECT {_SHOWN} FROM recording WHERE stored_at IS NOT NULL AND deleted_at IS NULL AND NOT held"
        " AND expires_at <= now() ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED"
    )
    return tuple(_recording(row) for row in db.execute(query, {"limit": limit}))


def delete(db: Db, of: Sequence[Recording], *, who: str, why: str) -> None:
    """Their sound is gone; the rows and their history stay."""
    query = text("UPDATE recording SET deleted_at = now() WHERE id = ANY (CAST(:ids AS uuid[]))")
    db.execute(query, {"ids": [found.id for found in of]})
    note(db, of, RecordingDeed.DELETED, who=who, detail=why)


def _recording(row: Any) -> Recording:
    return Recording(**{**row._mapping, "consent": RecordingConsent(row.consent)})
