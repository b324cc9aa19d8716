"""Who works: team, agent, and the agent state log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import AgentState
from models.tables.base import Base, Id, choice, made_at, reference


class Team(Base):
    """Agents that are led together."""

    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    name: Mapped[str]
    created_at: Mapped[datetime] = made_at()


class Agent(Base):
    """A person who takes calls, with the current state; `switch_id` is where the agent is homed."""

    __tablename__ = "agent"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        UniqueConstraint("tenant_id", "extension"),
        Index("ix_agent_switch_id", "switch_id"),
        CheckConstraint("extension ~ '^[A-Za-z0-9_.-]{1,64}$'", name="extension"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    team_id: Mapped[str | None] = reference("team")
    switch_id: Mapped[str | None] = reference("switch")
    campaign_id: Mapped[str | None] = reference("campaign")
    name: Mapped[str]
    extension: Mapped[str]
    state: Mapped[AgentState] = choice(AgentState)
    state_since: Mapped[datetime]
    state_log_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    reason: Mapped[str] = mapped_column(server_default="")
    attempt_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    created_at: Mapped[datetime] = made_at()


class AgentStateLog(Base):
    """When an agent entered which state; it lasts until the agent's next row."""

    __tablename__ = "agent_state_log"
    __table_args__ = (
        Index("ix_agent_state_log_agent", "agent_id", "at", "id"),
        Index("ix_agent_state_log_campaign", "campaign_id", "at"),
    )

    id: Mapped[Id]
    agent_id: Mapped[str] = reference("agent")
    campaign_id: Mapped[str | None] = reference("campaign")
    attempt_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    state: Mapped[AgentState] = choice(AgentState)
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(server_default="")
