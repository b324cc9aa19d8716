"""Channel variables of an inbound call: those of its INVITE, of its media and of its BYE (g07, g03, j01)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from esl.simulator import sip
from esl.simulator.variables import VariableBlock
from esl.wire import to_text

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.inbound import Invite

_HOST: Final = "127.0.0.1"
_PORT: Final = 5060
_FLOWS: Final = VariableBlock(
    {"video_media_flow": "disabled", "audio_media_flow": "disabled", "text_media_flow": "disabled"}
)
_NETWORK: Final = VariableBlock(
    {
        "sip_local_network_addr": _HOST,
        "sip_network_ip": _HOST,
        "sip_received_ip": _HOST,
        "sip_via_protocol": "udp",
        "sip_via_host": _HOST,
        "sofia_profile_name": "internal",
        "sofia_profile_url": f"sip:mod_sofia@{_HOST}:{_PORT}",
        "recovery_profile_name": "internal",
        "rtp_use_codec_string": "PCMU,PCMA",
        "max_forwards": "70",
    }
)
_LOCAL_MEDIA: Final = VariableBlock(
    {"audio_media_flow": "sendrecv", "local_media_ip": _HOST, "advertised_media_ip": _HOST}
)


def url_decoded(text: str) -> str:
    """`%XX` decoded, anything else as it is: as sofia-sip and FreeSWITCH do with a From (FACTS 11)."""
    return to_text(unquote_to_bytes(text.encode("utf-8", "surrogateescape")))


def cleaned(text: str) -> str:
    """A caller profile's text: no control characters but line ends, nothing that would be expanded."""
    plain = "".join(" " if char < " " and char not in "\n\r" else char for char in text)
    return re.sub(r"\$(\\*\{)", r"%\1", plain)


def created(channel: Channel, invite: Invite, at_us: int) -> None:
    c, v = channel, channel.vars
    user = url_decoded(invite.caller)
    display = f'"{invite.display}" ' if invite.display else ""
    tag, port = f"{c.session_id:x}U1", str(invite.port)
    to_uri = f"{invite.number}@{_HOST}:{_PORT}"
    v.set("direction", "inbound")
    v.set("uuid", c.uuid)
    v.set("call_uuid", c.uuid)
    v.set("session_id", str(c.session_id))
    v.set("sip_from_user", user)
    v.set("sip_from_uri", f"{user}@{_HOST}")
    v.set("sip_from_host", _HOST)
    v.add(_FLOWS)
    v.set("channel_name", c.name)
    v.set("sip_call_id", f"1-{c.session_id}@{_HOST}")
    v.add(_NETWORK)
    v.update(
        {
            "sip_network_port": port,
            "sip_invite_stamp": str(at_us),
            "sip_received_port": port,
            "sip_from_user_stripped": user,
            "sip_from_tag": tag,
            "sip_full_via": f"SIP/2.0/UDP {_HOST}:{port};branch=z9hG4bK-{c.session_id}-1-0",
            "sip_from_display": invite.display,
            "sip_full_from": f"{display}<sip:{invite.caller}@{_HOST}>;tag={tag}",
            "sip_full_to": f"<sip:{to_uri}>",
            "sip_req_user": invite.number,
            "sip_req_port": str(_PORT),
            "sip_req_uri": to_uri,
            "sip_req_host": _HOST,
            "sip_to_user": invite.number,
            "sip_to_port": str(_PORT),
            "sip_to_uri": to_uri,
            "sip_to_host": _HOST,
            "sip_contact_user": "sipp",
            "sip_contact_port": port,
            "sip_contact_uri": f"sipp@{_HOST}:{port}",
            "sip_contact_host": _HOST,
            "sip_via_port": port,
        }
    )
    for name, value in invite.headers:
        _custom_header(channel, name, value)
    sip.sdp_came(channel)
    v.set("endpoint_disposition", "DELAYED NEGOTIATION")


def _custom_header(channel: Channel, name: str, value: str) -> None:
    """`sip_h_NAME`; a repeated one is numbered, an empty one dropped, a folded one cut at the fold."""
    if not name.lower().startswith(("x-", "p-")):
        return
    key, again = f"sip_h_{name}", 1
    while key in channel.vars:
        key, again = f"sip_h_{name}-{again}", again + 1
    channel.vars.set(key, value.split("\r\n")[0].split("\n")[0])


def media_came(channel: Channel) -> None:
    sip.media_came(channel)
    channel.vars.add(_LOCAL_MEDIA)
    channel.vars.set("local_media_port", str(_media_port(channel)))
    channel.vars.set("endpoint_disposition", "EARLY MEDIA")


def answered(channel: Channel) -> None:
    channel.vars.set("rtp_local_sdp_str", sip.session_description(channel.session_id, _media_port(channel)))


def in_dialog_request_came(channel: Channel) -> None:
    """What an ACK, a BYE or a CANCEL from the caller leaves."""
    v = channel.vars
    tag = f"Q{channel.session_id:x}S"
    v.set("sip_to_tag", tag)
    v.set("sip_cseq", "1")
    v.set("sip_full_to", f"<sip:{v.get('sip_to_uri')}>;tag={tag}")


def _media_port(channel: Channel) -> int:
    return 16384 + 2 * (channel.session_id % 8000)
