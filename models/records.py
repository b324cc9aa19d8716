"""Durable facts: what the dialer writes to its journal first and PostgreSQL is fed from.

The engine makes them (effects.Save), `callflow.journal` appends one JSON line each, and
`models.repository.records` applies them. Applying a record twice changes nothing: recovery replays the
journal. All times are wall times: epoch seconds on the dialer's clock, which is anchored in PostgreSQL's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeAlias

from models.enums import (
    AgentState,
    AttemptState,
    CampaignState,
    CommandKind,
    CommandStatus,
    DialMode,
    Outcome,
    RecordingConsent,
)
from models.recordings import RecordingPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDialed:
    """The originate of a leg is about to be sent, by this gateway of the switch."""

    kind: ClassVar[str] = "attempt_dialed"
    attempt_id: str
    leg_id: str
    switch_id: str
    at: float
    gateway: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierLegEnded:
    """The carrier failed a leg before any ringing, and the attempt goes on by another carrier."""

    kind: ClassVar[str] = "carrier_leg_ended"
    attempt_id: str
    leg_id: str
    cause: str
    at: float
    sip_status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptAnswered:
    """The person answered (the switch's own ANSWER time)."""

    kind: ClassVar[str] = "attempt_answered"
    attempt_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptBridged:
    """The person hears the agent (the switch's own BRIDGE time)."""

    kind: ClassVar[str] = "attempt_bridged"
    attempt_id: str
    agent_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptMoved:
    """The person was handed over and hears another agent (the switch's own BRIDGE time)."""

    kind: ClassVar[str] = "attempt_moved"
    attempt_id: str
    agent_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptClosed:
    """The end of an attempt: exactly one per attempt; the call record is made of it.

    Every `*_at` is None where it never happened. `abandoned` is the numerator of the abandon rate: true for
    ABANDONED and for a bridge later than the grace. `wait_seconds` is answer to agent, None if never bridged.
    `verdict` is the rule's refusal code when the attempt was not dialed because of a rule.
    """

    kind: ClassVar[str] = "attempt_closed"
    attempt_id: str
    outcome: Outcome
    at: float
    leg_id: str | None = None
    cause: str = ""
    sip_status: int | None = None
    created_at: float | None = None
    ringing_at: float | None = None
    answered_at: float | None = None
    bridged_at: float | None = None
    ended_at: float | None = None
    agent_id: str | None = None
    talk_seconds: float = 0.0
    wait_seconds: float | None = None
    abandoned: bool = False
    recovered: bool = False
    verdict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdLegOpened:
    """The leg of a third party, to whom an agent hands a conversation, is about to be originated."""

    kind: ClassVar[str] = "third_leg_opened"
    leg_id: str
    attempt_id: str
    agent_id: str
    switch_id: str
    number: str
    gateway: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdLegJoined:
    """Customer and third party hear each other; the agent's part is over (the switch's own BRIDGE time)."""

    kind: ClassVar[str] = "third_leg_joined"
    leg_id: str
    attempt_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdLegEnded:
    """The leg of a third party is gone; times are None where it never happened."""

    kind: ClassVar[str] = "third_leg_ended"
    leg_id: str
    cause: str
    at: float
    sip_status: int | None = None
    ringing_at: float | None = None
    answered_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLegOpened:
    """An agent's standing leg is about to be originated."""

    kind: ClassVar[str] = "agent_leg_opened"
    leg_id: str
    agent_id: str
    switch_id: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLegEnded:
    """An agent's standing leg is gone."""

    kind: ClassVar[str] = "agent_leg_ended"
    leg_id: str
    cause: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateChanged:
    """One row of the agent state log, and the agent's current state. `id` is a UUIDv7."""

    kind: ClassVar[str] = "agent_state_changed"
    id: str
    agent_id: str
    state: AgentState
    at: float
    campaign_id: str | None = None
    reason: str = ""
    attempt_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignChanged:
    """A campaign's state or target as the dialer now obeys it."""

    kind: ClassVar[str] = "campaign_changed"
    campaign_id: str
    state: CampaignState
    target: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFinished:
    """What became of a command; `detail` says why when refused."""

    kind: ClassVar[str] = "command_finished"
    command_id: str
    status: CommandStatus
    at: float
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """A disposition or note on a call; append-only. `id` is a UUIDv7."""

    kind: ClassVar[str] = "note_added"
    id: str
    attempt_id: str
    agent_id: str
    disposition: str
    at: float
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted:
    """The switch is about to be told to record a customer's leg into `path`, a file of its own.

    `consent` is how it was obtained; `command_id` names who asked for it, where somebody did.
    """

    kind: ClassVar[str] = "recording_started"
    recording_id: str
    attempt_id: str
    leg_id: str
    path: str
    consent: RecordingConsent
    at: float
    command_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMarked:
    """From here on the switch records silence (`masked`), or no longer does. `id` is a UUIDv7."""

    kind: ClassVar[str] = "recording_marked"
    id: str
    recording_id: str
    masked: bool
    at: float
    command_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStopped:
    """The recording is over: its file is complete, unless `cause` begins with `refused`: then there is none.

    `seconds` and `cause` are the switch's word (RECORD_STOP), None and ours where it was not heard.
    """

    kind: ClassVar[str] = "recording_stopped"
    recording_id: str
    at: float
    cause: str
    seconds: float | None = None
    command_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecorded:
    """A row for the event feed (the sequencer gives it its place). `id` is a UUIDv7."""

    kind: ClassVar[str] = "event_recorded"
    id: str
    topic: str
    at: float
    payload: Mapping[str, Any] = field(default_factory=dict)


Record: TypeAlias = (
    AttemptDialed
    | CarrierLegEnded
    | AttemptAnswered
    | AttemptBridged
    | AttemptMoved
    | ThirdLegOpened
    | ThirdLegJoined
    | ThirdLegEnded
    | AttemptClosed
    | AgentLegOpened
    | AgentLegEnded
    | AgentStateChanged
    | CampaignChanged
    | CommandFinished
    | NoteAdded
    | RecordingStarted
    | RecordingMarked
    | RecordingStopped
    | EventRecorded
)

_TYPES: dict[str, type[Any]] = {
    t.kind: t
    for t in (
        AttemptDialed,
        CarrierLegEnded,
        AttemptAnswered,
        AttemptBridged,
        AttemptMoved,
        ThirdLegOpened,
        ThirdLegJoined,
        ThirdLegEnded,
        AttemptClosed,
        AgentLegOpened,
        AgentLegEnded,
        AgentStateChanged,
        CampaignChanged,
        CommandFinished,
        NoteAdded,
        RecordingStarted,
        RecordingMarked,
        RecordingStopped,
        EventRecorded,
    )
}
_ENUMS: dict[tuple[str, str], type[Any]] = {
    (AttemptClosed.kind, "outcome"): Outcome,
    (AgentStateChanged.kind, "state"): AgentState,
    (CampaignChanged.kind, "state"): CampaignState,
    (CommandFinished.kind, "status"): CommandStatus,
    (RecordingStarted.kind, "consent"): RecordingConsent,
}


def to_json(record: Record) -> dict[str, Any]:
    """A JSON-ready object with a `kind`; `from_json` is its inverse."""
    return {"kind": record.kind, **asdict(record)}


def from_json(data: Mapping[str, Any]) -> Record:
    """Read what `to_json` wrote.

    Raises:
        ValueError: an unknown kind or a field of the wrong name: the journal is of another version or
        damaged.
    """
    fields = dict(data)
    kind = fields.pop("kind", None)
    cls = _TYPES.get(str(kind))
    if cls is None:
        raise ValueError(f"unknown record kind {kind!r}: the journal was written by another version")
    for (owner, name), enum in _ENUMS.items():
        if owner == kind and name in fields:
            fields[name] = enum(fields[name])
    try:
        record: Record = cls(**fields)
    except TypeError as error:
        raise ValueError(f"record {kind}: {error}") from error
    return record


# --- what the repository hands to the engine -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSettings:
    """One campaign as the engine needs it; validated by the repository when read.

    `gateway` names the carrier gateway of the switch; a number is dialed as
    `sofia/gateway/{gateway}/{number}`. `ring_seconds` counts from the first PROGRESS and is never under 16
    (REGULATION.md: 15 s or four rings). `message` is what the switch plays when no
    agent came in time (empty: nothing, the call just ends).
    """

    campaign_id: str
    name: str
    state: CampaignState
    mode: DialMode = DialMode.PREDICTIVE
    target: float = 0.03
    cap: float = 0.03
    grace_seconds: float = 2.0
    ring_seconds: float = 30.0
    wrap_up_limit_seconds: float = 120.0
    gateway: str = "carrier"
    caller_id: str = ""
    message: str = ""
    max_lines: int = 1000
    calls_per_second: float = 50.0
    client_id: str = ""
    recording: RecordingPlan = field(default_factory=RecordingPlan)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFacts:
    """What is known of a lead before it is dialed, of which its answer probability is learned.

    `attempt` counts from 1 the tries that used the lead up, this one included. `last_outcome` is that of
    the call to the number before. `timezone` is the first zone that the person may be in. Empty: not known.
    """

    attempt: int = 1
    last_outcome: str = ""
    number_type: str = ""
    area: str = ""
    list_id: str = ""
    timezone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedAttempt:
    """An attempt that is durable and may be dialed now by the claimer.

    `rule_inputs` is what the rules judged at the claim; the engine judges them again when it dials. `facts`
    None: nothing is known of the lead.
    """

    attempt_id: str
    campaign_id: str
    lead_id: str
    number: str
    claimed_at: float
    rule_inputs: Any  # models.rules.RuleInputs
    facts: LeadFacts | None = None


@dataclass(frozen=True, slots=True)
class DueLead:
    """A lead that is due and may be claimed soon."""

    lead_id: str
    facts: LeadFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecording:
    """The newest recording of an attempt that is open; `stopped`: it is over."""

    recording_id: str
    path: str
    masked: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOrders:
    """What the database says of recording on one switch: each campaign's plan, and whether the switch's disk
    has room for more (None: nobody has told)."""

    plans: Mapping[str, RecordingPlan] = field(default_factory=dict)
    room: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAttempt:
    """An attempt found open in the database at the start."""

    attempt_id: str
    campaign_id: str
    number: str
    state: AttemptState
    claimed_at: float
    leg_id: str | None = None
    dialed_at: float | None = None
    answered_at: float | None = None
    bridged_at: float | None = None
    agent_id: str | None = None
    facts: LeadFacts | None = None
    gateway: str = ""
    moved: bool = False
    recording: OpenRecording | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenThirdLeg:
    """A third party's leg found open in the database at the start."""

    leg_id: str
    attempt_id: str
    agent_id: str
    number: str
    gateway: str = ""
    joined_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgent:
    """An agent homed on this switch, logged in or not, as the database last knew them."""

    agent_id: str
    name: str
    extension: str
    campaign_id: str | None
    state: AgentState
    since: float
    reason: str = ""
    leg_id: str | None = None
    attempt_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherLedger:
    """A campaign that another switch dials, in its current legal window.

    `expected`: abandons to be expected of its calls in flight.
    """

    campaign_id: str
    cap: float
    answered: int
    abandoned: int
    expected: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBudget:
    """What a client's campaigns may abandon together, and what they have elsewhere than on this switch.

    `target` None: the client has none of its own; each campaign's cap is held against all of them.
    """

    client_id: str
    target: float | None = None
    elsewhere: tuple[OtherLedger, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a campaign's pacer and its model of leads had learned, as they wrote it; empty: nothing."""

    pacer: bytes = b""
    leads: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayLimits:
    """A carrier gateway of the switch and what it takes, over all campaigns; None: no limit of its own."""

    name: str
    max_calls: int | None = None
    calls_per_second: float | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One gateway of a campaign's. The lowest tier with a gateway that can take a call gets it, within a tier
    by weight."""

    gateway: str
    weight: float = 1.0
    tier: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierPlan:
    """A switch's gateways, and the routes of those campaigns that have any, their own or their tenant's.

    A campaign that is not in `routes` dials by the gateway of its settings.
    """

    gateways: tuple[GatewayLimits, ...] = ()
    routes: Mapping[str, tuple[Route, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DialerSnapshot:
    """All that a dialer needs to start: recovery is the normal start.

    `ledger` is (live answers, abandoned) of each campaign's current legal window: the abandon budget.
    `clients` are the budgets of their clients. `learned` is what an earlier dialer learned of each campaign.
    """

    campaigns: tuple[CampaignSettings, ...] = ()
    agents: tuple[KnownAgent, ...] = ()
    attempts: tuple[OpenAttempt, ...] = ()
    ledger: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    clients: tuple[ClientBudget, ...] = ()
    learned: Mapping[str, Learned] = field(default_factory=dict)
    carriers: CarrierPlan = field(default_factory=CarrierPlan)
    recording_room: bool | None = None
    thirds: tuple[OpenThirdLeg, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCommand:
    """A row of the command table, already marked TAKEN."""

    command_id: str
    kind: CommandKind
    agent_id: str | None = None
    campaign_id: str | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
