"""Tells the engine, every few seconds, what the database says of its clients' abandon budgets, and of the
gateways and routes of its switch, and of recording there.

Of a campaign that no dialer shows at the moment the rows are counted; the count is kept for a while, as
nobody dials it meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import gevent
from gevent.event import Event
from sqlalchemy.exc import DBAPIError

from callflow.inputs import CarriersTold, ClientsTold, Input, RecordingsTold
from callflow.writer import Begin
from models.repository import clients, gateways, recordings, recovery
from models.repository.db import Db

EVERY_SECONDS = 5.0
COUNTED_SECONDS = 600.0
_QUERY_SECONDS = 30.0


class Budgets:
    """One greenlet's work: `run`."""

    def __init__(
        self,
        begin: Begin,
        switch_id: str,
        *,
        wall: Callable[[], float],
        tell: Callable[[Input], None],
        failed: Callable[[BaseException], None],
        real: Callable[[], float] = time.monotonic,
    ) -> None:
        self._begin = begin
        self._switch_id = switch_id
        self._wall = wall
        self._tell = tell
        self._failed = failed
        self._real = real
        self._counted: dict[str, tuple[float, tuple[int, int]]] = {}
        self._stopping = Event()

    def stop(self) -> None:
        """End `run` at its next wake-up."""
        self._stopping.set()

    def run(self) -> None:
        """Read and tell, until stopped. While the database is away the engine goes by what it last heard."""
        while not self._stopping.wait(EVERY_SECONDS):
            try:
                self.tell_once()
            except (DBAPIError, gevent.Timeout) as error:
                self._failed(error)

    def tell_once(self) -> None:
        """Read and tell.

        Raises:
            sqlalchemy.exc.DBAPIError, gevent.Timeout: the database is away; the engine was told nothing.
        """
        with gevent.Timeout(_QUERY_SECONDS), self._begin() as session:
            found = clients.budgets(session, self._switch_id, lambda ids: self._count(session, ids))
            plan = gateways.plan(session, self._switch_id)
            orders = recordings.orders(session, self._switch_id)
        self._tell(ClientsTold(found))
        self._tell(CarriersTold(plan))
        self._tell(RecordingsTold(orders))

    def _count(self, session: Db, campaign_ids: Sequence[str]) -> Mapping[str, tuple[int, int]]:
        now = self._real()
        known = {key: kept for key, kept in self._counted.items() if now - kept[0] < COUNTED_SECONDS}
        unknown = [campaign_id for campaign_id in campaign_ids if campaign_id not in known]
        fresh = recovery.ledgers(session, unknown, self._wall())
        # A campaign that a dialer shows now is forgotten: when it goes dark again its rows have changed.
        self._counted = {key: known.get(key) or (now, fresh.get(key, (0, 0))) for key in campaign_ids}
        return {key: ledger for key, (_, ledger) in self._counted.items()}
