"""A client's own abandon target, over all its campaigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("client", sa.Column("abandon_target", sa.Float(), nullable=True))
    op.create_check_constraint(
        op.f("ck_client_abandon_target"), "client", "abandon_target > 0 AND abandon_target <= 1"
    )
