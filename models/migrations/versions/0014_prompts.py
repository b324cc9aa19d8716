"""Prompts: messages by the SHA-256 of their sound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TENANT = "(SELECT nullif(current_setting('ringmaster.tenant_id', true), '')::uuid)"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "prompt",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_prompt_sha256")),
        sa.CheckConstraint("octet_length(content) <= 1048576", name=op.f("ck_prompt_size")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_prompt_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
        sa.UniqueConstraint("tenant_id", "sha256", name=op.f("uq_prompt_tenant_id_sha256")),
    )
    own = f"tenant_id = {TENANT}"
    op.execute("GRANT SELECT, INSERT, UPDATE ON prompt TO ringmaster_api")
    op.execute("ALTER TABLE prompt ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON prompt TO ringmaster_api USING ({own}) WITH CHECK ({own})")
