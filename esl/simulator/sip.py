"""Channel variables that the SIP side sets, stage by stage (names and order from d01, d05 and d06)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator.causes import PHRASE_OF_SIP, Q850
from esl.simulator.clock import stamp
from esl.simulator.variables import VariableBlock

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

_HOST: Final = "127.0.0.1"
_CREATED: Final = VariableBlock(
    {
        "rtp_use_codec_string": "PCMU,PCMA",
        "local_media_ip": _HOST,
        "advertised_media_ip": _HOST,
        "audio_media_flow": "sendrecv",
        "sip_from_host": _HOST,
        "sofia_profile_name": "internal",
        "recovery_profile_name": "internal",
        "sofia_profile_url": f"sip:mod_sofia@{_HOST}:5060",
    }
)
_OUTBOUND: Final = VariableBlock({"direction": "outbound", "is_outbound": "true"})
_PROFILE: Final = VariableBlock(
    {
        "sip_local_network_addr": _HOST,
        "sip_profile_name": "gateway",
        "video_media_flow": "disabled",
        "text_media_flow": "disabled",
    }
)
_NETWORK: Final = VariableBlock({"sip_reply_host": _HOST, "sip_network_ip": _HOST})
_DIALOG: Final = VariableBlock(
    {
        "sip_to_host": _HOST,
        "sip_contact_params": "transport=UDP",
        "sip_contact_user": "nobody",
        "sip_contact_host": _HOST,
    }
)
_SDP: Final = VariableBlock(
    {
        "switch_r_sdp": (
            f"v=0\r\no=user1 53655765 2353687637 IN IP4 {_HOST}\r\ns=-\r\nc=IN IP4 {_HOST}\r\nt=0 0\r\n"
            "m=audio 40600 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        ),
        "ep_codec_string": "CORE_PCM_MODULE.PCMU@8000h@20i@64000b",
    }
)
_MEDIA: Final = VariableBlock(
    {
        "remote_video_media_flow": "inactive",
        "remote_text_media_flow": "inactive",
        "remote_audio_media_flow": "sendrecv",
        "rtp_audio_recv_pt": "0",
        "rtp_use_codec_name": "PCMU",
        "rtp_use_codec_rate": "8000",
        "rtp_use_codec_ptime": "20",
        "rtp_use_codec_channels": "1",
        "rtp_last_audio_codec_string": "PCMU@8000h@20i@1c",
        "read_codec": "PCMU",
        "original_read_codec": "PCMU",
        "read_rate": "8000",
        "original_read_rate": "8000",
        "write_codec": "PCMU",
        "write_rate": "8000",
        "dtmf_type": "rfc2833",
        "rtp_use_timer_name": "soft",
        "rtp_use_pt": "0",
        "rtp_use_ssrc": "2864076184",
        "rtp_2833_send_payload": "101",
        "rtp_2833_recv_payload": "101",
        "remote_media_ip": _HOST,
        "remote_media_port": "40600",
    }
)
_RTP_IN: Final = [
    *("raw_bytes", "media_bytes", "packet_count", "media_packet_count", "skip_packet_count"),
    *(
        "jitter_packet_count",
        "dtmf_packet_count",
        "cng_packet_count",
        "flush_packet_count",
        "largest_jb_size",
    ),
]
_RTP_LOSS: Final = [
    *("jitter_min_variance", "jitter_max_variance", "jitter_loss_rate", "jitter_burst_rate"),
    "mean_interval",
]
_RTP_OUT: Final = [
    *("raw_bytes", "media_bytes", "packet_count", "media_packet_count", "skip_packet_count"),
    *("dtmf_packet_count", "cng_packet_count"),
]
_RTP: Final = VariableBlock(
    {f"rtp_audio_in_{name}": "0" for name in _RTP_IN}
    | {f"rtp_audio_in_{name}": "0.00" for name in _RTP_LOSS}
    | {
        "rtp_audio_in_flaw_total": "0",
        "rtp_audio_in_quality_percentage": "100.00",
        "rtp_audio_in_mos": "4.50",
    }
    | {f"rtp_audio_out_{name}": "0" for name in _RTP_OUT}
    | {"rtp_audio_rtcp_packet_count": "0", "rtp_audio_rtcp_octet_count": "0"}
)


def created(channel: Channel, wanted: dict[str, str]) -> None:
    """What a leg carries from CHANNEL_CREATE on; `wanted` are the variables of the originate command."""
    c, v = channel, channel.vars
    where = f"{c.number}@{_HOST}:{c.gateway.port}"
    port = 16384 + 2 * (c.session_id % 8000)
    v.add(_OUTBOUND)
    v.set("uuid", c.uuid)
    v.set("call_uuid", c.uuid)
    v.set("session_id", str(c.session_id))
    v.set("sip_gateway_name", c.gateway.name)
    v.add(_PROFILE)
    v.set("channel_name", c.name)
    v.set("sip_destination_url", f"sip:{where}")
    v.update(wanted)
    v.set("originate_early_media", "true")
    v.set("originate_endpoint", "sofia")
    v.add(_CREATED)
    v.set("local_media_port", str(port))
    v.set("rtp_local_sdp_str", session_description(c.session_id, port))
    contact = f"<sip:gw+{c.gateway.name}@{_HOST}:5060;transport=udp;gw={c.gateway.name}>"
    v.set("sip_outgoing_contact_uri", contact)
    v.set("sip_req_uri", where)
    v.set("sip_to_host", f"{_HOST}:{c.gateway.port}")


def called_by(channel: Channel, caller: Channel) -> None:
    """What a leg carries that another one's `bridge` made (d34)."""
    v = channel.vars
    v.set("max_forwards", "70")
    v.set("originator", caller.uuid)
    v.set("signal_bond", caller.uuid)
    v.set("originating_leg_uuid", caller.uuid)
    v.set("call_uuid", caller.uuid)
    if caller.has_media:
        v.set("originator_codec", "PCMU@8000h@20i")
    v.set("switch_m_sdp", caller.vars.get("switch_r_sdp"))


def reply_came(channel: Channel, *, dialog: bool) -> None:
    """A provisional or final reply: the network's address, and the dialog's headers from a 180 on."""
    c, v = channel, channel.vars
    if "sip_network_ip" not in v:
        c.network_addr = _HOST
        c.touch()
        v.add(_NETWORK)
        v.set("sip_reply_port", str(c.gateway.port))
        v.set("sip_network_port", str(c.gateway.port))
    if dialog and "sip_call_id" not in v:
        to_user = c.number or "nobody"
        if not c.number:  # d28
            c.number = c.callee_number = "unknown"
            c.touch()
        if c.cid_name:
            v.set("sip_from_display", c.cid_name)
        tag = f"{c.session_id:x}"
        via = f"SIP/2.0/UDP {_HOST};rport;branch=z9hG4bK{tag}"
        v.add(_DIALOG)
        v.update(
            {
                "sip_recover_contact": f"<sip:{_HOST}:{c.gateway.port};transport=UDP>",
                "sip_full_via": via,
                "sip_recover_via": via,
                "sip_full_from": f"<sip:{c.cid_number}@{_HOST}>;tag=f{tag}",
                "sip_full_to": f"<sip:{c.number}@{_HOST}:{c.gateway.port}>;tag=t{tag}",
                "sip_from_user": c.cid_number,
                "sip_from_uri": f"{c.cid_number}@{_HOST}",
                "sip_to_user": to_user,
                "sip_to_port": str(c.gateway.port),
                "sip_to_uri": f"{to_user}@{_HOST}:{c.gateway.port}",
                "sip_contact_port": str(c.gateway.port),
                "sip_contact_uri": f"nobody@{_HOST}:{c.gateway.port}",
                "sip_to_tag": f"t{tag}",
                "sip_from_tag": f"f{tag}",
                "sip_cseq": str(123_000_000 + c.session_id),
                "sip_call_id": c.uuid,
            }
        )


def sdp_came(channel: Channel) -> None:
    channel.vars.add(_SDP)


def media_came(channel: Channel) -> None:
    channel.vars.add(_MEDIA)


def refusal(channel: Channel, status: int, cause: str, *, local: bool) -> None:
    v = channel.vars
    if local:  # our own stack's 408 or 503: no address was learned
        v.set("sip_reply_port", str(channel.gateway.port))
        v.set("sip_network_port", str(channel.gateway.port))
    else:
        reply_came(channel, dialog=False)
    end = channel.far_end
    if end is not None and end.reason_cause is not None:
        v.set("sip_reason", f"Q.850;cause={Q850[end.reason_cause]}")
    if "sip_call_id" not in v:
        v.set("sip_call_id", channel.uuid)
    v.set("sip_hangup_disposition", "recv_refuse")
    v.set("sip_invite_failure_status", str(status))
    v.set("sip_invite_failure_phrase", PHRASE_OF_SIP.get(status, "Failure"))
    v.set("sip_term_status", str(status))
    v.set("proto_specific_hangup_cause", f"sip:{status}")
    v.set("sip_term_cause", str(Q850.get(cause, 16)))


def bye_came(channel: Channel) -> None:
    v = channel.vars
    v.set("sip_term_status", "200")
    v.set("proto_specific_hangup_cause", "sip:200")
    v.set("sip_term_cause", "16")


def report(core: Core, channel: Channel) -> None:
    """What CHANNEL_HANGUP_COMPLETE adds: times, durations, how it ended, RTP counters."""
    c, v = channel, channel.vars
    v.set("digits_dialed", "none")
    if c.hangup_cause == "LOSE_RACE":  # another leg of the fork was answered (d36)
        v.set("call_completed_elsewhere", "true")
    moments = [
        ("start", c.created),
        ("profile_start", c.profile_created),
        ("answer", c.answered),
        ("bridge", c.bridged),
        ("progress", c.progress),
        ("progress_media", c.progress_media),
        ("end", c.hangup_us),
    ]
    for name, at_us in moments:
        if at_us:
            v.set(f"{name}_stamp", stamp(at_us))
    for name, at_us in [*moments[:4], ("last_hold", c.last_hold)]:
        _epochs(channel, name, at_us)
    held = c.hold_accum
    v.set("hold_accum_seconds", str(held // 1_000_000))
    v.set("hold_accum_usec", str(held))
    v.set("hold_accum_ms", str(held // 1000))
    if c.hold_spans:
        spans = ",".join(f"{{{start},{end}}}" for start, end in c.hold_spans)
        if c.last_hold:
            v.set("hold_stamp", stamp(c.last_hold))
        v.set("hold_events", f"{{{spans}}}")
    for name, at_us in [("resurrect", 0), *moments[4:]]:
        _epochs(channel, name, at_us)
    v.set("last_app", c.last_app)
    v.set("last_arg", c.last_arg)
    v.set("caller_id", _caller_id(channel))
    _durations(channel)
    if not c.gateway.sip:
        v.set("is_loopback", "1" if "loopback_leg" in v else None)
        return
    if "sip_hangup_disposition" not in v:
        inbound = c.direction == "inbound"
        never = "send_refuse" if inbound else "send_cancel"
        v.set("sip_hangup_disposition", "send_bye" if c.answered else never)
        if not c.answered and not inbound:
            v.set("sip_invite_failure_status", "487")
            v.set("sip_invite_failure_phrase", "CANCEL")
    if c.has_media:
        v.add(_RTP)


def _epochs(channel: Channel, name: str, at_us: int) -> None:
    channel.vars.set(f"{name}_epoch", str(at_us // 1_000_000))
    channel.vars.set(f"{name}_uepoch", str(at_us))


def _caller_id(channel: Channel) -> str:
    name, number = channel.cid_name, channel.cid_number
    return f'"{name}" <{number}>' if name else number


def _durations(channel: Channel) -> None:
    c = channel
    spans = {
        "duration": c.hangup_us - c.created,
        "bill": c.hangup_us - c.answered if c.answered else 0,
        "progress": c.progress - c.created if c.progress else 0,
        "answer": c.answered - c.created if c.answered else 0,
        "wait": c.bridged - c.created if c.bridged else 0,
        "progress_media": c.progress_media - c.created if c.progress_media else 0,
        "flow_bill": c.hangup_us - c.created,
    }
    for unit, divisor in (("sec", 1_000_000), ("msec", 1_000), ("usec", 1)):
        for name, span in spans.items():
            if name == "duration":
                label = {"sec": "duration", "msec": "mduration", "usec": "uduration"}[unit]
            else:
                label = f"{name}{unit}"
            c.vars.set(label, str(span // divisor))


def session_description(session_id: int, port: int) -> str:
    origin = 1_795_355_866 + session_id
    return (
        f"v=0\r\no=FreeSWITCH {origin} {origin + 1} IN IP4 {_HOST}\r\ns=FreeSWITCH\r\nc=IN IP4 {_HOST}\r\n"
        f"t=0 0\r\nm=audio {port} RTP/AVP 0 8 101 13\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:13 CN/8000\r\na=ptime:20\r\n"
        "a=sendrecv\r\n"
    )
