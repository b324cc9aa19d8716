"""Who may sign in, and with what: users, sessions of browsers, API keys, one-time links, failed tries.

Secrets are stored as hashes only: passwords with Argon2id, tokens (256 random bits) with SHA-256.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import UserRole
from models.tables.base import Base, Id, choice, made_at, reference


class UserAccount(Base):
    """A person who signs in. `login` is unique over the installation, whatever its case.

    `agent_id`: the agent that this person works as; a user of role agent has one.
    """

    __tablename__ = "user_account"
    __table_args__ = (
        Index("uq_user_account_login", text("lower(login)"), unique=True),
        Index("ix_user_account_tenant_id", "tenant_id"),
        UniqueConstraint("agent_id"),
        CheckConstraint("role <> 'agent' OR agent_id IS NOT NULL", name="agent"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    login: Mapped[str]
    display_name: Mapped[str] = mapped_column(server_default="")
    role: Mapped[UserRole] = choice(UserRole)
    password_hash: Mapped[str]
    agent_id: Mapped[str | None] = reference("agent")
    disabled: Mapped[bool] = mapped_column(server_default="false")
    must_change_password: Mapped[bool] = mapped_column(server_default="false")
    locked_until: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = made_at()


class WebSession(Base):
    """A browser that is signed in: the hash of what its cookie holds."""

    __tablename__ = "web_session"
    __table_args__ = (
        Index("ix_web_session_user_id", "user_id"),
        Index("ix_web_session_expires", "expires_at"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    user_id: Mapped[str] = reference("user_account", ondelete="CASCADE")
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = made_at()
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(server_default="")
    user_agent: Mapped[str] = mapped_column(server_default="")


class ApiKey(Base):
    """A program's key: `prefix` names it, the hash proves it; `scopes` is what it may do."""

    __tablename__ = "api_key"
    __table_args__ = (Index("ix_api_key_tenant_id", "tenant_id"),)

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    key_hash: Mapped[str]
    scopes: Mapped[list[str]]
    created_by: Mapped[str | None] = reference("user_account", ondelete="SET NULL")
    created_at: Mapped[datetime] = made_at()
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignInLink(Base):
    """A link that signs a user in once."""

    __tablename__ = "sign_in_link"

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    user_id: Mapped[str] = reference("user_account", ondelete="CASCADE")
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = made_at()
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInFailure(Base):
    """A try to sign in that failed: what the rate limit and the lockout count. Belongs to no tenant."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (
        Index("ix_sign_in_failure_login", "login", "at"),
        Index("ix_sign_in_failure_address", "address", "at"),
    )

    id: Mapped[Id]
    login: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime] = made_at()
