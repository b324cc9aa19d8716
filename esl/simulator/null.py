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


VARIABLES: Final = {"read_codec": "L16", "read_rate": "8000", "write_codec": "L16", "write_rate": "8000"}


def created(core: Core, channel: Channel, wanted: dict[str, str]) -> None:
    """The leg's media, its uuid, and what it carries from CHANNEL_CREATE on."""
    name = f"null/{channel.number}"
    born(core, channel, name, name, "null", wanted)


def born(core: Core, c: Channel, first: str, name: str, endpoint: str, wanted: dict[str, str]) -> None:
    """`first`: the name that it has while it has the uuid that it was born with."""
    v, uuid = c.vars, c.uuid
    c.uuid = c.call_uuid = old = core.new_uuid()
    c.name, c.source, c.codec = first, "mod_loopback", L16
    legs.codecs(core, c)
    c.uuid = c.call_uuid = uuid
    c.name = name
    c.touch()
    v.update({"direction": "outbound", "is_outbound": "true", "session_id": str(c.session_id), **VARIABLES})
    v.update({"channel_name": name, "uuid": uuid, "call_uuid": uuid})
    core.emit(c, "CHANNEL_UUID", head=[("Old-Unique-ID", old)])
    v.update(wanted)
    v.update({"originate_early_media": "true", "originate_endpoint": endpoint})
