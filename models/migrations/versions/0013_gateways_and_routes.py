"""Carrier gateways of the switches, and which campaigns dial by which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TENANT = "(SELECT nullif(current_setting('ringmaster.tenant_id', true), '')::uuid)"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "gateway",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("switch_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("max_calls", sa.BigInteger(), nullable=True),
        sa.Column("calls_per_second", sa.Float(), nullable=True),
        sa.Column("enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'", name=op.f("ck_gateway_name")),
        sa.CheckConstraint("max_calls > 0", name=op.f("ck_gateway_max_calls")),
        sa.CheckConstraint("calls_per_second > 0", name=op.f("ck_gateway_calls_per_second")),
        sa.ForeignKeyConstraint(["switch_id"], ["switch.id"], name=op.f("fk_gateway_switch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway")),
        sa.UniqueConstraint("switch_id", "name", name=op.f("uq_gateway_switch_id_name")),
    )
    op.create_table(
        "route",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("gateway_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("weight", sa.Float(), server_default="1", nullable=False),
        sa.Column("tier", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("weight >= 0 AND weight <= 1000000", name=op.f("ck_route_weight")),
        sa.CheckConstraint("tier BETWEEN 1 AND 9", name=op.f("ck_route_tier")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_route_tenant_id")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_route_campaign_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["gateway.id"], name=op.f("fk_route_gateway_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_route")),
    )
    for name, column, where in (
        ("uq_route_campaign", "campaign_id", "campaign_id IS NOT NULL"),
        ("uq_route_tenant", "tenant_id", "campaign_id IS NULL"),
    ):
        op.create_index(name, "route", [column, "gateway_id"], unique=True, postgresql_where=sa.text(where))
    op.add_column("leg", sa.Column("gateway", sa.Text(), server_default="", nullable=False))
    own = f"tenant_id = {_TENANT}"
    op.execute("GRANT SELECT ON gateway, route TO ringmaster_api")
    op.execute("ALTER TABLE route ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON route TO ringmaster_api USING ({own}) WITH CHECK ({own})")
