"""A conversation is handed to another agent by a command."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

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
)


def upgrade() -> None:
    """Apply."""
    op.add_column("attempt", sa.Column("moved", sa.Boolean(), server_default="false", nullable=False))
    words = ", ".join(f"'{kind}'" for kind in KINDS)
    op.drop_constraint(op.f("ck_command_command_kind"), "command", type_="check")
    op.create_check_constraint(op.f("ck_command_command_kind"), "command", f"kind IN ({words})")
