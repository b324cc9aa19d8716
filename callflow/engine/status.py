"""What the dialer shows of itself: live figures since the engine started, and why it dials no faster."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from callflow.engine import clients, recording
from callflow.engine.board import Board, Campaign
from callflow.engine.gateways import Gateway, Lane, Standing
from models.enums import LegKind


def status(board: Board) -> dict[str, Any]:
    """A JSON-ready snapshot: agents by state, calls in flight by stage, per campaign what limits it."""
    calls, agents, recordings = _calls(board), _agents(board), recording.shown(board)
    return {
        "now": board.now,
        "wall": board.wall,
        "link_up": board.link_up,
        "core_uuid": board.core_uuid,
        "blocked": list(board.blocked),
        "recovering": len(board.resyncing),
        "open_attempts": len(board.attempts),
        "pending_claims": sum(c.pending for c in board.campaigns.values()),
        "agents": dict(sum(agents.values(), Counter[str]())),
        "calls": dict(sum(calls.values(), Counter[str]())),
        "campaigns": {
            key: campaign_status(
                campaign, agents=agents[key], calls=calls[key], recordings=recordings[key], now=board.now
            )
            for key, campaign in board.campaigns.items()
        },
        "gateways": {name: gateway_status(board, gateway) for name, gateway in board.gateways.items()},
        "recording_room": board.recording_room,
        "sessions_max": board.sessions_max,
        "legs_per_second": board.leg_bucket.per_second,
        "rate_share": round(board.lag.factor, 3),
        "switch_lag_p95_ms": round(1000 * board.lag.p95(board.now), 1),
        "illegal_events": sum(board.illegal.values()),
        "counters": dict(board.counters),
    }


def campaign_status(
    campaign: Campaign,
    *,
    agents: Counter[str],
    calls: Counter[str],
    recordings: Counter[str],
    now: float,
) -> dict[str, Any]:
    """One campaign's live figures; counts are since the engine started, the ledger is the legal window's."""
    decision = campaign.decision
    return {
        "name": campaign.settings.name,
        "state": str(campaign.settings.state),
        "target": campaign.settings.target,
        "limited_by": campaign.limited_by,
        "lines": campaign.lines,
        "waiting": len(campaign.waiting),
        "dialed": campaign.dialed,
        "live_answers": campaign.live_answers,
        "abandoned": campaign.abandoned,
        "ended_before_agent": campaign.ended_before_agent,
        "ledger": [campaign.window[0] + campaign.live_answers, campaign.window[1] + campaign.abandoned],
        "expected_answers": decision.expected_answers if decision else 0.0,
        "free_agents": decision.free_agents if decision else 0.0,
        "abandon_risk": decision.abandon_risk if decision else 0.0,
        "expected_abandons": clients.in_flight(campaign),
        "group": _group(campaign),
        "agents": dict(agents),
        "calls": dict(calls),
        "recordings": dict(recordings),
        "gateways": [_lane(lane, now) for lane in campaign.lanes],
    }


def gateway_status(board: Board, gateway: Gateway) -> dict[str, Any]:
    """A gateway over all campaigns: calls up, its limits, its standing, calls that it took and failed."""
    standing = gateway.look(board.now)
    return {
        "standing": _standing(gateway, board.now),
        "back_in_seconds": round(gateway.back_at - board.now, 1) if standing is Standing.OUT else None,
        "calls": gateway.calls,
        "max_calls": gateway.limits.max_calls,
        "calls_per_second": gateway.limits.calls_per_second,
        "taken": gateway.taken,
        "failed": gateway.failed,
    }


def _standing(gateway: Gateway, now: float) -> str:
    return str(gateway.look(now)) if gateway.limits.enabled else "closed"


def _lane(lane: Lane, now: float) -> dict[str, Any]:
    """A gateway as the campaign uses it; `answered` of the last `seizures` is its answer-seizure ratio."""
    return {
        "gateway": lane.gateway.name,
        "standing": _standing(lane.gateway, now),
        "tier": lane.tier,
        "weight": lane.weight,
        "poor": lane.poor,
        "seizures": lane.seizures,
        "answered": lane.answered,
    }


def _group(campaign: Campaign) -> dict[str, Any] | None:
    """The budget of the campaign's client as its pacer holds it, if one binds."""
    ledger = campaign.pacer.group_ledger()
    if campaign.group is None or ledger is None:
        return None
    return {"target": campaign.group[0], "ledger": list(ledger), "expected_elsewhere": campaign.group[1]}


def _agents(board: Board) -> dict[str, Counter[str]]:
    """Agents by state, of each campaign; those of none are under the empty name."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for agent in board.agents.values():
        found[agent.campaign_id][str(agent.state)] += 1
    return found


def _calls(board: Board) -> dict[str, Counter[str]]:
    """People's legs by stage, of each campaign; those whose attempt has ended are under the empty name."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for leg in board.legs.values():
        if leg.kind is LegKind.CUSTOMER:
            attempt = board.attempts.get(leg.owner_id)
            found[attempt.campaign_id if attempt is not None else ""][str(leg.state)] += 1
    return found
