"""Faults planted into the engine, one at a time: plausible slips that the invariants must find."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

from callflow.effects import Save
from callflow.engine import agents, closing, core, dialing, legs, matching, outcomes, recovery
from callflow.engine.board import Agent, Attempt, Board, Campaign, Leg
from callflow.engine.gateways import Gateway
from callflow.engine.outcomes import Ending
from callflow.inputs import Claimed
from esl import commands
from models.enums import AgentState, Outcome
from models.records import AttemptClosed, AttemptDialed, ClaimedAttempt, OpenAttempt
from tests.simulation.scenario import Scenario, chaos, kills

Patch = tuple[object, str, object]


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault: what is patched, where it must show, and the rules that may find it."""

    name: str
    patches: Callable[[], list[Patch]]
    scenario: Callable[[int], Scenario]
    found_by: frozenset[str]

    @contextmanager
    def in_place(self) -> Any:
        """The engine with the fault."""
        with ExitStack() as stack:
            for target, attribute, value in self.patches():
                stack.enter_context(patch.object(target, attribute, value))
            yield


def _nothing(*args: object, **named: object) -> None:
    """What should have been done is not."""


def calm(seed: int) -> Scenario:
    """Short calls of every kind, and nothing goes wrong by itself."""
    return replace(
        chaos(seed),
        faults=(),
        mischief=0.0,
        clumsy_phones=0.0,
        restless=None,
        slow_network=0.0,
        callees=replace(chaos(seed).callees, agent_hangs_up_after_mean=None, answer_probability=0.6),
    )


def crowded(seed: int) -> Scenario:
    """More answers than agents, and a message for those who wait too long."""
    busy = calm(seed)
    callees = replace(busy.callees, answer_probability=0.9, patience=(6.0, 15.0), talk_mean=20.0)
    return replace(busy, target=0.5, message="sorry.wav", agents=3, callees=callees, odd_callees=0.0)


def unanswered(seed: int) -> Scenario:
    """Phones that ring for a minute."""
    quiet = calm(seed)
    return replace(
        quiet,
        ring_seconds=16.0,
        callees=replace(quiet.callees, answer_probability=0.3, unanswered_seconds=60.0),
    )


# --- the slips ------------------------------------------------------------------------------------------


def _forget_to_free() -> list[Patch]:
    return [(closing, "_free_agent", _nothing)]


def _bridge_twice() -> list[Patch]:
    once = matching._bridge

    def twice(board: Board, attempt: Attempt, agent: Agent) -> None:
        once(board, attempt, agent)
        board.send(commands.uuid_bridge(attempt.leg_id, agent.leg_id))

    return [(matching, "_bridge", twice)]


def _close_twice() -> list[Patch]:
    once = closing.close

    def twice(board: Board, attempt: Attempt, outcome: Outcome, *args: Any, **named: Any) -> None:
        once(board, attempt, outcome, *args, **named)
        for effect in list(board.out):
            record = effect.record if isinstance(effect, Save) else None
            if isinstance(record, AttemptClosed) and record.outcome is Outcome.BUSY:
                board.save(replace(record, outcome=Outcome.NO_ANSWER))

    return [(closing, "close", twice)]


def _dial_without_claim() -> list[Patch]:
    honest = dialing.claimed

    def greedy(board: Board, answer: Claimed) -> None:
        extra = tuple(
            replace(a, attempt_id=board.new_id(), number=a.number[:-1] + "9") for a in answer.attempts[:1]
        )
        honest(board, replace(answer, attempts=answer.attempts + extra))

    return [(dialing, "claimed", greedy)]


def _dial_without_record() -> list[Patch]:
    honest = dialing._dial

    def hasty(board: Board, campaign: Campaign, claim: ClaimedAttempt, gateway: Gateway) -> None:
        honest(board, campaign, claim, gateway)
        board.out[:] = [
            e for e in board.out if not (isinstance(e, Save) and isinstance(e.record, AttemptDialed))
        ]

    return [(dialing, "_dial", hasty)]


def _ignore_deadline() -> list[Patch]:
    return [
        (matching, "match_until", lambda board, campaign, attempt: float("inf")),
        (legs, "expire", _nothing),
        (core.Engine, "_deadline", _nothing),
    ]


def _two_calls_for_one_agent() -> list[Patch]:
    def anybody(board: Board, campaign: Campaign) -> Agent | None:
        for agent in board.agents.values():
            if agent.leg_ready and agent.state in (AgentState.READY, AgentState.TALKING):
                return agent
        return None

    def reserve(board: Board, attempt: Attempt, agent: Agent) -> None:
        agent.state = AgentState.READY
        honest(board, attempt, agent)

    honest = matching.reserve

    def always(board: Board, campaign: Campaign) -> None:
        for attempt_id in list(campaign.waiting):
            agent = anybody(board, campaign)
            if agent is not None:
                matching._bridge(board, board.attempts[attempt_id], agent)

    return [(matching, "reserve", reserve), (matching, "match", always)]


def _forget_to_kill() -> list[Patch]:
    return [(dialing, "ring_time_over", _nothing)]


def _give_up_too_soon() -> list[Patch]:
    honest = legs.reach_ringing

    def impatient(board: Board, leg: Leg, progress_us: int) -> None:
        honest(board, leg, progress_us)
        board.timer(f"ring:{leg.leg_id}", 5.0)

    return [(legs, "reach_ringing", impatient)]


def _leave_phones_up() -> list[Patch]:
    def leave(board: Board, agent: Agent) -> None:
        agent.leg_id, agent.leg_ready = "", False

    return [(agents, "hang_up_phone", leave)]


def _call_abandons_early_ends() -> list[Patch]:
    honest = outcomes.classify

    def flatter(ending: Ending, **named: Any) -> Outcome:
        outcome = honest(ending, **named)
        return Outcome.ENDED_BEFORE_AGENT if outcome is Outcome.ABANDONED else outcome

    return [(closing, "classify", flatter)]


def _lose_talk_seconds() -> list[Patch]:
    def clipped(ending: Ending) -> float:
        return max(0.0, (ending.hangup_us - ending.bridged_us) / 1e6 - 0.5) if ending.bridged_us else 0.0

    return [(Ending, "talk_seconds", property(clipped))]


def _redial_after_crash() -> list[Patch]:
    def redial(board: Board, core_uuid: str) -> None:
        up(board, core_uuid)
        for attempt in list(board.attempts.values()):
            campaign = board.campaigns[attempt.campaign_id]
            if attempt.recovered:
                command = dialing.originate_command(
                    board, campaign.settings, board.new_id(), attempt.number, campaign.settings.gateway
                )
                board.send(command)

    up = recovery.link_up
    return [(recovery, "link_up", redial)]


def _call_lost_not_dialed() -> list[Patch]:
    def forget(board: Board, found: OpenAttempt) -> None:
        attempt = Attempt(found.attempt_id, found.campaign_id, found.number, board.next_serial())
        board.attempts[found.attempt_id] = attempt
        closing.close(board, attempt, Outcome.NOT_DIALED, None)

    return [(recovery, "_load_attempt", forget)]


def _do_not_ask_at_start() -> list[Patch]:
    return [(recovery, "ask", _nothing)]


def _forgetful(seed: int) -> Scenario:
    """Every second wrap-up is left to the limit."""
    return replace(chaos(seed), forgetful=0.5)


def _endless_wrap_up() -> list[Patch]:
    return [(agents, "start_wrap_up", _nothing)]


def _book_on_another() -> list[Patch]:
    honest = closing.close

    def wrong(board: Board, attempt: Attempt, outcome: Outcome, *args: Any, **named: Any) -> None:
        honest(board, attempt, outcome, *args, **named)
        for index, effect in enumerate(board.out):
            if (
                isinstance(effect, Save)
                and isinstance(effect.record, AttemptClosed)
                and effect.record.agent_id
            ):
                board.out[index] = Save(replace(effect.record, agent_id=next(iter(board.agents))))

    return [(closing, "close", wrong)]


PLANTED: tuple[Planted, ...] = (
    Planted("forgets to free the agent", _forget_to_free, calm, frozenset({"no agent stuck"})),
    Planted("bridges twice", _bridge_twice, calm, frozenset({"bridged once"})),
    Planted("closes twice", _close_twice, calm, frozenset({"one outcome"})),
    Planted("dials without a claim", _dial_without_claim, calm, frozenset({"claim before dial"})),
    Planted("dials without a record", _dial_without_record, calm, frozenset({"durable before dialed"})),
    Planted("ignores the deadline", _ignore_deadline, crowded, frozenset({"deadline"})),
    Planted("gives an agent two calls", _two_calls_for_one_agent, crowded, frozenset({"one call per agent"})),
    Planted("forgets to give up ringing", _forget_to_kill, unanswered, frozenset({"ring time"})),
    Planted("gives up ringing too soon", _give_up_too_soon, unanswered, frozenset({"ring time"})),
    Planted("leaves phones up at logout", _leave_phones_up, calm, frozenset({"every leg closed"})),
    Planted("hides abandoned calls", _call_abandons_early_ends, crowded, frozenset({"outcome true"})),
    Planted("loses talk seconds", _lose_talk_seconds, calm, frozenset({"talk true"})),
    Planted("books calls on another agent", _book_on_another, calm, frozenset({"attribution"})),
    Planted("redials after a crash", _redial_after_crash, kills, frozenset({"durable before dialed"})),
    Planted("forgets calls after a crash", _call_lost_not_dialed, kills, frozenset({"outcome true"})),
    Planted("does not ask after a crash", _do_not_ask_at_start, kills, frozenset({"adopted"})),
    Planted("lets wrap-up last for ever", _endless_wrap_up, _forgetful, frozenset({"no agent stuck"})),
)
