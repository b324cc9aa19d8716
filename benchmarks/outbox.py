"""What the event feed costs the dialer's writer: `records.apply` of 500 mixed records, with and without it.

    .venv/bin/python -m benchmarks.outbox [--rounds 40]

Both sides run in turn on the same private PostgreSQL (with its usual durability), each batch in a transaction
of its own, committed. Without the feed the same statements are used, less the events.
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

from models import migrate, postgres
from models.enums import AgentState, Outcome
from models.ids import new_id
from models.records import AgentStateChanged, AttemptAnswered, AttemptBridged, Record
from models.records import AttemptClosed as Closed
from models.records import AttemptDialed as Dialed
from models.repository import events, hopper, records
from models.session import sync_engine
from tests.integration.models.world import NOON, World

ATTEMPTS = 100  # each: dialed, answered, bridged, closed, and an agent's state: 500 records


def batch(world: World, agent: str, number: int) -> list[Record]:
    """A busy half-second: a hundred connected calls from dial to end, and as many agent states."""
    now = NOON + 100 * number
    world.add_numbers([f"+1{2_000_000_000 + number * ATTEMPTS + i}" for i in range(ATTEMPTS)])
    with world.engine.begin() as db:
        claimed = hopper.claim(
            db,
            switch_id=world.switch,
            lease_token=world.token,
            campaign_id=world.campaign,
            count=ATTEMPTS,
            now_wall=now,
        ).attempts
    made: list[Record] = []
    for attempt in claimed:
        leg, key = new_id(), attempt.attempt_id
        made += [
            Dialed(attempt_id=key, leg_id=leg, switch_id=world.switch, at=now),
            AttemptAnswered(attempt_id=key, at=now + 10),
            AttemptBridged(attempt_id=key, agent_id=agent, at=now + 10.5),
            Closed(
                attempt_id=key,
                outcome=Outcome.CONNECTED,
                at=now + 60,
                leg_id=leg,
                answered_at=now + 10,
                bridged_at=now + 10.5,
                ended_at=now + 60,
                agent_id=agent,
                talk_seconds=49.5,
                wait_seconds=0.5,
            ),
            AgentStateChanged(
                id=new_id(), agent_id=agent, state=AgentState.TALKING, at=now, campaign_id=world.campaign
            ),
        ]
    if len(made) != 5 * ATTEMPTS:
        raise RuntimeError(f"only {len(claimed)} of {ATTEMPTS} leads could be claimed")
    return made


def _reload(feed: bool) -> None:
    if feed:
        importlib.reload(records)
        return
    with mock.patch.object(events, "told", return_value="told AS (SELECT 1 WHERE false)"):
        importlib.reload(records)


def measure(url: str, rounds: int) -> dict[str, float]:
    """Milliseconds of one batch, commit included: the median of each side, and their ratio."""
    world = World.make(sync_engine(url))
    agent = world.add_agent().agent_id
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * rounds + 4):
        feed = number % 2 == 0
        given = batch(world, agent, number)
        _reload(feed)
        began = time.perf_counter()
        world.apply(*given)
        if number >= 4:  # the first of each side warm the caches
            spent[feed].append(1000 * (time.perf_counter() - began))
    told = int(str(world.value("SELECT count(*) FROM event")))
    if told != (rounds + 2) * 2 * ATTEMPTS:
        raise RuntimeError(f"{told} events: the sides were not what they should be")
    world.engine.dispose()
    with_feed, without = statistics.median(spent[True]), statistics.median(spent[False])
    return {
        "rounds": rounds,
        "without_ms": round(without, 1),
        "with_ms": round(with_feed, 1),
        "ratio": round(with_feed / without, 2),
    }


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="rm-bench-") as place:
        Path(place).chmod(0o755)
        server = postgres.start(Path(place) / "data")
        try:
            migrate.upgrade(server.url)
            sys.stdout.write(json.dumps(measure(server.url, rounds)) + "\n")
        finally:
            postgres.stop(Path(place) / "data")


if __name__ == "__main__":
    main()
