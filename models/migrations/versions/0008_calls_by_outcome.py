"""The calls of a rare outcome by an index; a change of password ends the links that are still out."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_call_outcome", "call", ["campaign_id", "outcome", "started_at"])
    op.execute("GRANT UPDATE ON sign_in_link TO ringmaster_api")
