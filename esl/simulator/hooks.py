"""api_hangup_hook: a command that the switch runs itself when a leg ends.

`switch_core_state_machine.c` api_hook: the value is expanded from the leg's variables by bare name and from
its event headers; nothing else of the session is needed, so it works with no client connected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


def hangup_hook(core: Core, channel: Channel) -> None:
    hook = channel.vars.get("api_hangup_hook")
    if not hook or core.run_api is None:
        return
    data = dict(channel.pairs(variables=False))
    data.update(channel.vars.bare())
    text = re.sub(r"\$\{([^}]*)\}", lambda m: data.get(m[1], ""), hook)
    command, _, arguments = text.partition(" ")
    core.run_api(command, arguments)
