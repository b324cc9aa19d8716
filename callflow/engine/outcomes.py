"""From what the switch says of a leg's end to the field's outcome. Pure; the same for live events and for
recovery.

Facts of FACTS.md §4: causes and their SIP origin. An end without ringing whose cause says nothing of the
person is the network's: the lead is not used up (ARCHITECTURE, step 4).
"""

from __future__ import annotations

from dataclasses import dataclass

from esl.events import ChannelHangupComplete
from models.enums import Outcome

_PERSON = {
    "USER_BUSY": Outcome.BUSY,
    "CALL_REJECTED": Outcome.REJECTED,
    "UNALLOCATED_NUMBER": Outcome.INVALID_NUMBER,
    "INVALID_NUMBER_FORMAT": Outcome.INVALID_NUMBER,
    "NUMBER_CHANGED": Outcome.INVALID_NUMBER,
    "NO_ANSWER": Outcome.NO_ANSWER,
    "NO_USER_RESPONSE": Outcome.NO_ANSWER,
    "SUBSCRIBER_ABSENT": Outcome.NO_ANSWER,
    "ALLOTTED_TIMEOUT": Outcome.NO_ANSWER,
    "PROGRESS_TIMEOUT": Outcome.NO_ANSWER,
}
_OURS = {"NORMAL_CLEARING", "ORIGINATOR_CANCEL", "MANAGER_REQUEST", "SYSTEM_SHUTDOWN", "LOSE_RACE"}
_CARRIER = {
    "GATEWAY_DOWN",
    "INVALID_GATEWAY",
    "INVALID_PROFILE",
    "CHAN_NOT_IMPLEMENTED",
    "RECOVERY_ON_TIMER_EXPIRE",
    "REQUESTED_CHAN_UNAVAIL",
    "NO_ROUTE_DESTINATION",
}


_FAR_END_BYE = 200


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a customer's leg as the switch recorded it. Microseconds of the switch's clock, 0 =
    never."""

    cause: str
    sip_status: int | None = None
    created_us: int = 0
    progress_us: int = 0
    answered_us: int = 0
    bridged_us: int = 0
    hangup_us: int = 0

    @property
    def talk_seconds(self) -> float:
        """First bridge to hang-up."""
        return max(0, self.hangup_us - self.bridged_us) / 1e6 if self.bridged_us else 0.0

    @property
    def wait_seconds(self) -> float | None:
        """Answer to first bridge; None if never bridged."""
        return max(0, self.bridged_us - self.answered_us) / 1e6 if self.bridged_us else None


def from_event(event: ChannelHangupComplete) -> Ending:
    """Ringing counts from the 180 or from early media, whichever came first."""
    rings = [us for us in (event.progress_us, event.progress_media_us) if us]
    return Ending(
        cause=event.cause,
        sip_status=event.sip_status,
        created_us=event.created_us,
        progress_us=min(rings, default=0),
        answered_us=event.answered_us,
        bridged_us=event.bridged_us,
        hangup_us=event.hangup_us or event.timestamp_us,
    )


def from_hook(text: str) -> Ending | None:
    """Read what the hang-up hook left in the switch's hash; None if it is not there or not ours.

    Format: `cause|progress|answered|bridged|hangup|sip status`, times in switch microseconds, empty = never.
    """
    fields = text.strip().split("|")
    if len(fields) != 6 or not fields[0] or fields[0].startswith("-"):
        return None
    numbers = [int(f) if f.isascii() and f.isdigit() else 0 for f in fields[1:]]
    return Ending(
        cause=fields[0],
        progress_us=numbers[0],
        answered_us=numbers[1],
        bridged_us=numbers[2],
        hangup_us=numbers[3],
        sip_status=numbers[4] or None,
    )


def hook_value(leg_id: str, realm: str) -> str:
    """The `api_hangup_hook` that writes what `from_hook` reads (expanded by the switch at the leg's end)."""
    fields = (
        "${hangup_cause}",
        "${Caller-Channel-Progress-Time}",
        "${Caller-Channel-Answered-Time}",
        "${Caller-Channel-Bridged-Time}",
        "${Caller-Channel-Hangup-Time}",
        "${sip_term_status}",
    )
    return f"hash insert/{realm}/{leg_id}/" + "|".join(fields)


def classify(ending: Ending, *, wait_limit_seconds: float, ring_given_up: bool = False) -> Outcome:
    """The outcome of a leg that was sent and has ended.

    Args:
        ending: what the switch recorded.
        wait_limit_seconds: after so long in the switch's own wait the message begins: abandoned from then on.
        ring_given_up: we ended the ringing ourselves after the lawful time.
    """
    if ending.bridged_us:
        return Outcome.CONNECTED
    if ending.answered_us:
        waited = (ending.hangup_us - ending.answered_us) / 1e6
        # A BYE of the person leaves sip_term_status 200; without it the switch or we ended the call.
        theirs = ending.sip_status == _FAR_END_BYE and waited < wait_limit_seconds
        return Outcome.ENDED_BEFORE_AGENT if theirs else Outcome.ABANDONED
    if ring_given_up and ending.cause in _OURS:
        return Outcome.NO_ANSWER
    person = _PERSON.get(ending.cause)
    if person is not None:
        return person
    if ending.cause in _OURS:
        return Outcome.CANCELLED
    if ending.progress_us:
        return Outcome.NO_ANSWER
    return Outcome.CARRIER_FAILURE if ending.cause in _CARRIER else Outcome.CONGESTION


def classify_refusal(cause: str) -> Outcome:
    """The outcome of an originate that failed without a channel event (FACTS §4, lower rows)."""
    person = _PERSON.get(cause)
    if person is not None:
        return person
    return Outcome.CARRIER_FAILURE if cause in _CARRIER else Outcome.SWITCH_REFUSED
