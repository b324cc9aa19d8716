"""The abandon budget of a client: what its campaigns abandon together binds each of them.

To split a campaign makes no new budget. Each pacer is told the ledger of the group beside its own and obeys
the stricter of the two (pacing_core, `set_group_budget`). The group and its target are

- all of the client's campaigns at the client's own target, where it has one that is no laxer than the
  campaign's cap;
- else the client's campaigns whose cap is no laxer than this one's, at this one's cap: what a laxer law
  allows elsewhere is not held against a campaign under a stricter one.

Campaigns of this switch count as their pacers count them, with the abandons expected of their calls in
flight; those of other switches as they were last told. As with a campaign's own budget, a debt of the time
before this engine is paid back, and a surplus stays as the window's margin.
"""

from __future__ import annotations

from collections.abc import Sequence

from callflow.engine.board import Board, Campaign, GroupSums
from models.records import ClientBudget

_EXPECTED_STEP = 0.05
"""Abandons. Smaller changes of what is in flight elsewhere are not told: each telling is a line of the
log."""


def hear(board: Board, budgets: Sequence[ClientBudget]) -> None:
    """Take over what the database says of the clients."""
    for client in budgets:
        board.clients[client.client_id] = client
        for other in client.elsewhere:
            board.elsewhere_first.setdefault(other.campaign_id, (other.answered, other.abandoned))


def tell(board: Board, campaign: Campaign) -> None:
    """Tell the campaign's pacer its group's budget, if there is one and it has changed."""
    if not campaign.settings.client_id:
        return
    limit, highest_cap = _limit(board, campaign)
    sums = _sums(board, campaign.settings.client_id, limit, highest_cap)
    if (sums.members < 2 and limit >= campaign.settings.cap) or limit >= 1.0:
        if campaign.group is not None:
            campaign.group = None
            campaign.pacer.clear_group_budget()
        return
    answered, abandoned = sums.before
    answered = min(answered, round(abandoned / limit)) + sums.since[0]
    abandoned += sums.since[1]
    expected = max(0.0, sums.expected - in_flight(campaign))
    told = campaign.group
    if (
        told is None
        or told[0] != limit
        or abs(told[1] - expected) >= _EXPECTED_STEP
        or campaign.pacer.group_ledger() != (answered, abandoned)
    ):
        campaign.group = (limit, expected)
        campaign.pacer.set_group_budget(limit, answered, abandoned, expected=expected)


def in_flight(campaign: Campaign) -> float:
    """Abandons to be expected of the campaign's calls in flight."""
    return campaign.pacer.expected_abandons() if campaign.lines else 0.0


def _limit(board: Board, campaign: Campaign) -> tuple[float, float]:
    """The group's target, and the highest cap of a campaign that belongs to it."""
    client, cap = board.clients.get(campaign.settings.client_id), campaign.settings.cap
    if client is not None and client.target is not None and client.target <= cap:
        return client.target, 1.0
    return cap, cap


def _sums(board: Board, client_id: str, limit: float, highest_cap: float) -> GroupSums:
    """Reckoned once a step for all campaigns that share it."""
    key = (client_id, limit, highest_cap)
    found = board.groups.get(key)
    if found is None:
        found = board.groups[key] = _reckon(board, client_id, highest_cap)
    return found


def _reckon(board: Board, client_id: str, highest_cap: float) -> GroupSums:
    members, expected = 0, 0.0
    before, since = [0, 0], [0, 0]
    for campaign in board.of_client.get(client_id, ()):
        if campaign.settings.cap <= highest_cap:
            members += 1
            expected += in_flight(campaign)
            for at, (window, granted, now) in enumerate(
                zip(campaign.window, campaign.granted, campaign.pacer.ledger(), strict=True)
            ):
                before[at] += window
                since[at] += now - granted
    client = board.clients.get(client_id)
    for other in client.elsewhere if client is not None else ():
        if other.cap <= highest_cap:
            members += 1
            expected += other.expected
            first = board.elsewhere_first[other.campaign_id]
            for at, now in enumerate((other.answered, other.abandoned)):
                before[at] += min(first[at], now)  # less than first: its legal window is a new one
                since[at] += max(0, now - first[at])
    return GroupSums(members, (before[0], before[1]), (since[0], since[1]), expected)
