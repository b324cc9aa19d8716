"""All refused rows of an import, gzipped CSV."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import_job", sa.Column("refused_csv", sa.LargeBinary(), nullable=True))
