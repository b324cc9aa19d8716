"""What must always hold, judged from three views: the switch's truth, the durable records, the commands.

Cheap checks run after every event, the look around once a second, the books against the truth at the end.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from callflow.inputs import Input, LinkUp
from esl.commands import Api, BgApi, Command
from esl.simulator.truth import CallTruth
from models.enums import AgentState, AttemptState, CommandStatus, Outcome
from models.records import (
    AgentLegOpened,
    AgentStateChanged,
    AttemptBridged,
    AttemptClosed,
    AttemptDialed,
    AttemptMoved,
    Record,
    ThirdLegJoined,
)
from tests.simulation.books import check_books
from tests.simulation.store import AttemptRow, Store
from tests.simulation.truth import SwitchView
from tests.simulation.wire import Reply

if TYPE_CHECKING:
    from tests.simulation.process import DialerProcess
    from tests.simulation.scenario import Carrier

GRACE_SLACK_SECONDS = 0.25
MIN_RING_SECONDS = 15.0
ADOPT_WITHIN_SECONDS = 10.0
DEAD_LEG_SECONDS = 75.0
RING_SLACK_SECONDS = 3.0
THIRD_RING_SECONDS = 30.0
ORPHAN_SECONDS = 15.0
WATCH_SECONDS = 45.0
RESERVED_SECONDS = 8.0
NO_PHONE_SECONDS = 60.0
SILENT_TALK_SECONDS = 75.0

_UUID = r"[0-9a-f-]{36}"
_ORIGIN = re.compile(rf"\{{origination_uuid=({_UUID}),.*\}}sofia/[^/]+/([^/]+)/(\+?\d+) ")


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that did not hold."""

    at: float
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.at:9.3f} s  {self.rule}: {self.text}"


@dataclass(slots=True)
class LegBook:
    """What the dialers asked the switch for, per leg."""

    originates: int = 0
    hook_set: bool = False
    bridges: list[tuple[str, int]] = field(default_factory=list)
    heard_by: int = 0
    """Token-independent id of the last process that got an answer about this leg."""


class Checker:
    """Sees everything, changes nothing."""

    def __init__(
        self,
        store: Store,
        view: SwitchView,
        *,
        wait_limit: float,
        wrap_limit: float,
        ring_seconds: float,
        target: float,
        wall0: float,
    ) -> None:
        self.store = store
        self.view = view
        self.wait_limit = wait_limit
        self.wrap_limit = wrap_limit
        self.ring_seconds = ring_seconds
        self.target = target
        self.wall0 = wall0
        self.violations: list[Violation] = []
        self.now = 0.0
        self.calm_since = 0.0
        self.excused_until = -1.0
        self.process: DialerProcess | None = None
        self.legs: dict[str, LegBook] = {}
        self.carriers: dict[str, Carrier] = {}
        self.peaks: Counter[str] = Counter()
        self._by_gateway: dict[str, list[CallTruth]] = {}
        self._linked_at = 0.0
        self.refused: set[str] = set()
        self.originated_by: dict[int, set[str]] = {}
        self._said: set[str] = set()
        self._limited: set[str] = set()
        self._opened_agent_legs: dict[str, str] = {}
        self._dead_since: dict[str, float] = {}
        self._odd_since: dict[str, tuple[str, float]] = {}
        self._talks: dict[str, str] = {}
        self._to_adopt: list[tuple[float, float, set[str]]] = []
        self.troubles: list[tuple[float, float]] = []
        self._switch_deaths: list[float] = []
        self._silences = 0
        self._contradictions = 0
        self._numbers_live: dict[str, str] = {}

    # --- bookkeeping --------------------------------------------------------------------------------------

    def fail(self, rule: str, text: str) -> None:
        """Note a violation, once per text."""
        if f"{rule}{text}" not in self._said:
            self._said.add(f"{rule}{text}")
            self.violations.append(Violation(self.now, rule, text))

    def trouble(self, seconds: float = 0.0) -> None:
        """A fault: time bounds count anew from its end."""
        self.troubles.append((self.now, self.now + seconds))
        self.calm_since = max(self.calm_since, self.now + seconds)

    def switch_died(self, down_for: float) -> None:
        """Every channel is gone, the switch is away for a while."""
        self.trouble(down_for)
        self._switch_deaths.append(self.wall0 + self.now)
        self._to_adopt.clear()
        self._numbers_live.clear()

    def switch_died_between(self, begin: float, end: float) -> bool:
        """Whether the switch crashed between two wall times."""
        return any(begin <= death <= end for death in self._switch_deaths)

    def excuse(self) -> None:
        """Two dialers at once: who adopts what is judged by the end alone."""
        self.excused_until = self.now + 60.0

    def book(self, leg_id: str) -> LegBook:
        """The book of one leg."""
        found = self.legs.get(leg_id)
        if found is None:
            found = self.legs[leg_id] = LegBook()
        return found

    # --- what a dialer does -------------------------------------------------------------------------------

    def told(self, process: DialerProcess, what: Input) -> None:
        """An input of the engine."""
        if isinstance(what, LinkUp):
            self._linked_at = self.now
            self.trouble()

    def died(self, process: DialerProcess) -> None:
        """The process is gone: its legs must be adopted, or closed, soon."""
        self.view.sweep()
        self._to_adopt.clear()  # whoever died while it recovered hands all of it to the next
        if self.view.live:
            self._to_adopt.append((self.now, self.now + ADOPT_WITHIN_SECONDS, set(self.view.live)))
        self.trouble()

    def saved(self, process: DialerProcess, record: Record) -> None:
        """A durable record, already applied to the store."""
        match record:
            case AttemptDialed():
                self._dialed(process, record)
            case AttemptBridged():
                self._bridged(record)
            case AttemptMoved():
                self._talks = {a: t for a, t in self._talks.items() if t != record.attempt_id}
                self._talks[record.agent_id] = record.attempt_id
                if record.agent_id not in self.store.moves_asked_for.get(record.attempt_id, ()):
                    self.fail("moved as asked", f"{record.attempt_id} moved to {record.agent_id}")
            case ThirdLegJoined():
                self._talks = {a: t for a, t in self._talks.items() if t != record.attempt_id}
            case AttemptClosed():
                if self._talks.get(record.agent_id or "") == record.attempt_id:
                    del self._talks[record.agent_id or ""]
                if record.agent_id is None and record.outcome is Outcome.CONNECTED:
                    self.fail("attribution", f"connected attempt {record.attempt_id} names no agent")
            case AgentLegOpened():
                self._opened_agent_legs[record.leg_id] = record.agent_id
                self._agent_leg_opened(record)
            case AgentStateChanged():
                self._agent_changed(record)
            case _:
                pass
        if len(self.store.contradictions) > self._contradictions:
            for text in self.store.contradictions[self._contradictions :]:
                self.fail("one outcome", text)
            self._contradictions = len(self.store.contradictions)

    def _dialed(self, process: DialerProcess, record: AttemptDialed) -> None:
        row = self.store.attempts.get(record.attempt_id)
        if row is None:
            self.fail("claim before dial", f"attempt {record.attempt_id} was never claimed")
            return
        if len(row.dialed) > 1:
            self.second_carrier(row)
            if record.at - self.wall0 < self._linked_at or row.dialed[0].at - self.wall0 < self._linked_at:
                self.fail("second carrier", f"{row.attempt_id} goes on by another after a lost link")
        if row.token != process.token:
            self.fail("claim before dial", f"attempt {record.attempt_id} was claimed by another dialer")

    def _bridged(self, record: AttemptBridged) -> None:
        other = self._talks.get(record.agent_id)
        if other is not None and other != record.attempt_id and self._talks_on(other):
            self.fail("one call per agent", f"{record.agent_id} is in {other} and in {record.attempt_id}")
        self._talks[record.agent_id] = record.attempt_id

    def _talks_on(self, attempt_id: str) -> bool:
        row = self.store.attempts[attempt_id]
        return row.is_open and any(self.view.is_live(dialed.leg_id) for dialed in row.dialed)

    def _agent_leg_opened(self, record: AgentLegOpened) -> None:
        mine = [
            leg
            for leg, agent in self._opened_agent_legs.items()
            if agent == record.agent_id and leg != record.leg_id and leg in self.view.live
        ]
        self.view.sweep()
        if len([leg for leg in mine if leg in self.view.live]) > 1:
            self.fail("one phone per agent", f"{record.agent_id} has legs {mine} and gets another")

    def _agent_changed(self, record: AgentStateChanged) -> None:
        if record.state is AgentState.TALKING and record.attempt_id is not None:
            for agent in self.store.agents.values():
                busy = agent.state.is_talking
                if agent.agent_id != record.agent_id and busy and agent.attempt_id == record.attempt_id:
                    self.fail(
                        "one agent per call",
                        f"{record.attempt_id} has {agent.agent_id} and {record.agent_id}",
                    )

    def sent(self, process: DialerProcess, command: Command) -> None:
        """A command is written to the switch."""
        if isinstance(command, BgApi) and "originate" in (command.name, command.args[:9]):
            self._originate(process, command)
        elif isinstance(command, Api) and command.name == "uuid_bridge":
            a, _, b = command.args.partition(" ")
            self._bridge(process, a, b)
        elif isinstance(command, Api) and command.name == "sched_hangup":
            self._limited.add(command.args.split(" ")[1])
        elif isinstance(command, Api) and command.name == "uuid_kill":
            self._kill(command.args.split(" ", 1)[0])

    def _originate(self, process: DialerProcess, command: BgApi) -> None:
        found = _ORIGIN.search(command.args)
        if found is None:
            self.fail("originate", f"not understood: {command.args[:200]}")
            return
        leg_id, _, number = found.groups()
        self.originated_by.setdefault(process.token, set()).add(leg_id)
        book = self.book(leg_id)
        book.originates += 1
        if book.originates > 1:
            self.fail("dialed once", f"leg {leg_id} originated {book.originates} times")
        if process is not self.process:
            return  # it woke up late: the switch itself must refuse
        attempt_id = self.store.attempt_of_leg.get(leg_id)
        if attempt_id is None:
            third = self.store.thirds.get(leg_id)
            if third is not None and third.opened.number != number:
                self.fail("durable before dialed", f"leg {leg_id} dials {number}, not {third.opened.number}")
            if leg_id not in self._opened_agent_legs and third is None:
                self.fail("durable before dialed", f"leg {leg_id} to {number} is in no record")
            return
        row = self.store.attempts.get(attempt_id)
        if row is None or not row.is_open:
            self.fail("claim before dial", f"leg {leg_id}: attempt {attempt_id} is not open")
        elif row.lead.number != number:
            self.fail("claim before dial", f"leg {leg_id} dials {number}, claimed was {row.lead.number}")
        if row is not None and len(row.dialed) > 1:
            self.second_carrier(row)

    def second_carrier(self, row: AttemptRow) -> None:
        """Of several legs of an attempt all but the last were failed by their carriers before any ringing."""
        legs = list(dict.fromkeys(dialed.leg_id for dialed in row.dialed))
        if len(legs) > 2:
            self.fail("dialed once", f"attempt {row.attempt_id} dialed as {legs}")
        if len({dialed.gateway for dialed in row.dialed}) < len(legs):
            self.fail("second carrier", f"attempt {row.attempt_id} dialed twice by the same gateway")
        recorded = {record.leg_id for record in row.failed_legs}
        self.view.refresh()
        for leg_id in legs[:-1]:
            leg = self.view.legs.get(leg_id)
            if leg_id not in recorded:
                self.fail("dialed once", f"attempt {row.attempt_id} dialed as {legs}, {leg_id} not failed")
            elif leg is not None and (
                leg.progress or leg.progress_media or leg.answered or not (leg.cause or leg.ended)
            ):
                self.fail("second carrier", f"attempt {row.attempt_id}: {leg_id} rang, or is not over")

    def _bridge(self, process: DialerProcess, customer: str, agent_leg: str) -> None:
        if agent_leg in self.store.attempt_of_leg:
            customer, agent_leg = agent_leg, customer
        if agent_leg in self.store.thirds:
            self._third_bridge(customer, agent_leg)
            return
        book = self.book(customer)
        moves = bool(self.store.moves_asked_for.get(self.store.attempt_of_leg.get(customer, "")))
        sent = (agent_leg, id(process)) in book.bridges and not moves
        if sent or self.view.partner(customer) == agent_leg:
            self.fail("bridged once", f"uuid_bridge {customer} {agent_leg} sent twice")
        book.bridges.append((agent_leg, id(process)))
        for leg, other in ((customer, agent_leg), (agent_leg, customer)):
            partner = self.view.partner(leg)
            if partner and partner != other and not (moves and leg == customer):
                self.fail(
                    "one call per agent", f"uuid_bridge {customer} {agent_leg} while {leg} is with {partner}"
                )
        attempt_id = self.store.attempt_of_leg.get(customer)
        agent_id = self.store.agent_of_leg.get(agent_leg)
        if attempt_id is None or agent_id is None:
            self.fail("attribution", f"uuid_bridge of legs nobody knows: {customer} {agent_leg}")
        truth = self.view.legs.get(customer)
        if truth is not None and truth.answered and not truth.bridged:
            waited = self.now - self.engine_time(truth.answered)
            if waited > self.wait_limit + GRACE_SLACK_SECONDS:
                self.fail("deadline", f"{customer} bridged {waited:.2f} s after the answer")

    def _third_bridge(self, customer: str, third: str) -> None:
        """The customer of the conversation that was to go there, and only by an agent's wish."""
        opened = self.store.thirds[third].opened
        if self.store.attempt_of_leg.get(customer) != opened.attempt_id:
            self.fail("attribution", f"uuid_bridge of {customer} to a third party of {opened.attempt_id}")
        if not self._is_limited(customer) or not self._is_limited(third):
            self.fail("an end the switch carries out", f"{customer} goes to {third} without one")

    def _is_limited(self, leg_id: str) -> bool:
        return not self.view.is_live(leg_id) or leg_id in self._limited

    def engine_time(self, epoch_us: int) -> float:
        """Virtual time of a stamp of the switch."""
        return epoch_us / 1e6 - self.wall0

    def _kill(self, leg_id: str) -> None:
        leg = self.view.legs.get(leg_id)
        if leg is None or leg.ended:
            return
        attempt_id = self.store.attempt_of_leg.get(leg_id)
        partner = self.view.partner(leg_id)
        if partner and leg.bridged and attempt_id not in self.store.hang_ups_asked_for:
            self.fail("no call cut", f"uuid_kill {leg_id} in a conversation with {partner}")
        if attempt_id is None or leg.answered:
            return
        rung = self.now - self.engine_time(leg.progress) if leg.progress else 0.0
        if leg.progress and rung < MIN_RING_SECONDS:
            self.fail("ring time", f"{leg_id} given up after {rung:.2f} s of ringing")

    def replied(self, process: DialerProcess, command: Command, reply: Reply) -> None:
        """The switch answered."""
        if isinstance(command, Api):
            leg_id = command.args.split(" ", 1)[0]
            if command.name == "uuid_setvar" and " api_hangup_hook " in command.args and reply.ok:
                self.book(leg_id).hook_set = True
            if command.name in ("uuid_dump", "uuid_exists", "uuid_getvar", "uuid_kill"):
                self.book(leg_id).heard_by = id(process)

    # --- after every event --------------------------------------------------------------------------------

    def after_event(self, now: float) -> None:
        """The cheap ones."""
        self.now = now
        for leg in self.view.refresh():
            self._created(leg)
        silences = self.view.silence_violations()
        if len(silences) > self._silences:
            for silence in silences[self._silences :]:
                self.fail("no silence", f"{silence.uuid} hears nothing for longer than the deadline")
            self._silences = len(silences)
        if self._to_adopt and now >= self._to_adopt[0][1]:
            self._adopted(*self._to_adopt.pop(0))

    def _created(self, leg: CallTruth) -> None:
        if leg.kind != "customer":
            return
        self._within_limits(leg)
        if leg.uuid not in self.store.attempt_of_leg and leg.uuid not in self.store.thirds:
            self.fail("durable before dialed", f"the switch dials {leg.number} as {leg.uuid}: in no record")
        other = self._numbers_live.get(leg.number, "")
        if other and self.view.is_live(other):
            self.fail("one open attempt", f"{leg.number} is called by {other} and {leg.uuid} at once")
        self._numbers_live[leg.number] = leg.uuid

    def _within_limits(self, leg: CallTruth) -> None:
        """Calls at once, and calls in any second, by the gateway of a leg that was just made."""
        carrier = self.carriers.get(leg.gateway)
        if carrier is None:
            return
        made = self._by_gateway.setdefault(leg.gateway, [])
        made.append(leg)
        made[:] = [
            one for one in made if not (one.ended or one.cause) or leg.created - one.created < 1_000_000
        ]
        up = sum(not (one.ended or one.cause) for one in made)
        self.peaks[leg.gateway] = max(self.peaks[leg.gateway], up)
        if carrier.max_calls is not None and up > carrier.max_calls:
            self.fail("gateway cap", f"{up} calls at once by {leg.gateway}, {carrier.max_calls} allowed")
        recent = sum(leg.created - one.created < 1_000_000 for one in made)
        rate = carrier.calls_per_second
        # Two dialers, one after the other, have a bucket each.
        burst = rate is not None and recent > max(1.25 * rate, rate + 1.0) + 1.0
        if burst and self.now - self.calm_since > 5.0:
            self.fail("gateway rate", f"{recent} calls in a second by {leg.gateway}, {rate} allowed")

    def _adopted(self, died_at: float, until: float, legs: set[str]) -> None:
        """Ten seconds after a death: every leg of then is over or in the hands of a living dialer."""
        process = self.process
        if process is None or not process.alive or not process.wire.ready or self.excused_until > died_at:
            return
        for leg_id in sorted(legs):
            if not self.view.is_live(leg_id):
                continue
            if self.book(leg_id).heard_by != id(process):
                self.fail("adopted", f"{leg_id} outlives its dialer by {until - died_at:.0f} s unadopted")
            elif self.store.attempt_of_leg.get(leg_id) and not self._is_open(leg_id):
                self.fail("adopted", f"{leg_id} lives, its attempt is closed")

    def _is_open(self, leg_id: str) -> bool:
        row = self.store.attempts.get(self.store.attempt_of_leg.get(leg_id, ""))
        return row is not None and row.is_open

    # --- once a second ------------------------------------------------------------------------------------

    def look_around(self, now: float) -> None:
        """Nothing and nobody is stuck."""
        self.now = now
        self.view.sweep()
        process = self.process
        if process is None or not process.alive or process.frozen or not process.wire.ready:
            self.calm_since = max(self.calm_since, now)
        for silence in self.view.waiting_in_silence():
            self.fail("no silence", f"{silence.uuid} hears nothing for longer than the deadline")
        for leg in self.view.live.values():
            self._rings_too_long(leg)
            self._has_an_agent(leg)
        for row in self.store.open.values():
            self._attempt_moves(row)
        for agent in self.store.agents.values():
            self._agent_moves(agent.agent_id)

    def _for(self, key: str, value: str) -> float:
        """For how long `key` has had this value, in calm."""
        known = self._odd_since.get(key)
        if known is None or known[0] != value:
            self._odd_since[key] = (value, self.now)
            return 0.0
        return self.now - max(known[1], self.calm_since)

    def _attempt_moves(self, row: AttemptRow) -> None:
        if row.state is AttemptState.CLAIMED:
            if self._for(row.attempt_id, "claimed") > 8.0:
                self.fail("no attempt stuck", f"{row.attempt_id} claimed and never dialed or closed")
            return
        live = any(self.view.is_live(d.leg_id) for d in row.dialed)
        if self._for(row.attempt_id, "live" if live else "dead") > DEAD_LEG_SECONDS and not live:
            self.fail(
                "no attempt stuck", f"{row.attempt_id} is open {DEAD_LEG_SECONDS:.0f} s after its leg ended"
            )

    def _rings_too_long(self, leg: CallTruth) -> None:
        """Given up in time, if nothing has gone wrong for as long as a watchdog needs."""
        rings = leg.progress or leg.progress_media
        if leg.kind != "customer" or leg.answered or not rings or not self.view.is_live(leg.uuid):
            return
        rung = self.now - self.engine_time(rings)
        limit = THIRD_RING_SECONDS if leg.uuid in self.store.thirds else self.ring_seconds
        if rung > limit + RING_SLACK_SECONDS and self.now - self.calm_since > WATCH_SECONDS:
            self.fail("ring time", f"{leg.uuid} still rings after its {limit:.0f} s")

    def _has_an_agent(self, leg: CallTruth) -> None:
        """A standing leg is of an agent who is logged in and has no other."""
        if leg.kind != "agent" or not self.view.is_live(leg.uuid):
            return
        agent = self.store.agents[self._opened_agent_legs[leg.uuid]]
        owned = agent.state is not AgentState.LOGGED_OUT and agent.leg_id == leg.uuid
        if self._for(f"owned:{leg.uuid}", str(owned)) > ORPHAN_SECONDS and not owned:
            self.fail("every leg closed", f"{leg.uuid} stays up, {agent.agent_id} is {agent.state}")

    def _agent_moves(self, agent_id: str) -> None:
        row = self.store.agents[agent_id]
        state = row.state
        lasted = self._for(f"agent:{agent_id}", f"{state}:{row.since}")
        if state is AgentState.WRAP_UP and lasted > self.wrap_limit + 10.0:
            self.fail("no agent stuck", f"{agent_id} in wrap-up for {lasted:.0f} s")
        elif state is AgentState.RESERVED and lasted > RESERVED_SECONDS:
            self.fail("no agent stuck", f"{agent_id} reserved for {lasted:.0f} s")
        physical = "none"
        if row.leg_id is not None and self.view.is_live(row.leg_id):
            physical = self.view.partner(row.leg_id) or "parked"
        same = self._for(f"phone:{agent_id}", f"{state}:{physical}")
        if state is AgentState.CONNECTING and physical == "none" and same > NO_PHONE_SECONDS:
            self.fail("no agent stuck", f"{agent_id} connecting, no phone rung for {same:.0f} s")
        if state is AgentState.CONNECTING and physical != "none" and same > SILENT_TALK_SECONDS:
            self.fail("no agent stuck", f"{agent_id} still connecting, phone there for {same:.0f} s")
        if state.is_talking and physical in ("none", "parked") and same > SILENT_TALK_SECONDS:
            self.fail("no agent stuck", f"{agent_id} 'talks' with nobody for {same:.0f} s")
        self._hold_and_mute(agent_id, row.leg_id or "", state)
        if state is AgentState.READY and physical == "none" and same > SILENT_TALK_SECONDS:
            self.fail("no agent stuck", f"{agent_id} ready without a phone for {same:.0f} s")
        if state is AgentState.READY and physical not in ("none", "parked") and same > SILENT_TALK_SECONDS:
            self.fail("no agent stuck", f"{agent_id} 'ready' in a call for {same:.0f} s")

    def _hold_and_mute(self, agent_id: str, leg_id: str, state: AgentState) -> None:
        """The agent's state says whether they hold; a mute is of one call."""
        holds, muted = self.view.is_held(leg_id), self.view.is_muted(leg_id)
        for rule, wrong in (
            ("hold shown", holds is not (state is AgentState.ON_HOLD)),
            ("mute of one call", muted and not state.is_talking),
        ):
            if self._for(f"{rule}:{agent_id}", str(wrong)) > SILENT_TALK_SECONDS and wrong:
                self.fail(rule, f"{agent_id} is {state}: {leg_id} held {holds}, muted {muted}")

    # --- at the end ---------------------------------------------------------------------------------------

    def finish(self, now: float, live: set[str]) -> None:
        """The run is over and everybody went home."""
        self.now = now
        self.view.refresh()
        for leg_id in sorted(live):
            self.fail("every leg closed", f"{leg_id} is still there: {self.view.state(leg_id)}")
        for leg_id, third in self.store.thirds.items():
            if third.ended is None:
                self.fail("one record per leg", f"{leg_id} to {third.opened.number} has no end in the books")
        for row in self.store.open.values():
            self.fail("no attempt open", f"{row.attempt_id} is {row.state}")
        for agent in self.store.agents.values():
            if agent.state is not AgentState.LOGGED_OUT:
                self.fail("no agent stuck", f"{agent.agent_id} is still {agent.state}")
        for command in self.store.commands.values():
            if command.status is CommandStatus.TAKEN:
                self.fail("commands answered", f"{command.command.kind} taken and never finished")
        check_books(self)
