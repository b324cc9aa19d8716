"""A channel: what one leg is, and the header blocks its events carry.

Header names, their order and when they appear are those of the corpus (d01, e03). `Channel-State` is the
state the leg's thread runs in, `Channel-State-Number` the one it is to go to: as recorded, they differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator.text import Pairs, plain
from esl.simulator.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.codec import Request
    from esl.simulator.apps import Run
    from esl.simulator.att_xfer import Consult
    from esl.simulator.bridge import Bridge
    from esl.simulator.bugs import Bug
    from esl.simulator.callees import FarEnd
    from esl.simulator.clock import Timer
    from esl.simulator.connection import Client
    from esl.simulator.gateways import Gateway
    from esl.simulator.originate import Job
    from esl.simulator.truth import CallTruth

STATE_NUMBER: Final = {
    "CS_NEW": 0,
    "CS_INIT": 1,
    "CS_ROUTING": 2,
    "CS_SOFT_EXECUTE": 3,
    "CS_EXECUTE": 4,
    "CS_EXCHANGE_MEDIA": 5,
    "CS_PARK": 6,
    "CS_CONSUME_MEDIA": 7,
    "CS_HIBERNATE": 8,
    "CS_RESET": 9,
    "CS_HANGUP": 10,
    "CS_REPORTING": 11,
    "CS_DESTROY": 12,
}
CALLSTATE_NUMBER: Final = {
    "DOWN": 0,
    "DIALING": 1,
    "RINGING": 2,
    "EARLY": 3,
    "ACTIVE": 4,
    "HELD": 5,
    "RING_WAIT": 6,
    "HANGUP": 7,
    "UNHELD": 8,
}
BIT_RATE: Final = {"PCMU": "64000", "L16": "128000"}
CODEC_PAIRS: Final[Pairs] = [
    ("Channel-Read-Codec-Name", "PCMU"),
    ("Channel-Read-Codec-Rate", "8000"),
    ("Channel-Read-Codec-Bit-Rate", BIT_RATE["PCMU"]),
    ("Channel-Write-Codec-Name", "PCMU"),
    ("Channel-Write-Codec-Rate", "8000"),
    ("Channel-Write-Codec-Bit-Rate", "64000"),
]
CODEC_PLAIN: Final = plain(CODEC_PAIRS)
L16_PAIRS: Final[Pairs] = [  # what reads a leg's sound itself reads it linear
    ("Channel-Read-Codec-Name", "L16"),
    ("Channel-Read-Codec-Rate", "8000"),
    ("Channel-Read-Codec-Bit-Rate", BIT_RATE["L16"]),
    *CODEC_PAIRS[3:],
]
CALLEE_NAME: Final = "Outbound Call"


class Channel:
    """One leg. Everything about time is epoch microseconds, 0 = never."""

    __slots__ = (
        "_caller",
        "_caller_plain",
        "_other_plain",
        "after_inside",
        "answer_state",
        "answered",
        "apps",
        "bridge",
        "bridged",
        "bugs",
        "busy_until",
        "call_uuid",
        "callee_direction",
        "callee_name",
        "callee_number",
        "caller_id_name",
        "caller_id_number",
        "callstate",
        "cid_name",
        "cid_number",
        "codec",
        "consult",
        "context",
        "created",
        "destination",
        "destroyed",
        "dialplan",
        "direction",
        "far_end",
        "gateway",
        "hangup_cause",
        "hangup_us",
        "has_media",
        "held",
        "hit_dialplan",
        "hold_accum",
        "hold_spans",
        "job",
        "last_app",
        "last_arg",
        "last_hold",
        "listed_ip",
        "listener",
        "logical_direction",
        "loop",
        "message_since",
        "name",
        "network_addr",
        "number",
        "orders",
        "other_leg",
        "profile_created",
        "profile_index",
        "progress",
        "progress_media",
        "rdnis",
        "reads_digits",
        "reads_linear",
        "running",
        "runs",
        "session_id",
        "shown_as",
        "silent_since",
        "sip_status",
        "source",
        "state",
        "talk_since",
        "timers",
        "transfer_source",
        "truth",
        "username",
        "uuid",
        "vars",
    )

    def __init__(self, uuid: str, number: str, gateway: Gateway, session_id: int, created: int) -> None:
        self.uuid = uuid
        self.number = number
        self.gateway = gateway
        self.session_id = session_id
        self.name = f"sofia/internal/{number}"
        self.created = self.profile_created = created
        self.running, self.state = "CS_NONE", STATE_NUMBER["CS_INIT"]
        self.callstate, self.answer_state = "DOWN", "ringing"
        self.vars = Variables()
        self.call_uuid = uuid
        self.loop: Channel | None = None  # the other leg of a loopback
        self.codec: Pairs | None = None  # of its media, where that is not PCMU
        self.hit_dialplan = self.reads_linear = self.has_media = self.held = self.destroyed = False
        self.caller_id_name, self.caller_id_number = "", "0000000000"  # who calls; these never change
        self.cid_name, self.cid_number = self.caller_id_name, self.caller_id_number  # shown (caller_id.py)
        self.callee_name, self.callee_number = CALLEE_NAME, number
        self.hold_spans: list[tuple[int, int]] = []  # all, the latest first
        self.last_hold = self.hold_accum = 0  # of this caller profile
        self.destination, self.dialplan, self.rdnis = number, "", ""
        self.direction = self.logical_direction = "outbound"
        self.context, self.source, self.username = "default", "src/switch_ivr_originate.c", ""
        self.network_addr = self.listed_ip = self.transfer_source = self.callee_direction = ""
        self.profile_index = 1
        self.progress = self.progress_media = self.answered = self.bridged = self.hangup_us = 0
        self.hangup_cause: str | None = None
        self.sip_status = 0
        self.last_app = self.last_arg = ""
        self.apps: list[tuple[str, str]] = []
        self.runs: list[Run] = []
        self.bugs: list[Bug] = []
        self.busy_until = 0  # the tick to which its thread waits for a broadcast to begin
        self.after_inside: Callable[[], None] | None = None  # what waits for an application of execute_on_*
        self.orders: list[Request] = []  # sendmsg that its thread has not taken yet
        self.listener: Client | None = None  # the connection of its `socket` application
        self.bridge: Bridge | None = None
        self.consult: Consult | None = None  # the bridge that waits meanwhile (att_xfer.py)
        self.reads_digits: Callable[[str], None] | None = None  # the application that takes them (dtmf.py)
        self.job: Job | None = None
        self.far_end: FarEnd | None = None
        self.silent_since = self.message_since = self.talk_since = 0
        self.timers: dict[str, Timer] = {}
        self.truth: CallTruth | None = None
        self.shown_as: dict[str, str] | None = None
        self.other_leg: Pairs = []
        self._other_plain = ""
        self._caller: Pairs | None = None
        self._caller_plain = ""

    @property
    def alive(self) -> bool:
        """Whether commands find it: a leg that is being hung up is not found any more (e07)."""
        return self.hangup_cause is None

    def __repr__(self) -> str:
        what = self.runs[-1].name if self.runs else ""
        return f"<Channel {self.uuid} {self.number} {self.running} {self.callstate} {what}>"

    def calls_as(self, name: str, number: str) -> None:
        """Who calls, as the leg is created."""
        self.caller_id_name, self.caller_id_number = self.cid_name, self.cid_number = name, number

    def touch(self) -> None:
        """A field of the caller block changed."""
        self._caller = None

    def set_other_leg(self, pairs: Pairs) -> None:
        self.other_leg = pairs
        self._other_plain = plain(pairs)

    def new_profile(self, now_us: int) -> None:
        """A bridge or a transfer gives the leg a new caller profile, with times of its own."""
        self.profile_index += 1
        self.profile_created = now_us
        self.bridged = self.last_hold = self.hold_accum = 0
        self.touch()

    def state_pairs(self) -> Pairs:
        pairs = [
            ("Channel-State", self.running),
            ("Channel-Call-State", self.callstate),
            ("Channel-State-Number", str(self.state)),
            ("Channel-Name", self.name),
            ("Unique-ID", self.uuid),
            ("Call-Direction", self.direction),
            ("Presence-Call-Direction", self.direction),
            ("Channel-HIT-Dialplan", "true" if self.hit_dialplan else "false"),
            ("Channel-Call-UUID", self.call_uuid),
            ("Answer-State", self.answer_state),
        ]
        if self.hangup_cause is not None:
            pairs.append(("Hangup-Cause", self.hangup_cause))
        return pairs

    def caller_pairs(self) -> Pairs:
        if self._caller is None:
            self._caller = profile_pairs("Caller", self)
            self._caller_plain = plain(self._caller)
        return self._caller

    def pairs(self, *, variables: bool) -> Pairs:
        codec = self.codec or (L16_PAIRS if self.reads_linear else CODEC_PAIRS) if self.has_media else []
        blocks = [*self.state_pairs(), *codec, *self.caller_pairs(), *self.other_leg]
        return [*blocks, *self.vars.pairs()] if variables else blocks

    def plain(self, *, variables: bool) -> str:
        self.caller_pairs()
        codec = ""
        if self.has_media:
            own = self.codec or (L16_PAIRS if self.reads_linear else None)
            codec = CODEC_PLAIN if own is None else plain(own)
        last = self.vars.plain() if variables else ""
        return f"{plain(self.state_pairs())}{codec}{self._caller_plain}{self._other_plain}{last}"


def profile_pairs(prefix: str, channel: Channel) -> Pairs:
    """The caller profile, as `Caller-*` of its own events and `Other-Leg-*` of its partner's."""
    c = channel
    fields = [
        (f"{prefix}-Direction", c.direction),
        (f"{prefix}-Logical-Direction", c.logical_direction),
        (f"{prefix}-Username", c.username),
        (f"{prefix}-Dialplan", c.dialplan),
        (f"{prefix}-Caller-ID-Name", c.cid_name),
        (f"{prefix}-Caller-ID-Number", c.cid_number),
        (f"{prefix}-Orig-Caller-ID-Name", c.cid_name and c.caller_id_name),
        (f"{prefix}-Orig-Caller-ID-Number", c.cid_number and c.caller_id_number),
        (f"{prefix}-Callee-ID-Name", c.callee_name),
        (f"{prefix}-Callee-ID-Number", c.callee_number),
        (f"{prefix}-Network-Addr", c.network_addr),
        (f"{prefix}-ANI", c.caller_id_number),
        (f"{prefix}-Destination-Number", c.destination),
        (f"{prefix}-Unique-ID", c.uuid),
        (f"{prefix}-Source", c.source),
        (f"{prefix}-Transfer-Source", c.transfer_source if prefix != "Other-Leg" else ""),
        (f"{prefix}-Context", c.context),
        (f"{prefix}-RDNIS", c.rdnis),
        (f"{prefix}-Channel-Name", c.name),
    ]
    pairs = [(header, value) for header, value in fields if value]
    if prefix != "Other-Leg":
        pairs.append((f"{prefix}-Profile-Index", str(c.profile_index)))
    times = [
        ("Profile-Created", c.profile_created),
        ("Channel-Created", c.created),
        ("Channel-Answered", c.answered),
        ("Channel-Progress", c.progress),
        ("Channel-Progress-Media", c.progress_media),
        ("Channel-Hangup", c.hangup_us),
        ("Channel-Transfer", 0),
        ("Channel-Resurrect", 0),
        ("Channel-Bridged", c.bridged),
    ]
    pairs += [(f"{prefix}-{label}-Time", str(value)) for label, value in times]
    pairs += [
        (f"{prefix}-Channel-Last-Hold", str(c.last_hold)),
        (f"{prefix}-Channel-Hold-Accum", str(c.hold_accum)),
        (f"{prefix}-Screen-Bit", "true"),
        (f"{prefix}-Privacy-Hide-Name", "false"),
        (f"{prefix}-Privacy-Hide-Number", "false"),
    ]
    return pairs
