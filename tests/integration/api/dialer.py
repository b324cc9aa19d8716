"""A dialer's side of the command table, without a switch: takes what is asked and answers as it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine

from models.enums import CampaignState, CommandKind, CommandStatus
from models.records import CampaignChanged, CommandFinished, OperatorCommand, Record
from models.repository import commands, lease, records
from models.session import conninfo

Answer = Callable[[OperatorCommand], str]


class FakeDialer:
    """Holds the lease of a switch and serves its commands in a thread. `refuse` gives a refusal or ""."""

    def __init__(self, engine: Engine, url: str, switch_id: str, refuse: Answer) -> None:
        self._engine, self._url, self._switch_id, self._refuse = engine, url, switch_id, refuse
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.heard: list[OperatorCommand] = []

    def start(self) -> None:
        with self._engine.begin() as db:
            assert lease.acquire(db, self._switch_id, "fake", 600.0) is not None
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with psycopg.connect(conninfo(self._url), autocommit=True) as connection:
            connection.execute(f"NOTIFY {commands.COMMAND_CHANNEL}".encode())
        self._thread.join(10)
        with self._engine.begin() as db:
            held = lease.acquire(db, self._switch_id, "fake", 1.0)
            assert held is not None
            assert lease.release(db, held)

    def _run(self) -> None:
        with psycopg.connect(conninfo(self._url), autocommit=True) as connection:
            connection.execute(f"LISTEN {commands.COMMAND_CHANNEL}".encode())
            while not self._stopping.is_set():
                with self._engine.begin() as db:
                    taken = commands.take(db, self._switch_id)
                for command in taken:
                    self._serve(command)
                if not taken:
                    for _ in connection.notifies(timeout=1.0, stop_after=1):
                        pass

    def _serve(self, command: OperatorCommand) -> None:
        self.heard.append(command)
        refusal, now = self._refuse(command), time.time()
        status = CommandStatus.REFUSED if refusal else CommandStatus.DONE
        batch: list[Record] = [
            CommandFinished(command_id=command.command_id, status=status, at=now, detail=refusal)
        ]
        state = _STATES.get(command.kind)
        if state is not None and command.campaign_id is not None and not refusal:
            batch.append(CampaignChanged(campaign_id=command.campaign_id, state=state, target=0.03, at=now))
        with self._engine.begin() as db:
            records.apply(db, batch)


_STATES = {
    CommandKind.CAMPAIGN_START: CampaignState.RUNNING,
    CommandKind.CAMPAIGN_PAUSE: CampaignState.PAUSED,
    CommandKind.CAMPAIGN_STOP: CampaignState.WINDING_DOWN,
}


@contextmanager
def dialer(
    engine: Engine, url: str, switch_id: str, refuse: Answer = lambda command: ""
) -> Iterator[FakeDialer]:
    """A fake dialer at work for the length of the block."""
    fake = FakeDialer(engine, url, switch_id, refuse)
    fake.start()
    try:
        yield fake
    finally:
        fake.stop()
