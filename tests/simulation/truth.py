"""What really happened, read from the simulated switch: the judge of the dialer's books.

The rules for the outcome are written here a second time, on purpose: from the far end's side, not from the
dialer's code.
"""

from __future__ import annotations

from esl.simulator import Softswitch, bugs
from esl.simulator.legs import far_end_hangs_up
from esl.simulator.truth import CallTruth, SilenceViolation
from models.enums import Outcome

TICK_SECONDS = 0.02
LOST = frozenset({Outcome.SWITCH_LOST, Outcome.UNKNOWN})
NETWORK = frozenset({Outcome.CONGESTION, Outcome.CARRIER_FAILURE})
_CAUSES = {
    "USER_BUSY": frozenset({Outcome.BUSY}),
    "CALL_REJECTED": frozenset({Outcome.REJECTED}),
    "UNALLOCATED_NUMBER": frozenset({Outcome.INVALID_NUMBER}),
    "NO_USER_RESPONSE": frozenset({Outcome.NO_ANSWER}),
}
NEVER_THERE = frozenset({Outcome.SWITCH_REFUSED, Outcome.CARRIER_FAILURE})


class SwitchView:
    """Looks up legs of the switch by uuid."""

    def __init__(self, switch: Softswitch) -> None:
        self._switch = switch
        self._core = switch._core  # the judge may look behind the curtain
        self._read = 0
        self.legs: dict[str, CallTruth] = {}
        self.live: dict[str, CallTruth] = {}

    def refresh(self) -> list[CallTruth]:
        """Legs created since the last look."""
        records = self._switch.truth
        if len(records) == self._read:
            return []
        fresh = records[self._read :]
        self._read = len(records)
        for record in fresh:
            self.legs[record.uuid] = record
            self.live[record.uuid] = record
        return fresh

    def sweep(self) -> None:
        """Forget legs that ended among the live ones."""
        self.live = {uuid: leg for uuid, leg in self.live.items() if not leg.ended}

    def is_live(self, uuid: str) -> bool:
        """Whether the leg exists now."""
        channel = self._core.channels.get(uuid)
        return channel is not None and channel.alive

    def partner(self, uuid: str) -> str:
        """Whom the leg talks with now (or is on its way to); empty if nobody."""
        channel = self._core.channels.get(uuid)
        if channel is None or channel.bridge is None or not channel.alive:
            return ""
        other = channel.bridge.other(channel)
        return other.uuid if other.alive else ""

    def is_held(self, uuid: str) -> bool:
        """Whether the leg is on hold."""
        channel = self._core.channels.get(uuid)
        return channel is not None and channel.alive and channel.held

    def is_muted(self, uuid: str) -> bool:
        """Whether what the leg says is silenced."""
        channel = self._core.channels.get(uuid)
        return channel is not None and channel.alive and bool(bugs.of(channel, "audio"))

    def hang_up(self, uuid: str) -> None:
        """The far end of this leg hangs up, now."""
        channel = self._core.channels.get(uuid)
        if channel is not None and channel.alive:
            far_end_hangs_up(self._core, channel)

    def silence_violations(self) -> list[SilenceViolation]:
        """Answered people who were with nobody and heard nothing past the deadline."""
        return self._core.silence_violations

    def waiting_in_silence(self) -> list[SilenceViolation]:
        """The same, with those who wait at this moment."""
        return self._switch.silence_violations

    def state(self, uuid: str) -> str:
        """The switch's own word for the leg's state, for the trace."""
        channel = self._core.channels.get(uuid)
        return "gone" if channel is None else repr(channel)


def waited_seconds(leg: CallTruth) -> float:
    """From the answer to the first bridge or the end."""
    return ((leg.bridged or leg.ended) - leg.answered) / 1e6


def expected_outcomes(leg: CallTruth, wait_limit: float) -> frozenset[Outcome]:
    """Every outcome that a true book may show for this leg."""
    if leg.ended_by in ("crash", "shutdown"):
        if leg.bridged:
            return LOST | {Outcome.CONNECTED}
        if leg.answered:
            return LOST | {Outcome.ABANDONED, Outcome.ENDED_BEFORE_AGENT}
        return LOST | _unanswered(leg) if leg.cause else LOST  # it was about to end by itself
    if leg.bridged:
        return frozenset({Outcome.CONNECTED})
    if leg.answered:
        return _unbridged(leg, wait_limit)
    return _unanswered(leg)


def _unbridged(leg: CallTruth, wait_limit: float) -> frozenset[Outcome]:
    waited = waited_seconds(leg)
    if leg.ended_by != "far_end":
        return frozenset({Outcome.ABANDONED})
    if abs(waited - wait_limit) <= 2.5 * TICK_SECONDS:
        return frozenset({Outcome.ABANDONED, Outcome.ENDED_BEFORE_AGENT})
    return frozenset({Outcome.ABANDONED if waited > wait_limit else Outcome.ENDED_BEFORE_AGENT})


def _unanswered(leg: CallTruth) -> frozenset[Outcome]:
    if leg.cause == "NO_ANSWER":
        return frozenset({Outcome.NO_ANSWER})
    if leg.ended_by in ("command", "partner"):
        return frozenset({Outcome.CANCELLED})
    return _CAUSES.get(leg.cause, NETWORK)
