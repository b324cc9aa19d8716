"""Carriers' accounts: for the tables' owner alone."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Json


class CarrierAccount(Base):
    """How the switch makes the gateway: a models.carriers.CarrierAccount as JSON, the password sealed
    (models.carrier_keys). A gateway without one is in the switch's own configuration.

    `revision` changes with every change, so that a dialer sees whether the switch has this one.
    """

    __tablename__ = "carrier_account"
    __table_args__ = (CheckConstraint("revision ~ '^[0-9a-f]{32}$'", name="revision"),)

    gateway_id: Mapped[str] = mapped_column(
        Uuid(as_uuid=False), ForeignKey("gateway.id", ondelete="CASCADE"), primary_key=True
    )
    account: Mapped[Json]
    password: Mapped[str | None]
    revision: Mapped[str]
