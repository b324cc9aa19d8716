"""An in-memory stand-in for PostgreSQL and the local journal, with the repository's semantics.

- A claim makes durable attempts; one open attempt per number and per person; only the lease's holder claims.
- `apply` is idempotent, as the replay of the journal needs it. What contradicts what is there already is kept
  in `contradictions`, for the invariants.
- The store survives the dialer.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models import records
from models.enums import (
    AgentState,
    AttemptState,
    CampaignState,
    CommandKind,
    CommandStatus,
    LeadState,
    Outcome,
)
from models.records import (
    AgentLegEnded,
    AgentLegOpened,
    AgentStateChanged,
    AttemptAnswered,
    AttemptBridged,
    AttemptClosed,
    AttemptDialed,
    AttemptMoved,
    CampaignChanged,
    CampaignSettings,
    CarrierLegEnded,
    CarrierPlan,
    ClaimedAttempt,
    CommandFinished,
    DialerSnapshot,
    DueLead,
    KnownAgent,
    LeadFacts,
    Learned,
    NoteAdded,
    OpenAttempt,
    OpenRecording,
    OpenThirdLeg,
    OperatorCommand,
    Record,
    RecordingMarked,
    RecordingStarted,
    RecordingStopped,
    ThirdLegEnded,
    ThirdLegJoined,
    ThirdLegOpened,
)

LEASE_TTL_SECONDS = 10.0
RETRY_AFTER_SECONDS = 45.0
MAX_TRIES = 4


@dataclass(slots=True)
class Lead:
    """One lead: a number of a person."""

    lead_id: str
    person_id: str
    number: str
    state: LeadState = LeadState.NEW
    tries: int = 0
    attempts: int = 0
    last_attempt_wall: float | None = None
    last_outcome: str = ""
    list_id: str = "list-1"


@dataclass(slots=True)
class AttemptRow:
    """One attempt and all that the dialer told of it."""

    attempt_id: str
    campaign_id: str
    lead: Lead
    claimed_at: float
    token: int
    state: AttemptState = AttemptState.CLAIMED
    dialed: list[AttemptDialed] = field(default_factory=list)
    failed_legs: list[CarrierLegEnded] = field(default_factory=list)
    answered_at: float | None = None
    bridged_at: float | None = None
    agent_id: str | None = None
    moved: bool = False
    closed: AttemptClosed | None = None

    @property
    def is_open(self) -> bool:
        """True until its outcome is known."""
        return self.closed is None


@dataclass(slots=True)
class AgentRow:
    """One agent: the current state and its whole history."""

    agent_id: str
    name: str
    extension: str
    campaign_id: str | None
    state: AgentState = AgentState.LOGGED_OUT
    since: float = 0.0
    reason: str = ""
    leg_id: str | None = None
    attempt_id: str | None = None
    log: list[AgentStateChanged] = field(default_factory=list)


@dataclass(slots=True)
class RecordingRow:
    """One recording and all that the dialer told of it."""

    started: RecordingStarted
    marks: dict[str, RecordingMarked] = field(default_factory=dict)
    stopped: RecordingStopped | None = None

    @property
    def masked(self) -> bool:
        """By the last mark."""
        return bool(self.marks) and list(self.marks.values())[-1].masked


@dataclass(slots=True)
class ThirdRow:
    """A third party's leg."""

    opened: ThirdLegOpened
    joined_at: float | None = None
    ended: ThirdLegEnded | None = None


@dataclass(slots=True)
class CommandRow:
    """A command and what became of it."""

    command: OperatorCommand
    status: CommandStatus = CommandStatus.PENDING
    detail: str = ""


def lead_facts(lead: Lead) -> LeadFacts:
    """As the repository tells them."""
    return LeadFacts(
        attempt=lead.tries + 1,
        last_outcome=lead.last_outcome,
        area=lead.number[:5],
        list_id=lead.list_id,
        timezone="UTC",
    )


JudgeLead = Callable[[Lead, float, "Store"], tuple[bool, Any]]


class Store:
    """The durable side of the world."""

    def __init__(
        self,
        campaign: CampaignSettings,
        leads: Sequence[Lead],
        agents: Sequence[AgentRow],
        new_id: Callable[[], str],
        judge: JudgeLead,
        carriers: CarrierPlan | None = None,
    ) -> None:
        self.campaign = campaign
        self.carriers = carriers or CarrierPlan()
        self.leads = list(leads)
        self.agents = {a.agent_id: a for a in agents}
        self.attempts: dict[str, AttemptRow] = {}
        self.commands: dict[str, CommandRow] = {}
        self.journal: list[Record] = []
        self.notes: dict[str, NoteAdded] = {}
        self.recordings: dict[str, RecordingRow] = {}
        self.learned: dict[str, Learned] = {}
        self.contradictions: list[str] = []
        self.agent_of_leg: dict[str, str] = {}
        self.attempt_of_leg: dict[str, str] = {}
        self.hang_ups_asked_for: set[str] = set()
        self.moves_asked_for: dict[str, set[str]] = {}
        self.thirds: dict[str, ThirdRow] = {}
        self.sent_out: set[str] = set()
        self.open: dict[str, AttemptRow] = {}
        self.token = 0
        self.lease_until = 0.0
        self.available = True
        self._new_id = new_id
        self._judge = judge
        self._open_numbers: set[str] = set()
        self._open_persons: set[str] = set()
        self._seen_states: set[str] = set()
        self._due: list[tuple[float, int, Lead]] = []
        for order, lead in enumerate(self.leads):
            heapq.heappush(self._due, (0.0, order, lead))
        self._pushes = len(self.leads)

    # --- the lease (real time in production; here one clock is both) --------------------------------------

    def take_lease(self, now: float) -> int | None:
        """A new fence token, or None while another dialer holds the lease."""
        if now < self.lease_until:
            return None
        self.token += 1
        self.lease_until = now + LEASE_TTL_SECONDS
        return self.token

    def renew_lease(self, token: int, now: float) -> bool:
        """Extend the lease; False if it is another's now, or ran out."""
        if token != self.token or now >= self.lease_until or not self.available:
            return False
        self.lease_until = now + LEASE_TTL_SECONDS
        return True

    def release_lease(self, token: int) -> None:
        """The supervisor saw the process die: its successor need not wait."""
        if token == self.token:
            self.lease_until = 0.0

    # --- claim --------------------------------------------------------------------------------------------

    def claim(
        self,
        token: int,
        campaign_id: str,
        count: int,
        now: float,
        wall: float,
        leads: Sequence[str] = (),
        look: int = 0,
    ) -> tuple[list[ClaimedAttempt], str, tuple[DueLead, ...]]:
        """Take up to `count` due leads, `leads` first, and make attempts of them, under the lease."""
        if not self.available:
            return [], "database_away", ()
        if token != self.token or now >= self.lease_until:
            return [], "lease", ()
        taken: list[ClaimedAttempt] = []
        passed_over: list[tuple[float, int, Lead]] = []
        named = self._named(leads, wall)
        while len(taken) < count and (named or (self._due and self._due[0][0] <= wall)):
            entry = named.pop(0) if named else heapq.heappop(self._due)
            lead = entry[2]
            if lead.number in self._open_numbers or lead.person_id in self._open_persons:
                passed_over.append((wall + 5.0, entry[1], lead))
                continue
            allowed, rule_inputs = self._judge(lead, wall, self)
            if not allowed:
                passed_over.append((wall + 30.0, entry[1], lead))
                continue
            row = AttemptRow(self._new_id(), campaign_id, lead, wall, token)
            self.attempts[row.attempt_id] = self.open[row.attempt_id] = row
            self._open_numbers.add(lead.number)
            self._open_persons.add(lead.person_id)
            lead.state = LeadState.DIALING
            taken.append(
                ClaimedAttempt(
                    attempt_id=row.attempt_id,
                    campaign_id=campaign_id,
                    lead_id=lead.lead_id,
                    number=lead.number,
                    claimed_at=wall,
                    rule_inputs=rule_inputs,
                    facts=lead_facts(lead),
                )
            )
        for entry in (*passed_over, *named):
            heapq.heappush(self._due, entry)
        ahead = heapq.nsmallest(look, (entry for entry in self._due if entry[0] <= wall)) if look else []
        due = tuple(DueLead(lead.lead_id, lead_facts(lead)) for _, _, lead in ahead)
        return taken, "" if taken else "hopper_empty", due

    def _named(self, leads: Sequence[str], wall: float) -> list[tuple[float, int, Lead]]:
        """Those of them that are due, taken out of the order."""
        if not leads:
            return []
        due = {entry[2].lead_id: entry for entry in self._due if entry[0] <= wall}
        found = {lead_id: due[lead_id] for lead_id in leads if lead_id in due}
        self._due = [entry for entry in self._due if entry[2].lead_id not in found]
        heapq.heapify(self._due)
        return [found[lead_id] for lead_id in leads if lead_id in found]

    def has_due_lead(self, wall: float) -> bool:
        """Whether a claim could find something now."""
        return bool(self._due) and self._due[0][0] <= wall

    # --- commands -----------------------------------------------------------------------------------------

    def insert_command(self, command: OperatorCommand) -> None:
        """A person or program asks for something."""
        self.commands[command.command_id] = CommandRow(command)
        if command.kind is CommandKind.AGENT_HANG_UP:
            self.hang_ups_asked_for.add(str(command.payload["attempt_id"]))
        if command.kind is CommandKind.AGENT_TRANSFER and "to_agent_id" in command.payload:
            asked = self.moves_asked_for.setdefault(str(command.payload["attempt_id"]), set())
            asked |= {str(command.payload["to_agent_id"]), command.agent_id or ""}

    def take_pending(self) -> list[OperatorCommand]:
        """Mark all pending commands TAKEN, durably, and hand them over, oldest first."""
        rows = [row for row in self.commands.values() if row.status is CommandStatus.PENDING]
        for row in rows:
            row.status = CommandStatus.TAKEN
        return [row.command for row in rows]

    def expire_taken(self) -> None:
        """After a crash a TAKEN command without outcome is UNKNOWN and not repeated."""
        for row in self.commands.values():
            if row.status is CommandStatus.TAKEN:
                row.status = CommandStatus.UNKNOWN

    # --- records ------------------------------------------------------------------------------------------

    def write(self, record: Record) -> None:
        """Append to the journal (through JSON, as the real one does) and feed the database from it."""
        again = records.from_json(records.to_json(record))
        if again != record:
            self.contradictions.append(f"{record.kind} does not survive JSON: {record}")
        self.journal.append(record)
        self.apply(record)

    def apply(self, record: Record) -> None:
        """Apply one record; applying it again changes nothing."""
        match record:
            case AttemptDialed():
                self._apply_dialed(record)
            case CarrierLegEnded():
                row = self._attempt(record.attempt_id, record)
                if row is not None and record not in row.failed_legs:
                    row.failed_legs.append(record)
            case AttemptAnswered():
                row = self._attempt(record.attempt_id, record)
                if row is not None and row.is_open:
                    row.state, row.answered_at = AttemptState.ANSWERED, record.at
            case AttemptBridged():
                row = self._attempt(record.attempt_id, record)
                if row is not None and row.is_open:
                    row.state, row.bridged_at = AttemptState.CONNECTED, record.at
                    row.agent_id = record.agent_id
            case AttemptClosed():
                self._apply_closed(record)
            case AgentLegOpened():
                self.agent_of_leg[record.leg_id] = record.agent_id
                self.agents[record.agent_id].leg_id = record.leg_id
            case AgentLegEnded():
                agent = self.agents[self.agent_of_leg[record.leg_id]]
                if agent.leg_id == record.leg_id:
                    agent.leg_id = None
            case AgentStateChanged():
                self._apply_agent(record)
            case AttemptMoved():
                row = self._attempt(record.attempt_id, record)
                if row is not None and row.is_open:
                    row.agent_id, row.moved = record.agent_id, True
            case ThirdLegOpened():
                self._attempt(record.attempt_id, record)
                self.thirds.setdefault(record.leg_id, ThirdRow(record))
                self.sent_out.add(record.attempt_id)
            case ThirdLegJoined():
                third = self.thirds[record.leg_id]
                third.joined_at = third.joined_at or record.at
                self.attempts[record.attempt_id].moved = True
            case ThirdLegEnded():
                third = self.thirds[record.leg_id]
                if third.ended not in (None, record):
                    self.contradictions.append(f"third leg {record.leg_id} ended twice")
                third.ended = record
            case CampaignChanged():
                self.campaign = replace(self.campaign, state=record.state, target=record.target)
            case CommandFinished():
                command = self.commands.get(record.command_id)
                if command is not None:
                    command.status, command.detail = record.status, record.detail
            case NoteAdded():
                self.notes[record.id] = record
            case RecordingStarted():
                if self._attempt(record.attempt_id, record) is not None:
                    self.recordings.setdefault(record.recording_id, RecordingRow(record))
            case RecordingMarked():
                self.recordings[record.recording_id].marks.setdefault(record.id, record)
            case RecordingStopped():
                recorded = self.recordings[record.recording_id]
                recorded.stopped = recorded.stopped or record
            case _:
                pass

    def _recording(self, attempt_id: str) -> OpenRecording | None:
        mine = [row for row in self.recordings.values() if row.started.attempt_id == attempt_id]
        if not mine:
            return None
        row = mine[-1]
        return OpenRecording(
            recording_id=row.started.recording_id,
            path=row.started.path,
            masked=row.masked,
            stopped=row.stopped is not None,
        )

    def _attempt(self, attempt_id: str, record: Record) -> AttemptRow | None:
        row = self.attempts.get(attempt_id)
        if row is None:
            self.contradictions.append(f"{record.kind} of an attempt nobody claimed: {attempt_id}")
        return row

    def _apply_dialed(self, record: AttemptDialed) -> None:
        row = self._attempt(record.attempt_id, record)
        if row is None or record in row.dialed:
            return
        if not row.is_open:
            self.contradictions.append(f"attempt {record.attempt_id} dialed after its end")
        row.dialed.append(record)
        row.state = AttemptState.DIALING
        row.lead.last_attempt_wall = record.at
        self.attempt_of_leg[record.leg_id] = record.attempt_id

    def _apply_closed(self, record: AttemptClosed) -> None:
        row = self._attempt(record.attempt_id, record)
        if row is None:
            return
        if row.closed is not None:
            if row.closed != record:
                self.contradictions.append(
                    f"attempt {record.attempt_id} has two outcomes: {row.closed.outcome} and {record.outcome}"
                )
            return
        row.closed, row.state = record, AttemptState.CLOSED
        del self.open[row.attempt_id]
        lead = row.lead
        self._open_numbers.discard(lead.number)
        self._open_persons.discard(lead.person_id)
        lead.attempts += 1
        lead.last_outcome = str(record.outcome)
        if record.outcome.uses_up_lead:
            lead.tries += 1
        finished = record.outcome in (Outcome.CONNECTED, Outcome.ABANDONED, Outcome.INVALID_NUMBER)
        if finished or lead.tries >= MAX_TRIES or lead.attempts >= 4 * MAX_TRIES:
            lead.state = LeadState.CLOSED
            return
        lead.state = LeadState.RETRY
        self._pushes += 1
        heapq.heappush(self._due, (record.at + RETRY_AFTER_SECONDS, self._pushes, lead))

    def _apply_agent(self, record: AgentStateChanged) -> None:
        if record.id in self._seen_states:
            return
        self._seen_states.add(record.id)
        agent = self.agents[record.agent_id]
        agent.log.append(record)
        agent.state, agent.since, agent.reason = record.state, record.at, record.reason
        agent.attempt_id = record.attempt_id
        if record.campaign_id is not None:
            agent.campaign_id = record.campaign_id

    # --- the start of a dialer ----------------------------------------------------------------------------

    def snapshot(self) -> DialerSnapshot:
        """What a dialer reads when it starts."""
        answers = [r.closed for r in self.attempts.values() if r.closed and r.closed.outcome.is_live_answer]
        unknown = [
            r.closed
            for r in self.attempts.values()
            if r.closed and not r.closed.outcome.is_live_answer and r.closed.abandoned
        ]
        live = len(answers) + len(unknown)
        abandoned = sum(c.abandoned for c in answers) + len(unknown)
        return DialerSnapshot(
            campaigns=(self.campaign,) if self.campaign.state is not CampaignState.STOPPED else (),
            agents=tuple(self.known_agent(a.agent_id) for a in self.agents.values()),
            attempts=tuple(
                OpenAttempt(
                    attempt_id=row.attempt_id,
                    campaign_id=row.campaign_id,
                    number=row.lead.number,
                    state=row.state,
                    claimed_at=row.claimed_at,
                    leg_id=row.dialed[-1].leg_id if row.dialed else None,
                    dialed_at=row.dialed[-1].at if row.dialed else None,
                    answered_at=row.answered_at,
                    bridged_at=row.bridged_at,
                    agent_id=row.agent_id,
                    facts=lead_facts(row.lead),
                    gateway=row.dialed[-1].gateway if row.dialed else "",
                    moved=row.moved,
                    recording=self._recording(row.attempt_id),
                )
                for row in self.open.values()
            ),
            carriers=self.carriers,
            ledger={self.campaign.campaign_id: (live, abandoned)},
            learned=dict(self.learned),
            thirds=tuple(
                OpenThirdLeg(
                    leg_id=leg_id,
                    attempt_id=row.opened.attempt_id,
                    agent_id=row.opened.agent_id,
                    number=row.opened.number,
                    gateway=row.opened.gateway,
                    joined_at=row.joined_at,
                )
                for leg_id, row in self.thirds.items()
                if row.ended is None
            ),
        )

    def known_agent(self, agent_id: str) -> KnownAgent:
        """An agent's row as a dialer reads it."""
        a = self.agents[agent_id]
        return KnownAgent(
            agent_id=a.agent_id,
            name=a.name,
            extension=a.extension,
            campaign_id=a.campaign_id,
            state=a.state,
            since=a.since,
            reason=a.reason,
            leg_id=a.leg_id,
            attempt_id=a.attempt_id,
        )
