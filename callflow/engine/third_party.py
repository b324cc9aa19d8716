"""A conversation handed to a number outside: a third leg is dialed while the customer is on hold.

The customer hears the switch's music in their bridge with the agent until the third party answers; then one
`uuid_bridge` moves them, and the agent wraps up. Nobody answers, the number is busy, the link is lost: the
agent has the customer still, and the hold is taken off. So no customer is left to a number that rings.

Once the two are together the engine watches both legs to their end, and should no dialer live the switch
carries out the ends: each leg ends with the other (`hangup_after_bridge`), both after a limit
(`sched_hangup`), and a third leg that nobody bridges by its own list.
"""

from __future__ import annotations

import re

from callflow.engine import agents, carriers, conversation, recording
from callflow.engine.board import Agent, Attempt, Board, Campaign, Leg, Third
from callflow.engine.tables import LegEvent, LegState
from esl import commands
from esl.errors import UnencodableValue
from models.enums import AgentState, AttemptState, LegKind
from models.records import OpenThirdLeg, OperatorCommand, ThirdLegEnded, ThirdLegJoined, ThirdLegOpened

RING_SECONDS = 30
_WAIT_MS = 2000
"""The bridge is sent when the switch says that this wait has begun (ARCHITECTURE, step 5)."""
_CHECK_SECONDS = 1.0
_NUMBER = re.compile(r"\+[1-9][0-9]{5,14}")
_NO_LINE = "no line is free for it now: try again in a moment"


# --- by command ------------------------------------------------------------------------------------------


def to_number(board: Board, agent: Agent, command: OperatorCommand, verdict: str) -> str:
    """Dial a number for the customer; `verdict` is why a rule forbids it, empty if none does."""
    found = conversation.in_hand(board, agent, command)
    if isinstance(found, str):
        return found
    attempt, _, own = found
    number = str(command.payload.get("number", ""))
    if attempt.third or attempt.moving_to:
        known = board.thirds.get(attempt.third)
        return "" if known is not None and known.number == number else "a transfer is under way"
    if _NUMBER.fullmatch(number) is None:
        return "the number must be in international form, such as +12125550100"
    if number == attempt.number:
        return "that is the number of the person on the line"
    if verdict:
        return f"that number must not be called: {verdict}"
    refusal = _dial(board, attempt, agent, number)
    if not refusal and agent.state is AgentState.TALKING:
        agent.hold_asked = True
        board.send(commands.uuid_hold(own.leg_id, True))
        board.timer(f"watch:{own.leg_id}", 2 * _CHECK_SECONDS)
    return refusal


def hold(board: Board, agent: Agent, command: OperatorCommand) -> str:
    """Hold, and off again; whoever takes the customer off hold wants the transfer no more."""
    attempt = board.attempts.get(agent.attempt_id)
    refusal = conversation.hold(board, agent, command)
    if not refusal and attempt is not None and command.payload.get("on") is False:
        give_up(board, attempt)
    return refusal


def _dial(board: Board, attempt: Attempt, agent: Agent, number: str) -> str:
    campaign = board.campaigns[attempt.campaign_id]
    if board.blocked or board.lag.factor == 0.0:
        return f"nothing can be dialed now: {next(iter(board.blocked), 'switch_lag')}"
    leg_id = board.new_id()
    gateway = carriers.choose(board, campaign, leg_id)
    if gateway is None or board.leg_bucket.available(board.now, board.lag.factor) < 1:
        return _NO_LINE
    if board.sessions_max and len(board.legs) >= board.sessions_max:
        return _NO_LINE
    try:
        command = _originate(board, campaign, leg_id, number, gateway.name)
    except UnencodableValue as error:
        return f"that number can't be dialed: {error}"[:200]
    leg = Leg(leg_id, LegKind.THIRD_PARTY, leg_id, sent_at=board.now, since=board.now)
    board.legs[leg_id] = leg
    board.thirds[leg_id] = Third(leg_id, attempt.attempt_id, number, agent.agent_id)
    attempt.third = leg_id
    board.leg_bucket.take()
    carriers.dialed(board, leg, gateway)
    board.lag.asked(leg_id, board.now)
    board.save(
        ThirdLegOpened(
            leg_id=leg_id,
            attempt_id=attempt.attempt_id,
            agent_id=agent.agent_id,
            switch_id=board.config.switch_id,
            number=number,
            gateway=gateway.name,
            at=board.wall,
        )
    )
    board.send(command, f"orig:{leg_id}")
    board.timer(f"watch:{leg_id}", 3.0)
    return ""


def _originate(board: Board, campaign: Campaign, leg_id: str, number: str, gateway: str) -> commands.BgApi:
    commands.dialable(number)
    variables = {
        "ignore_early_media": "true",
        "outbound_redirect_fatal": "true",
        "hangup_after_bridge": "true",
        "originate_timeout": str(RING_SECONDS),
        "rm_owner": board.config.owner,
    }
    if campaign.settings.caller_id:
        variables["origination_caller_id_number"] = commands.dialable(campaign.settings.caller_id)
    return commands.originate(
        leg_id,
        agents.dial_string(board, gateway, number),
        commands.inline([("sleep", str(_WAIT_MS)), ("hangup", "NORMAL_CLEARING")]),
        variables,
        expand=bool(board.config.fence),
    )


# --- by the switch's word -------------------------------------------------------------------------------


def answered(board: Board, leg: Leg) -> None:
    """The third party is there: the customer goes to them."""
    third = board.thirds.get(leg.owner_id)
    attempt = board.attempts.get(third.attempt_id) if third is not None else None
    if attempt is None or attempt.third != leg.leg_id or attempt.state is not AttemptState.CONNECTED:
        board.send(commands.uuid_kill(leg.leg_id))
        return
    limit = round(board.config.transfer_limit_seconds)
    for one in (attempt.leg_id, leg.leg_id):
        board.send(commands.sched_hangup(one, limit, "ALLOTTED_TIMEOUT"))
    board.send(commands.uuid_bridge(attempt.leg_id, leg.leg_id), f"out:{leg.leg_id}")
    board.timer(f"out:{leg.leg_id}", _CHECK_SECONDS)


def joined(board: Board, third_leg: Leg, bridged_us: int) -> None:
    """Customer and third party hear each other: the agent's part is over."""
    third = board.thirds.get(third_leg.owner_id)
    attempt = board.attempts.get(third.attempt_id) if third is not None else None
    if third is None or attempt is None or third.joined:
        return
    third.joined = True
    board.stop_timer(f"out:{third_leg.leg_id}")
    customer = board.legs[attempt.leg_id]
    third_leg.bridged_us, third_leg.peer_id, customer.peer_id = bridged_us, customer.leg_id, third_leg.leg_id
    board.move_leg(third_leg, LegEvent.BRIDGE)
    for leg in (customer, third_leg):
        board.timer(f"watch:{leg.leg_id}", 60.0)
    at = board.wall_of(bridged_us) if bridged_us else board.wall
    _leaves(board, attempt, at)
    recording.agent_left(board, attempt)
    if not attempt.told:
        attempt.told = True
        board.campaigns[attempt.campaign_id].pacer.ended(board.now, attempt.call_id, "done")
    agent = board.agents.get(attempt.agent_id)
    if agent is not None and agent.attempt_id == attempt.attempt_id:
        agent.attempt_id = ""
        agents.call_ended(board, agent, attempt.attempt_id)
    # After the agent's wrap-up: whoever takes over with but one of the two must not leave them in the call.
    board.save(ThirdLegJoined(leg_id=third_leg.leg_id, attempt_id=attempt.attempt_id, at=at))


def _leaves(board: Board, attempt: Attempt, at: float) -> None:
    """The talk of the call is what the agent had of it."""
    attempt.moved, attempt.left_wall = True, at


def refused(board: Board, leg_id: str) -> None:
    """`-ERR Invalid uuid`: one of the two is gone. The third party must not be left alone."""
    if leg_id in board.legs:
        board.send(commands.uuid_kill(leg_id))
        board.timer(f"watch:{leg_id}", _CHECK_SECONDS)


def silent(board: Board, leg_id: str) -> None:
    """`+OK` and then no BRIDGE: the switch is asked who is with whom."""
    third = board.thirds.get(leg_id)
    attempt = board.attempts.get(third.attempt_id) if third is not None else None
    if third is None or attempt is None or third.joined:
        return
    board.counters["move_silent"] += 1
    board.timer(f"out:{leg_id}", 2 * _CHECK_SECONDS)
    if board.link_up:
        board.send(commands.uuid_dump(leg_id), f"dump:{leg_id}")


def dumped(board: Board, leg: Leg, peer_id: str, *, answered_us: int, bridged_us: int) -> None:
    """The switch's own data of a third leg."""
    third = board.thirds.get(leg.owner_id)
    attempt = board.attempts.get(third.attempt_id) if third is not None else None
    if third is None or attempt is None:
        board.send(commands.uuid_kill(leg.leg_id))
        return
    board.timer(f"watch:{leg.leg_id}", 60.0 if answered_us else 35.0)
    leg.answered_us = leg.answered_us or answered_us
    if leg.state is LegState.SENT:
        board.move_leg(leg, LegEvent.CREATE)
    if peer_id == attempt.leg_id:
        _bring_to_bridge(board, leg)
        joined(board, leg, bridged_us)
    elif third.joined or attempt.recovered:
        # It was with the customer and is not, or the dialer that had dialed it is no more.
        board.send(commands.uuid_kill(leg.leg_id))
        board.timer(f"watch:{leg.leg_id}", _CHECK_SECONDS)


def _bring_to_bridge(board: Board, leg: Leg) -> None:
    """Events before the bridge were lost."""
    for state, event in (
        (LegState.CREATED, LegEvent.ANSWER),
        (LegState.RINGING, LegEvent.ANSWER),
        (LegState.ANSWERED, LegEvent.WAIT),
    ):
        if leg.state is state:
            board.move_leg(leg, event)


def found_with(board: Board, attempt: Attempt, third_leg: Leg, bridged_us: int) -> None:
    """The customer is with their third party, as the customer's own data say."""
    if attempt.third != third_leg.leg_id:
        return
    if third_leg.state is LegState.SENT:
        board.move_leg(third_leg, LegEvent.CREATE)
    _bring_to_bridge(board, third_leg)
    joined(board, third_leg, bridged_us)


def ended(
    board: Board,
    leg: Leg,
    cause: str,
    *,
    sip_status: int | None = None,
    progress_us: int = 0,
    answered_us: int = 0,
    hangup_us: int = 0,
) -> None:
    """The third leg is gone (already off the board): its record, and the agent has the customer back."""
    board.stop_timer(f"out:{leg.leg_id}")
    third = board.thirds.pop(leg.owner_id, None)
    gateway = board.gateways.get(leg.gateway)
    if gateway is not None and not leg.taken:
        gateway.spared(leg.sent_at)
    progress_us, answered_us = progress_us or leg.progress_us, answered_us or leg.answered_us
    board.save(
        ThirdLegEnded(
            leg_id=leg.leg_id,
            cause=cause,
            sip_status=sip_status,
            ringing_at=board.wall_of(progress_us) if progress_us else None,
            answered_at=board.wall_of(answered_us) if answered_us else None,
            at=board.wall_of(hangup_us) if hangup_us else board.wall,
        )
    )
    attempt = board.attempts.get(third.attempt_id) if third is not None else None
    if third is None or attempt is None:
        return
    if third.joined:
        board.timer(f"watch:{attempt.leg_id}", _CHECK_SECONDS)  # its end is to come
        return
    attempt.third = ""
    agent = board.agents.get(attempt.agent_id)
    if agent is not None and agent.attempt_id == attempt.attempt_id and agent.leg_id and board.link_up:
        agent.told = f"not transferred: {cause}"[:100]
        board.send(commands.uuid_hold(agent.leg_id, False))
        board.timer(f"watch:{agent.leg_id}", 2 * _CHECK_SECONDS)
        board.timer(f"watch:{attempt.leg_id}", _CHECK_SECONDS)  # its bridge may have been on its way


def give_up(board: Board, attempt: Attempt) -> None:
    """The third party is wanted no more: the customer is gone, or back with the agent."""
    third = board.thirds.get(attempt.third)
    if third is not None and board.link_up and (not third.joined or attempt.state is AttemptState.CLOSED):
        board.send(commands.uuid_kill(third.leg_id))
        board.timer(f"watch:{third.leg_id}", 2 * _CHECK_SECONDS)


def load(board: Board, known: OpenThirdLeg) -> None:
    """A third leg that an earlier dialer had dialed; the switch is asked for it when the link is up."""
    leg = Leg(known.leg_id, LegKind.THIRD_PARTY, known.leg_id, sent_at=board.now, since=board.now)
    board.legs[leg.leg_id] = leg
    carriers.adopted(board, leg, known.gateway)
    third = Third(known.leg_id, known.attempt_id, known.number, known.agent_id)
    board.thirds[third.leg_id] = third
    attempt = board.attempts.get(known.attempt_id)
    if attempt is None:
        return
    attempt.third = third.leg_id
    if known.joined_at is not None:
        third.joined = True
        leg.state = LegState.BRIDGED
        _leaves(board, attempt, known.joined_at)
        attempt.state, attempt.told = AttemptState.CONNECTED, True
        customer = board.legs.get(attempt.leg_id)
        if customer is not None:
            customer.state, customer.peer_id = LegState.BRIDGED, leg.leg_id
