"""A small world for the tests of the repository: one tenant, switch, campaign, with leads and agents at
will."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Engine, text

from models.enums import AgentState, CampaignState, Outcome
from models.ids import new_id
from models.records import (
    AgentStateChanged,
    AttemptAnswered,
    AttemptBridged,
    AttemptClosed,
    AttemptDialed,
    CampaignSettings,
    ClaimedAttempt,
    KnownAgent,
    Record,
)
from models.repository import agents, campaigns, hopper, lease, records, setup
from models.rules import RetryPolicy, RuleSet, preset

NOON = 1_767_621_600.0  # Monday 2026-01-05 14:00 UTC: 09:00 in New York


@dataclass
class World:
    """Ids of the rows, and short ways to act on them; every method is its own transaction."""

    engine: Engine
    tenant: str
    switch: str
    campaign: str
    token: int

    @classmethod
    def make(
        cls,
        engine: Engine,
        *,
        rules: RuleSet | None = None,
        retries: RetryPolicy | None = None,
        name: str = "spring",
    ) -> World:
        with engine.begin() as db:
            tenant, switch = setup.tenant(db), setup.switch(db, "main")
            settings = CampaignSettings(campaign_id="", name=name, state=CampaignState.RUNNING)
            campaign = campaigns.create(
                db,
                settings,
                switch_id=switch,
                rules=rules or replace(preset("demo"), name="test"),
                retries=retries,
                window_start=NOON - 86_400,
            )
            held = lease.acquire(db, switch, "holder-1", 3600.0)
            assert held is not None
        return cls(engine, tenant, switch, campaign.campaign_id, held.token)

    def add_leads(
        self, count: int, *, first: int = 0, due: float = NOON - 3600, priority: int = 0
    ) -> list[str]:
        """Leads with numbers of the range for fiction, each its own person in New York."""
        numbers = [f"+1212555{100 + (first + i) % 100:04d}{(first + i) // 100 or ''}" for i in range(count)]
        return self.add_numbers(numbers, due=due, priority=priority)

    def add_numbers(
        self,
        numbers: Sequence[str],
        *,
        due: float = NOON - 3600,
        priority: int = 0,
        zones: str = "{America/New_York}",
    ) -> list[str]:
        ids = [(new_id(), new_id(), number) for number in numbers]
        with self.engine.begin() as db:
            list_id = db.execute(
                text(
                    "INSERT INTO list (id, tenant_id, campaign_id, name) VALUES (:id, :t, :c, :name)"
                    " RETURNING id::text"
                ),
                {"id": new_id(), "t": self.tenant, "c": self.campaign, "name": new_id()},
            ).scalar_one()
            db.execute(
                text("INSERT INTO person (id, tenant_id, timezones) VALUES (:id, :t, CAST(:z AS text[]))"),
                [{"id": person, "t": self.tenant, "z": zones} for _, person, _ in ids],
            )
            db.execute(
                text("INSERT INTO person_phone (id, tenant_id, person_id, number) VALUES (:id, :t, :p, :n)"),
                [{"id": new_id(), "t": self.tenant, "p": person, "n": n} for _, person, n in ids],
            )
            db.execute(
                text(
                    "INSERT INTO lead (id, tenant_id, campaign_id, list_id, person_id, number, state,"
                    " priority, due_at)"
                    " VALUES (:id, :t, :c, :l, :p, :n, 'new', :priority, to_timestamp(:due))"
                ),
                [
                    {
                        "id": lead,
                        "t": self.tenant,
                        "c": self.campaign,
                        "l": list_id,
                        "p": person,
                        "n": number,
                        "priority": priority,
                        "due": due,
                    }
                    for lead, person, number in ids
                ],
            )
        return [lead for lead, _, _ in ids]

    def add_agent(self, name: str = "ada") -> KnownAgent:
        with self.engine.begin() as db:
            return agents.create(
                db,
                name=name,
                extension=name,
                switch_id=self.switch,
                campaign_id=self.campaign,
                tenant_id=self.tenant,
            )

    def claim(
        self,
        count: int,
        now: float = NOON,
        *,
        token: int | None = None,
        leads: Sequence[str] = (),
        look: int = 0,
    ) -> hopper.ClaimResult:
        with self.engine.begin() as db:
            return hopper.claim(
                db,
                switch_id=self.switch,
                lease_token=self.token if token is None else token,
                campaign_id=self.campaign,
                count=count,
                now_wall=now,
                leads=leads,
                look=look,
            )

    def apply(self, *batch: Record) -> records.Applied:
        with self.engine.begin() as db:
            return records.apply(db, batch)

    def one(self, sql: str, **values: object) -> tuple[object, ...]:
        with self.engine.connect() as db:
            return tuple(db.execute(text(sql), values).one())

    def value(self, sql: str, **values: object) -> object:
        return self.one(sql, **values)[0]

    def execute(self, sql: str, **values: object) -> None:
        with self.engine.begin() as db:
            db.execute(text(sql), values)

    def story(
        self,
        attempt: ClaimedAttempt,
        outcome: Outcome,
        *,
        at: float = NOON,
        agent: str | None = None,
        talk: float = 0.0,
        wait: float | None = None,
    ) -> list[Record]:
        """The records of a whole attempt: dialed at `at`, answered 10 s later, bridged half a second after
        that."""
        leg, answered = new_id(), at + 10
        story: list[Record] = [
            AttemptDialed(attempt_id=attempt.attempt_id, leg_id=leg, switch_id=self.switch, at=at)
        ]
        if outcome.is_live_answer:
            story.append(AttemptAnswered(attempt_id=attempt.attempt_id, at=answered))
        bridged = answered + (0.5 if wait is None else wait)
        if outcome is Outcome.CONNECTED:
            assert agent is not None
            story.append(AttemptBridged(attempt_id=attempt.attempt_id, agent_id=agent, at=bridged))
        connected = outcome is Outcome.CONNECTED
        end = bridged + talk if connected else answered + 2
        story.append(
            AttemptClosed(
                attempt_id=attempt.attempt_id,
                outcome=outcome,
                at=end,
                leg_id=leg,
                cause="NORMAL_CLEARING",
                created_at=at,
                ringing_at=at + 2,
                answered_at=answered if outcome.is_live_answer else None,
                bridged_at=bridged if connected else None,
                ended_at=end,
                agent_id=agent if connected else None,
                talk_seconds=talk,
                wait_seconds=bridged - answered if connected else None,
                abandoned=outcome is Outcome.ABANDONED,
            )
        )
        return story

    def states(self, agent: str, *changes: tuple[AgentState, float]) -> list[AgentStateChanged]:
        """Rows of the agent's state log."""
        return [
            AgentStateChanged(id=new_id(), agent_id=agent, state=state, at=at, campaign_id=self.campaign)
            for state, at in changes
        ]
