"""Agents hang up by a command."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
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
    "disposition",
)


def upgrade() -> None:
    """Apply."""
    words = ", ".join(f"'{kind}'" for kind in KINDS)
    op.drop_constraint(op.f("ck_command_command_kind"), "command", type_="check")
    op.create_check_constraint(op.f("ck_command_command_kind"), "command", f"kind IN ({words})")
