"""Recordings of calls: what the switch recorded, where it is kept, and everything that was done with it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import RecordingConsent, RecordingDeed
from models.tables.base import Base, Id, choice, reference


class Recording(Base):
    """One file into which a customer's leg was recorded. Each group of columns is written once, in this
    order: start and stop by the dialer, `sha256` to `stored_at` when the switch's machine has handed the file
    over, `deleted_at` at the end. `expires_at` NULL: kept until somebody deletes it.

    `path` is on the switch's machine; `object` is the file's key in the storage.
    """

    __tablename__ = "recording"
    __table_args__ = (
        Index("ix_recording_attempt", "attempt_id"),
        Index("ix_recording_tenant", "tenant_id", "id"),
        Index(
            "ix_recording_expires",
            "expires_at",
            postgresql_where=text("stored_at IS NOT NULL AND deleted_at IS NULL AND NOT held"),
        ),
        UniqueConstraint("object"),
        CheckConstraint("(stored_at IS NULL) = (sha256 IS NULL)", name="checksum"),
        CheckConstraint("(stored_at IS NULL) = (object IS NULL)", name="object"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("deleted_at IS NULL OR NOT held", name="held"),
        CheckConstraint("seconds >= 0", name="seconds"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    campaign_id: Mapped[str] = reference("campaign")
    attempt_id: Mapped[str] = reference("attempt")
    switch_id: Mapped[str] = reference("switch")
    leg_id: Mapped[str] = mapped_column(Uuid(as_uuid=False))
    path: Mapped[str]
    consent: Mapped[RecordingConsent] = choice(RecordingConsent)
    started_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    seconds: Mapped[float | None]
    cause: Mapped[str] = mapped_column(server_default="")
    sha256: Mapped[str | None]
    bytes: Mapped[int | None]
    object: Mapped[str | None]
    stored_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    held: Mapped[bool] = mapped_column(server_default="false")
    deleted_at: Mapped[datetime | None]


class RecordingEvent(Base):
    """What happened to a recording, and by whom: append-only."""

    __tablename__ = "recording_event"
    __table_args__ = (Index("ix_recording_event_recording", "recording_id", "at"),)

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    recording_id: Mapped[str] = reference("recording")
    deed: Mapped[RecordingDeed] = choice(RecordingDeed)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[str] = mapped_column(server_default="")


class RecordingDisk(Base):
    """What a switch's machine last told of the disk that it records to. Times are PostgreSQL's own."""

    __tablename__ = "recording_disk"
    __table_args__ = (CheckConstraint("free_bytes >= 0 AND least_bytes >= 0 AND aside >= 0", name="counts"),)

    switch_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("switch.id", ondelete="CASCADE"), primary_key=True
    )
    free_bytes: Mapped[int]
    least_bytes: Mapped[int]
    aside: Mapped[int] = mapped_column(server_default="0")
    at: Mapped[datetime]
