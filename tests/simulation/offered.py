"""Calls a second offered to a switch through the dialer's own bucket and governor, and what came of it.

Used against the simulator in virtual time (test_overload) and a real FreeSWITCH (tests/freeswitch).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from callflow.engine.throttle import LagGovernor, TokenBucket
from esl import commands
from esl.events import BackgroundJob, ChannelAnswer, ChannelCreate, ChannelHangupComplete, Event

EVENTS = ("CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_HANGUP_COMPLETE", "BACKGROUND_JOB")


@dataclass(slots=True)
class Second:
    """One second: legs asked for, made, answered; the slowest leg made in it; the share of the rate."""

    asked: int = 0
    made: int = 0
    answered: int = 0
    worst_lag: float = 0.0
    share: float = 1.0
    up: int = 0


@dataclass(slots=True)
class Offer:
    """`governed` False: the bucket alone, whatever the switch says. `series`: a switch that is offered more
    than once must not be given a leg's uuid again."""

    per_second: float
    gateway: str
    hold_seconds: float
    governed: bool = True
    series: int = 0
    bucket: TokenBucket = field(init=False)
    governor: LagGovernor = field(default_factory=lambda: LagGovernor(0.15, 0.5))
    seconds: dict[int, Second] = field(default_factory=dict)
    ends: Counter[str] = field(default_factory=Counter)
    lags: list[float] = field(default_factory=list)
    """Seconds from each leg's asking to its CREATE."""
    waits: list[float] = field(default_factory=list)
    """Seconds from each leg's asking to its ANSWER."""
    _sent: dict[str, float] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)
    _up: set[str] = field(default_factory=set)
    _count: int = 0

    def __post_init__(self) -> None:
        self.bucket = TokenBucket(self.per_second, 0.0)

    def second(self, now: float) -> Second:
        return self.seconds.setdefault(int(now), Second())

    def due(self, now: float) -> list[commands.BgApi]:
        """What is to be sent now: as many originates as bucket and governor allow."""
        self.governor.judge(now)
        share = self.governor.factor if self.governed else 1.0
        this = self.second(now)
        this.share, this.up = min(this.share, share), max(this.up, len(self._up))
        if share == 0.0:
            return []
        count = max(0, self.bucket.available(now, share))
        self.bucket.take(count)
        this.asked += count
        return [self._originate(now) for _ in range(count)]

    def _originate(self, now: float) -> commands.BgApi:
        self._count += 1
        leg = f"0199f3c4-7a10-7000-{0x8000 + self.series:04x}-{self._count:012x}"
        self._sent[leg] = now
        self.governor.asked(leg, now)
        return commands.originate(
            leg,
            f"sofia/gateway/{self.gateway}/+1555{self._count:07d}",
            commands.inline([("sleep", str(round(1000 * self.hold_seconds))), ("hangup", "NORMAL_CLEARING")]),
            {"ignore_early_media": "true", "originate_timeout": "50"},
        )

    def heard(self, event: Event, now: float) -> None:
        """An event of the switch."""
        if isinstance(event, BackgroundJob):
            if not event.ok and event.job_uuid not in self._made:
                self.governor.forget(event.job_uuid)
                self.ends[f"refused: {event.cause}"] += 1
        elif isinstance(event, ChannelCreate):
            self._made.add(event.uuid)
            self._up.add(event.uuid)
            sent = self._sent.get(event.uuid)
            if sent is not None:
                self.governor.made(event.uuid, now)
                this = self.second(now)
                this.made += 1
                this.worst_lag = max(this.worst_lag, now - sent)
                self.lags.append(now - sent)
        elif isinstance(event, ChannelAnswer):
            self.second(now).answered += 1
            self.waits.append(now - self._sent.get(event.uuid, now))
        elif isinstance(event, ChannelHangupComplete):
            self._up.discard(event.uuid)
            self.ends[event.cause] += 1

    @property
    def up(self) -> int:
        """Legs that are up, as heard."""
        return len(self._up)

    @property
    def asked(self) -> int:
        return self._count

    def table(self) -> str:
        """A line for every second."""
        rows = [
            f"{at:4d} s  asked {s.asked:4d}  made {s.made:4d}  answered {s.answered:4d}  up {s.up:5d}"
            f"  worst lag {1000 * s.worst_lag:6.0f} ms  share {s.share:.2f}"
            for at, s in sorted(self.seconds.items())
        ]
        return "\n".join([*rows, f"asked {self._count}, ends {dict(self.ends)}, up {self.up}"])
