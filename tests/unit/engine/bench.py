"""An engine on a bench: inputs by hand, effects sorted by kind. The whole system is in tests/simulation."""

from __future__ import annotations

import itertools
from typing import Any

from callflow.effects import Claim, Effect, Save, Send, StartTimer, StopTimer
from callflow.engine import Engine, EngineConfig
from callflow.inputs import Claimed, Commanded, Input, LinkUp, Replied, Started, SwitchEvent, TimerFired
from esl.commands import Api, BgApi
from esl.events import from_headers
from models.enums import AgentState, CampaignState, CommandKind
from models.records import (
    CampaignSettings,
    ClaimedAttempt,
    DialerSnapshot,
    KnownAgent,
    OpenAttempt,
    OperatorCommand,
    Record,
)
from models.rules import RuleInputs, RuleSet

WALL = 1_790_000_000.0
ALWAYS = RuleSet(name="always", hours=(((0, 1440),),) * 7)
CAMPAIGN = CampaignSettings(campaign_id="c1", name="Test", state=CampaignState.RUNNING)


class Bench:
    """Time goes only where a test sends it."""

    def __init__(self, snapshot: DialerSnapshot | None = None, *, link: bool = True, **config: Any) -> None:
        ids = itertools.count(1)
        self.engine = Engine(
            EngineConfig(switch_id="s1", owner="rm-test", **config), lambda: f"id-{next(ids):04d}"
        )
        self.now = 100.0
        self.sent: list[Send] = []
        self.saved: list[Record] = []
        self.claims: list[Claim] = []
        self.timers: dict[str, float] = {}
        self.give(Started(snapshot or DialerSnapshot(campaigns=(CAMPAIGN,)), WALL))
        if link:
            self.give(LinkUp("core-1"))

    def give(self, given: Input) -> list[Effect]:
        effects = self.engine.handle(given, self.now)
        for effect in effects:
            if isinstance(effect, Send):
                self.sent.append(effect)
            elif isinstance(effect, Save):
                self.saved.append(effect.record)
            elif isinstance(effect, Claim):
                self.claims.append(effect)
            elif isinstance(effect, StartTimer):
                self.timers[effect.key] = effect.due
            elif isinstance(effect, StopTimer):
                self.timers.pop(effect.key, None)
        return effects

    # --- shorthand ------------------------------------------------------------------------------------------

    def us(self) -> int:
        return int((WALL + self.now - 100.0) * 1_000_000)

    def event(self, name: str, leg: str, **headers: str | int) -> None:
        text = {"Event-Name": name, "Unique-ID": leg, "Event-Date-Timestamp": str(self.us())}
        text |= {_header(key): str(value) for key, value in headers.items()}
        self.give(SwitchEvent(from_headers(text)))

    def reply(self, token: str, text: str = "+OK") -> None:
        self.give(Replied(token, not text.startswith("-"), text))

    def fire(self, key: str) -> None:
        self.now = max(self.now, self.timers.pop(key))
        self.give(TimerFired(key))

    def commands(self, name: str) -> list[str]:
        """Arguments of what was sent of one api name, oldest first."""
        plain = [s.command for s in self.sent if isinstance(s.command, Api | BgApi)]
        return [c.args for c in plain if c.name == name]

    def tokens(self, kind: str) -> list[str]:
        return [s.token for s in self.sent if s.token and s.token.startswith(kind + ":")]

    def records(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.saved if isinstance(record, kind)]

    def command(self, kind: CommandKind, **fields: Any) -> None:
        given = OperatorCommand(command_id=f"cmd-{len(self.saved)}", kind=kind, **fields)
        self.give(Commanded(given))

    def agent(self, agent_id: str) -> AgentState:
        return self.engine.board.agents[agent_id].state

    # --- a call, step by step ------------------------------------------------------------------------

    def log_in(self, agent_id: str = "a1") -> str:
        """Log an agent in and park the phone; the leg's id."""
        known = KnownAgent(
            agent_id=agent_id,
            name=agent_id,
            extension="1001",
            campaign_id="c1",
            state=AgentState.LOGGED_OUT,
            since=WALL,
        )
        login = OperatorCommand(
            command_id=f"login-{agent_id}",
            kind=CommandKind.AGENT_LOGIN,
            agent_id=agent_id,
            campaign_id="c1",
        )
        self.give(Commanded(login, agent=known))
        leg = self.engine.board.agents[agent_id].leg_id
        self.park(leg)
        return leg

    def park(self, leg: str) -> None:
        self.event("CHANNEL_CREATE", leg)
        self.event("CHANNEL_ANSWER", leg, Caller_Channel_Answered_Time=self.us())
        self.event("CHANNEL_PARK", leg, Caller_Channel_Answered_Time=self.us())

    def dial(self) -> str:
        """Answer the oldest open claim with one attempt; the leg's id."""
        claim = self.claims.pop(0)
        attempt_id = f"t-{claim.batch}"
        self.give(
            Claimed(
                claim.batch,
                (
                    ClaimedAttempt(
                        attempt_id=attempt_id,
                        campaign_id="c1",
                        lead_id=f"l-{claim.batch}",
                        number="+15551230001",
                        claimed_at=WALL,
                        rule_inputs=RuleInputs(
                            number="+15551230001", rules=ALWAYS, timezones=("America/New_York",)
                        ),
                    ),
                ),
            )
        )
        leg = self.engine.board.attempts[attempt_id].leg_id
        self.reply(f"orig:{leg}")
        return leg

    def ring(self, leg: str) -> None:
        self.event("CHANNEL_CREATE", leg)
        self.event("CHANNEL_PROGRESS", leg)

    def answer(self, leg: str) -> int:
        """ANSWER, and EXECUTE of the wait one tick later; the answer's switch time."""
        answered = self.us()
        self.event("CHANNEL_ANSWER", leg, Caller_Channel_Answered_Time=answered)
        self.now += 0.02
        self.event("CHANNEL_EXECUTE", leg, Application="sleep", Caller_Channel_Answered_Time=answered)
        return answered

    def bridge(self, leg: str, standing: str) -> int:
        self.now += 0.05
        self.event("CHANNEL_BRIDGE", leg, Bridge_A_Unique_ID=leg, Bridge_B_Unique_ID=standing)
        return self.us()

    def hang_up(self, leg: str, cause: str = "NORMAL_CLEARING", **times: int) -> None:
        headers = {f"Caller-Channel-{key.capitalize()}-Time": value for key, value in times.items()}
        headers["Caller-Channel-Hangup-Time"] = self.us()
        if times.get("answered"):
            headers["variable_sip_term_status"] = 200
        self.event("CHANNEL_HANGUP_COMPLETE", leg, Hangup_Cause=cause, **headers)


def open_attempt(**fields: Any) -> OpenAttempt:
    from models.enums import AttemptState

    base: dict[str, Any] = {
        "attempt_id": "t-old",
        "campaign_id": "c1",
        "number": "+15551230009",
        "state": AttemptState.DIALING,
        "claimed_at": WALL - 10,
        "leg_id": "leg-old",
    }
    return OpenAttempt(**{**base, **fields})


def _header(key: str) -> str:
    return key if key.startswith("variable_") else key.replace("_", "-")
