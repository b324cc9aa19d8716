"""Pacing, claims and originates: how a decision becomes calls.

The pacer says how many; a claim makes them durable; each is judged by the rules once more and only then sent.
`limited_by` always says why not more.
"""

from __future__ import annotations

from itertools import islice

from callflow.effects import Claim
from callflow.engine import agents, carriers, clients, closing, leads, recording, recovery
from callflow.engine.ahead import LARGEST_TEAM
from callflow.engine.board import Attempt, Board, Campaign, Leg
from callflow.engine.config import MIN_RING_SECONDS
from callflow.engine.gateways import Gateway
from callflow.engine.outcomes import Ending
from callflow.engine.tables import AttemptEvent, LegState
from callflow.inputs import Claimed
from esl import commands
from esl.errors import UnencodableValue
from models import rules
from models.enums import AgentState, CampaignState, LegKind, Outcome
from models.records import AttemptDialed, CampaignSettings, ClaimedAttempt

_BATCH_LIMIT = 50
_MANY_LEADS = 1_000_000
_HOPPER_RETRY_SECONDS = 2.0
_BACKSTOP_SECONDS = 20
"""`originate_timeout` is this much later than our own ring timer: a backstop, in whole seconds (FACTS §4)."""
_TIMER_B_SECONDS = 33


def blocked_by(board: Board, campaign: Campaign) -> str:
    """Why nothing may be dialed for this campaign now; empty if it may."""
    if not board.started:
        return "recovering"
    for reason in board.blocked:
        return reason
    if not board.link_up:
        return "switch_away"
    state = campaign.settings.state
    if state is CampaignState.WINDING_DOWN:
        return "winding_down"
    if state is not CampaignState.RUNNING:
        return "paused"
    if board.resyncing:
        return "recovering"
    if board.lag.factor == 0.0:
        return "switch_lag"
    if recording.lacks_room(board, campaign):
        return "recording_disk"
    return "clock_skew" if _skewed(board) else ""


def _skewed(board: Board) -> bool:
    limit = board.config.max_skew_seconds
    return limit is not None and board.switch_offset is not None and abs(board.switch_offset) > limit


def pace(board: Board, campaign: Campaign) -> None:
    """Ask the pacer and claim what it wants."""
    reason = blocked_by(board, campaign)
    if reason:
        campaign.limited_by, campaign.decision = reason, None
        return
    clients.tell(board, campaign)
    share = board.lag.factor
    tokens = min(campaign.bucket.available(board.now, share), board.leg_bucket.available(board.now, share))
    tokens = campaign.bucket.gathered(tokens, board.now - campaign.claimed_at)
    lines = max(0, campaign.settings.max_lines - campaign.lines - campaign.pending)
    room = carriers.room(board, campaign)
    decision = campaign.pacer.decide(
        board.now,
        lines_free=min(lines, room.lines),
        rate_tokens=max(0, min(tokens, room.tokens)),
        leads=_MANY_LEADS if board.now >= campaign.no_leads_until else 0,
        pending=campaign.pending,
    )
    campaign.decision = decision
    campaign.limited_by = decision.limited_by
    if decision.limited_by == "hopper_empty":
        campaign.limited_by = campaign.no_leads_reason
    elif decision.limited_by == "lines" and room.lines < lines:
        campaign.limited_by = room.why
    elif decision.limited_by == "calls_per_second" and share < 1.0:
        campaign.limited_by = "switch_lag"
    elif decision.limited_by == "calls_per_second" and room.tokens < tokens:
        campaign.limited_by = "gateway_rate"
    if decision.dials > 0:
        _claim(board, campaign, min(_BATCH_LIMIT, decision.dials))
    for call_id in decision.give_up:
        _give_up(board, call_id)


def _claim(board: Board, campaign: Campaign, count: int) -> None:
    batch = board.next_serial()
    campaign.pending += count
    campaign.claimed_at = board.now
    campaign.bucket.take(count)
    board.leg_bucket.take(count)
    campaign_id = campaign.settings.campaign_id
    board.batches[batch] = (campaign_id, count, board.now)
    named = campaign.ahead.wanted(batch, count)
    look = campaign.ahead.look(batch) if _looks_ahead(board, campaign) else 0
    board.out.append(Claim(batch, campaign_id, count, named, look))


def _looks_ahead(board: Board, campaign: Campaign) -> bool:
    """Whether the next claim is to look at the leads after its own."""
    if not campaign.leads.is_believed or not campaign.ahead.runs_low:
        return False
    at_work = (
        agent
        for agent in board.agents.values()
        if agent.campaign_id == campaign.settings.campaign_id and agent.state is not AgentState.LOGGED_OUT
    )
    return next(islice(at_work, LARGEST_TEAM, None), None) is None


def claimed(board: Board, answer: Claimed) -> None:
    """The answer to a claim: dial each attempt at once, or close it NOT_DIALED and say why."""
    batch = board.batches.pop(answer.batch, None)
    if batch is None:
        board.counters["claim_nobody_asked_for"] += 1
        for stray in answer.attempts:
            _refuse(board, stray, "stale")
        return
    campaign_id, count, asked_at = batch
    campaign = board.campaigns[campaign_id]
    campaign.pending -= count
    board.dirty.add(campaign_id)
    if not answer.attempts:
        campaign.no_leads_until = board.now + _HOPPER_RETRY_SECONDS
        campaign.no_leads_reason = answer.refusal or "hopper_empty"
    dialed = []
    stale = board.now - asked_at > board.config.claim_ttl_seconds
    for claim in answer.attempts:
        reason = "stale" if stale else blocked_by(board, campaign)
        verdict = None if reason else rules.check(claim.rule_inputs, board.wall)
        if verdict is not None and not verdict.allowed:
            reason = verdict.code
        if reason:
            _refuse(board, claim, reason)
        elif (gateway := carriers.choose(board, campaign, claim.attempt_id)) is None:
            _refuse(board, claim, "gateway")  # it failed, or was closed, since the claim was asked for
        else:
            _dial(board, campaign, claim, gateway)
            dialed.append(claim.lead_id)
    others = campaign.ahead.claimed(answer.batch, dialed)
    campaign.ahead.found(answer.ahead, lambda facts: leads.expected(campaign, facts, board.wall))
    if others or answer.ahead:
        campaign.ahead.tell(campaign.pacer)
    closing.finish_wind_down(board, campaign)


def _refuse(board: Board, claim: ClaimedAttempt, reason: str) -> None:
    board.counters[f"not_dialed:{reason}"] += 1
    attempt = Attempt(claim.attempt_id, claim.campaign_id, claim.number, board.next_serial())
    board.attempts[claim.attempt_id] = attempt
    closing.close(board, attempt, Outcome.NOT_DIALED, None, verdict=reason)


def _dial(board: Board, campaign: Campaign, claim: ClaimedAttempt, gateway: Gateway) -> None:
    attempt = Attempt(claim.attempt_id, claim.campaign_id, claim.number, board.next_serial())
    # The first leg bears the attempt's own id: who takes over without our journal can still ask for it.
    leg_id = claim.attempt_id
    try:
        command = originate_command(board, campaign.settings, leg_id, claim.number, gateway.name)
    except UnencodableValue as error:
        board.counters["unencodable_originate"] += 1
        board.attempts[attempt.attempt_id] = attempt
        closing.close(
            board, attempt, Outcome.NOT_DIALED, Ending(cause=str(error)[:200]), verdict="unencodable"
        )
        return
    board.attempts[attempt.attempt_id] = attempt
    board.move_attempt(attempt, AttemptEvent.SEND)
    attempt.dialed_at, attempt.link, attempt.rule_inputs = board.now, board.links, claim.rule_inputs
    campaign.lines += 1
    campaign.dialed += 1
    leads.know(attempt, claim.facts, board.wall)
    leads.dialed(campaign, attempt, board.now)
    send_leg(board, attempt, leg_id, command, gateway)


def send_leg(board: Board, attempt: Attempt, leg_id: str, command: commands.BgApi, gateway: Gateway) -> None:
    """Put a leg of an attempt on record and on its way."""
    leg = Leg(leg_id, LegKind.CUSTOMER, attempt.attempt_id, sent_at=board.now, since=board.now)
    board.legs[leg.leg_id] = leg
    attempt.leg_id = leg.leg_id
    attempt.legs += 1
    carriers.dialed(board, leg, gateway)
    board.lag.asked(leg_id, board.now)
    board.save(
        AttemptDialed(
            attempt_id=attempt.attempt_id,
            leg_id=leg.leg_id,
            switch_id=board.config.switch_id,
            at=board.wall,
            gateway=gateway.name,
        )
    )
    board.send(command, f"orig:{leg.leg_id}")
    # In the same write: later, a leg that is refused at once would end without it.
    recovery.set_hook(board, leg)
    board.timer(f"watch:{leg.leg_id}", 3.0)


def originate_command(
    board: Board, settings: CampaignSettings, leg_id: str, number: str, gateway: str
) -> commands.BgApi:
    """The originate of a customer's leg: it ends in the switch's own wait, message and hang-up, never in a
    bare park.

    Raises:
        UnencodableValue: the number, caller id or message cannot be sent without being misread.
    """
    commands.dialable(number)
    wait_ms = round(1000 * max(0.1, settings.grace_seconds - board.config.wait_margin_seconds))
    steps = [("sleep", str(wait_ms))]
    if settings.message:
        steps.append(("playback", settings.message))
    steps.append(("hangup", "NORMAL_CLEARING"))
    ring = max(MIN_RING_SECONDS, settings.ring_seconds)
    variables = {
        "ignore_early_media": "true",
        "outbound_redirect_fatal": "true",
        "hangup_after_bridge": "true",
        "originate_timeout": str(max(round(ring), _TIMER_B_SECONDS) + _BACKSTOP_SECONDS),
        "rm_owner": board.config.owner,
    }
    if settings.caller_id:
        variables["origination_caller_id_number"] = commands.dialable(settings.caller_id)
    return commands.originate(
        leg_id,
        agents.dial_string(board, gateway, number),
        commands.inline(steps),
        variables,
        expand=bool(board.config.fence),
    )


def ring_time_over(board: Board, leg: Leg) -> None:
    """It rang as long as it should: give it up. The answer may still win the race; the events will say."""
    attempt = board.attempts.get(leg.owner_id)
    if attempt is None or leg.state is not LegState.RINGING or not board.link_up:
        return
    attempt.ring_given_up = True
    board.send(commands.uuid_kill(leg.leg_id, "NO_ANSWER"))
    board.timer(f"watch:{leg.leg_id}", 2.0)


def _give_up(board: Board, call_id: int) -> None:
    """The pacer wants a ringing call given up; never before the lawful ring time."""
    for attempt in board.attempts.values():
        leg = board.legs.get(attempt.leg_id)
        if attempt.call_id == call_id and leg is not None:
            rung = board.now - board.engine_time_of(leg.progress_us)
            if leg.progress_us and rung >= MIN_RING_SECONDS:
                ring_time_over(board, leg)
            return
