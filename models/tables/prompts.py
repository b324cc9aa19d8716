"""Messages that switches play."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Id, made_at, reference


class Prompt(Base):
    """A sound of a tenant, named by the SHA-256 of its bytes; `name` is for people."""

    __tablename__ = "prompt"
    __table_args__ = (
        UniqueConstraint("tenant_id", "sha256"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("octet_length(content) <= 1048576", name="size"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[str] = reference("tenant")
    name: Mapped[str]
    sha256: Mapped[str]
    seconds: Mapped[float]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = made_at()
