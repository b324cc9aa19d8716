"""Claims and commands against a real PostgreSQL: answers, and attempts whose answer was lost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import gevent
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from callflow.database import Claims, Commands, LiveBoard
from callflow.effects import Claim, Publish
from callflow.inputs import Claimed, Commanded, Input
from models.enums import CommandKind, Outcome
from models.ids import new_id
from models.records import AttemptClosed, Record
from models.repository import lease, live
from models.session import sessions
from tests.integration.dialer.site import Site


class Known:
    """An engine that knows nothing, or the attempts it is told of."""

    def __init__(self) -> None:
        self.attempts: set[str] = set()

    def knows_attempt(self, attempt_id: str) -> bool:
        return attempt_id in self.attempts

    def knows_agent(self, agent_id: str) -> bool:
        return False

    def knows_campaign(self, campaign_id: str) -> bool:
        return False


class World:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.told: list[Input] = []
        self.journal: list[Record] = []
        self.failures: list[BaseException] = []
        self.refusals = 0
        self.lose_answers = 0
        self.real_begin = sessions(site.engine).begin
        with self.real_begin() as session:
            granted = lease.acquire(session, site.switch_id, "holder", 60.0)
        assert granted is not None
        self.claims = Claims(
            self.begin,
            site.switch_id,
            granted.token,
            wall=time.time,
            tell=self.told.append,
            journal=self._journal,
            known=Known(),
            failed=self.failures.append,
            refused=self._refused,
        )

    def _journal(self, closed: Sequence[Record]) -> None:
        self.journal += closed

    def _refused(self) -> None:
        self.refusals += 1

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """Commits; then, as often as the test says, the answer to the commit is lost."""
        with self.real_begin() as session:
            yield session
        if self.lose_answers:
            self.lose_answers -= 1
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    def claim(self, *counts: int) -> list[Claimed]:
        for number, count in enumerate(counts):
            self.claims.claim(Claim(number, self.site.campaign_id, count))
        self.claims.start(lambda name, error: self.failures.append(error))
        self.claims.stop()
        with gevent.Timeout(20):
            while len(self.told) < len(counts) or self.claims._queue.qsize():
                gevent.sleep(0.01)
        return [told for told in self.told if isinstance(told, Claimed)]


def test_each_claim_is_answered_once_and_no_lead_is_handed_out_twice(site: Site) -> None:
    site.furnish(agent_count=1, leads=30)
    world = World(site)
    answers = world.claim(10, 10, 20)
    assert sorted(answer.batch for answer in answers) == [0, 1, 2]
    attempts = [attempt for answer in answers for attempt in answer.attempts]
    assert len(attempts) == 30
    assert len({attempt.number for attempt in attempts}) == 30
    assert world.failures == []


def test_without_the_lease_nothing_is_claimed(site: Site) -> None:
    site.furnish(agent_count=1, leads=5)
    world = World(site)
    with site.engine.begin() as db:
        lease.release(db, lease.Lease(site.switch_id, "holder", 1, 60.0))
    (answer,) = world.claim(5)
    assert (answer.attempts, answer.refusal) == ((), "lease")
    assert world.refusals == 1


def test_attempts_whose_answer_was_lost_are_found_and_closed_undialed(site: Site) -> None:
    site.furnish(agent_count=1, leads=50)
    world = World(site)
    world.claims._sessions = 1
    world.lose_answers = 1
    first, second = world.claim(4, 3)
    assert (first.attempts, first.refusal) == ((), "database_away")
    assert len(second.attempts) == 3
    assert len(world.failures) == 1
    closed = [record for record in world.journal if isinstance(record, AttemptClosed)]
    assert len(closed) == 4
    assert {record.outcome for record in closed} == {Outcome.NOT_DIALED}
    handed = {attempt.attempt_id for attempt in second.attempts}
    assert handed.isdisjoint(record.attempt_id for record in closed)


def test_commands_are_taken_in_order_with_the_rows_they_name(site: Site) -> None:
    site.furnish(agent_count=2, leads=1)
    site.log_in()
    site.command(CommandKind.CAMPAIGN_PAUSE, campaign_id=site.campaign_id)
    told: list[Input] = []
    taker = Commands(
        sessions(site.engine).begin,
        site.url,
        site.switch_id,
        tell=told.append,
        known=Known(),
        failed=lambda error: None,
    )
    taker.take_all()
    taker.take_all()
    taken = [item for item in told if isinstance(item, Commanded)]
    assert [item.command.kind for item in taken] == [
        CommandKind.AGENT_LOGIN,
        CommandKind.AGENT_LOGIN,
        CommandKind.CAMPAIGN_PAUSE,
    ]
    assert [item.agent.agent_id if item.agent else None for item in taken] == [*site.agent_ids, None]
    assert all(item.campaign is not None for item in taken)
    assert site.value("SELECT count(*) FROM command WHERE status = 'taken'") == 3


def test_only_the_newest_snapshot_of_a_topic_is_shown(site: Site) -> None:
    board = LiveBoard(sessions(site.engine).begin, wall=time.time)
    for number in range(5):
        board.publish(Publish("dialer", {"number": number}))
    board.flush()
    board.flush()
    assert site.live() == {"number": 4}


def test_each_campaign_s_figures_are_its_tenant_s_and_have_what_holds_for_the_dialer(site: Site) -> None:
    site.furnish(agent_count=1, leads=1)
    board = LiveBoard(sessions(site.engine).begin, wall=lambda: 1000.0)
    campaigns = {
        site.campaign_id: {"name": "spring", "lines": 7, "calls": {"ringing": 2}},
        new_id(): {"name": "of another database", "lines": 1},
    }
    board.publish(Publish("dialer", {"speed": 20.0, "blocked": ["lease"], "campaigns": campaigns}))
    board.flush()
    with site.engine.connect() as db:
        (shown,) = live.campaigns(db)
        tenant = db.execute(text("SELECT tenant_id FROM campaign")).scalar_one()
        owners = db.execute(text("SELECT topic, tenant_id FROM live_snapshot ORDER BY topic")).all()
    assert shown.campaign_id == site.campaign_id
    assert shown.payload == {"lines": 7, "calls": {"ringing": 2}, "speed": 20.0, "blocked": ["lease"]}
    assert (shown.at.timestamp(), shown.stale) == (1000.0, False)
    assert [tuple(row) for row in owners] == [(f"campaign:{site.campaign_id}", tenant), ("dialer", None)]
