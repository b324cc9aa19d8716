"""What is dialed: campaign, list, lead, imports, and the leads that a rule refused."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.enums import CampaignState, DialMode, ImportState, LeadState
from models.tables.base import Base, Id, Json, choice, made_at, reference

DUE_STATES = "state IN ('new', 'retry', 'cooling')"


class Campaign(Base):
    """Everything that dials one set of lists under one set of rules.

    `rules` is a models.rules.RuleSet, `retries` a models.rules.RetryPolicy, `recording` a
    models.recordings.RecordingPlan, each as JSON. The abandon
    budget's windows are successive spans of `window_days` from `window_start`; 0 days means one window for
    ever.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        UniqueConstraint("tenant_id", "name"),
        Index("ix_campaign_switch_id", "switch_id"),
        CheckConstraint("target > 0 AND target <= cap AND cap <= 1", name="target"),
        CheckConstraint("grace_seconds > 0 AND grace_seconds <= 10", name="grace"),
        CheckConstraint("ring_seconds >= 16 AND ring_seconds <= 120", name="ring"),
        CheckConstraint("wrap_up_limit_seconds >= 0", name="wrap_up"),
        CheckConstraint("max_lines > 0 AND calls_per_second > 0", name="lines"),
        CheckConstraint("window_days >= 0", name="window"),
        CheckConstraint("gateway ~ '^[A-Za-z0-9_.-]{1,64}$'", name="gateway"),
        CheckConstraint(r"caller_id = '' OR caller_id ~ '^\+?[0-9]{3,15}$'", name="caller_id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    client_id: Mapped[str] = reference("client")
    switch_id: Mapped[str | None] = reference("switch")
    name: Mapped[str]
    state: Mapped[CampaignState] = choice(CampaignState)
    mode: Mapped[DialMode] = choice(DialMode)
    target: Mapped[float]
    cap: Mapped[float]
    grace_seconds: Mapped[float]
    ring_seconds: Mapped[float]
    wrap_up_limit_seconds: Mapped[float]
    gateway: Mapped[str]
    caller_id: Mapped[str] = mapped_column(server_default="")
    message: Mapped[str] = mapped_column(server_default="")
    max_lines: Mapped[int]
    calls_per_second: Mapped[float]
    rules: Mapped[Json]
    retries: Mapped[Json]
    recording: Mapped[Json] = mapped_column(server_default="{}")
    window_start: Mapped[datetime]
    window_days: Mapped[int] = mapped_column(server_default="30")
    changed_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = made_at()


class List(Base):
    """A set of leads of a campaign, mostly one imported file."""

    __tablename__ = "list"
    __table_args__ = (UniqueConstraint("campaign_id", "name"),)

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    campaign_id: Mapped[str] = reference("campaign")
    name: Mapped[str]
    created_at: Mapped[datetime] = made_at()


class ImportBatch(Base):
    """One imported file: importing it again changes nothing."""

    __tablename__ = "import_batch"
    __table_args__ = (UniqueConstraint("list_id", "sha256"),)

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    list_id: Mapped[str] = reference("list", ondelete="CASCADE")
    file_name: Mapped[str]
    sha256: Mapped[str]
    accepted: Mapped[int]
    refused: Mapped[int]
    created_at: Mapped[datetime] = made_at()


class ImportJob(Base):
    """An uploaded file on its way into a list: the worker imports it, all or nothing.

    `content` is the file until the job is over. `options` is how to read it; `report` is what became of it:
    refused rows by reason, and the first of them with line and reason. `refused_csv` is all of them, gzipped.
    `tries` counts the workers that took it; it fences one that was thought dead.
    """

    __tablename__ = "import_job"
    __table_args__ = (
        Index("ix_import_job_waiting", "created_at", postgresql_where=text("state IN ('queued', 'running')")),
        Index("ix_import_job_campaign", "campaign_id", "created_at"),
        CheckConstraint("(state IN ('queued', 'running')) = (content IS NOT NULL)", name="content"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    campaign_id: Mapped[str] = reference("campaign")
    list_name: Mapped[str]
    file_name: Mapped[str]
    options: Mapped[Json] = mapped_column(server_default="{}")
    content: Mapped[bytes | None]
    state: Mapped[ImportState] = choice(ImportState)
    rows_done: Mapped[int] = mapped_column(server_default="0")
    rows_total: Mapped[int | None]
    accepted: Mapped[int] = mapped_column(server_default="0")
    refused: Mapped[int] = mapped_column(server_default="0")
    report: Mapped[Json] = mapped_column(server_default="{}")
    refused_csv: Mapped[bytes | None]
    detail: Mapped[str] = mapped_column(server_default="")
    requested_by: Mapped[str] = mapped_column(server_default="")
    tries: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = made_at()
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Lead(Base):
    """A person to reach for a campaign, and when next.

    `number` is the number to dial next. `due_at` orders the leads of one `priority` (9 first). `tries`
    counts the attempts that used the lead up, `network_failures` those that did not, since the last try.
    """

    __tablename__ = "lead"
    __table_args__ = (
        UniqueConstraint("list_id", "number"),
        Index(
            "ix_lead_due",
            "campaign_id",
            "priority",
            "due_at",
            "id",
            postgresql_where=text(DUE_STATES),
        ),
        Index("ix_lead_person_id", "person_id"),
        CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
        CheckConstraint("tries >= 0 AND network_failures >= 0", name="counts"),
        CheckConstraint(r"number ~ '^\+[1-9][0-9]{5,14}$'", name="e164"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    campaign_id: Mapped[str] = reference("campaign")
    list_id: Mapped[str] = reference("list", ondelete="CASCADE")
    person_id: Mapped[str] = reference("person")
    account_id: Mapped[str | None] = reference("account")
    number: Mapped[str]
    state: Mapped[LeadState] = choice(LeadState)
    priority: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default="0")
    network_failures: Mapped[int] = mapped_column(server_default="0")
    reason: Mapped[str] = mapped_column(server_default="")
    fields: Mapped[Json] = mapped_column(server_default="{}")
    created_at: Mapped[datetime] = made_at()


class RuleRefusal(Base):
    """A lead that was due and that a rule refused: what was judged, the verdict, and when to ask again.

    Not an attempt: it counts against no cap and in no rate.
    """

    __tablename__ = "rule_refusal"
    __table_args__ = (Index("ix_rule_refusal_lead", "lead_id", "at"),)

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    campaign_id: Mapped[str] = reference("campaign")
    lead_id: Mapped[str] = reference("lead", ondelete="CASCADE")
    number: Mapped[str]
    at: Mapped[datetime]
    code: Mapped[str]
    detail: Mapped[str]
    retry_at: Mapped[datetime | None]
    rule_inputs: Mapped[Json]
