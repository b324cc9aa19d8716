"""What an engine is built with: validated once, frozen."""

from __future__ import annotations

from dataclasses import dataclass

from callflow.dial_string import DEFAULT, DialStrings

MIN_RING_SECONDS = 16.0
"""Never give a ringing call up earlier: 15 s or four rings by law (REGULATION.md), one second of margin."""

OUTCOME_REALM = "rm_outcome"
"""The realm of the switch's `hash` in which each leg's end is kept until it is durable here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineConfig:
    """Settings of one engine on one switch. All durations are seconds of the engine's clock.

    Attributes:
        switch_id: the row of the switch in the database.
        owner: value of the channel variable `rm_owner` on every leg of ours; survives restarts of the dialer.
        fence: name of the switch's global variable that expands to `gateway` while we hold the lease ("" =
        none). claim_ttl_seconds: a claimed batch older than this is closed NOT_DIALED instead of dialed.
        dial: how customers and agents' phones are reached.
        tick_seconds: how often pacing is asked when nothing happens.
        publish_seconds: how often live snapshots are published.
        wait_margin_seconds: how much earlier than the grace the switch's own list ends its wait.
        legs_per_second: bucket for all legs, agents' included, below the switch's own limit.
        lag_slow_seconds / lag_stop_seconds: bgapi → CREATE p95 that halves, and that stops, the rate.
        standing_leg_seconds: an agent's standing leg ends by the switch's own timer so long after the last
        renewal. reattach_seconds: how long after a lost agent leg the engine waits before it dials the
        phone again. max_phone_failures: so many failed dials of an agent's phone in a row log the agent out.
        recordings: directory of the switch's machine that recordings are written to, absolute.
        transfer_limit_seconds: the switch ends a call so long after it went to a third party.
        max_skew_seconds: no dialing when the switch's clock is further off ours (None: not judged,
        simulators).
    """

    switch_id: str
    owner: str
    fence: str = ""
    claim_ttl_seconds: float = 0.5
    dial: DialStrings = DEFAULT
    tick_seconds: float = 0.2
    publish_seconds: float = 1.0
    wait_margin_seconds: float = 0.1
    legs_per_second: float = 60.0
    lag_slow_seconds: float = 0.15
    lag_stop_seconds: float = 0.5
    standing_leg_seconds: float = 600.0
    reattach_seconds: float = 1.0
    max_phone_failures: int = 5
    transfer_limit_seconds: float = 3600.0
    max_skew_seconds: float | None = None
    recordings: str = "/var/lib/freeswitch/recordings"

    def __post_init__(self) -> None:
        if not self.owner or not self.owner.replace("-", "").isalnum():
            raise ValueError("owner must be letters, digits and dashes: it goes on every leg as rm_owner")
        if not self.recordings.startswith("/"):
            raise ValueError("recordings must be an absolute path of the switch's machine")
        for name in ("claim_ttl_seconds", "tick_seconds", "legs_per_second", "standing_leg_seconds"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0")
