"""The whole system in virtual time: switch, network, dialers, database, agents, faults, from one seed."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from callflow.engine import Engine, EngineConfig
from callflow.inputs import Input
from esl.commands import Command
from esl.simulator import Crash, Cut, DropEvents, Gateway, Softswitch, Stall, SwitchConfig
from models import rules
from models.enums import AgentState, CampaignState, CommandKind
from models.records import (
    AgentStateChanged,
    CampaignSettings,
    CarrierPlan,
    GatewayLimits,
    OperatorCommand,
    Record,
    Route,
)
from tests.simulation import faults as f
from tests.simulation.clock import Clock
from tests.simulation.invariants import Checker, Violation
from tests.simulation.measure import Figures, measure
from tests.simulation.process import DialerProcess, makes_call
from tests.simulation.recordings import RecordingWatch, wishes
from tests.simulation.robots import Robots
from tests.simulation.scenario import (
    WALL0,
    Carrier,
    Scenario,
    customer_behaviour,
    failing,
    make_agents,
    make_leads,
    phone_behaviour,
)
from tests.simulation.store import LEASE_TTL_SECONDS, Lead, Store
from tests.simulation.truth import SwitchView
from tests.simulation.wire import Exchange, Reply

CAMPAIGN = "campaign-1"
OWNER = "ringmaster-sim"
DRAIN_LIMIT_SECONDS = 3600.0
OPEN_RULES = rules.RuleSet(
    hours=(((0, 1440),),) * 7, cool_down_seconds=3600.0, abandon_lockout_seconds=3600.0
)

EngineFactory = Callable[[EngineConfig, Callable[[], str]], Engine]


@dataclass(slots=True)
class Result:
    """What a run showed."""

    scenario: Scenario
    violations: list[Violation]
    figures: Figures
    transitions: Counter[tuple[str, str, str]]
    illegal: Counter[tuple[str, str, str]]
    counters: Counter[str]
    kills: int
    virtual_seconds: float
    steps: int
    trace: list[str] = field(default_factory=list)

    def report(self) -> str:
        """What did not hold, and the command that shows it again."""
        kind = self.scenario.kind
        again = f"python -m tests.simulation --kind {kind} --seed {self.scenario.seed} --trace"
        return "\n".join([f"seed {self.scenario.seed}: {again}", *map(str, self.violations[:10])])


def carrier_plan(scenario: Scenario) -> CarrierPlan:
    """What the database would say of the scenario's carriers."""
    if not scenario.carriers:
        return CarrierPlan()
    return CarrierPlan(
        gateways=tuple(
            GatewayLimits(name=c.name, max_calls=c.max_calls, calls_per_second=c.calls_per_second)
            for c in scenario.carriers
        ),
        routes={
            CAMPAIGN: tuple(Route(gateway=c.name, weight=c.weight, tier=c.tier) for c in scenario.carriers)
        },
    )


class World:
    """Builds everything from a scenario; `run` plays it to the end."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        make_engine: EngineFactory = Engine,
        trace: int = 0,
        stop_at: frozenset[str] = frozenset(),
    ) -> None:
        self.scenario = scenario
        self.clock = Clock()
        self.trace: deque[str] = deque(maxlen=trace)
        self._tracing = trace > 0
        self._stop_at = stop_at
        self._make_engine = make_engine
        self._rng = random.Random(f"{scenario.seed}:world")
        self._ids = random.Random(f"{scenario.seed}:ids")
        self._claim_rng = random.Random(f"{scenario.seed}:claims")
        self._mischief_rng = random.Random(f"{scenario.seed}:mischief")
        self._fault_rng = random.Random(f"{scenario.seed}:faults")
        self._slow_until, self._slow_by = -1.0, 0.0
        self._carrier_fails_until = self._phones_refuse_until = -1.0
        self._going_home = False
        self._finished = False
        self._command_count = 0
        self.kills = 0
        self.dead_steps = 0
        self.stopped_at = 0.0
        self.late_originates: list[str] = []
        self.transitions: Counter[tuple[str, str, str]] = Counter()
        self.illegal: Counter[tuple[str, str, str]] = Counter()
        self.counters: Counter[str] = Counter()
        self.processes: list[DialerProcess] = []

        people = customer_behaviour(scenario, lambda: self.clock.now < self._carrier_fails_until)
        named = scenario.carriers or (Carrier(name="carrier"),)
        config = SwitchConfig(
            callees=scenario.callees,
            gateways={
                **{c.name: Gateway(c.name, failing(c, lambda: self.clock.now, people)) for c in named},
                "agents": Gateway(
                    "agents",
                    phone_behaviour(scenario, lambda: self.clock.now < self._phones_refuse_until),
                    kind="agent",
                    port=5110,
                ),
            },
            sessions_per_second=scenario.sessions_per_second,
            epoch_offset_us=round(WALL0 * 1e6),
        )
        self.switch = Softswitch(config, scenario.seed, 0.0)
        self.exchange = Exchange(self.clock, self.switch, random.Random(f"{scenario.seed}:network"))
        self.exchange.shuffles = scenario.shuffles
        if scenario.slow_network:
            self.exchange.slow_until, self.exchange.slow_by = scenario.dial_seconds, scenario.slow_network
        self.view = SwitchView(self.switch)
        settings = CampaignSettings(
            campaign_id=CAMPAIGN,
            name="Simulated",
            state=CampaignState.RUNNING,
            mode=scenario.mode,
            target=scenario.target,
            cap=max(0.03, scenario.target),
            ring_seconds=scenario.ring_seconds,
            wrap_up_limit_seconds=scenario.wrap_limit,
            message=scenario.message,
            recording=scenario.recording,
        )
        self.store = Store(
            settings,
            make_leads(scenario, random.Random(f"{scenario.seed}:leads")),
            make_agents(scenario, CAMPAIGN),
            self.new_id,
            self._judge,
            carrier_plan(scenario),
        )
        self.robots = Robots(
            self.clock,
            self.store,
            scenario.seed,
            self.ask,
            restless=scenario.restless,
            wrap_mean=scenario.wrap_mean,
            forgetful=scenario.forgetful,
        )
        self.checker = Checker(
            self.store,
            self.view,
            wait_limit=1.9,
            wrap_limit=scenario.wrap_limit,
            ring_seconds=scenario.ring_seconds,
            target=scenario.target,
            wall0=WALL0,
        )
        self.recordings = RecordingWatch(self.checker, scenario.recording)
        self.checker.carriers = {carrier.name: carrier for carrier in scenario.carriers}

    # --- small services -----------------------------------------------------------------------------------

    def new_id(self) -> str:
        """A UUIDv7 of virtual time, seeded."""
        ms = round((WALL0 + self.clock.now) * 1000)
        bits = (
            (ms << 80)
            | (0x7 << 76)
            | (self._ids.getrandbits(12) << 64)
            | (0b10 << 62)
            | self._ids.getrandbits(62)
        )
        text = f"{bits:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _judge(self, lead: Lead, wall: float, store: Store) -> tuple[bool, rules.RuleInputs]:
        last = lead.last_attempt_wall
        inputs = rules.RuleInputs(
            number=lead.number,
            rules=OPEN_RULES,
            timezones=("UTC",),
            number_times=(last,) if last is not None else (),
        )
        return rules.check(inputs, wall).allowed, inputs

    def _claim_delay(self) -> float:
        delay = self._claim_rng.uniform(0.002, 0.012)
        if self._claim_rng.random() < 0.002:
            delay += 0.7
        return delay + (self._slow_by if self.clock.now < self._slow_until else 0.0)

    def note(self, text: str) -> None:
        """One line of the trace."""
        if self._tracing:
            self.trace.append(f"{self.clock.now:9.3f}  {text}")

    # --- what the dialers do (Witness) --------------------------------------------------------------------

    def told(self, process: DialerProcess, what: Input) -> None:
        if self._tracing:
            text = repr(what)
            if "'tick'" not in text:
                self.note(f"#{process.token} <- {text[:300]}")
        self.checker.told(process, what)
        self.recordings.told(what)

    def saved(self, process: DialerProcess, record: Record) -> None:
        self.note(f"#{process.token} save {record}") if self._tracing else None
        self.checker.saved(process, record)
        self.recordings.saved(record)
        if isinstance(record, AgentStateChanged):
            self.robots.state_saved(record)
            self._plan_recording(record)
            if record.state is AgentState.RESERVED and record.attempt_id and self.scenario.mischief:
                self._mischief(record)

    def sent(self, process: DialerProcess, command: Command) -> None:
        if makes_call(command) and process is not self.processes[-1]:
            self.late_originates.append(str(command))
        self.note(f"#{process.token} send {command}") if self._tracing else None
        self.checker.sent(process, command)
        self.recordings.sent(command)

    def replied(self, process: DialerProcess, command: Command, reply: Reply) -> None:
        self.checker.replied(process, command, reply)
        self.recordings.replied(command, ok=reply.ok)

    def died(self, process: DialerProcess) -> None:
        self.note(f"#{process.token} dies")
        self._gather(process)
        self.checker.died(process)
        if process is self.processes[-1]:
            wait = process.doom.restart_after if process.doom is not None else 1.0
            self.clock.after(wait, lambda: self._restart(process))

    def _gather(self, process: DialerProcess) -> None:
        self.transitions.update(process.engine.transitions)
        self.illegal.update(process.engine.illegal)
        self.counters.update(process.engine.status()["counters"])
        self.dead_steps += process.steps

    # --- dialers ------------------------------------------------------------------------------------------

    @property
    def process(self) -> DialerProcess | None:
        """The dialer that is in charge, if one lives."""
        return self.processes[-1] if self.processes and self.processes[-1].alive else None

    def start_dialer(self) -> None:
        """Start one as soon as the lease is free."""
        token = self.store.take_lease(self.clock.now)
        if token is None:
            self.clock.after(0.2, self.start_dialer)
            return
        self.store.expire_taken()
        fence = f"rm_fence_{token}"
        config = EngineConfig(
            switch_id="switch-1",
            owner=OWNER,
            fence=fence,
            standing_leg_seconds=self.scenario.standing_leg_seconds,
            legs_per_second=min(60.0, self.scenario.sessions_per_second * 0.8),
        )
        process = DialerProcess(
            token=token,
            engine=self._make_engine(config, self.new_id),
            store=self.store,
            exchange=self.exchange,
            clock=self.clock,
            rng=random.Random(f"{self.scenario.seed}:dialer:{token}"),
            witness=self,
            wall0=WALL0,
            fence=fence,
            stale_fences=tuple(f"rm_fence_{old}" for old in range(max(1, token - 3), token)),
            claim_delay=self._claim_delay,
            guard_lease=self.scenario.guard_lease,
        )
        self.note(f"#{token} starts")
        self.processes.append(process)
        self.checker.process = process
        process.start()
        self._deliver_commands()

    def ask(self, kind: CommandKind, agent_id: str | None, payload: dict[str, object]) -> None:
        """A row in the command table, and a NOTIFY."""
        self._command_count += 1
        command = OperatorCommand(
            command_id=f"command-{self._command_count}",
            kind=kind,
            agent_id=agent_id,
            campaign_id=CAMPAIGN,
            payload=payload,
        )
        self.store.insert_command(command)
        self.clock.after(self._rng.uniform(0.002, 0.03), self._deliver_commands)

    def _deliver_commands(self) -> None:
        process = self.process
        if process is None or process.frozen or not self.store.available:
            return
        for command in self.store.take_pending():
            agent = self.store.known_agent(command.agent_id) if command.agent_id else None
            process.command(command, agent, self.store.campaign)

    # --- faults -------------------------------------------------------------------------------------------

    def _plan_faults(self) -> None:
        for fault in self.scenario.faults:
            self.clock.at(fault.at, lambda fault=fault: self._strike(fault))  # type: ignore[misc]

    def _strike(self, fault: f.Fault) -> None:
        self.note(f"FAULT {fault}")
        self.checker.trouble(getattr(fault, "seconds", 0.0))
        process = self.process
        match fault:
            case f.KillDialer():
                if process is None or process.doom is not None:
                    self.clock.after(0.5, lambda: self._strike(fault))
                elif not process.frozen:
                    self.kills += 1
                    process.kill(fault)
            case f.CrashSwitch():
                self.checker.switch_died(fault.down_for)
                self.switch.inject(Crash(fault.down_for))
                self.exchange.flush()
            case f.CutLink():
                self.switch.inject(Cut(self._fault_rng.choice((0, None))))
                self.exchange.flush()
            case f.StallSwitch():
                self.switch.inject(Stall(fault.seconds))
            case f.LoseEvents():
                self.switch.inject(DropEvents(fault.count))
            case f.SlowDatabase():
                self._slow_until, self._slow_by = self.clock.now + fault.seconds, fault.delay
            case f.LoseDatabase():
                self._database(False)
                self.clock.after(fault.seconds, lambda: self._database(True))
            case f.DropAgentPhone():
                self._drop_phone(fault.choice)
            case f.AgentPhonesOut():
                self._phones_refuse_until = self.clock.now + fault.seconds
                for agent in self.store.agents.values():
                    self._hang_up(agent.leg_id or "")
            case f.SlowNetwork():
                self.exchange.slow_until, self.exchange.slow_by = self.clock.now + fault.seconds, fault.delay
            case f.CarrierFails():
                self._carrier_fails_until = self.clock.now + fault.seconds
            case f.FreezeDialer():
                self._freeze(fault.seconds)

    def _restart(self, process: DialerProcess) -> None:
        self.store.release_lease(process.token)
        self.start_dialer()

    def _database(self, available: bool) -> None:
        self.store.available = available
        if available:
            self.store.lease_until = max(self.store.lease_until, self.clock.now + LEASE_TTL_SECONDS)
        if self.process is not None:
            self.process.allow_dialing(available, "database_away")
        if available:
            self._deliver_commands()

    def _drop_phone(self, choice: int) -> None:
        legs = (agent.leg_id for agent in self.store.agents.values())
        live = sorted(leg for leg in legs if leg and self.view.is_live(leg))
        if live:
            self._hang_up(live[choice % len(live)])

    def _hang_up(self, leg_id: str) -> None:
        """The far end of this leg hangs up."""
        self.switch.advance(self.clock.now)
        self.view.hang_up(leg_id)
        self.exchange.flush()

    def _mischief(self, record: AgentStateChanged) -> None:
        """In the moment between match and bridge: somebody pauses, leaves, or hangs up."""
        if self._mischief_rng.random() >= self.scenario.mischief:
            return
        delay = self._mischief_rng.uniform(0.0, 0.06)
        customer = [d.leg_id for d in self.store.attempts[record.attempt_id or ""].dialed]
        match self._mischief_rng.randrange(6):
            case 0 | 1:
                self._ask_soon(CommandKind.AGENT_PAUSE, record.agent_id)
            case 2 | 3:
                self._ask_soon(CommandKind.AGENT_LOGOUT, record.agent_id)
            case 4:
                agent_leg = self.store.agents[record.agent_id].leg_id or ""
                self.clock.after(delay, lambda: self._hang_up(agent_leg))
                return
            case _:
                pass
        if self._mischief_rng.random() < 0.7:
            self.clock.after(delay, lambda: self._hang_up(customer[-1]))

    def _plan_recording(self, record: AgentStateChanged) -> None:
        """What the agent asks of the recording in this call."""
        attempt_id = record.attempt_id
        if (
            record.state is not AgentState.TALKING
            or attempt_id is None
            or not self.scenario.recording.records
        ):
            return
        for delay, kind, payload in wishes(attempt_id):
            asked = {"attempt_id": attempt_id, **payload}
            self.clock.after(delay, lambda k=kind, p=asked: self.ask(k, record.agent_id, p))  # type: ignore[misc]

    def _ask_soon(self, kind: CommandKind, agent_id: str) -> None:
        self.clock.after(0.0, lambda: self.ask(kind, agent_id, {"reason": "mischief"}))

    def _freeze(self, seconds: float) -> None:
        process = self.process
        if process is None:
            return
        process.freeze_at_originate()
        self._await_freeze(process, seconds)

    def _await_freeze(self, process: DialerProcess, seconds: float) -> None:
        if not process.frozen:
            self.clock.after(0.05, lambda: self._await_freeze(process, seconds))
            return
        self.note(f"#{process.token} is stopped")
        self.checker.excuse()
        self.clock.after(seconds, process.thaw)
        self.clock.after(0.5, self.start_dialer)

    def switch_legs_of(self, process: DialerProcess, *, after: float) -> list[str]:
        """Legs that this dialer made the switch create after a moment."""
        since = round((WALL0 + after) * 1e6)
        fresh = (leg for leg in self.switch.truth if leg.created > since)
        return [leg.uuid for leg in fresh if leg.uuid in self.checker.originated_by.get(process.token, ())]

    # --- the run ------------------------------------------------------------------------------------------

    def run(self) -> Result:
        """Play it: dial, stop, let calls finish, send everybody home, judge."""
        self._plan_faults()
        self.robots.start()
        self.start_dialer()
        self.clock.at(self.scenario.dial_seconds, self._stop_dialing)
        self.clock.at(1.0, self._look_around)
        if self.scenario.operator_seconds is not None:
            self.clock.after(self.scenario.operator_seconds, self._fiddle)
        while not self._finished:
            self._advance()
            self.checker.after_event(self.clock.now)
            if self._stop_at and any(v.rule in self._stop_at for v in self.checker.violations):
                return self._result()
        self.checker.finish(self.clock.now, self.switch.live_uuids())
        self.recordings.finish()
        return self._result()

    def _advance(self) -> None:
        clock, switch = self.clock, self.switch
        due = switch.next_due()
        if due is not None and due <= clock.next_due():
            clock.now = max(clock.now, due)
            switch.advance(clock.now)
            self.exchange.flush()
        else:
            clock.run_next()

    def _look_around(self) -> None:
        self.checker.look_around(self.clock.now)
        self.clock.after(1.0, self._look_around)

    def _fiddle(self) -> None:
        """A supervisor changes the target, pauses and starts again."""
        if self._going_home or self.clock.now > self.scenario.dial_seconds - 30.0:
            return
        kind = self._rng.choice(("target", "pause", "stop_all"))
        if kind == "target":
            self.ask(CommandKind.CAMPAIGN_TARGET, None, {"target": self._rng.choice((0.01, 0.02, 0.03))})
        else:
            asked = CommandKind.CAMPAIGN_PAUSE if kind == "pause" else CommandKind.STOP_ALL
            self.ask(asked, None, {})
            self.clock.after(
                self._rng.uniform(0.5, 10.0), lambda: self.ask(CommandKind.CAMPAIGN_START, None, {})
            )
        self.clock.after(self.scenario.operator_seconds or 60.0, self._fiddle)

    def _stop_dialing(self) -> None:
        dialed = sum(bool(row.dialed) for row in self.store.attempts.values())
        if dialed < self.scenario.min_calls and self.clock.now < 3 * self.scenario.dial_seconds:
            self.clock.after(10.0, self._stop_dialing)
            return
        self.stopped_at = self.clock.now
        self.note("STOP DIALING")
        self.ask(CommandKind.CAMPAIGN_STOP, None, {})
        self.clock.after(1.0, self._wait_for_calls)

    def _wait_for_calls(self) -> None:
        late = self.clock.now > self.stopped_at + DRAIN_LIMIT_SECONDS
        if self.store.campaign.state is CampaignState.RUNNING and self.process is not None:
            # The command fell victim to a crash: the supervisor sees it and asks again.
            self.ask(CommandKind.CAMPAIGN_STOP, None, {})
            self.clock.after(5.0, self._wait_for_calls)
        elif self.store.open and not late:
            self.clock.after(1.0, self._wait_for_calls)
        else:
            self._going_home = True
            self.robots.send_home()
            self.clock.after(1.0, lambda: self._wait_for_quiet(self.clock.now + 400.0))

    def _wait_for_quiet(self, until: float) -> None:
        out = all(a.state is AgentState.LOGGED_OUT for a in self.store.agents.values())
        if self.clock.now < until and not (out and not self.switch.live_uuids()):
            self.clock.after(1.0, lambda: self._wait_for_quiet(until))
        else:
            self.clock.after(3.0, self._finish)

    def _finish(self) -> None:
        self._finished = True

    def _result(self) -> Result:
        for process in self.processes:
            if process.alive:
                self._gather(process)
        return Result(
            scenario=self.scenario,
            violations=self.checker.violations,
            figures=measure(self.store, self.stopped_at, WALL0),
            transitions=self.transitions,
            illegal=self.illegal,
            counters=self.counters,
            kills=self.kills,
            virtual_seconds=self.clock.now,
            steps=self.dead_steps,
            trace=list(self.trace),
        )
