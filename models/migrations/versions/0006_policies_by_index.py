"""Whose a leg or note is, by its attempt's index: a list of all attempts was read for every row."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LEG = "EXISTS (SELECT FROM attempt WHERE attempt.id = leg.attempt_id) OR agent_id IN (SELECT id FROM agent)"
NOTE = "EXISTS (SELECT FROM attempt WHERE attempt.id = call_note.attempt_id)"


def upgrade() -> None:
    """Apply."""
    for table, rows in (("leg", LEG), ("call_note", NOTE)):
        op.execute(f"ALTER POLICY tenant ON {table} USING ({rows}) WITH CHECK ({rows})")
