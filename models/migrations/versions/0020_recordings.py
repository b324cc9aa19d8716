"""Recordings of calls, what was done with them, and the disks of the switches."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('ringmaster.tenant_id', true), '')::uuid)"
KINDS = (
    "campaign_start",
    "campaign_pause",
    "campaign_stop",
    "campaign_target",
    "stop_all",
    "agent_login",
    "agent_logout",
    "agent_pause",
    "agent_ready",
    "agent_hang_up",
    "agent_hold",
    "agent_mute",
    "agent_digits",
    "agent_transfer",
    "disposition",
    "recording_start",
    "recording_stop",
    "recording_pause",
    "recording_resume",
)
DEEDS = ("started", "masked", "unmasked", "stopped", "stored", "listened", "held", "released", "deleted")
MOMENT = sa.DateTime(timezone=True)
ID = sa.Uuid(as_uuid=False)


def _word(table: str, column: str, name: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    """Apply."""
    words = ", ".join(f"'{kind}'" for kind in KINDS)
    op.drop_constraint(op.f("ck_command_command_kind"), "command", type_="check")
    op.create_check_constraint(op.f("ck_command_command_kind"), "command", f"kind IN ({words})")
    op.add_column("campaign", sa.Column("recording", JSONB(), server_default="{}", nullable=False))
    _recording()
    op.create_table(
        "recording_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("tenant_id", ID, nullable=False),
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("deed", sa.String(length=32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        _word("recording_event", "deed", "recording_deed", DEEDS),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_recording_event_tenant_id")),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recording.id"], name=op.f("fk_recording_event_recording_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_event")),
    )
    op.create_index("ix_recording_event_recording", "recording_event", ["recording_id", "at"])
    op.create_table(
        "recording_disk",
        sa.Column("switch_id", ID, nullable=False),
        sa.Column("free_bytes", sa.BigInteger(), nullable=False),
        sa.Column("least_bytes", sa.BigInteger(), nullable=False),
        sa.Column("aside", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "free_bytes >= 0 AND least_bytes >= 0 AND aside >= 0", name=op.f("ck_recording_disk_counts")
        ),
        sa.ForeignKeyConstraint(
            ["switch_id"], ["switch.id"], name=op.f("fk_recording_disk_switch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("switch_id", name=op.f("pk_recording_disk")),
    )
    op.execute("GRANT SELECT, UPDATE ON recording TO ringmaster_api")
    op.execute("GRANT SELECT, INSERT ON recording_event TO ringmaster_api")
    own = f"tenant_id = {TENANT}"
    for table in ("recording", "recording_event"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO ringmaster_api USING ({own}) WITH CHECK ({own})")
    op.execute("ALTER TABLE recording_disk ENABLE ROW LEVEL SECURITY")


def _recording() -> None:
    op.create_table(
        "recording",
        sa.Column("id", ID, nullable=False),
        *(
            sa.Column(f"{name}_id", ID, nullable=False)
            for name in ("tenant", "campaign", "attempt", "switch", "leg")
        ),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("consent", sa.String(length=32), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("cause", sa.Text(), server_default="", nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("object", sa.Text(), nullable=True),
        sa.Column("stored_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("held", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("deleted_at", MOMENT, nullable=True),
        _word("recording", "consent", "recording_consent", ("none", "announced", "asked")),
        sa.CheckConstraint("(stored_at IS NULL) = (sha256 IS NULL)", name=op.f("ck_recording_checksum")),
        sa.CheckConstraint("(stored_at IS NULL) = (object IS NULL)", name=op.f("ck_recording_object")),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_recording_sha256")),
        sa.CheckConstraint("deleted_at IS NULL OR NOT held", name=op.f("ck_recording_held")),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_recording_seconds")),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{name}.id"], name=op.f(f"fk_recording_{name}_id"))
            for name in ("tenant", "campaign", "attempt", "switch")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording")),
        sa.UniqueConstraint("object", name=op.f("uq_recording_object")),
    )
    op.create_index("ix_recording_attempt", "recording", ["attempt_id"])
    op.create_index("ix_recording_tenant", "recording", ["tenant_id", "id"])
    op.create_index(
        "ix_recording_expires",
        "recording",
        ["expires_at"],
        postgresql_where=sa.text("stored_at IS NOT NULL AND deleted_at IS NULL AND NOT held"),
    )
