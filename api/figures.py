"""The live figures of one tenant's campaigns: read and put into JSON once, for all who watch.

A dialer's figures are read when they are announced, and shown at most twice a second for each campaign. The
report of a campaign is counted from its calls: at most once a second, and never for more than a tenth of the
time. It is shown with the next figures, or by itself when there are none for a while.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.database import Database
from api.frames import LiveFrame, dumps, moment
from models.repository import clock, live, reporting
from models.repository.live import CampaignLive

LIVE_SECONDS = 0.5
READ_SECONDS = 0.05
QUIET_SECONDS = 2.0
REPORT_SECONDS = 1.0
REPORT_SHARE = 0.1

_SHOWN = (
    "state",
    "target",
    "limited_by",
    "lines",
    "waiting",
    "dialed",
    "live_answers",
    "abandoned",
    "ended_before_agent",
    "ledger",
    "expected_answers",
    "free_agents",
    "abandon_risk",
    "agents",
    "calls",
    "link_up",
    "blocked",
    "switch_lag_p95_ms",
    "lag_p99_ms",
    "speed",
)


def live_json(figures: CampaignLive) -> dict[str, Any]:
    """A campaign's live figures as answers have them."""
    return {
        "at": moment(figures.at),
        "updated_at": moment(figures.updated_at),
        "stale": figures.stale,
        **{name: figures.payload.get(name) for name in _SHOWN},
    }


def report_json(report: reporting.Report) -> dict[str, Any]:
    """A report as answers have it."""
    since, until = (datetime.fromtimestamp(at, UTC) for at in (report.since, report.until))
    return {**report.to_json(), "since": moment(since), "until": moment(until)}


@dataclass(slots=True)
class _Shown:
    """What was last shown of a campaign; `counted_for`: the figures for which its report was counted."""

    at: float = -QUIET_SECONDS
    live: CampaignLive | None = None
    part: str = ""
    report: dict[str, Any] | None = None
    counted_for: object = None
    new_report: bool = False


class Figures:
    """Of one tenant. `show` gets each frame; nothing is read while `watched` says that nobody looks."""

    def __init__(
        self,
        database: Database,
        tenant_id: str,
        *,
        show: Callable[[LiveFrame], None],
        watched: Callable[[], bool],
    ) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._show = show
        self._watched = watched
        self._known: dict[str, _Shown] = {}
        self.bell = asyncio.Event()

    async def run(self) -> None:
        """Show what is new whenever `bell` rings; until cancelled."""
        while True:
            await self.bell.wait()
            self.bell.clear()
            if self._watched():
                await self.refresh()
                await asyncio.sleep(READ_SECONDS)

    async def refresh(self) -> None:
        """Read once, and show what has changed; what was shown a moment ago rings the bell when it is due."""
        now = time.monotonic()
        fresh = [figures for figures in await self.read() if self._is_new(figures, now)]
        due = {figures.campaign_id: self._known[figures.campaign_id].at + LIVE_SECONDS for figures in fresh}
        later = [at - now for at in due.values() if at > now]
        if later:
            asyncio.get_running_loop().call_later(min(later), self.bell.set)
        fresh = [figures for figures in fresh if due[figures.campaign_id] <= now]
        if not fresh:
            return
        for figures in fresh:
            known = self._known[figures.campaign_id]
            known.live, known.new_report, known.part = figures, False, dumps(self._part(figures))
            known.at = now
        age = max((figures.age_seconds for figures in fresh if not figures.stale), default=0.0)
        self._show(self._frame(fresh, time.monotonic() - age))

    def everything(self) -> LiveFrame | None:
        """What was last shown of every campaign, for one who comes back; None before the first."""
        shown = [known.live for known in self._known.values() if known.live is not None]
        return self._frame(shown, time.monotonic()) if shown else None

    def _frame(self, shown: list[CampaignLive], born: float) -> LiveFrame:
        parts = {figures.campaign_id: self._known[figures.campaign_id].part for figures in shown}
        return LiveFrame(moment(max(figures.updated_at for figures in shown)), parts, born)

    async def read(self) -> tuple[CampaignLive, ...]:
        """The newest figures of every campaign."""
        async with self._database.tenant(self._tenant_id) as tx:
            return await tx.run(live.campaigns, tenant_id=tx.only)

    async def run_reports(self) -> None:
        """Count reports of campaigns whose figures have moved; until cancelled."""
        while True:
            began = time.monotonic()
            if self._watched():
                await self.count_reports()
            spent = time.monotonic() - began
            await asyncio.sleep(max(REPORT_SECONDS - spent, spent / REPORT_SHARE))

    async def count_reports(self) -> None:
        """Count each report that is not of the newest figures."""
        for figures in await self.read():
            known = self._known.setdefault(figures.campaign_id, _Shown())
            if known.counted_for != figures.at:
                known.report = await self._count(figures.campaign_id)
                known.counted_for, known.new_report = figures.at, True

    def report(self, campaign_id: str) -> dict[str, Any] | None:
        """The campaign's newest report, if one was counted."""
        known = self._known.get(campaign_id)
        return None if known is None else known.report

    def _is_new(self, figures: CampaignLive, now: float) -> bool:
        known = self._known.setdefault(figures.campaign_id, _Shown())
        if known.live is None or (known.new_report and now >= known.at + QUIET_SECONDS):
            return True
        return (figures.updated_at, figures.stale) != (known.live.updated_at, known.live.stale)

    def _part(self, figures: CampaignLive) -> dict[str, Any]:
        report = self.report(figures.campaign_id)
        return {"id": figures.campaign_id, "live": live_json(figures), "report": report}

    async def _count(self, campaign_id: str) -> dict[str, Any]:
        async with self._database.tenant(self._tenant_id) as tx:
            since = await tx.run(reporting.last_start, campaign_id)
            until = await tx.run(clock.campaign_time, campaign_id)
            return report_json(await tx.run(reporting.report, campaign_id, since, until))
