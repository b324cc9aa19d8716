"""Clients' abandon budgets: their own target, and the ledgers of their campaigns on other switches.

What another dialer has done is in its live figures, a second old. Of a campaign without a dialer the rows are
counted, which takes a moment in a long window: the caller says how.
"""

# ruff: noqa: S608 - statements are put together from the constants of this package only

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text

from models.errors import InvalidValue, NotFound
from models.records import ClientBudget, OtherLedger
from models.repository.db import Db, clean_text
from models.repository.live import STALE_SECONDS

Count = Callable[[Sequence[str]], Mapping[str, tuple[int, int]]]
"""(live answers, abandoned) of campaigns in their legal windows."""

_BUDGETS = text(
    f"""
    SELECT client.id::text AS client_id, client.abandon_target, c.id::text AS campaign_id, c.cap,
           CASE WHEN live.updated_at >= clock_timestamp() - make_interval(secs => {STALE_SECONDS})
                THEN live.payload END AS figures
      FROM client
      LEFT JOIN campaign c ON c.client_id = client.id AND c.switch_id IS DISTINCT FROM CAST(:switch_id AS
      uuid) LEFT JOIN live_snapshot live ON live.topic = 'campaign:' || c.id::text
     WHERE client.id IN (SELECT client_id FROM campaign WHERE switch_id = CAST(:switch_id AS uuid))
     ORDER BY client.id, c.id
    """
)
_SET_TARGET = text(
    "UPDATE client SET abandon_target = :target WHERE id = CAST(:id AS uuid) RETURNING id::text"
)
_NAMED = text(
    "SELECT id::text, abandon_target FROM client WHERE tenant_id = CAST(:tenant_id AS uuid) AND name = :name"
)
_MOST_EXPECTED = 1e6


def named(db: Db, tenant_id: str, name: str) -> tuple[str, float | None]:
    """The id of the tenant's client of that name, and its abandon target over all its campaigns.

    Raises:
        NotFound: `client`.
    """
    row = db.execute(_NAMED, {"tenant_id": tenant_id, "name": clean_text(name)}).first()
    if row is None:
        raise NotFound(
            "client", f"there is no client {name}: `ringmaster campaign create NAME --client` makes one"
        )
    return row.id, row.abandon_target


def set_abandon_target(db: Db, client_id: str, target: float | None) -> None:
    """Give a client an abandon target over all its campaigns, or none of its own.

    Raises:
        InvalidValue: not above 0 and at most 1.
        NotFound: `client`.
    """
    if target is not None and not 0 < target <= 1:
        raise InvalidValue("abandon_target", f"the target {target} must be above 0 and at most 1")
    if db.execute(_SET_TARGET, {"id": client_id, "target": target}).first() is None:
        raise NotFound("client", f"there is no client {client_id}")


def budgets(db: Db, switch_id: str, count: Count) -> tuple[ClientBudget, ...]:
    """The budgets of the clients whose campaigns the switch dials.

    `count` is asked, once, for the campaigns of other switches that no dialer shows at this moment.
    """
    rows = db.execute(_BUDGETS, {"switch_id": switch_id}).all()
    others = [(row, _shown(row)) for row in rows if row.campaign_id is not None]
    dark = [row.campaign_id for row, shown in others if shown is None]
    counted = count(dark) if dark else {}
    elsewhere: dict[str, list[OtherLedger]] = {row.client_id: [] for row in rows}
    for row, shown in others:
        answered, abandoned, expected = shown or (*counted.get(row.campaign_id, (0, 0)), 0.0)
        elsewhere[row.client_id].append(
            OtherLedger(
                campaign_id=row.campaign_id,
                cap=row.cap,
                answered=answered,
                abandoned=abandoned,
                expected=expected,
            )
        )
    targets = {row.client_id: row.abandon_target for row in rows}
    return tuple(
        ClientBudget(client_id=client_id, target=targets[client_id], elsewhere=tuple(ledgers))
        for client_id, ledgers in elsewhere.items()
    )


def _shown(row: Row[Any]) -> tuple[int, int, float] | None:
    """The ledger as its dialer shows it; None if none does, or not as this version would."""
    figures = row.figures if isinstance(row.figures, dict) else {}
    ledger, expected = figures.get("ledger"), figures.get("expected_abandons", 0.0)
    if not isinstance(ledger, list) or len(ledger) != 2 or type(expected) not in (int, float):
        return None
    answered, abandoned = ledger
    if type(answered) is not int or type(abandoned) is not int or min(ledger) < 0:
        return None
    return answered, abandoned, min(max(0.0, float(expected)), _MOST_EXPECTED)
