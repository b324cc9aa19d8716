"""Switches: which there are, and whether a dialer commands them. They are shared by all tenants."""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from models.errors import InvalidValue, NotFound
from models.repository.db import Db, of_tenant
from models.repository.lease import HELD

# What the tenant's campaigns last showed of their switch: a dialer's own row is of no tenant.
_SWITCHES = text(
    f"""
    SELECT switch.id::text, switch.name, {HELD} AS has_dialer, shown.payload, shown.at
      FROM switch
      LEFT JOIN LATERAL (
           SELECT live.payload, live.at FROM live_snapshot live
             JOIN campaign ON live.topic = 'campaign:' || campaign.id AND campaign.switch_id = switch.id
            WHERE {of_tenant("live.tenant_id")} AND {of_tenant("campaign.tenant_id")}
            ORDER BY live.updated_at DESC LIMIT 1
           ) AS shown ON true
     ORDER BY switch.name
    """
)


@dataclass(frozen=True, slots=True)
class SwitchOverview:
    """A switch; `shown` is the newest live payload of a campaign of the tenant on it, `at` its time."""

    id: str
    name: str
    has_dialer: bool
    shown: Mapping[str, Any]
    at: datetime | None


def every(db: Db, *, tenant_id: str | None = None) -> tuple[SwitchOverview, ...]:
    """Every switch, by name."""
    rows = db.execute(_SWITCHES, {"tenant_id": tenant_id})
    return tuple(SwitchOverview(r.id, r.name, r.has_dialer, r.payload or {}, r.at) for r in rows)


def choose(db: Db, switch_id: str | None) -> str:
    """The switch of that id; without one, the only switch of the installation.

    Raises:
        NotFound: `switch`, of that id.
        InvalidValue: `switch_name`, when none is given and there is none, or several.
    """
    if switch_id is not None:
        found = db.execute(
            text("SELECT id::text FROM switch WHERE id = CAST(:id AS uuid)"), {"id": switch_id}
        )
        chosen = found.scalar()
        if chosen is None:
            raise NotFound("switch", f"there is no switch {switch_id}")
        return str(chosen)
    ids = db.execute(text("SELECT id::text FROM switch LIMIT 2")).scalars().all()
    if not ids:
        raise InvalidValue("switch_name", "there is no switch yet: start a dialer, which makes its own")
    if len(ids) > 1:
        raise InvalidValue("switch_name", "there are several switches: give switch_id")
    return str(ids[0])
