"""Legs of third parties, to whom a conversation is handed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("leg", sa.Column("transfer_of", sa.Uuid(as_uuid=False), nullable=True))
    op.add_column("leg", sa.Column("number", sa.Text(), server_default="", nullable=False))
    op.create_foreign_key(op.f("fk_leg_transfer_of"), "leg", "attempt", ["transfer_of"], ["id"])
    op.drop_constraint(op.f("ck_leg_leg_kind"), "leg", type_="check")
    op.create_check_constraint(op.f("ck_leg_leg_kind"), "leg", "kind IN ('customer', 'agent', 'third_party')")
    op.create_check_constraint(
        op.f("ck_leg_third_party"), "leg", "(kind = 'third_party') = (transfer_of IS NOT NULL)"
    )
    op.create_index(
        "ix_leg_transfer", "leg", ["transfer_of"], postgresql_where=sa.text("transfer_of IS NOT NULL")
    )
