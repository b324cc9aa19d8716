"""Carriers' accounts, by which a switch makes its gateways."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "carrier_account",
        sa.Column("gateway_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("account", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.CheckConstraint("revision ~ '^[0-9a-f]{32}$'", name=op.f("ck_carrier_account_revision")),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["gateway.id"], name=op.f("fk_carrier_account_gateway_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("gateway_id", name=op.f("pk_carrier_account")),
    )
    op.execute("ALTER TABLE carrier_account ENABLE ROW LEVEL SECURITY")
