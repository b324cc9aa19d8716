"""The engine under inputs that make no sense: any event of any leg, replies to nothing, timers at any moment.

It never raises, keeps its own books consistent, closes each attempt once; a switch that was restarted settles
everything that was open.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callflow.effects import Claim, Effect, Save, Send, StartTimer, StopTimer
from callflow.engine import Engine, EngineConfig
from callflow.engine.board import Board, Leg
from callflow.engine.tables import LegState
from callflow.inputs import (
    Claimed,
    Commanded,
    DialingAllowed,
    Input,
    LinkDown,
    LinkUp,
    Replied,
    Started,
    SwitchEvent,
    TimerFired,
)
from esl.commands import Api, BgApi
from esl.events import from_headers
from models.enums import AgentState, AttemptState, CampaignState, CommandKind, LegKind
from models.records import (
    AttemptClosed,
    AttemptDialed,
    CampaignSettings,
    ClaimedAttempt,
    DialerSnapshot,
    KnownAgent,
    OperatorCommand,
)
from models.rules import RuleInputs, RuleSet

WALL = 1_795_532_400.0
ALWAYS = RuleSet(hours=(((0, 1440),),) * 7)
AGENTS = ("a1", "a2", "a3")
EVENTS = (
    "CHANNEL_CREATE",
    "CHANNEL_PROGRESS",
    "CHANNEL_PROGRESS_MEDIA",
    "CHANNEL_ANSWER",
    "EXECUTE sleep",
    "EXECUTE playback",
    "EXECUTE park",
    "CHANNEL_PARK",
    "CHANNEL_BRIDGE",
    "CHANNEL_UNBRIDGE",
    "CHANNEL_HANGUP_COMPLETE",
    "BACKGROUND_JOB +OK",
    "BACKGROUND_JOB -ERR USER_BUSY",
)
REPLIES = (
    "+OK\n",
    "-ERR No such channel!\n",
    "-ERR Invalid uuid\n",
    "-ERR DESTINATION_OUT_OF_ORDER\n",
    "true",
    "false",
    "",
    "garbage {",
    "[]",
    '{"row_count":0}\n',
    '{"row_count":1,"rows":[{"uuid":"stranger"}]}',
    '{"Channel-State":"CS_EXECUTE","Caller-Channel-Created-Time":"1795532401000000"}',
    '{"Channel-State":"CS_EXECUTE","variable_current_application":"sleep",'
    '"Caller-Channel-Answered-Time":"1795532402000000"}',
    '{"Channel-State":"CS_EXECUTE","variable_current_application":"playback",'
    '"Caller-Channel-Answered-Time":"1795532402000000"}',
    "NORMAL_CLEARING|1795532401000000|1795532402000000|1795532402100000|1795532403000000|200",
    "USER_BUSY|0|0|0|1795532403000000|486",
    "rm-test",
)
CAUSES = ("NORMAL_CLEARING", "USER_BUSY", "NO_ANSWER", "ORIGINATOR_CANCEL", "SOMETHING_NEW")

Step = tuple[object, ...]


def draw(rng: random.Random) -> Step:
    """Mostly what a switch would say next, so that calls get far; else anything."""
    kind = rng.choices(
        ("natural", "claim", "event", "reply", "timer", "command", "link", "allow"),
        (60, 12, 6, 6, 8, 5, 2, 1),
    )[0]
    match kind:
        case "natural":
            return kind, rng.randrange(10), rng.random() < 0.3
        case "claim":
            return kind, rng.randint(1, 3), rng.choice(("", "", "", "", "hopper_empty", "lease"))
        case "event":
            return kind, rng.choice(EVENTS), rng.randrange(10), rng.randrange(10), rng.choice(CAUSES)
        case "reply":
            return kind, rng.choice(REPLIES), rng.randrange(10)
        case "timer":
            return kind, rng.randrange(20), rng.choice((0.0, 0.05, 0.3, 2.5))
        case "command":
            return kind, rng.choice(list(CommandKind)), rng.choice(AGENTS)
        case "link":
            return kind, rng.choice(("down", "same", "same", "new"))
    return kind, rng.random() < 0.8


@st.composite
def histories(draw_from: st.DrawFn) -> list[Step]:
    """A history is a prefix of the one its seed makes: a failing one shrinks to its shortest prefix."""
    rng = random.Random(draw_from(st.integers(0, 2**32 - 1)))
    return [draw(rng) for _ in range(draw_from(st.integers(1, 300)))]


class Machine:
    """An engine, and what it asked for so far."""

    def __init__(self) -> None:
        ids = itertools.count(1)
        self.engine = Engine(
            EngineConfig(switch_id="s1", owner="rm-test", fence="rm_fence_1"), lambda: f"id-{next(ids):06d}"
        )
        self.now = 10.0
        self.cores = itertools.count(1)
        self.core = 0
        self.claims: list[Claim] = []
        self.tokens: list[str] = []
        self.timers: dict[str, float] = {}
        self.legs: list[str] = []
        self.closed: Counter[str] = Counter()
        self.dialed: Counter[str] = Counter()
        self.claimed = 0
        self.effects: list[Effect] = []
        campaign = CampaignSettings(
            campaign_id="c1", name="Test", state=CampaignState.RUNNING, target=0.5, cap=0.5
        )
        agents = tuple(
            KnownAgent(
                agent_id=name,
                name=name,
                extension=f"10000{index}",
                campaign_id="c1",
                state=AgentState.LOGGED_OUT,
                since=WALL,
            )
            for index, name in enumerate(AGENTS)
        )
        self.give(Started(DialerSnapshot(campaigns=(campaign,), agents=agents), WALL + self.now))
        self.link("new")
        for name in AGENTS:
            self.command(CommandKind.AGENT_LOGIN, name)
            leg = self.board.agents[name].leg_id
            self.event("CHANNEL_CREATE", leg, "", "")
            self.event("CHANNEL_ANSWER", leg, "", "")
            self.event("CHANNEL_PARK", leg, "", "")

    @property
    def board(self) -> Board:
        return self.engine.board

    @property
    def us(self) -> str:
        return str(int((WALL + self.now) * 1e6))

    def give(self, given: Input) -> None:
        effects = self.engine.handle(given, self.now)
        self.effects += effects
        journaled = {
            e.record.leg_id for e in effects if isinstance(e, Save) and isinstance(e.record, AttemptDialed)
        }
        for effect in effects:
            match effect:
                case Claim():
                    self.claims.append(effect)
                case StartTimer(key, due):
                    self.timers[key] = due
                case StopTimer(key):
                    self.timers.pop(key, None)
                case Save(AttemptClosed() as closed):
                    self.closed[closed.attempt_id] += 1
                case Save(AttemptDialed() as dialed):
                    self.dialed[dialed.attempt_id] += 1
                case Send(command, token):
                    if token is not None:
                        self.tokens.append(token)
                    self._sent(command, journaled)
        self.check()

    def _sent(self, command: object, journaled: set[str]) -> None:
        if isinstance(command, BgApi):
            self.legs.append(command.job_uuid)
            leg = self.board.legs.get(command.job_uuid)
            if leg is not None and leg.kind is LegKind.CUSTOMER:
                assert command.job_uuid in journaled, "an originate whose record is not in the same step"
        elif isinstance(command, Api) and command.name == "uuid_bridge":
            ends = [self.board.legs.get(uuid) for uuid in command.args.split()]
            kinds = [leg.kind for leg in ends if leg is not None]
            assert len(set(kinds)) == len(kinds), "a bridge of two legs of one kind"

    def check(self) -> None:
        """The engine's memory agrees with itself."""
        board = self.board
        assert all(count == 1 for count in self.closed.values())
        assert all(count == 1 for count in self.dialed.values())
        assert not any(self.closed[attempt_id] for attempt_id in board.attempts)
        campaign = board.campaigns["c1"]
        ready = {a.agent_id for a in board.agents.values() if a.state is AgentState.READY}
        assert set(campaign.ready) == ready
        assert campaign.lines == sum(bool(a.leg_id) for a in board.attempts.values())
        assert campaign.pending >= 0
        for attempt_id in campaign.waiting:
            assert board.attempts[attempt_id].state is AttemptState.ANSWERED
        taken = Counter(a.attempt_id for a in board.agents.values() if a.attempt_id)
        assert all(count == 1 for count in taken.values()), "two agents for one attempt"
        for attempt in board.attempts.values():
            if attempt.state is AttemptState.BRIDGING:
                agent = board.agents[attempt.agent_id]
                assert agent.attempt_id == attempt.attempt_id
                assert agent.state is AgentState.RESERVED
        for agent in board.agents.values():
            if agent.state in (AgentState.READY, AgentState.LOGGED_OUT, AgentState.PAUSED):
                assert not agent.attempt_id, f"{agent.state} with an attempt in hand"

    def event(self, name: str, leg: str, other: str, cause: str) -> None:
        word, _, detail = name.partition(" ")
        text = {
            "Event-Name": f"CHANNEL_{word}" if word == "EXECUTE" else word,
            "Unique-ID": leg,
            "Event-Date-Timestamp": self.us,
        }
        if word == "EXECUTE":
            text["Application"] = detail
        body = None
        if word == "BACKGROUND_JOB":
            text["Job-UUID"], body = leg, f"{detail}\n"
        if word in ("CHANNEL_BRIDGE", "CHANNEL_UNBRIDGE"):
            text |= {"Bridge-A-Unique-ID": leg, "Bridge-B-Unique-ID": other}
        if word == "CHANNEL_HANGUP_COMPLETE":
            text |= {"Hangup-Cause": cause, "Caller-Channel-Hangup-Time": self.us}
        self.give(SwitchEvent(from_headers(text, body)))

    def link(self, how: str) -> None:
        if how == "down":
            self.give(LinkDown("cut"))
            return
        if how == "new" or not self.core:
            self.core = next(self.cores)
        self.give(LinkUp(f"core-{self.core}"))

    def command(self, kind: CommandKind, agent_id: str) -> None:
        payload = {"target": 0.2, "disposition": "ok", "reason": "break"}
        self.give(
            Commanded(
                OperatorCommand(
                    command_id="cmd", kind=kind, agent_id=agent_id, campaign_id="c1", payload=payload
                )
            )
        )

    def claim(self, count: int, refusal: str) -> None:
        if not self.claims:
            return
        asked = self.claims.pop(0)
        attempts = []
        for _ in range(0 if refusal else min(count, asked.count)):
            self.claimed += 1
            number = f"+1212{5_000_000 + self.claimed:07d}"
            attempts.append(
                ClaimedAttempt(
                    attempt_id=f"t-{self.claimed}",
                    campaign_id="c1",
                    lead_id=f"l-{self.claimed}",
                    number=number,
                    claimed_at=WALL + self.now,
                    rule_inputs=RuleInputs(number=number, rules=ALWAYS, timezones=("UTC",)),
                )
            )
        self.give(Claimed(asked.batch, tuple(attempts), refusal))

    def natural(self, which: int, short: bool) -> None:
        """What a switch might say next of some leg; `short` skips a stage."""
        legs = list(self.board.legs.values())
        if legs:
            leg = legs[-1 - which % len(legs)]
            name, other = self._next_event(leg, short)
            self.event(name, leg.leg_id, other, CAUSES[which % len(CAUSES)])

    def _next_event(self, leg: Leg, short: bool) -> tuple[str, str]:
        attempt = self.board.attempts.get(leg.owner_id)
        match leg.state:
            case LegState.SENT:
                return "CHANNEL_CREATE", ""
            case LegState.CREATED:
                return ("CHANNEL_ANSWER" if short else "CHANNEL_PROGRESS"), ""
            case LegState.RINGING:
                return "CHANNEL_ANSWER", ""
            case LegState.ANSWERED:
                return ("EXECUTE sleep" if leg.kind is LegKind.CUSTOMER else "CHANNEL_PARK"), ""
            case LegState.WAITING if attempt is not None and attempt.agent_id:
                return "CHANNEL_BRIDGE", self.board.agents[attempt.agent_id].leg_id
            case LegState.WAITING:
                return "EXECUTE playback", ""
            case LegState.BRIDGED if leg.kind is LegKind.AGENT:
                return "CHANNEL_PARK", ""
            case LegState.PARKED:
                return "CHANNEL_UNBRIDGE", ""
        return ("CHANNEL_HANGUP_COMPLETE" if short else "CHANNEL_UNBRIDGE"), ""

    def play(self, one: Step) -> None:
        match one:
            case ("event", str(name), int(which), int(other), str(cause)):
                legs = [*self.legs[-8:], "stranger"]
                self.event(name, legs[which % len(legs)], legs[other % len(legs)], cause)
            case ("reply", str(text), int(which)):
                if self.tokens:
                    token = self.tokens[-1 - which % min(10, len(self.tokens))]
                    self.give(Replied(token, not text.startswith("-"), text))
            case ("timer", int(which), float(later)):
                self.now += later
                soon = sorted(self.timers, key=lambda key: (self.timers[key], key))[:4]
                if soon:
                    key = soon[which % len(soon)]
                    self.now = max(self.now, self.timers.pop(key))
                    self.give(TimerFired(key))
            case ("claim", int(count), str(refusal)):
                self.claim(count, refusal)
            case ("command", CommandKind() as kind, str(agent_id)):
                self.command(kind, agent_id)
            case ("link", str(how)):
                self.link(how)
            case ("natural", int(which), bool(short)):
                self.natural(which, short)
            case ("allow", bool(allowed)):
                self.give(DialingAllowed(allowed, "database_away"))
            case _:
                raise AssertionError(one)


steps = histories()
relaxed = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@relaxed
@given(steps)
def test_nothing_that_is_heard_breaks_the_engine(sequence: list[Step]) -> None:
    machine = Machine()
    for one in sequence:
        machine.play(one)


@relaxed
@given(steps)
def test_a_restarted_switch_settles_everything(sequence: list[Step]) -> None:
    machine = Machine()
    for one in sequence:
        machine.play(one)
    machine.link("down")
    machine.link("new")
    assert not machine.board.attempts
    assert set(machine.closed) >= set(machine.dialed)
    for agent in machine.board.agents.values():
        assert agent.state not in (AgentState.TALKING, AgentState.RESERVED)
        assert not agent.attempt_id


@relaxed
@given(steps)
def test_the_same_inputs_give_the_same_effects(sequence: list[Step]) -> None:
    first, second = Machine(), Machine()
    for one in sequence:
        first.play(one)
        second.play(one)
    assert first.effects == second.effects
