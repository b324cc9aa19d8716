"""By which gateway a number is dialed, and how many calls the gateways leave room for.

A campaign's routes are its own, else its tenant's, else the one gateway of its settings; a dial string that
names a gateway overrides them all. The lowest tier with a gateway that can take a call gets it, and within a
tier the draw is by weight. The lot is the attempt's own id: drawn anew it falls the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from callflow.engine.board import Board, Campaign, Leg
from callflow.engine.gateways import MANY, Gateway, Lane, Standing, compare
from models.enums import Outcome
from models.records import CarrierPlan, EventRecorded, GatewayLimits, Route

FAILURES = frozenset({Outcome.CONGESTION, Outcome.CARRIER_FAILURE})
"""Without any ringing before them: the network's fault, not the person's."""
_SAY_NOTHING = frozenset(
    {
        Outcome.SWITCH_REFUSED,
        Outcome.SWITCH_LOST,
        Outcome.CANCELLED,
        Outcome.UNKNOWN,
        Outcome.NOT_DIALED,
    }
)
_DOWN = "GATEWAY_DOWN"
SESSIONS_SHARE = 0.9
"""Of the switch's sessions: the rest is for agents' phones and for who calls in."""
RATE_SHARE = 0.75
"""Of the switch's sessions per second. It counts whole seconds (FACTS §8), and the bucket's burst comes on
top: a quarter of a second's."""


# --- what the database says ------------------------------------------------------------------------------


def hear(board: Board, plan: CarrierPlan) -> None:
    """Take over gateways and routes; how gateways and lanes have fared stays."""
    if plan == board.plan:
        return
    board.plan = plan
    known = {limits.name: limits for limits in plan.gateways}
    for name, gateway in board.gateways.items():
        gateway.limit(known.get(name, GatewayLimits(name=name)), board.now)
    for campaign in board.campaigns.values():
        lay(board, campaign)
    board.dirty.update(board.campaigns)


def lay(board: Board, campaign: Campaign) -> None:
    """Give a campaign its lanes."""
    before = {lane.gateway.name: lane for lane in campaign.lanes}
    lanes = []
    for route in _routes(board, campaign):
        lane = before.get(route.gateway) or Lane(of_name(board, route.gateway))
        lane.weight, lane.tier = route.weight, route.tier
        lanes.append(lane)
    campaign.lanes = tuple(sorted(lanes, key=lambda lane: lane.tier))


def _routes(board: Board, campaign: Campaign) -> Sequence[Route]:
    settings = campaign.settings
    if fixed := board.config.dial.customers.gateway:
        return (Route(gateway=fixed),)
    found = board.plan.routes.get(settings.campaign_id)
    return (Route(gateway=settings.gateway),) if found is None else found


def of_name(board: Board, name: str) -> Gateway:
    """The gateway of that name; one that the database does not know has no limits."""
    gateway = board.gateways.get(name)
    if gateway is None:
        limits = next((one for one in board.plan.gateways if one.name == name), GatewayLimits(name=name))
        gateway = board.gateways[name] = Gateway(limits)
        gateway.limit(limits, board.now)
    return gateway


def hear_switch(board: Board, *, sessions: int, max_sessions: int, per_second: int) -> None:
    """The switch's own limits, from its heartbeat; 0 is not told. We stay below them."""
    if max_sessions > 0:
        others = max(0, sessions - len(board.legs))
        board.sessions_max = max(1, int(SESSIONS_SHARE * max_sessions) - others)
    if per_second > 0:
        board.leg_bucket.per_second = min(board.config.legs_per_second, max(1.0, RATE_SHARE * per_second))


# --- how many more ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Room:
    """Calls that may be added, and begun now. `why` names what the lines are short of: `gateway_lines`,
    `gateway_down` or `switch_sessions`; empty where nothing here limits them."""

    lines: int
    tokens: int
    why: str = ""


def room(board: Board, campaign: Campaign) -> Room:
    """What the campaign's gateways and the switch's sessions leave; claims under way are taken off."""
    now, lines, tokens = board.now, 0, 0
    for lane in campaign.lanes:
        if lane.weight > 0 and (free := lane.gateway.lines(now)):
            lines += free
            tokens += min(free, lane.gateway.tokens(now))
    why = "gateway_lines" if any(_works(board, lane) for lane in campaign.lanes) else "gateway_down"
    if lines < MANY or tokens < MANY:
        waiting = _pending(board, campaign)
        lines, tokens = max(0, lines - waiting), max(0, tokens - waiting)
    if board.sessions_max:
        pending = sum(other.pending for other in board.campaigns.values())
        left = max(0, board.sessions_max - len(board.legs) - pending)
        if left < lines:
            lines, why = left, "switch_sessions"
    return Room(lines, tokens, why)


def _works(board: Board, lane: Lane) -> bool:
    return lane.weight > 0 and lane.gateway.works(board.now)


def _pending(board: Board, campaign: Campaign) -> int:
    """Claims under way of whoever dials by one of the campaign's gateways: they may all go there."""
    own = {lane.gateway.name for lane in campaign.lanes}
    return sum(
        other.pending
        for other in board.campaigns.values()
        if other.pending and any(lane.gateway.name in own for lane in other.lanes)
    )


def choose(board: Board, campaign: Campaign, attempt_id: str, *, besides: str = "") -> Gateway | None:
    """The gateway to dial an attempt by; None if none can take it now. `besides` is one not to use."""
    now, tier = board.now, None
    lanes: list[Lane] = []
    for lane in campaign.lanes:
        if tier is not None and lane.tier != tier:
            break
        gateway = lane.gateway
        if gateway.name != besides and lane.weight > 0 and gateway.lines(now) > 0 and gateway.tokens(now) > 0:
            lanes.append(lane)
            tier = lane.tier
    if not lanes:
        return None
    point = zlib.crc32(attempt_id.encode()) / 2**32 * sum(lane.share for lane in lanes)
    for lane in lanes:
        point -= lane.share
        if point < 0:
            return lane.gateway
    return lanes[-1].gateway


# --- legs ------------------------------------------------------------------------------------------------


def dialed(board: Board, leg: Leg, gateway: Gateway) -> None:
    """A leg goes out by a gateway."""
    leg.gateway = gateway.name
    gateway.dialed()


def adopted(board: Board, leg: Leg, name: str) -> None:
    """A leg of an earlier dialer, or of one whose records are lost, is up by this gateway."""
    if name and not leg.gateway:
        leg.gateway = name
        of_name(board, name).calls += 1


def gone(board: Board, leg: Leg) -> None:
    """The leg is no more."""
    gateway = board.gateways.get(leg.gateway)
    if gateway is not None:
        gateway.calls = max(0, gateway.calls - 1)


def rings(board: Board, leg: Leg) -> None:
    """The carrier has brought the call to a phone."""
    gateway = board.gateways.get(leg.gateway)
    if gateway is not None and not leg.taken:
        leg.taken = True
        if gateway.took(board.now, leg.sent_at):
            _tell(board, gateway, "")


def ended(
    board: Board, campaign: Campaign, leg: Leg, outcome: Outcome, *, cause: str, answered: bool
) -> None:
    """A leg is over: what that says of its carrier."""
    gateway = board.gateways.get(leg.gateway)
    if gateway is None:
        return
    failed = outcome in FAILURES and not leg.taken and not answered
    if outcome in _SAY_NOTHING and not leg.taken:
        gateway.spared(leg.sent_at)
        return
    if failed:
        if gateway.failed_one(board.now, leg.sent_at, down=cause == _DOWN):
            board.counters["gateway_out"] += 1
            _tell(board, gateway, cause)
    else:
        rings(board, leg)
    lane = next((one for one in campaign.lanes if one.gateway is gateway), None)
    if lane is not None:
        lane.ended(answered=answered)
        compare(lane, campaign.lanes)


def _tell(board: Board, gateway: Gateway, cause: str) -> None:
    """A gateway went out, or is back: for the event feed, and every campaign may dial otherwise now."""
    board.dirty.update(board.campaigns)
    payload: dict[str, object] = {
        "switch_id": board.config.switch_id,
        "gateway": gateway.name,
        "standing": str(gateway.standing),
        "cause": cause[:40],
    }
    if gateway.standing is Standing.OUT:
        payload["seconds"] = round(gateway.back_at - board.now, 1)
    board.save(EventRecorded(id=board.new_id(), topic="gateway", at=board.wall, payload=payload))
