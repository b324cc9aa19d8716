"""The engine's door: one input in, the effects out, in order. Which room handles what, and pacing after
every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

from callflow.effects import Effect
from callflow.engine import (
    agents,
    carriers,
    clients,
    dialing,
    legs,
    matching,
    operator,
    recording,
    recovery,
    third_party,
    transfers,
)
from callflow.engine import status as status_room
from callflow.engine.board import Board, Campaign
from callflow.engine.config import EngineConfig
from callflow.engine.tables import LegState
from callflow.engine.throttle import LagGovernor, TokenBucket
from callflow.inputs import (
    CarriersTold,
    Claimed,
    ClientsTold,
    Commanded,
    DialingAllowed,
    Input,
    LinkDown,
    LinkUp,
    RecordingsTold,
    Replied,
    Started,
    SwitchEvent,
    TimerFired,
)
from esl import commands
from models.enums import DialMode
from models.records import CampaignSettings, Learned
from pacing_core import Pacer, PacingValueError


class Engine:
    """All call and agent state of one switch, in memory.

    Args:
        config: validated settings.
        new_id: makes UUIDs (version 7 in production, seeded in tests).
    """

    def __init__(self, config: EngineConfig, new_id: Callable[[], str]) -> None:
        self.board = Board(
            config,
            new_id,
            leg_bucket=TokenBucket(config.legs_per_second, 0.0),
            lag=LagGovernor(config.lag_slow_seconds, config.lag_stop_seconds),
        )

    @property
    def transitions(self) -> Counter[tuple[str, str, str]]:
        """How often each (machine, state, event) of the tables was taken."""
        return self.board.transitions

    @property
    def illegal(self) -> Counter[tuple[str, str, str]]:
        """Events that the tables did not allow: they changed nothing."""
        return self.board.illegal

    def status(self) -> dict[str, Any]:
        """Live figures (see `callflow.engine.status`)."""
        return status_room.status(self.board)

    def handle(self, given: Input, now: float) -> list[Effect]:
        """Take one input at engine time `now` (seconds, never going back) and return what is to be done, in
        order."""
        board = self.board
        board.now = max(board.now, now)
        board.out = []
        self._dispatch(given)
        board.groups.clear()
        while board.dirty:
            campaign_id = board.dirty.pop()
            campaign = board.campaigns.get(campaign_id)
            if campaign is not None:
                if campaign.waiting and campaign.ready:
                    matching.match(board, campaign)
                dialing.pace(board, campaign)
        return board.out

    def _dispatch(self, given: Input) -> None:
        board = self.board
        match given:
            case SwitchEvent(event):
                legs.on_event(board, event)
            case TimerFired(key):
                self._timer(key)
            case Replied():
                self._replied(given)
            case Claimed():
                dialing.claimed(board, given)
            case Commanded():
                operator.on_command(board, given, self._add_campaign)
            case DialingAllowed(allowed, reason):
                if allowed:
                    board.blocked.pop(reason, None)
                    for agent in board.agents.values():
                        agents.connect_phone(board, agent)
                else:
                    board.blocked[reason] = None
                board.dirty.update(board.campaigns)
            case LinkUp(core_uuid):
                recovery.link_up(board, core_uuid)
                board.dirty.update(board.campaigns)
            case LinkDown():
                recovery.link_down(board)
            case ClientsTold(budgets):
                clients.hear(board, budgets)
            case CarriersTold(plan):
                carriers.hear(board, plan)
            case RecordingsTold(orders):
                recording.hear(board, orders)
            case Started():
                self._start(given)

    def _start(self, given: Started) -> None:
        board = self.board
        board.wall_offset = given.wall - board.now
        board.plan = given.snapshot.carriers
        board.recording_room = given.snapshot.recording_room
        for settings in given.snapshot.campaigns:
            ledger = given.snapshot.ledger.get(settings.campaign_id, (0, 0))
            campaign = self._open_campaign(settings, ledger)
            self._take_over(campaign, given.snapshot.learned.get(settings.campaign_id, Learned()))
        clients.hear(board, given.snapshot.clients)
        recovery.load(board, given.snapshot)
        board.started = True
        board.timer("tick", board.config.tick_seconds)

    def _add_campaign(self, asked: Commanded) -> None:
        if asked.carriers is not None:
            carriers.hear(self.board, asked.carriers)
        if asked.campaign is not None:
            self._open_campaign(asked.campaign, (0, 0))

    def _take_over(self, campaign: Campaign, learned: Learned) -> None:
        """What an earlier dialer learned; what can't be read is counted, and learned anew."""
        for model, data in ((campaign.pacer, learned.pacer), (campaign.leads, learned.leads)):
            try:
                if data:
                    model.restore(data)
            except PacingValueError:
                self.board.counters["learned_unreadable"] += 1

    def _open_campaign(self, settings: CampaignSettings, ledger: tuple[int, int]) -> Campaign:
        policy: Literal["predictive", "progressive"] = (
            "progressive" if settings.mode is DialMode.PROGRESSIVE else "predictive"
        )
        answered, abandoned = ledger
        # A debt of the window before this start is paid back. A surplus stays as the window's margin: spent
        # now, it would put today's rate over the target.
        granted = (min(answered, round(abandoned / settings.target)), abandoned)
        pacer = Pacer(
            target=settings.target,
            cap=settings.cap,
            grace_seconds=settings.grace_seconds,
            budget_answered=granted[0],
            budget_abandoned=granted[1],
            policy=policy,
        )
        bucket = TokenBucket(settings.calls_per_second, self.board.now)
        campaign = Campaign(settings, pacer, bucket, window=ledger, granted=granted)
        self.board.campaigns[settings.campaign_id] = campaign
        carriers.lay(self.board, campaign)
        self.board.of_client.setdefault(settings.client_id, []).append(campaign)
        self.board.dirty.add(settings.campaign_id)
        return campaign

    # --- timers ----------------------------------------------------------------------------------------

    def _timer(self, key: str) -> None:
        board = self.board
        kind, _, name = key.partition(":")
        if kind == "tick":
            self._tick()
        elif kind == "census":
            if board.link_up and board.census_due:
                board.send(commands.show_channels(), "census")
        elif kind in ("wrap", "phone"):
            agent = board.agents.get(name)
            if agent is not None and kind == "wrap":
                agents.wrapped(board, agent, reason="wrap-up limit")
            elif agent is not None:
                agents.connect_phone(board, agent)
        elif kind == "deadline":
            self._deadline(name)
        elif kind == "bridge":
            self._bridge_silent(name)
        elif kind == "move":
            transfers.silent(board, name)
        elif kind == "recording":
            recording.timer_due(board, name)
        elif kind == "out":
            third_party.silent(board, name)
        else:
            self._leg_timer(kind, name)

    def _leg_timer(self, kind: str, leg_id: str) -> None:
        board = self.board
        leg = board.legs.get(leg_id)
        if leg is None:
            return
        if kind == "watch":
            recovery.ask(board, leg)
        elif kind == "ring":
            dialing.ring_time_over(board, leg)
        elif kind == "renew":
            if board.link_up:
                agents.renew_standing_leg(board, leg)
            else:
                board.timer(f"renew:{leg_id}", 5.0)
        elif kind == "hash":
            recovery.ask_hash_again(board, leg)

    def _deadline(self, attempt_id: str) -> None:
        """The grace is over: from now on nobody is matched to this person."""
        attempt = self.board.attempts.get(attempt_id)
        if attempt is not None:
            self.board.campaigns[attempt.campaign_id].waiting.pop(attempt_id, None)

    def _bridge_silent(self, attempt_id: str) -> None:
        """`+OK` and then no BRIDGE: ask for both legs."""
        board = self.board
        attempt = board.attempts.get(attempt_id)
        if attempt is None or not attempt.agent_id:
            return
        board.counters["bridge_silent"] += 1
        agent = board.agents.get(attempt.agent_id)
        for leg_id in (agent.leg_id if agent else "", attempt.leg_id):
            leg = board.legs.get(leg_id)
            if leg is not None:
                recovery.ask(board, leg)

    def _tick(self) -> None:
        board = self.board
        board.timer("tick", board.config.tick_seconds)
        board.drift(board.config.tick_seconds)
        board.lag.judge(board.now)
        board.dirty.update(board.campaigns)
        if board.now >= board.publish_due:
            board.publish_due = board.now + board.config.publish_seconds
            board.publish("dialer", self.status())

    # --- replies ---------------------------------------------------------------------------------------

    def _replied(self, reply: Replied) -> None:
        board = self.board
        kind, _, name = reply.token.partition(":")
        if kind == "census":
            recovery.census(board, reply.text)
            return
        if kind == "owner":
            recovery.owner_told(board, name, reply.text)
            return
        if kind == "bridge":
            if not reply.ok:
                attempt_id, _, agent_id = name.partition(":")
                matching.bridge_refused(board, attempt_id, agent_id)
            return
        if kind == "move":
            if not reply.ok:
                transfers.refused(board, *name.split(":", 1))
            return
        if kind == "record":
            recording.replied(board, name, ok=reply.ok, text=reply.text)
            return
        if kind == "out":
            if not reply.ok:
                third_party.refused(board, name)
            return
        leg = board.legs.get(name)
        if leg is None:
            return
        if kind == "orig":
            if not reply.ok:
                legs.refused(board, leg, reply.text.removeprefix("-ERR ").strip())
        elif kind == "hook" and not reply.ok:
            if leg.state is LegState.SENT:
                leg.hooked = False
        elif kind == "dump":
            recovery.dumped(board, leg, reply.text)
        elif kind == "hash":
            recovery.hash_read(board, leg, reply.text)
        elif kind == "exists":
            self._exists(leg.leg_id, alive=reply.text.strip() == "true")

    def _exists(self, leg_id: str, *, alive: bool) -> None:
        leg = self.board.legs[leg_id]
        if alive:
            matching.leg_confirmed(self.board, leg, exists=True)
        else:
            recovery.ask(self.board, leg)
