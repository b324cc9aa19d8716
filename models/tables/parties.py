"""Whose installation, for whom, and whom we call: tenant, client, person, numbers, accounts, do-not-call."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Id, made_at, reference

E164 = r"number ~ '^\+[1-9][0-9]{5,14}$'"


class Tenant(Base):
    """Separate data, users and limits on one installation."""

    __tablename__ = "tenant"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = made_at()


class Client(Base):
    """The seller or creditor that campaigns are run for.

    `abandon_target`: the abandon rate that all its campaigns together may have; NULL: what each one's cap
    says.
    """

    __tablename__ = "client"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        CheckConstraint("abandon_target > 0 AND abandon_target <= 1", name="abandon_target"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    name: Mapped[str]
    abandon_target: Mapped[float | None]
    created_at: Mapped[datetime] = made_at()


class Person(Base):
    """One human. `timezones` is every zone the person may be in: a call must be lawful in all of them.

    A hold (dispute, breathing space, paid, recalled) stops every call: `hold_reason` is not empty, until
    `hold_until` or for good.
    """

    __tablename__ = "person"
    __table_args__ = (
        Index(
            "uq_person_external_id",
            "tenant_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    external_id: Mapped[str | None]
    name: Mapped[str] = mapped_column(server_default="")
    timezones: Mapped[list[str]] = mapped_column(server_default="{}")
    hold_reason: Mapped[str] = mapped_column(server_default="")
    hold_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = made_at()


class PersonPhone(Base):
    """A number of a person, E.164. `bad_since`: the network said that it does not exist."""

    __tablename__ = "person_phone"
    __table_args__ = (
        UniqueConstraint("tenant_id", "person_id", "number"),
        Index("ix_person_phone_number", "tenant_id", "number"),
        CheckConstraint(E164, name="e164"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    person_id: Mapped[str] = reference("person", ondelete="CASCADE")
    number: Mapped[str]
    position: Mapped[int] = mapped_column(server_default="0")
    bad_since: Mapped[datetime | None]
    created_at: Mapped[datetime] = made_at()


class Account(Base):
    """A debt or contract of a person with a client."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("tenant_id", "client_id", "reference"),)

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    client_id: Mapped[str] = reference("client")
    person_id: Mapped[str] = reference("person", ondelete="CASCADE")
    reference: Mapped[str]
    created_at: Mapped[datetime] = made_at()


class DoNotCall(Base):
    """A number, or every number that begins with it, that a tenant, client or campaign must not call."""

    __tablename__ = "do_not_call"
    __table_args__ = (
        Index("ix_do_not_call_number", "tenant_id", "number"),
        CheckConstraint(r"number ~ '^\+[0-9]{1,15}$'", name="digits"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    client_id: Mapped[str | None] = reference("client")
    campaign_id: Mapped[str | None] = reference("campaign")
    number: Mapped[str]
    is_prefix: Mapped[bool] = mapped_column(server_default="false")
    reason: Mapped[str] = mapped_column(server_default="")
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = made_at()
