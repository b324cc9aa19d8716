"""What dialers have learned of campaigns: kept for the next one, overwritten, never history."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text

from models.records import Learned
from models.repository.db import Db

_READ = text(
    """
    SELECT campaign_id::text, pacer, leads
      FROM learned JOIN campaign ON campaign.id = learned.campaign_id
     WHERE campaign.switch_id = CAST(:switch_id AS uuid)
    """
)
# A campaign that has been erased meanwhile is passed over.
_KEEP = text(
    """
    INSERT INTO learned (campaign_id, pacer, leads, at)
    SELECT id, :pacer, :leads, clock_timestamp() FROM campaign WHERE id = CAST(:campaign_id AS uuid)
        ON CONFLICT (campaign_id) DO UPDATE
       SET pacer = excluded.pacer, leads = excluded.leads, at = excluded.at
    """
)


def of_switch(db: Db, switch_id: str) -> dict[str, Learned]:
    """What was learned of each campaign that the switch dials."""
    rows = db.execute(_READ, {"switch_id": switch_id})
    return {row.campaign_id: Learned(pacer=bytes(row.pacer), leads=bytes(row.leads)) for row in rows}


def keep(db: Db, learned: Mapping[str, Learned]) -> None:
    """Keep what was learned, by campaign; what was kept before goes."""
    for campaign_id, one in learned.items():
        db.execute(_KEEP, {"campaign_id": campaign_id, "pacer": one.pacer, "leads": one.leads})
