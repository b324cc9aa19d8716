"""An attempt's second carrier: the same number, once more, by another gateway.

Only after the first leg ended before any ringing, by a fault of the carrier; while the rules allow the call
still, the campaign dials, another gateway can take it, and not much time has passed. Never after a lost link:
then it is not known whether a phone rang. The attempt stays one attempt, with one outcome; the failed leg is
put on record before the other is sent.
"""

from __future__ import annotations

from callflow.engine import carriers, dialing
from callflow.engine.board import Attempt, Board, Campaign, Leg
from callflow.engine.config import OUTCOME_REALM
from callflow.engine.outcomes import Ending
from esl import commands
from esl.errors import UnencodableValue
from models import rules
from models.enums import AttemptState, Outcome
from models.records import CarrierLegEnded

WITHIN_SECONDS = 10.0
"""After the first originate, and never past the campaign's ring time: later the call is none that the pacer
still counts on."""
MOST_LEGS = 2


def dialed_again(
    board: Board, campaign: Campaign, attempt: Attempt, leg: Leg, outcome: Outcome, ending: Ending
) -> bool:
    """Dial by another carrier if that is right; False: the attempt is to be closed.

    Args:
        leg: the one that ended, already off the board.
        outcome, ending: how.
    """
    if outcome not in carriers.FAILURES or leg.taken or ending.progress_us or ending.answered_us:
        return False
    if not _timely(board, campaign, attempt) or dialing.blocked_by(board, campaign):
        return False
    if attempt.rule_inputs is None or not rules.check(attempt.rule_inputs, board.wall).allowed:
        return False
    if board.leg_bucket.available(board.now, board.lag.factor) < 1:
        return False
    gateway = carriers.choose(board, campaign, attempt.attempt_id, besides=leg.gateway)
    if gateway is None:
        return False
    leg_id = board.new_id()
    try:
        command = dialing.originate_command(board, campaign.settings, leg_id, attempt.number, gateway.name)
    except UnencodableValue:
        board.counters["unencodable_originate"] += 1
        return False
    board.save(
        CarrierLegEnded(
            attempt_id=attempt.attempt_id,
            leg_id=leg.leg_id,
            cause=ending.cause,
            sip_status=ending.sip_status,
            at=board.wall_of(ending.hangup_us) if ending.hangup_us else board.wall,
        )
    )
    board.send(commands.hash_delete(OUTCOME_REALM, leg.leg_id))
    board.leg_bucket.take()
    board.counters["second_carrier"] += 1
    dialing.send_leg(board, attempt, leg_id, command, gateway)
    return True


def _timely(board: Board, campaign: Campaign, attempt: Attempt) -> bool:
    passed = board.now - attempt.dialed_at
    return (
        attempt.state is AttemptState.DIALING
        and attempt.legs < MOST_LEGS
        and not attempt.recovered
        and board.link_up
        and attempt.link == board.links
        and passed <= min(WITHIN_SECONDS, campaign.settings.ring_seconds)
    )
