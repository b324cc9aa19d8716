"""Legs without a network: `null/NUMBER`, which answers at once and hears nothing (d30).

A dialer must not dial them; those who measure a switch do. Such a leg is born with its own uuid and takes
the wanted one a moment later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator import legs
from esl.simulator.callees import FarEnd
from esl.simulator.gateways import Gateway, fixed

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core
    from esl.simulator.text import Pairs

NOWHERE: Final = Gateway("null", fixed(FarEnd(answer=0.02)), sip=False)
L16: Final[Pairs] = [
    ("Channel-Read-Codec-Name", "L16"),
    ("Channel-Read-Codec-Rate", "8000"),
    ("Channel-Read-Codec-Bit-Rate", "128000"),
    ("Channel-Write-Codec-Name", "L16"),
    ("Channel-Write-Codec-Rate", "8000"),
    ("Channel-Write-Codec-Bit-Rate", "128000"),
]


def created(core: Core, channel: Channel, wanted: dict[str, str]) -> None:
    """The leg's media, its uuid, and what it carries from CHANNEL_CREATE on."""
    c, v = channel, channel.vars
    wanted_uuid = c.uuid
    c.uuid = core.new_uuid()
    c.call_uuid = c.uuid
    c.name, c.source, c.codec = f"null/{c.number}", "mod_loopback", L16
    legs.codecs(core, c)
    old, c.uuid, c.call_uuid = c.uuid, wanted_uuid, wanted_uuid
    c.touch()
    v.update({"direction": "outbound", "is_outbound": "true", "session_id": str(c.session_id)})
    for way in ("read", "write"):
        v.update({f"{way}_codec": "L16", f"{way}_rate": "8000"})
    v.update({"channel_name": c.name, "uuid": c.uuid, "call_uuid": c.uuid})
    core.emit(c, "CHANNEL_UUID", head=[("Old-Unique-ID", old)])
    v.update(wanted)
    v.update({"originate_early_media": "true", "originate_endpoint": "null"})
