"""Keys of switches, and what agents' phones register with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('ringmaster.tenant_id', true), '')::uuid)"


def upgrade() -> None:
    """Apply."""
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "switch_key",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("switch_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("created_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", moment, nullable=True),
        sa.Column("revoked_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["switch_id"], ["switch.id"], name=op.f("fk_switch_key_switch_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_switch_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_switch_key_prefix")),
    )
    op.create_table(
        "phone_login",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("agent_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("a1_hash", sa.Text(), nullable=False),
        sa.Column("made_at", moment, server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.CheckConstraint("a1_hash ~ '^[0-9a-f]{32}$'", name=op.f("ck_phone_login_a1_hash")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_phone_login_tenant_id")),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agent.id"], name=op.f("fk_phone_login_agent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_login")),
        sa.UniqueConstraint("agent_id", name=op.f("uq_phone_login_agent_id")),
        sa.UniqueConstraint("user_name", name=op.f("uq_phone_login_user_name")),
    )
    own = f"tenant_id = {TENANT}"
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON phone_login TO ringmaster_api")
    op.execute("ALTER TABLE phone_login ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON phone_login TO ringmaster_api USING ({own}) WITH CHECK ({own})")
    op.execute("ALTER TABLE switch_key ENABLE ROW LEVEL SECURITY")
