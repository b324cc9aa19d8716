"""What a switch asks the api with, and what agents' phones register with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Id, made_at, reference


class SwitchKey(Base):
    """The key by which a switch asks the api for phones: `prefix` names it, the hash proves it."""

    __tablename__ = "switch_key"

    id: Mapped[Id]
    switch_id: Mapped[str] = reference("switch", ondelete="CASCADE")
    prefix: Mapped[str] = mapped_column(unique=True)
    key_hash: Mapped[str]
    created_at: Mapped[datetime] = made_at()
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class PhoneLogin(Base):
    """What an agent's phone registers with until it expires: one for an agent, each new one ends the last.

    `user_name` is the login's own, random like the password: the switch keeps an answer under that name.

    `a1_hash` is as good as the password to whoever reads it (SIP's digest knows no better); so it lives for a
    shift, and is of nobody once the agent has logged out.
    """

    __tablename__ = "phone_login"
    __table_args__ = (
        UniqueConstraint("agent_id"),
        CheckConstraint("a1_hash ~ '^[0-9a-f]{32}$'", name="a1_hash"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    agent_id: Mapped[str] = reference("agent", ondelete="CASCADE")
    user_name: Mapped[str] = mapped_column(unique=True)
    a1_hash: Mapped[str]
    made_at: Mapped[datetime] = made_at()
    expires_at: Mapped[datetime]
