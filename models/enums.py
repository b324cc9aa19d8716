"""The words of the field that rows, records and the engine share (docs/glossary.md)."""

from __future__ import annotations

from enum import StrEnum


class DialMode(StrEnum):
    """How a campaign places calls."""

    PREDICTIVE = "predictive"
    PROGRESSIVE = "progressive"


class CampaignState(StrEnum):
    """What a campaign is asked to do. WINDING_DOWN dials nothing and lets calls finish."""

    DRAFT = "draft"
    RUNNING = "running"
    PAUSED = "paused"
    WINDING_DOWN = "winding_down"
    STOPPED = "stopped"


class LeadState(StrEnum):
    """Lead lifecycle (FEATURES.md)."""

    NEW = "new"
    RETRY = "retry"
    COOLING = "cooling"
    DIALING = "dialing"
    HELD = "held"
    CLOSED = "closed"
    EXPIRED = "expired"
    ERASED = "erased"


class AttemptState(StrEnum):
    """Where an attempt is; CLOSED is the only end and carries exactly one Outcome."""

    CLAIMED = "claimed"
    DIALING = "dialing"
    RINGING = "ringing"
    ANSWERED = "answered"
    BRIDGING = "bridging"
    CONNECTED = "connected"
    MESSAGE = "message"
    CLOSED = "closed"


class Outcome(StrEnum):
    """How an attempt ended: exactly one per attempt."""

    CONNECTED = "connected"
    ABANDONED = "abandoned"
    ENDED_BEFORE_AGENT = "ended_before_agent"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    INVALID_NUMBER = "invalid_number"
    CONGESTION = "congestion"
    CARRIER_FAILURE = "carrier_failure"
    SWITCH_REFUSED = "switch_refused"
    SWITCH_LOST = "switch_lost"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    NOT_DIALED = "not_dialed"

    @property
    def is_live_answer(self) -> bool:
        """A person answered: the denominator of the abandon rate (KPI.md)."""
        return self in (Outcome.CONNECTED, Outcome.ABANDONED, Outcome.ENDED_BEFORE_AGENT)

    @property
    def uses_up_lead(self) -> bool:
        """False where the network or we failed, not the person: such an attempt is no try of the lead."""
        return self not in (
            Outcome.CONGESTION,
            Outcome.CARRIER_FAILURE,
            Outcome.SWITCH_REFUSED,
            Outcome.SWITCH_LOST,
            Outcome.CANCELLED,
            Outcome.NOT_DIALED,
        )


class RecordingMode(StrEnum):
    """Which of a campaign's calls are recorded."""

    OFF = "off"
    ALWAYS = "always"
    SHARE = "share"
    ON_DEMAND = "on_demand"


class RecordingConsent(StrEnum):
    """How a person comes to know of, or agrees to, being recorded; each asks for more than the one before."""

    NONE = "none"
    ANNOUNCED = "announced"
    ASKED = "asked"

    def at_least(self, other: RecordingConsent) -> RecordingConsent:
        """The stricter of the two."""
        ranks = list(RecordingConsent)
        return max(self, other, key=ranks.index)


class RecordingDeed(StrEnum):
    """What is done to a recording; each is kept for good."""

    STARTED = "started"
    MASKED = "masked"
    UNMASKED = "unmasked"
    STOPPED = "stopped"
    STORED = "stored"
    LISTENED = "listened"
    HELD = "held"
    RELEASED = "released"
    DELETED = "deleted"


class LegKind(StrEnum):
    """Whose phone a leg reaches."""

    CUSTOMER = "customer"
    AGENT = "agent"
    THIRD_PARTY = "third_party"


class AgentState(StrEnum):
    """Agent states of the predictive core (FEATURES.md lists more; later issues add them)."""

    LOGGED_OUT = "logged_out"
    CONNECTING = "connecting"
    READY = "ready"
    RESERVED = "reserved"
    TALKING = "talking"
    ON_HOLD = "on_hold"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"

    @property
    def is_talking(self) -> bool:
        """With a person on the line, on hold or not."""
        return self in (AgentState.TALKING, AgentState.ON_HOLD)

    @property
    def is_busy(self) -> bool:
        """Counts as busy in occupancy; reserved counts as ready (KPI.md)."""
        return self.is_talking or self is AgentState.WRAP_UP

    @property
    def is_available(self) -> bool:
        """Logged in and not paused: the denominator of occupancy and of talk per hour."""
        return self.is_busy or self in (AgentState.READY, AgentState.RESERVED)


class CommandKind(StrEnum):
    """What a person or program may ask of the dialer through the command table."""

    CAMPAIGN_START = "campaign_start"
    CAMPAIGN_PAUSE = "campaign_pause"
    CAMPAIGN_STOP = "campaign_stop"
    CAMPAIGN_TARGET = "campaign_target"
    STOP_ALL = "stop_all"
    AGENT_LOGIN = "agent_login"
    AGENT_LOGOUT = "agent_logout"
    AGENT_PAUSE = "agent_pause"
    AGENT_READY = "agent_ready"
    AGENT_HANG_UP = "agent_hang_up"
    AGENT_HOLD = "agent_hold"
    AGENT_MUTE = "agent_mute"
    AGENT_DIGITS = "agent_digits"
    AGENT_TRANSFER = "agent_transfer"
    DISPOSITION = "disposition"
    RECORDING_START = "recording_start"
    RECORDING_STOP = "recording_stop"
    RECORDING_PAUSE = "recording_pause"
    RECORDING_RESUME = "recording_resume"


class CommandStatus(StrEnum):
    """TAKEN is durable before the effect; after a crash a TAKEN command without outcome is UNKNOWN."""

    PENDING = "pending"
    TAKEN = "taken"
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class UserRole(StrEnum):
    """What a person who signs in may do: each role may all that the one before it may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    def includes(self, other: UserRole) -> bool:
        """Whether this role may do what `other` may."""
        ranks = list(UserRole)
        return ranks.index(self) >= ranks.index(other)


class ApiScope(StrEnum):
    """What a program with an API key may do; scopes do not include each other."""

    READ = "read"
    CONTROL = "control"
    IMPORT = "import"
    ADMIN = "admin"
    METRICS = "metrics"


class ImportState(StrEnum):
    """Where an uploaded file is on its way into a list."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
