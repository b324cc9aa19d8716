"""What the demo keeps in its database: one tenant, one switch, one campaign, its agents and its people.

A later run finds it all there and goes on; what it may change is the target and the number of agents.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from callflow import demo_leads
from models.enums import CampaignState
from models.errors import InvalidValue
from models.records import CampaignSettings
from models.repository import agents, campaigns, clock, setup
from models.repository.db import Db
from models.rules import preset

NAME = "demo"


_DIALABLE = text(
    """
    SELECT count(*) FROM lead
     WHERE campaign_id = CAST(:campaign_id AS uuid) AND state IN ('new', 'retry', 'cooling')
       AND due_at <= to_timestamp(:now)
    """
)
_WRITTEN = text(
    """
    SELECT count(*), coalesce(sum(b.accepted + b.refused), 0)::int8
      FROM import_batch b JOIN list l ON l.id = b.list_id WHERE l.campaign_id = CAST(:campaign_id AS uuid)
    """
)
_SET_TARGET = text(
    """
    UPDATE campaign SET target = :target, cap = greatest(cap, :target), state = :state
     WHERE id = CAST(:campaign_id AS uuid)
    """
)
_HOME = text(
    """
    UPDATE agent SET campaign_id = CAST(:campaign_id AS uuid), switch_id = CAST(:switch_id AS uuid)
     WHERE id = CAST(:agent_id AS uuid)
    """
)
_AGENTS = text(
    """
    SELECT extension, id::text FROM agent
     WHERE tenant_id = CAST(:tenant_id AS uuid) AND extension LIKE 'demo-%'
    """
)


@dataclass(frozen=True, slots=True)
class Place:
    """The ids of the demo's rows; `agent_ids` work in this run, `wall` is the dialer's time before it."""

    tenant_id: str
    switch_id: str
    campaign_id: str
    agent_ids: tuple[str, ...]
    wall: float
    is_new: bool


def prepare(engine: Engine, *, agent_count: int, target: float) -> Place:
    """Make what is missing; the campaign stands still until it is started by a command."""
    with engine.begin() as db:
        tenant_id = setup.tenant(db, NAME)
        switch_id = setup.switch(db, NAME)
        found = campaigns.find(db, NAME, tenant_id=tenant_id)
        if found is None:
            campaign_id = _campaign(db, tenant_id, switch_id, target)
        else:
            campaign_id = found.campaign_id
            resting = CampaignState.PAUSED.value
            db.execute(_SET_TARGET, {"campaign_id": campaign_id, "target": target, "state": resting})
        team_id = setup.team(db, tenant_id, NAME)
        chosen = _agents(db, tenant_id, team_id, switch_id, campaign_id, agent_count)
        forget = "DELETE FROM live_snapshot WHERE topic = 'dialer' OR tenant_id = CAST(:id AS uuid)"
        db.execute(text(forget), {"id": tenant_id})  # what the run before showed
        return Place(tenant_id, switch_id, campaign_id, chosen, clock.wall_start(db), found is None)


def _campaign(db: Db, tenant_id: str, switch_id: str, target: float) -> str:
    made = campaigns.create(
        db,
        CampaignSettings(
            campaign_id="",
            name=NAME,
            state=CampaignState.PAUSED,
            target=target,
            cap=max(0.03, target),
            caller_id="+12025550100",
        ),
        switch_id=switch_id,
        tenant_id=tenant_id,
        client_id=setup.client(db, tenant_id, NAME),
        rules=preset("demo"),
        window_start=clock.wall_start(db),
    )
    return made.campaign_id


def _agents(
    db: Db, tenant_id: str, team_id: str, switch_id: str, campaign_id: str, count: int
) -> tuple[str, ...]:
    there = {
        str(extension): str(agent_id) for extension, agent_id in db.execute(_AGENTS, {"tenant_id": tenant_id})
    }
    chosen = []
    for place in range(1, count + 1):
        extension = f"demo-{place:04d}"
        agent_id = there.pop(extension, None)
        if agent_id is None:
            agent_id = agents.create(
                db,
                name=f"Robot {place}",
                extension=extension,
                switch_id=switch_id,
                campaign_id=campaign_id,
                tenant_id=tenant_id,
                team_id=team_id,
            ).agent_id
        else:
            db.execute(_HOME, {"agent_id": agent_id, "campaign_id": campaign_id, "switch_id": switch_id})
        chosen.append(agent_id)
    for agent_id in there.values():  # more agents worked in an earlier run: they stay at home
        db.execute(_HOME, {"agent_id": agent_id, "campaign_id": None, "switch_id": None})
    return tuple(chosen)


def dialable(engine: Engine, place: Place, wall: float) -> int:
    """Leads that could be dialed at `wall`."""
    with engine.connect() as db:
        found = db.execute(_DIALABLE, {"campaign_id": place.campaign_id, "now": wall}).scalar_one()
    return int(found)


def next_file(engine: Engine, place: Place, folder: Path, *, seed: int, count: int) -> Path | None:
    """Write the next CSV of people, on numbers that no earlier file has; None when every number is used up.

    Raises:
        InvalidValue: the folder can't be written.
    """
    with engine.connect() as db:
        files, used = db.execute(_WRITTEN, {"campaign_id": place.campaign_id}).one()
    path = folder / f"people-{files + 1}.csv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = demo_leads.write(path, seed, used, count)
    except OSError as error:
        raise InvalidValue(
            "data_directory", f"{path} can't be written ({error.strerror}): choose another --data-dir."
        ) from error
    return path if written else None
