"""What happened: attempt, leg, call, call note."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import AttemptState, LegKind, Outcome
from models.tables.base import Base, Id, Json, choice, made_at, reference


class Attempt(Base):
    """One number dialed once, from its claim to exactly one outcome.

    The two partial unique indexes are the promise that no number and no person is called twice at once.
    `counted` is what caps count: it was dialed, and the person's phone rang or the try was used up; true
    while open. `machine`: its agent's last word on it is that an answering machine had answered. `moved`: it
    went from agent to agent; `agent_id` is the last one.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        Index(
            "uq_attempt_open_number",
            "tenant_id",
            "number",
            unique=True,
            postgresql_where=text("state <> 'closed'"),
        ),
        Index(
            "uq_attempt_open_person",
            "tenant_id",
            "person_id",
            unique=True,
            postgresql_where=text("state <> 'closed'"),
        ),
        Index("ix_attempt_number", "tenant_id", "number", "claimed_at", postgresql_where=text("counted")),
        Index("ix_attempt_person", "person_id", "claimed_at", postgresql_where=text("counted")),
        Index("ix_attempt_campaign", "campaign_id", "dialed_at"),
        Index("ix_attempt_lead", "lead_id"),
        Index("ix_attempt_open_switch", "switch_id", postgresql_where=text("state <> 'closed'")),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="one_outcome"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_at"),
        CheckConstraint("talk_seconds >= 0", name="talk"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    campaign_id: Mapped[str] = reference("campaign")
    lead_id: Mapped[str] = reference("lead")
    person_id: Mapped[str] = reference("person")
    switch_id: Mapped[str] = reference("switch")
    agent_id: Mapped[str | None] = reference("agent")
    number: Mapped[str]
    state: Mapped[AttemptState] = choice(AttemptState)
    outcome: Mapped[Outcome | None] = choice(Outcome)
    lease_token: Mapped[int]
    rule_inputs: Mapped[Json]
    rule_verdict: Mapped[Json]
    refused_code: Mapped[str] = mapped_column(server_default="")
    claimed_at: Mapped[datetime]
    dialed_at: Mapped[datetime | None]
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    bridged_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(server_default="")
    sip_status: Mapped[int | None]
    talk_seconds: Mapped[float] = mapped_column(server_default="0")
    wait_seconds: Mapped[float | None]
    abandoned: Mapped[bool] = mapped_column(server_default="false")
    recovered: Mapped[bool] = mapped_column(server_default="false")
    counted: Mapped[bool] = mapped_column(server_default="true")
    machine: Mapped[bool] = mapped_column(server_default="false")
    moved: Mapped[bool] = mapped_column(server_default="false")


class Leg(Base):
    """One channel on a switch: a person's phone for one attempt, an agent's standing leg, or that of a third
    party, `number`, to whom `agent_id` handed the attempt `transfer_of`."""

    __tablename__ = "leg"
    __table_args__ = (
        Index("ix_leg_attempt", "attempt_id"),
        Index("ix_leg_open", "switch_id", postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("(kind = 'customer') = (attempt_id IS NOT NULL)", name="customer"),
        CheckConstraint("kind <> 'agent' OR agent_id IS NOT NULL", name="agent"),
        CheckConstraint("(kind = 'third_party') = (transfer_of IS NOT NULL)", name="third_party"),
        Index("ix_leg_transfer", "transfer_of", postgresql_where=text("transfer_of IS NOT NULL")),
    )

    id: Mapped[Id]
    kind: Mapped[LegKind] = choice(LegKind)
    switch_id: Mapped[str] = reference("switch")
    attempt_id: Mapped[str | None] = reference("attempt")
    agent_id: Mapped[str | None] = reference("agent")
    transfer_of: Mapped[str | None] = reference("attempt")
    number: Mapped[str] = mapped_column(server_default="")
    gateway: Mapped[str] = mapped_column(server_default="")
    opened_at: Mapped[datetime]
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    bridged_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(server_default="")
    sip_status: Mapped[int | None]


class Call(Base):
    """The immutable record of a finished call, written once at the end; one per attempt that was dialed."""

    __tablename__ = "call"
    __table_args__ = (
        Index("ix_call_campaign", "campaign_id", "started_at"),
        Index("ix_call_outcome", "campaign_id", "outcome", "started_at"),
        Index("ix_call_person", "person_id", "started_at"),
        Index("ix_call_agent", "agent_id", "started_at"),
    )

    attempt_id: Mapped[str] = mapped_column(Uuid(as_uuid=False), ForeignKey("attempt.id"), primary_key=True)
    tenant_id: Mapped[str] = reference("tenant")
    campaign_id: Mapped[str] = reference("campaign")
    lead_id: Mapped[str] = reference("lead")
    person_id: Mapped[str] = reference("person")
    switch_id: Mapped[str] = reference("switch")
    agent_id: Mapped[str | None] = reference("agent")
    leg_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    number: Mapped[str]
    outcome: Mapped[Outcome] = choice(Outcome)
    started_at: Mapped[datetime]
    ringing_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    bridged_at: Mapped[datetime | None]
    ended_at: Mapped[datetime]
    talk_seconds: Mapped[float]
    wait_seconds: Mapped[float | None]
    abandoned: Mapped[bool]
    cause: Mapped[str]
    sip_status: Mapped[int | None]
    recovered: Mapped[bool]
    created_at: Mapped[datetime] = made_at()


class CallNote(Base):
    """A disposition or note on a call; append-only, with its author."""

    __tablename__ = "call_note"
    __table_args__ = (Index("ix_call_note_attempt", "attempt_id"),)

    id: Mapped[Id]
    attempt_id: Mapped[str] = reference("attempt")
    agent_id: Mapped[str] = reference("agent")
    disposition: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str] = mapped_column(server_default="")
    at: Mapped[datetime]
