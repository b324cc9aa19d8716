"""The api sets and removes routes of the tenant of a request."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("GRANT INSERT, UPDATE, DELETE ON route TO ringmaster_api")
