"""Applications that a dialplan uses on calls that come in, beyond answering them: respond, limit, transfer.

Read in FreeSWITCH's source and tried on it (tests/freeswitch/test_inbound.py), not in a recording.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator import apps, legs, transfer
from esl.simulator.causes import CAUSE_OF_SIP

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


def respond(core: Core, channel: Channel, run: Run) -> None:
    """A SIP reply; a final one that refuses ends a call that is not answered yet."""
    code = run.data.split(" ")[0]
    status = int(code) if code.isdigit() and len(code) == 3 else 488
    if channel.answered or status < 300 or channel.direction != "inbound":
        apps.finish(core, channel, run)
        return
    channel.sip_status = status
    cause = CAUSE_OF_SIP.get(status, "NORMAL_UNSPECIFIED")
    legs.hang_up(core, channel, cause, "application", at_once=True)


def limit(core: Core, channel: Channel, run: Run) -> None:
    """`BACKEND REALM ID MAX EXTENSION DIALPLAN CONTEXT`: one call too many goes to the extension."""
    words = run.data.split()
    if len(words) < 4 or not words[3].isdigit():
        apps.finish(core, channel, run)
        return
    name = f"{words[1]}_{words[2]}"
    used = sum(1 for leg in core.channels.values() if leg.alive and leg.vars.get("limit_held") == name)
    if used >= int(words[3]) and len(words) > 4:
        transfer.transfer(core, channel, *_target(words[4:7]))
        return
    channel.vars.set("limit_held", name)
    apps.finish(core, channel, run)


def go(core: Core, channel: Channel, run: Run) -> None:
    """`transfer EXTENSION [DIALPLAN [CONTEXT]]`."""
    words = run.data.split()
    if not words:
        apps.finish(core, channel, run)
        return
    transfer.transfer(core, channel, *_target(words))


def _target(words: list[str]) -> tuple[str, str, str]:
    extension, plan, context = [*words, *("", "", "")][:3]
    return extension, plan or "XML", context or "default"


APPLICATIONS: Final[dict[str, Callable[[Core, Channel, Run], None]]] = {
    "limit": limit,
    "respond": respond,
    "transfer": go,
}
