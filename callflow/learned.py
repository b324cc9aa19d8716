"""What the campaigns' pacers and models have learned outlives the dialer: kept in the database, read at the
next start.

Nothing hangs on it: what can't be read (another build wrote it, or it was damaged) is refused with a
warning and learned anew, and what can't be written is tried again a minute later. A dialer that dies has
lost a minute of learning.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

import gevent
from gevent.event import Event
from sqlalchemy.exc import DBAPIError

from callflow.engine.board import Campaign
from callflow.engine.outlook import Outlook
from callflow.writer import Begin, first_line
from models.records import DialerSnapshot, Learned
from models.repository import learned
from pacing_core import Pacer, PacingValueError

log = logging.getLogger(__name__)

EVERY_SECONDS = 60.0
_QUERY_SECONDS = 10.0


def readable(snapshot: DialerSnapshot) -> DialerSnapshot:
    """The snapshot without what this build can't take over; each refusal is a warning."""
    taken = {
        campaign_id: Learned(
            pacer=_checked(campaign_id, "pacer", one.pacer, lambda data: Pacer().restore(data)),
            leads=_checked(campaign_id, "leads", one.leads, lambda data: Outlook().restore(data)),
        )
        for campaign_id, one in snapshot.learned.items()
    }
    return replace(snapshot, learned=taken)


def _checked(campaign_id: str, what: str, data: bytes, restore: Callable[[bytes], None]) -> bytes:
    try:
        if data:
            restore(data)
    except PacingValueError as error:
        log.warning(
            "what was learned can't be read: it is learned anew",
            extra={"campaign_id": campaign_id, "of": what, "error": str(error)},
        )
        return b""
    return data


class Keeper:
    """One greenlet's work: `run`. Reads pacers and models between two steps of the engine."""

    def __init__(self, begin: Begin, campaigns: Callable[[], Mapping[str, Campaign]]) -> None:
        self._begin = begin
        self._campaigns = campaigns
        self._kept: dict[str, Learned] = {}
        self._stopping = Event()

    def stop(self) -> None:
        """End `run` at its next wake-up."""
        self._stopping.set()

    def run(self) -> None:
        """Keep, every minute, until stopped."""
        while not self._stopping.wait(EVERY_SECONDS):
            self.keep()

    def keep(self) -> None:
        """Write what has changed since the last time."""
        now = {
            key: Learned(pacer=campaign.pacer.snapshot(), leads=campaign.leads.snapshot())
            for key, campaign in self._campaigns().items()
        }
        news = {key: one for key, one in now.items() if self._kept.get(key) != one}
        if not news:
            return
        try:
            with gevent.Timeout(_QUERY_SECONDS), self._begin() as session:
                learned.keep(session, news)
        except (DBAPIError, gevent.Timeout) as error:
            log.warning("what was learned is not kept: tried again later: %s", first_line(error))
            return
        self._kept.update(news)
