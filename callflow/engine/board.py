"""Everything the engine holds in memory, and the few verbs every room uses: move, send, save, timer.

Nothing here decides. The rooms are plain functions that take the board first.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, TypeVar

from callflow.effects import Effect, Publish, Save, Send, StartTimer, StopTimer
from callflow.engine import tables
from callflow.engine.ahead import Ahead
from callflow.engine.config import EngineConfig
from callflow.engine.gateways import Gateway, Lane
from callflow.engine.outlook import Outlook
from callflow.engine.tables import (
    AgentEvent,
    AttemptEvent,
    LegEvent,
    LegState,
    RecordingEvent,
    RecordingState,
)
from callflow.engine.throttle import LagGovernor, TokenBucket
from esl.commands import Command
from models.enums import AgentState, AttemptState, LegKind, RecordingConsent
from models.records import AgentStateChanged, CampaignSettings, CarrierPlan, ClientBudget, Record
from pacing_core import Decision, Lead, Pacer

S = TypeVar("S", bound=StrEnum)
V = TypeVar("V", bound=StrEnum)


@dataclass(slots=True)
class Leg:
    """One channel of ours on the switch. Times in switch microseconds, 0 = never."""

    leg_id: str
    kind: LegKind
    owner_id: str
    """attempt id of a customer's leg, agent id of an agent's, its own of a third party's."""
    state: LegState = LegState.SENT
    sent_at: float = 0.0
    since: float = 0.0
    created_us: int = 0
    progress_us: int = 0
    answered_us: int = 0
    bridged_us: int = 0
    peer_id: str = ""
    confirmed: bool = True
    """False for a claim whose originate may or may not have been sent: the switch is asked."""
    hooked: bool = True
    """False when the switch said that it could not set the hang-up hook: it is set again on CREATE."""
    refusal: str = ""
    """Cause of an originate that failed with nothing heard of a channel; the hook may know more."""
    gateway: str = ""
    """By which a customer's leg goes out."""
    taken: bool = False
    """Its carrier brought it to a phone, or knew a word about the person."""
    doubts: int = 0
    """How often in a row the switch was asked for this leg and gave no answer that settles it."""


@dataclass(slots=True)
class Third:
    """A third party's leg while it is there: of which conversation, and is the customer with them."""

    leg_id: str
    attempt_id: str
    number: str
    agent_id: str
    joined: bool = False


@dataclass(slots=True)
class Attempt:
    """One number dialed once, while it is open."""

    attempt_id: str
    campaign_id: str
    number: str
    call_id: int
    """The pacer's name for it."""
    state: AttemptState = AttemptState.CLAIMED
    leg_id: str = ""
    agent_id: str = ""
    moving_to: str = ""
    """The agent to whom the conversation is being handed."""
    moving_since: float = 0.0
    third: str = ""
    """The leg of the third party to whom it goes."""
    left_wall: float = 0.0
    """When its agent left it to a third party, as epoch seconds; 0: did not."""
    moved: bool = False
    """It went to another agent, or to a third party."""
    alone: int = 0
    """How often in a row the switch said that this conversation's customer is with nobody."""
    told: bool = False
    """The pacer has heard that it is over."""
    bridged_wall: float = 0.0
    """First bridge by the record of an earlier dialer, as epoch seconds; 0: none."""
    answered_at: float = 0.0
    """Engine time of the switch's ANSWER; matching counts from it."""
    matched_at: float = 0.0
    abandoned: bool = False
    ring_given_up: bool = False
    machine: bool = False
    """Its agent says that an answering machine has answered."""
    recovered: bool = False
    cause: str = ""
    dialed_at: float = 0.0
    legs: int = 0
    """How many of them were dialed; a second one by another carrier."""
    link: int = 0
    """`Board.links` at its dial."""
    rule_inputs: Any = None
    """models.rules.RuleInputs of its claim, to be judged again before a second carrier."""
    lead: Lead | None = None
    """What the model of answer probabilities knows of the lead, until the call has taught it."""


@dataclass(slots=True)
class Recording:
    """One file that a customer's leg is or was recorded into, or the announcement before it."""

    attempt_id: str
    leg_id: str
    recording_id: str
    path: str
    consent: RecordingConsent
    state: RecordingState = RecordingState.STARTING
    mask: bool = False
    """Whether silence is wanted."""
    announced: int = 0
    """How often the announcement was begun."""
    command_id: str | None = None
    """Who asked for it, where somebody did."""
    stopped_by: str | None = None
    """Who asked that it be stopped."""
    stop: bool = False
    """The switch has said that it stops it."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Commands to be answered by the switch's word: id -> action."""


@dataclass(slots=True)
class Agent:
    """An agent homed on this switch."""

    agent_id: str
    name: str
    extension: str
    number: int
    """The pacer's name for the agent."""
    campaign_id: str = ""
    state: AgentState = AgentState.LOGGED_OUT
    since: float = 0.0
    leg_id: str = ""
    leg_ready: bool = False
    attempt_id: str = ""
    last_attempt_id: str = ""
    next: str = ""
    """"" | "pause" | "logout": what to become when the call in hand is done."""
    next_reason: str = ""
    reason: str = ""
    phone_failures: int = 0
    told: str = ""
    """Why a transfer failed: the reason of the state that follows."""
    hold_asked: bool = False
    """The leg was told to go on hold; the call's end takes it off again."""
    muted: bool = False
    """The agent's own voice is silenced: for this call only."""


@dataclass(slots=True)
class Campaign:
    """A campaign with its pacer and what limits it now."""

    settings: CampaignSettings
    pacer: Pacer
    bucket: TokenBucket
    leads: Outlook = field(default_factory=Outlook)
    ahead: Ahead = field(default_factory=Ahead)
    lanes: tuple[Lane, ...] = ()
    """Its gateways, by tier."""
    window: tuple[int, int] = (0, 0)
    """(live answers, abandoned) of the legal window before this engine started."""
    granted: tuple[int, int] = (0, 0)
    """What of `window` the pacer was told: its ledger less this is what came since."""
    group: tuple[float, float] | None = None
    """Target and abandons expected of the others, as the pacer was last told of its client's budget."""
    pending: int = 0
    claimed_at: float = float("-inf")
    """When it last asked for leads."""
    no_leads_until: float = -1.0
    no_leads_reason: str = "hopper_empty"
    """Why the last claim gave nothing: hopper_empty, hours, rules, lease, database_away."""
    limited_by: str = "paused"
    decision: Decision | None = None
    lines: int = 0
    dialed: int = 0
    live_answers: int = 0
    abandoned: int = 0
    ended_before_agent: int = 0
    ready: dict[str, None] = field(default_factory=dict)
    """Agents ready, longest idle first."""
    waiting: dict[str, None] = field(default_factory=dict)
    """Attempts answered and waiting for an agent, longest first."""


@dataclass(frozen=True, slots=True)
class GroupSums:
    """Campaigns of one client together: before this engine started, since, and in flight."""

    members: int
    before: tuple[int, int]
    since: tuple[int, int]
    expected: float


@dataclass(slots=True)
class Board:
    """The engine's memory."""

    config: EngineConfig
    new_id: Callable[[], str]
    now: float = 0.0
    started: bool = False
    wall_offset: float = 0.0
    """wall time = now + wall_offset."""
    switch_offset: float | None = None
    """wall time of a switch timestamp = timestamp / 1e6 + switch_offset; from the least delayed event
    seen."""
    link_up: bool = False
    links: int = 0
    """How often the link was lost or found."""
    core_uuid: str = ""
    blocked: dict[str, None] = field(default_factory=dict)
    resyncing: set[str] = field(default_factory=set)
    census: set[str] | None = None
    census_due: bool = False
    agents: dict[str, Agent] = field(default_factory=dict)
    legs: dict[str, Leg] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    thirds: dict[str, Third] = field(default_factory=dict)
    """Third parties' legs, by their ids."""
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    """The newest recording of each open attempt that has any."""
    recording_room: bool | None = None
    """Whether the switch's disk has room for recordings; None: nobody has told."""
    of_client: dict[str, list[Campaign]] = field(default_factory=dict)
    """This switch's campaigns by their client."""
    plan: CarrierPlan = field(default_factory=CarrierPlan)
    gateways: dict[str, Gateway] = field(default_factory=dict)
    sessions_max: int = 0
    """Legs that we may have on the switch, agents' phones aside; 0: it has not told its limit yet."""
    clients: dict[str, ClientBudget] = field(default_factory=dict)
    elsewhere_first: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Ledgers of campaigns of other switches when they were first told."""
    groups: dict[tuple[str, float, float], GroupSums] = field(default_factory=dict)
    """Sums over campaigns of one client, within one step."""
    batches: dict[int, tuple[str, int, float]] = field(default_factory=dict)
    """Outstanding claims: batch -> (campaign, count, asked at)."""
    serial: int = 0
    dirty: set[str] = field(default_factory=set)
    out: list[Effect] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)
    transitions: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    illegal: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    leg_bucket: TokenBucket = field(default_factory=lambda: TokenBucket(60.0, 60.0))
    lag: LagGovernor = field(default_factory=lambda: LagGovernor(0.15, 0.5))
    bridge_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=200))
    publish_due: float = 0.0

    # --- clocks ----------------------------------------------------------------------------------------

    @property
    def wall(self) -> float:
        """Now, as epoch seconds."""
        return self.now + self.wall_offset

    def hear_switch_clock(self, timestamp_us: int) -> None:
        """Learn the switch's clock from an event: the least delay seen, forgotten at 1 ms/s so that drift
        is followed."""
        if timestamp_us <= 0:
            return
        seen = self.wall - timestamp_us / 1e6
        if self.switch_offset is None or seen < self.switch_offset or seen > self.switch_offset + 60.0:
            self.switch_offset = seen

    def drift(self, seconds: float) -> None:
        """Let the learned offset rise slowly: the next undelayed event brings it down again."""
        if self.switch_offset is not None:
            self.switch_offset += 0.001 * seconds

    def wall_of(self, switch_us: int) -> float:
        """Epoch seconds on our clock of a switch timestamp."""
        offset = self.switch_offset if self.switch_offset is not None else 0.0
        return switch_us / 1e6 + offset

    def engine_time_of(self, switch_us: int) -> float:
        """Engine time of a switch timestamp, never in the future."""
        return min(self.now, self.wall_of(switch_us) - self.wall_offset)

    # --- effects ---------------------------------------------------------------------------------------

    def send(self, command: Command, token: str | None = None) -> None:
        self.out.append(Send(command, token))

    def save(self, record: Record) -> None:
        self.out.append(Save(record))

    def timer(self, key: str, seconds: float) -> None:
        self.out.append(StartTimer(key, self.now + max(0.0, seconds)))

    def stop_timer(self, key: str) -> None:
        self.out.append(StopTimer(key))

    def publish(self, topic: str, payload: dict[str, object]) -> None:
        self.out.append(Publish(topic, payload))

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    # --- state machines --------------------------------------------------------------------------------

    def move_leg(self, leg: Leg, event: LegEvent) -> bool:
        """True if the table allows it and the leg moved (or stayed, where the table says so)."""
        after = self._next("leg", tables.LEG, leg.state, event)
        if after is None:
            return False
        leg.state, leg.since = after, self.now
        return True

    def move_attempt(self, attempt: Attempt, event: AttemptEvent) -> bool:
        """True if the table allows it and the attempt moved."""
        after = self._next("attempt", tables.ATTEMPT, attempt.state, event)
        if after is None:
            return False
        attempt.state = after
        return True

    def move_recording(self, recording: Recording, event: RecordingEvent) -> bool:
        """True if the table allows it and the recording moved."""
        after = self._next("recording", tables.RECORDING, recording.state, event)
        if after is None:
            return False
        recording.state = after
        return True

    def move_agent(self, agent: Agent, event: AgentEvent, *, reason: str = "", attempt_id: str = "") -> bool:
        """True if the table allows it. A change of state is saved, told to the pacer and to matching."""
        after = self._next("agent", tables.AGENT, agent.state, event)
        if after is None:
            return False
        if after is not agent.state:
            self.set_agent(agent, after, reason=reason, attempt_id=attempt_id)
        return True

    def set_agent(self, agent: Agent, state: AgentState, *, reason: str = "", attempt_id: str = "") -> None:
        """Put an agent into a state: the log row, the ready list and the pacer follow. Tables are the
        caller's."""
        agent.state, agent.since, agent.reason = state, self.now, reason
        self.save(
            AgentStateChanged(
                id=self.new_id(),
                agent_id=agent.agent_id,
                state=state,
                at=self.wall,
                campaign_id=agent.campaign_id or None,
                reason=reason,
                attempt_id=attempt_id or None,
            )
        )
        self.tell_pacer(agent)

    def tell_pacer(self, agent: Agent) -> None:
        """Bring the campaign's ready list and pacer to the agent's state."""
        campaign = self.campaigns.get(agent.campaign_id)
        if campaign is None:
            return
        self.dirty.add(agent.campaign_id)
        campaign.ready.pop(agent.agent_id, None)
        if agent.state is AgentState.READY:
            campaign.ready[agent.agent_id] = None
        word = _PACER_WORDS.get(agent.state)
        if agent.state is AgentState.LOGGED_OUT:
            campaign.pacer.agent_gone(self.now, agent.number)
        elif word is not None:
            campaign.pacer.agent(self.now, agent.number, word, leaving=bool(agent.next))

    def _next(self, machine: str, table: dict[tuple[S, V], S], state: S, event: V) -> S | None:
        after = table.get((state, event))
        key = (machine, str(state), str(event))
        if after is None:
            self.illegal[key] += 1
            return None
        self.transitions[key] += 1
        return after


_PacerWord = Literal["idle", "reserved", "talk", "wrap", "away"]
_PACER_WORDS: dict[AgentState, _PacerWord] = {
    AgentState.READY: "idle",
    AgentState.RESERVED: "reserved",
    AgentState.TALKING: "talk",
    AgentState.ON_HOLD: "talk",
    AgentState.WRAP_UP: "wrap",
    AgentState.PAUSED: "away",
    AgentState.CONNECTING: "away",
}
