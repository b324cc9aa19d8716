"""Writes what the pacers decide to files, and lets another policy decide beside them.

`<data directory>/decisions/<campaign>/<date>-<number>.rmlog`: each file begins with the complete pacer and
replays by itself. A file ends with its day or at 16 MiB. Recording never stops dialing: when a write fails,
that is said once, and a minute later a new file is tried.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pacing_core import Pacer

log = logging.getLogger(__name__)

FILE_BYTES = 16 << 20
KEEP_BYTES = 1 << 30
"""Of one campaign at most; the oldest files go first."""
RETRY_SECONDS = 60.0
_DAY = 86_400.0


@dataclass(slots=True)
class _Campaign:
    pacer: Pacer
    path: Path | None = None
    date: str = ""
    size: int = 0
    retry_at: float | None = None
    """Recording has failed and is tried again then (real seconds)."""


class DecisionLogs:
    """All campaigns of one dialer.

    Args:
        directory: where the campaigns' folders are made.
        wall: epoch seconds now, on the engine's clock: the date in a file's name.
        keep_days: how long files are kept; 0 records nothing.
        shadow_policy: a built-in policy to decide beside every pacer; "" for none.

    Raises:
        PacingValueError: there is no such policy.
    """

    def __init__(
        self,
        directory: Path,
        *,
        wall: Callable[[], float],
        keep_days: float = 30.0,
        shadow_policy: str = "",
        file_bytes: int = FILE_BYTES,
        keep_bytes: int = KEEP_BYTES,
        real: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        Pacer().set_shadow(shadow_policy or None)
        self._directory = directory
        self._wall = wall
        self._keep_days = keep_days
        self._shadow = shadow_policy
        self._file_bytes = file_bytes
        self._keep_bytes = keep_bytes
        self._real = real
        self._clock = clock
        self._campaigns: dict[str, _Campaign] = {}

    def collect(self, pacers: Mapping[str, Pacer], wall_offset: float) -> None:
        """Append what was recorded since the last time. `wall_offset`: epoch seconds at engine second 0."""
        for campaign_id, pacer in pacers.items():
            known = self._campaigns.get(campaign_id)
            if known is None or known.pacer is not pacer:
                known = self._campaigns[campaign_id] = _Campaign(pacer)
                if self._shadow:
                    pacer.set_shadow(self._shadow)
            if self._keep_days > 0:
                self._collect(campaign_id, known, wall_offset)

    def status(self) -> dict[str, Any]:
        """Live figures: whether each campaign is recorded, and how the policy beside it compares."""
        return {key: self._figures(campaign) for key, campaign in self._campaigns.items()}

    @staticmethod
    def _figures(campaign: _Campaign) -> dict[str, Any]:
        figures: dict[str, Any] = {"recorded": campaign.path is not None}
        beside = campaign.pacer.shadow()
        if beside is not None:
            figures["shadow"] = {
                "policy": beside.name,
                "decisions": beside.decisions,
                "more": beside.more,
                "fewer": beside.fewer,
                "in_flight": round(beside.in_flight_now, 3),
                "in_flight_live": round(beside.in_flight_then, 3),
            }
        return figures

    def _collect(self, campaign_id: str, known: _Campaign, wall_offset: float) -> None:
        if known.retry_at is not None and self._real() < known.retry_at:
            return
        date = datetime.fromtimestamp(self._wall(), UTC).strftime("%Y-%m-%d")
        try:
            if known.pacer.log_state() != "on":
                known.pacer.start_log(campaign_id, wall_offset)
                known.path = None
            elif known.path is not None and (known.size >= self._file_bytes or date != known.date):
                self._append(known, known.pacer.drain_log())
                known.pacer.cut_log()
                known.path = None
            if known.path is None:
                known.path, known.date, known.size = self._new_file(campaign_id, date), date, 0
            self._append(known, known.pacer.drain_log())
        except OSError as error:
            self._failed(campaign_id, known, error)
            return
        if known.retry_at is not None:
            known.retry_at = None
            log.info("decisions are recorded again", extra={"campaign_id": campaign_id})

    def _append(self, known: _Campaign, data: bytes) -> None:
        if data and known.path is not None:
            with known.path.open("ab") as file:
                file.write(data)
            known.size += len(data)

    def _failed(self, campaign_id: str, known: _Campaign, error: OSError) -> None:
        if known.retry_at is None:
            log.error(
                "decisions can't be recorded: dialing goes on without; tried again every minute",
                extra={"campaign_id": campaign_id, "error": str(error)},
            )
        known.pacer.stop_log()
        known.path, known.retry_at = None, self._real() + RETRY_SECONDS

    def _new_file(self, campaign_id: str, date: str) -> Path:
        folder = self._directory / campaign_id
        folder.mkdir(parents=True, exist_ok=True)
        self._retain(folder)
        numbers = [int(path.stem.rpartition("-")[2]) for path in folder.glob(f"{date}-[0-9]*.rmlog")]
        return folder / f"{date}-{max(numbers, default=0) + 1:04d}.rmlog"

    def _retain(self, folder: Path) -> None:
        """Files too old go, then the oldest until what is left is small enough."""
        files = sorted((path.stat().st_mtime, path) for path in folder.glob("*.rmlog"))
        total = sum(path.stat().st_size for _, path in files)
        for changed, path in files:
            old = changed < self._clock() - self._keep_days * _DAY
            if not old and total <= self._keep_bytes:
                break
            total -= path.stat().st_size
            path.unlink()
