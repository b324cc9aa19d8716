"""Hold, mute and digits: the agent's state on hold, and the commands."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0014"
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
    "disposition",
)
STATES = ("logged_out", "connecting", "ready", "reserved", "talking", "on_hold", "wrap_up", "paused")


def upgrade() -> None:
    """Apply."""
    _check("command", "ck_command_command_kind", "kind", KINDS)
    _check("agent", "ck_agent_agent_state", "state", STATES)
    _check("agent_state_log", "ck_agent_state_log_agent_state", "state", STATES)


def _check(table: str, name: str, column: str, words: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, f"{column} IN ({listed})")
