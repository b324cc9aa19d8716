"""What the engine asks for: frozen values that `callflow.runner` alone performs, in their order.

Within one step every Save is in the journal before the first Send goes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from esl.commands import Command
from models.records import Record


@dataclass(frozen=True, slots=True)
class Send:
    """Send to the switch. With a `token` the reply (api response; for bgapi the command reply) comes back
    as Replied."""

    command: Command
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Take up to `count` leads of a campaign and make attempts of them; answered by exactly one Claimed.

    `leads`: these first, in this order, as far as none of a higher priority is due. `look`: so many leads
    that are due after those, of one priority, come with the answer.
    """

    batch: int
    campaign_id: str
    count: int
    leads: tuple[str, ...] = ()
    look: int = 0


@dataclass(frozen=True, slots=True)
class Save:
    """Append to the journal, then to PostgreSQL."""

    record: Record


@dataclass(frozen=True, slots=True)
class StartTimer:
    """TimerFired(key) at `due` (engine seconds); replaces a running timer of the same key."""

    key: str
    due: float


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Forget the timer if it runs."""

    key: str


@dataclass(frozen=True, slots=True)
class Publish:
    """A live snapshot for pages and terminals; only the newest of each topic matters; never journaled."""

    topic: str
    payload: Mapping[str, Any] = field(default_factory=dict)


Effect: TypeAlias = Send | Claim | Save | StartTimer | StopTimer | Publish
