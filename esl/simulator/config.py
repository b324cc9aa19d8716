"""What a simulated switch is made of: frozen, checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from esl.simulator.callees import CalleeProfile
from esl.simulator.dialplan import Extension, corpus_dialplan, waiting_dialplan
from esl.simulator.gateways import Gateway, corpus_gateways, normal_gateways
from esl.simulator.load import Capacity

Profile = Literal["normal", "corpus"]


@dataclass(frozen=True, slots=True)
class SwitchConfig:
    """One switch. Durations in seconds.

    `profile="corpus"` has the gateways of the recordings (named after their behaviour); `"normal"` has the
    carrier of `callees` under the name `carrier` and the robot agents under `agents`; `gateways` adds to
    either. `dialplan` comes before the extensions of the profile. `core_uuid` is that of the first start;
    None takes it from the seed. `denies_clients` is an access list that knows nobody. Defaults of the limits:
    those of FreeSWITCH's sample configuration (FACTS section 8); `second_phase_us` is where the second of
    sessions_per_second begins in the second of the epoch, `scheduler_phase_us` when in its half second the
    scheduler looks, `conference_members` how many there have been: members are numbered from start to end.
    """

    callees: CalleeProfile = field(default_factory=CalleeProfile)
    answer_probability: float | None = None
    profile: Profile = "normal"
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    password: str = "ClueCon"  # noqa: S105 - the public default of FreeSWITCH
    sessions_per_second: int = 30
    max_sessions: int = 1000
    second_phase_us: int = 0
    scheduler_phase_us: int = 0
    conference_members: int = 0
    epoch_offset_us: int = 0
    core_uuid: str | None = None
    heartbeat_seconds: float = 20.0
    hostname: str = "fs1"
    denies_clients: bool = False
    playback_seconds: float = 5.0
    sound_seconds: Mapping[str, float] = field(default_factory=dict)
    missing_files: frozenset[str] = frozenset()
    silence_deadline_seconds: float = 2.5
    answer_race_probability: float = 0.05
    capacity: Capacity | None = None
    """How fast its machine is; None: never busy."""
    forgets: bool = False
    """Legs that have ended are not kept in `truth`: for a switch that runs long."""
    global_variables: Mapping[str, str] = field(default_factory=dict)
    dialplan: tuple[Extension, ...] = ()

    def __post_init__(self) -> None:
        if self.answer_probability is not None and not 0 <= self.answer_probability <= 1:
            raise ValueError("answer_probability is a share between 0 and 1")
        if self.sessions_per_second < 1 or self.max_sessions < 1:
            raise ValueError("sessions_per_second and max_sessions are at least 1")
        if self.heartbeat_seconds <= 0:
            raise ValueError("heartbeat_seconds is more than 0")

    def all_gateways(self) -> dict[str, Gateway]:
        if self.profile == "corpus":
            base = corpus_gateways()
        else:
            base = normal_gateways(self.callees, self.answer_probability)
        return {**base, **self.gateways}

    def extensions(self) -> tuple[Extension, ...]:
        """The dialplan, in the order in which it is searched."""
        base = corpus_dialplan() if self.profile == "corpus" else waiting_dialplan()
        return (*self.dialplan, *base)

    @property
    def inbound_context(self) -> str:
        """Where calls that come in are looked up, unless the call says otherwise."""
        return "public" if self.profile == "corpus" else "waiting"
