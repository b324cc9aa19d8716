"""How the processes meet: switch with its lease, command, event, live snapshot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import CommandKind, CommandStatus
from models.tables.base import Base, Id, Json, choice, made_at, reference


class Switch(Base):
    """One FreeSWITCH, and the lease of the one dialer that commands it.

    `lease_token` grows each time the holder changes; the lease is held while `lease_expires_at` is ahead of
    PostgreSQL's own clock.
    """

    __tablename__ = "switch"
    __table_args__ = (CheckConstraint("lease_token >= 0", name="token"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    lease_token: Mapped[int] = mapped_column(server_default="0")
    lease_holder: Mapped[str] = mapped_column(server_default="")
    lease_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = made_at()


class Gateway(Base):
    """A carrier gateway of a switch, shared by all tenants: calls at once and new calls per second that it
    takes (NULL: no limit), and whether it is dialed at all."""

    __tablename__ = "gateway"
    __table_args__ = (
        UniqueConstraint("switch_id", "name"),
        CheckConstraint("name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'", name="name"),
        CheckConstraint("max_calls > 0", name="max_calls"),
        CheckConstraint("calls_per_second > 0", name="calls_per_second"),
    )

    id: Mapped[Id]
    switch_id: Mapped[str] = reference("switch")
    name: Mapped[str]
    max_calls: Mapped[int | None]
    calls_per_second: Mapped[float | None]
    enabled: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = made_at()


class Route(Base):
    """A gateway that a campaign dials by, or, without a campaign, every campaign of the tenant that has none
    of its own. The lowest `tier` with a gateway that can take a call gets it, within a tier by `weight`."""

    __tablename__ = "route"
    __table_args__ = (
        Index(
            "uq_route_campaign",
            "campaign_id",
            "gateway_id",
            unique=True,
            postgresql_where=text("campaign_id IS NOT NULL"),
        ),
        Index(
            "uq_route_tenant",
            "tenant_id",
            "gateway_id",
            unique=True,
            postgresql_where=text("campaign_id IS NULL"),
        ),
        CheckConstraint("weight >= 0 AND weight <= 1000000", name="weight"),
        CheckConstraint("tier BETWEEN 1 AND 9", name="tier"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    campaign_id: Mapped[str | None] = reference("campaign", ondelete="CASCADE")
    gateway_id: Mapped[str] = reference("gateway", ondelete="CASCADE")
    weight: Mapped[float] = mapped_column(server_default="1")
    tier: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = made_at()


class Command(Base):
    """What a person or program asked of a dialer: the audit log of every intervention.

    `tenant_id` is whose people or programs asked; NULL is the installation itself. TAKEN is durable before
    the effect. Times are PostgreSQL's own, but for `finished_at`: the dialer's wall time.
    """

    __tablename__ = "command"
    __table_args__ = (
        Index("ix_command_open", "switch_id", "id", postgresql_where=text("status IN ('pending', 'taken')")),
        Index("ix_command_tenant", "tenant_id", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str | None] = reference("tenant")
    switch_id: Mapped[str] = reference("switch")
    kind: Mapped[CommandKind] = choice(CommandKind)
    agent_id: Mapped[str | None] = reference("agent")
    campaign_id: Mapped[str | None] = reference("campaign")
    payload: Mapped[Json] = mapped_column(server_default="{}")
    requested_by: Mapped[str] = mapped_column(server_default="")
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[CommandStatus] = choice(CommandStatus)
    expires_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    detail: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = made_at()


class Event(Base):
    """A row of the event feed. `seq` is its place, given after the commit by the one sequencer; readers use
    it.

    `tenant_id` NULL: of the installation, for no tenant's eyes.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_unsequenced", "id", postgresql_where=text("seq IS NULL")),
        Index("ix_event_topic", "topic", "seq"),
        Index("ix_event_tenant", "tenant_id", "seq"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str | None] = reference("tenant")
    seq: Mapped[int | None] = mapped_column(unique=True)
    topic: Mapped[str]
    at: Mapped[datetime]
    payload: Mapped[Json]
    recorded_at: Mapped[datetime] = made_at()


class Learned(Base):
    """What a campaign's dialer has learned from its calls, as bytes that only its build reads; overwritten.

    `pacer`: answer probability, ring, talk and wrap-up times. `leads`: the model of leads' answer
    probabilities.
    """

    __tablename__ = "learned"
    __table_args__ = (
        CheckConstraint("octet_length(pacer) <= 1048576 AND octet_length(leads) <= 1048576", name="size"),
    )

    campaign_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("campaign.id", ondelete="CASCADE"), primary_key=True
    )
    pacer: Mapped[bytes]
    leads: Mapped[bytes]
    at: Mapped[datetime] = made_at()


class LiveSnapshot(Base):
    """The newest live figures of one topic; overwritten, never history.

    Topic `dialer` is a whole dialer and of no tenant (NULL); `campaign:<id>` is one campaign, its tenant's.
    """

    __tablename__ = "live_snapshot"
    __table_args__ = (Index("ix_live_snapshot_tenant", "tenant_id"),)

    topic: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str | None] = reference("tenant")
    payload: Mapped[Json]
    at: Mapped[datetime]
    updated_at: Mapped[datetime] = made_at()
