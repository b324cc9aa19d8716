"""What the engine can be told: switch events (esl.events), and the values here. Nothing else reaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from esl.events import Event
from models.records import (
    CampaignSettings,
    CarrierPlan,
    ClaimedAttempt,
    ClientBudget,
    DialerSnapshot,
    DueLead,
    KnownAgent,
    OperatorCommand,
    RecordingOrders,
)


@dataclass(frozen=True, slots=True)
class Started:
    """The dialer holds the lease and read the database: the first input of every engine. `wall` is now's
    epoch."""

    snapshot: DialerSnapshot
    wall: float


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The switch answers, events are subscribed. A new `core_uuid` means that every leg is gone."""

    core_uuid: str


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The switch is away; replies to everything sent before are lost."""

    reason: str


@dataclass(frozen=True, slots=True)
class SwitchEvent:
    """One Event Socket event, in the order it was read."""

    event: Event


@dataclass(frozen=True, slots=True)
class Replied:
    """The reply to a Send that carried a token. `ok` is False for `-ERR…`/`-USAGE…`; `text` is the whole
    reply."""

    token: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer started by StartTimer is due."""

    key: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a Claim: durable attempts (maybe fewer than asked), or none with `refusal` saying why.

    refusal: "" | "hopper_empty" | "lease" | "database_away" | "hours". ahead: the next due leads in their
    order, if the claim asked for them.
    """

    batch: int
    attempts: tuple[ClaimedAttempt, ...]
    refusal: str = ""
    ahead: tuple[DueLead, ...] = ()


@dataclass(frozen=True, slots=True)
class Commanded:
    """A command of a person or program, durably TAKEN. `agent`/`campaign` carry the row when it is not
    known yet, `carriers` comes with a campaign. `verdict`: why a rule forbids the number that it names, if
    one does."""

    command: OperatorCommand
    agent: KnownAgent | None = None
    campaign: CampaignSettings | None = None
    carriers: CarrierPlan | None = None
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class DialingAllowed:
    """Opened or closed by the runner: database away, lease not ours, switch lag, shutting down."""

    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClientsTold:
    """The abandon budgets of the campaigns' clients as the database has them now: told every few seconds."""

    budgets: tuple[ClientBudget, ...]


@dataclass(frozen=True, slots=True)
class CarriersTold:
    """Gateways and routes as the database has them now: told every few seconds."""

    plan: CarrierPlan


@dataclass(frozen=True, slots=True)
class RecordingsTold:
    """Plans of recording and the switch's disk as the database has them now: told every few seconds."""

    orders: RecordingOrders


Input: TypeAlias = (
    Started
    | LinkUp
    | LinkDown
    | SwitchEvent
    | Replied
    | TimerFired
    | Claimed
    | Commanded
    | DialingAllowed
    | ClientsTold
    | CarriersTold
    | RecordingsTold
)
