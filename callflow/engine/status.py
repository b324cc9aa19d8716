"""What the dialer shows of itself: live figures since the engine started, and why it dials no faster."""

from __future__ import annotations

from collections import Counter
from typing import Any

from callflow.engine.board import Board, Campaign
from models.enums import LegKind


def status(board: Board) -> dict[str, Any]:
    """A JSON-ready snapshot: agents by state, calls in flight by stage, per campaign what limits it."""
    legs = Counter(str(leg.state) for leg in board.legs.values() if leg.kind is LegKind.CUSTOMER)
    return {
        "now": board.now,
        "wall": board.wall,
        "link_up": board.link_up,
        "core_uuid": board.core_uuid,
        "blocked": list(board.blocked),
        "recovering": len(board.resyncing),
        "open_attempts": len(board.attempts),
        "pending_claims": sum(c.pending for c in board.campaigns.values()),
        "agents": dict(Counter(str(a.state) for a in board.agents.values())),
        "calls": dict(legs),
        "campaigns": {key: campaign_status(board, c) for key, c in board.campaigns.items()},
        "switch_lag_p95_ms": round(1000 * board.lag.p95, 1),
        "illegal_events": sum(board.illegal.values()),
        "counters": dict(board.counters),
    }


def campaign_status(board: Board, campaign: Campaign) -> dict[str, Any]:
    """One campaign's live figures; counts are since the engine started, the ledger is the legal window's."""
    decision = campaign.decision
    campaign_id = campaign.settings.campaign_id
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
        "agents": dict(Counter(str(a.state) for a in board.agents.values() if a.campaign_id == campaign_id)),
    }
