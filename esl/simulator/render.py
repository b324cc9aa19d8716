"""Events as bytes: the header blocks in FreeSWITCH's order, plain or JSON, rendered only for a subscriber.

Order of a channel event, from the corpus: identity block, headers of this event, channel block, codec block,
caller block, other-leg block, variables, application headers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol
from xml.sax.saxutils import escape

from esl.simulator.text import Pairs, encode_value, plain
from esl.wire import json_block, plain_block, to_bytes

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.clock import Stamps

# Event-Calling-File, -Function, -Line-Number of FreeSWITCH 1.11.1, from the corpus
SITES: Final[dict[str, tuple[str, str, str]]] = {
    "API": ("switch_loadable_module.c", "switch_api_execute", "2954"),
    "ADD_SCHEDULE": ("switch_scheduler.c", "switch_scheduler_add_task_ex", "266"),
    **{f"avmd::{what}": ("mod_avmd.c", "avmd_fire_event", "700") for what in ("start", "beep", "stop")},
    "BACKGROUND_JOB": ("mod_event_socket.c", "api_exec", "1569"),
    "CALL_UPDATE": ("switch_channel.c", "switch_channel_flip_cid", "3279"),
    "CALL_UPDATE/bridge": ("mod_sofia.c", "sofia_receive_message", "2133"),
    "CHANNEL_ANSWER": ("switch_channel.c", "switch_channel_perform_mark_answered", "3848"),
    "CHANNEL_BRIDGE": ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", "1689"),
    "CHANNEL_CALLSTATE": ("switch_channel.c", "switch_channel_perform_set_callstate", "302"),
    "CHANNEL_CREATE": ("switch_core_state_machine.c", "switch_core_session_run", "626"),
    "CHANNEL_DATA": ("mod_commands.c", "uuid_dump_function", "6495"),
    "CHANNEL_DATA/connect": ("mod_event_socket.c", "parse_command", "2018"),
    "CHANNEL_DESTROY": ("switch_core_session.c", "switch_core_session_perform_destroy", "1588"),
    "CHANNEL_EXECUTE": ("switch_core_session.c", "switch_core_session_exec", "2949"),
    "CHANNEL_EXECUTE/bridge_a": ("switch_ivr_bridge.c", "uuid_bridge_on_soft_execute", "1236"),
    "CHANNEL_EXECUTE/bridge_b": ("switch_ivr_bridge.c", "uuid_bridge_on_soft_execute", "1243"),
    "CHANNEL_EXECUTE_COMPLETE": ("switch_core_session.c", "switch_core_session_exec", "2972"),
    "CHANNEL_HANGUP": ("switch_channel.c", "switch_channel_perform_hangup", "3447"),
    "CHANNEL_HANGUP_COMPLETE": (
        "switch_core_state_machine.c",
        "switch_core_session_reporting_state",
        "943",
    ),
    "CHANNEL_HOLD": ("switch_ivr.c", "switch_ivr_hold", "1558"),
    "CHANNEL_ORIGINATE": ("switch_core_state_machine.c", "switch_core_session_run", "632"),
    "CHANNEL_OUTGOING": ("switch_core_session.c", "switch_core_session_outgoing_channel", "768"),
    "CHANNEL_PARK": ("switch_ivr.c", "switch_ivr_park", "1002"),
    "CHANNEL_PROGRESS": ("switch_channel.c", "switch_channel_perform_mark_ring_ready_value", "3507"),
    "CHANNEL_PROGRESS_MEDIA": ("switch_channel.c", "switch_channel_perform_mark_pre_answered", "3562"),
    "CHANNEL_STATE": ("switch_channel.c", "switch_channel_perform_set_running_state", "2409"),
    "CHANNEL_UNBRIDGE": ("switch_ivr_bridge.c", "switch_ivr_multi_threaded_bridge", "1879"),
    "CHANNEL_UNHOLD": ("switch_ivr.c", "switch_ivr_unhold", "1638"),
    "CHANNEL_UNPARK": ("switch_ivr.c", "switch_ivr_park", "1213"),
    "COMMAND": ("switch_ivr_async.c", "switch_ivr_broadcast", "5732"),
    "conference/add-member": ("conference_member.c", "conference_member_add", "962"),
    "conference/conference-create": ("mod_conference.c", "conference_new", "3848"),
    "conference/conference-destroy": ("mod_conference.c", "conference_thread_run", "863"),
    "conference/deaf-member": ("conference_api.c", "conference_api_sub_deaf", "797"),
    "conference/del-member": ("conference_member.c", "conference_member_del", "1355"),
    "conference/floor-change": ("conference_member.c", "conference_member_set_floor_holder", "1158"),
    "conference/hold-member": ("conference_api.c", "conference_api_sub_hold", "440"),
    "conference/hup-member": ("conference_api.c", "conference_api_sub_hup", "871"),
    "conference/kick-member": ("conference_api.c", "conference_api_sub_kick", "902"),
    "conference/mute-member": ("conference_api.c", "conference_api_sub_mute", "339"),
    "conference/play-file": ("conference_api.c", "conference_api_sub_play", "2817"),
    "conference/play-file-done": ("conference_file.c", "conference_file_close", "52"),
    "conference/start-recording": ("conference_record.c", "conference_record_thread_run", "319"),
    "conference/start-talking": ("conference_loop.c", "conference_loop_input", "1154"),
    "conference/stop-recording": ("conference_record.c", "conference_record_thread_run", "427"),
    "conference/undeaf-member": ("conference_api.c", "conference_api_sub_undeaf", "839"),
    "conference/unhold-member": ("conference_api.c", "conference_api_sub_unhold", "389"),
    "conference/unmute-member": ("conference_api.c", "conference_api_sub_unmute", "492"),
    "CHANNEL_UUID": ("switch_core_session.c", "switch_core_session_set_uuid", "2056"),
    "CODEC/read": ("switch_core_codec.c", "switch_core_session_set_real_read_codec", "189"),
    "CODEC/reads": ("switch_core_codec.c", "switch_core_session_set_read_codec", "300"),
    "CODEC/write": ("switch_core_codec.c", "switch_core_session_set_write_codec", "471"),
    "CUSTOM/gateway": ("sofia_reg.c", "sofia_reg_check_gateway", "343"),
    "CUSTOM/sendevent": ("mod_event_socket.c", "parse_command", "2272"),
    "DEL_SCHEDULE": ("switch_scheduler.c", "task_thread_loop", "151"),
    "DTMF": ("switch_channel.c", "switch_channel_dequeue_dtmf", "678"),
    "HEARTBEAT": ("switch_core.c", "send_heartbeat", "95"),
    "MEDIA_BUG_START": ("switch_core_media_bug.c", "switch_core_media_bug_add", "1014"),
    "MEDIA_BUG_STOP": ("switch_core_media_bug.c", "switch_core_media_bug_destroy", "84"),
    "MODULE_UNLOAD": ("switch_loadable_module.c", "switch_loadable_module_unprocess", "1240"),
    "PLAYBACK_START": ("switch_ivr_play_say.c", "switch_ivr_play_file", "1649"),
    "PLAYBACK_STOP": ("switch_ivr_play_say.c", "switch_ivr_play_file", "2023"),
    "PRIVATE_COMMAND": ("switch_ivr.c", "switch_ivr_parse_next_event", "804"),
    "RECORD_START": ("switch_ivr_async.c", "record_callback", "1482"),
    "RECORD_STOP": ("switch_ivr_async.c", "send_record_stop_event", "1241"),
    "RE_SCHEDULE": ("switch_scheduler.c", "switch_scheduler_execute", "73"),
    "SHUTDOWN": ("switch_core.c", "switch_core_destroy", "3033"),
}


class Event(Protocol):
    """What a connection needs of an event: rendered once per format, and only if somebody wants it."""

    def plain(self) -> bytes: ...
    def json(self) -> bytes: ...
    def xml(self) -> bytes: ...
    def pairs(self) -> Pairs: ...


class Identity:
    """The first headers of every event of this switch."""

    __slots__ = ("_hostname", "_pairs", "_plain", "_sites", "_stamps", "core_uuid")

    def __init__(self, hostname: str, core_uuid: str, stamps: Stamps) -> None:
        self._hostname = hostname
        self.core_uuid = core_uuid
        self._stamps = stamps
        self._pairs: Pairs = [
            ("Core-UUID", core_uuid),
            ("FreeSWITCH-Hostname", hostname),
            ("FreeSWITCH-Switchname", hostname),
            ("FreeSWITCH-IPv4", "127.0.0.1"),
            ("FreeSWITCH-IPv6", "::1"),
        ]
        self._plain = plain(self._pairs)
        self._sites = {key: plain(_site_pairs(site)) for key, site in SITES.items()}

    def plain(self, name: str, site: str, at_us: int, sequence: int) -> str:
        stamps = self._stamps.at(at_us)
        return (
            f"Event-Name: {name}\n{self._plain}"
            f"Event-Date-Local: {encode_value(stamps.local)}\nEvent-Date-GMT: {encode_value(stamps.gmt)}\n"
            f"Event-Date-Timestamp: {at_us}\n{self._sites[site]}Event-Sequence: {sequence}\n"
        )

    def pairs(self, name: str, site: str, at_us: int, sequence: int) -> Pairs:
        stamps = self._stamps.at(at_us)
        return [
            ("Event-Name", name),
            *self._pairs,
            ("Event-Date-Local", stamps.local),
            ("Event-Date-GMT", stamps.gmt),
            ("Event-Date-Timestamp", str(at_us)),
            *_site_pairs(SITES[site]),
            ("Event-Sequence", str(sequence)),
        ]


class ChannelEvent:
    """An event of a leg. It must be rendered before the leg changes again."""

    __slots__ = (
        "_args",
        "_channel",
        "_head",
        "_identity",
        "_json",
        "_pairs",
        "_plain",
        "_tail",
        "_variables",
    )

    def __init__(
        self,
        identity: Identity,
        args: tuple[str, str, int, int],
        channel: Channel,
        head: Pairs,
        tail: Pairs,
        variables: bool,
    ) -> None:
        self._identity = identity
        self._args = args
        self._channel = channel
        self._head = head
        self._tail = tail
        self._variables = variables
        self._plain: bytes | None = None
        self._json: bytes | None = None
        self._pairs: Pairs | None = None

    @property
    def name(self) -> str:
        return self._args[0]

    @property
    def leg(self) -> str:
        return self._channel.uuid

    def pairs(self) -> Pairs:
        if self._pairs is None:
            first = self._identity.pairs(*self._args)
            body = self._channel.pairs(variables=self._variables)
            self._pairs = [*first, *self._head, *body, *self._tail]
        return self._pairs

    def plain(self) -> bytes:
        if self._plain is None:
            head = plain(self._head) if self._head else ""
            tail = plain(self._tail) if self._tail else ""
            body = self._channel.plain(variables=self._variables)
            text = f"{self._identity.plain(*self._args)}{head}{body}{tail}\n"
            self._plain = to_bytes(text)
        return self._plain

    def json(self) -> bytes:
        if self._json is None:
            self._json = json_block(self.pairs())
        return self._json

    def xml(self) -> bytes:
        return xml_block(self.pairs())


class PlainEvent:
    """An event of the switch itself, with an optional body (BACKGROUND_JOB)."""

    __slots__ = ("_body", "_pairs")

    def __init__(self, pairs: Pairs, body: str | None = None) -> None:
        self._pairs = pairs
        self._body = body

    def pairs(self) -> Pairs:
        return self._pairs

    def plain(self) -> bytes:
        return plain_block(self._pairs, self._body)

    def json(self) -> bytes:
        return json_block(self._pairs, self._body)

    def xml(self) -> bytes:
        return xml_block(self._pairs, self._body)


def xml_block(pairs: Pairs, body: str | None = None) -> bytes:
    """The body of an xml event (c03): values encoded as in a plain one, the inner body as xml text."""
    lines = [f"    <{name}>{encode_value(value)}</{name}>\n" for name, value in pairs]
    inner = ""
    if body is not None:
        text = escape(body)
        end = "  " if body.endswith("\n") else ""
        inner = f"  <Content-Length>{len(to_bytes(body))}</Content-Length>\n  <body>{text}{end}</body>\n"
    return to_bytes(f"<event>\n  <headers>\n{''.join(lines)}  </headers>\n{inner}</event>\n")


def _site_pairs(site: tuple[str, str, str]) -> Pairs:
    file, function, line = site
    return [
        ("Event-Calling-File", file),
        ("Event-Calling-Function", function),
        ("Event-Calling-Line-Number", line),
    ]
