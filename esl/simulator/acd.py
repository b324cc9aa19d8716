"""Applications beyond those of apps.py, in a table for the switch to look in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator import (
    answers,
    att_xfer,
    bridge_app,
    conference,
    conference_api,
    detection,
    digits,
    eavesdrop,
    inbound,
    outbound_socket,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

APPLICATIONS: Final[dict[str, Callable[[Core, Channel, Run], None]]] = {
    **att_xfer.APPLICATIONS,
    **conference.APPLICATIONS,
    **detection.APPLICATIONS,
    **digits.APPLICATIONS,
    **eavesdrop.APPLICATIONS,
    **answers.APPLICATIONS,
    **inbound.APPLICATIONS,
    "bridge": bridge_app.dial,
    "socket": outbound_socket.socket,
}
COMMANDS: Final[dict[str, Callable[[Core, str], str]]] = {
    **conference_api.COMMANDS,
    **detection.COMMANDS,
}
