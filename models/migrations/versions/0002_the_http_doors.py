"""The HTTP doors: users, sessions, keys, uploads; whose a command, event or live figure is; tenants apart.

The role and its policies are written out here as they were at this revision; models/tables/security.py
holds today's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OWN = "tenant_id = (SELECT nullif(current_setting('ringmaster.tenant_id', true), '')::uuid)"
READ, ADD, CHANGE = "SELECT", "SELECT, INSERT", "SELECT, INSERT, UPDATE"
ACCESS = {
    "account": (READ, OWN),
    "agent": (CHANGE, OWN),
    "agent_state_log": (READ, "agent_id IN (SELECT id FROM agent)"),
    "api_key": (CHANGE, OWN),
    "attempt": (READ, OWN),
    "call": (READ, OWN),
    "call_note": (READ, "attempt_id IN (SELECT id FROM attempt)"),
    "campaign": (CHANGE, OWN),
    "client": (ADD, OWN),
    "command": (ADD, OWN),
    "do_not_call": (READ, OWN),
    "event": (ADD, OWN),
    "import_batch": (READ, OWN),
    "import_job": (ADD, OWN),
    "lead": (READ, OWN),
    "leg": (READ, "attempt_id IN (SELECT id FROM attempt) OR agent_id IN (SELECT id FROM agent)"),
    "list": (READ, OWN),
    "live_snapshot": (READ, OWN),
    "person": (READ, OWN),
    "person_phone": (READ, OWN),
    "rule_refusal": (READ, OWN),
    "sign_in_link": (ADD, OWN),
    "team": (READ, OWN),
    "tenant": (READ, "id = (SELECT nullif(current_setting('ringmaster.tenant_id', true), '')::uuid)"),
    "user_account": (CHANGE, OWN),
    "web_session": ("SELECT, INSERT, UPDATE, DELETE", OWN),
}
MAKE_ROLE = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ringmaster_api') THEN
        BEGIN
            CREATE ROLE ringmaster_api NOLOGIN;
            EXECUTE format('GRANT ringmaster_api TO %I', current_user);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the role ringmaster_api is missing and % may not make it', current_user
                    USING HINT = 'Let a superuser make it (NOLOGIN) and grant it to that account.';
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'ringmaster_api', 'MEMBER') THEN
        EXECUTE format('GRANT ringmaster_api TO %I', current_user);
    END IF;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sign_in_failure",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
    )
    op.create_index("ix_sign_in_failure_address", "sign_in_failure", ["address", "at"], unique=False)
    op.create_index("ix_sign_in_failure_login", "sign_in_failure", ["login", "at"], unique=False)
    op.create_table(
        "import_job",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("list_name", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "done",
                "failed",
                name="import_state",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("rows_done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_total", sa.BigInteger(), nullable=True),
        sa.Column("accepted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("refused", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_by", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state IN ('queued', 'running')) = (content IS NOT NULL)", name=op.f("ck_import_job_content")
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_import_job_campaign_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_import_job_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_job")),
    )
    op.create_index("ix_import_job_campaign", "import_job", ["campaign_id", "created_at"], unique=False)
    op.create_index(
        "ix_import_job_waiting",
        "import_job",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'running')"),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "agent",
                "supervisor",
                "admin",
                name="user_role",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("disabled", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("must_change_password", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role <> 'agent' OR agent_id IS NOT NULL", name=op.f("ck_user_account_agent")),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name=op.f("fk_user_account_agent_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_user_account_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("agent_id", name=op.f("uq_user_account_agent_id")),
    )
    op.create_index("ix_user_account_tenant_id", "user_account", ["tenant_id"], unique=False)
    op.create_index("uq_user_account_login", "user_account", [sa.literal_column("lower(login)")], unique=True)
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_api_key_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_api_key_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_prefix")),
    )
    op.create_index("ix_api_key_tenant_id", "api_key", ["tenant_id"], unique=False)
    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_sign_in_link_tenant_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_sign_in_link_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_link_token_hash")),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("user_agent", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_web_session_tenant_id")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_web_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_session_token_hash")),
    )
    op.create_index("ix_web_session_expires", "web_session", ["expires_at"], unique=False)
    op.create_index("ix_web_session_user_id", "web_session", ["user_id"], unique=False)
    op.add_column("campaign", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("command", sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=True))
    op.create_index("ix_command_tenant", "command", ["tenant_id", "id"], unique=False)
    op.create_foreign_key(op.f("fk_command_tenant_id"), "command", "tenant", ["tenant_id"], ["id"])
    op.add_column("event", sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=True))
    op.create_index("ix_event_tenant", "event", ["tenant_id", "seq"], unique=False)
    op.create_foreign_key(op.f("fk_event_tenant_id"), "event", "tenant", ["tenant_id"], ["id"])
    op.add_column("live_snapshot", sa.Column("tenant_id", sa.Uuid(as_uuid=False), nullable=True))
    op.create_index("ix_live_snapshot_tenant", "live_snapshot", ["tenant_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_live_snapshot_tenant_id"), "live_snapshot", "tenant", ["tenant_id"], ["id"]
    )

    op.execute(MAKE_ROLE)
    op.execute("GRANT USAGE ON SCHEMA public TO ringmaster_api")
    for table, (rights, rows) in ACCESS.items():
        op.execute(f"GRANT {rights} ON {table} TO ringmaster_api")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY tenant ON {table} TO ringmaster_api USING ({rows}) WITH CHECK ({rows})")
    op.execute("GRANT SELECT ON switch TO ringmaster_api")
    op.execute("ALTER TABLE sign_in_failure ENABLE ROW LEVEL SECURITY")
