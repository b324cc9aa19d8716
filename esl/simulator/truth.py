"""The simulator's own record of every leg: what a dialer's books are compared with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Literal

Outcome = Literal["", "bridged", "not_bridged", "no_answer", "busy", "failed", "cancelled", "lost"]
EndedBy = Literal[
    "", "far_end", "command", "application", "partner", "timeout", "network", "crash", "shutdown"
]


@dataclass(slots=True)
class CallTruth:
    """One originated leg. Times in epoch microseconds, 0 = never; written on while the leg lives (`ended` 0).

    `outcome`: `bridged` and `not_bridged` were answered; `busy` 486/600; `no_answer` 480 and timeouts;
    `failed` another refusal of the network; `cancelled` hung up by command before the answer; `lost` gone
    with a crash, never bridged. `ended` is Caller-Channel-Hangup-Time. `talk_us` sums all bridges;
    `silence_us` is the longest stretch an answered customer was with nobody and heard nothing; `message_us`
    what was played to them while with nobody.
    """

    uuid: str
    number: str
    gateway: str
    kind: str
    core_uuid: str
    created: int
    variables: dict[str, str]
    progress: int = 0
    progress_media: int = 0
    answered: int = 0
    bridged: int = 0
    bridges: int = 0
    last_partner: str = ""
    ended: int = 0
    cause: str = ""
    sip_status: int = 0
    ended_by: EndedBy = ""
    outcome: Outcome = ""
    talk_us: int = 0
    silence_us: int = 0
    message_us: int = 0

    @property
    def heard_silence(self) -> bool:
        return self.silence_us > 0

    def close(self, at_us: int, cause: str, ended_by: EndedBy) -> None:
        self.ended = at_us
        self.cause = cause
        self.ended_by = ended_by
        self.outcome = self._judge()

    def _judge(self) -> Outcome:
        if self.bridged:
            return "bridged"
        if self.ended_by == "crash":
            return "lost"
        if self.answered:
            return "not_bridged"
        if self.ended_by in ("command", "shutdown", "partner"):
            return "cancelled"
        if self.sip_status in (486, 600):
            return "busy"
        if self.sip_status == 480 or self.ended_by == "timeout":
            return "no_answer"
        return "failed"

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class SilenceViolation:
    """An answered customer who was with nobody and heard nothing for longer than the deadline."""

    uuid: str
    number: str
    since_us: int
    seconds: float
