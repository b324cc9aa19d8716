"""Calls that an agent says an answering machine had answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("attempt", sa.Column("machine", sa.Boolean(), server_default="false", nullable=False))
