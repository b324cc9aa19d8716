"""Listening to a call, whispering into it, joining it: `eavesdrop` and `three_way`.

Of the switch's two sides of a watched leg, ``bleg`` is the audio that goes to it and ``aleg`` the audio that
comes from it, on its way to its partner (eavesdrop_callback in switch_ivr_async.c). So who speaks into
``bleg`` is heard by the watched leg alone, into ``aleg`` by its partner alone.
"""

from __future__ import annotations

from typing import Final, Literal

from esl.checks import leg_id
from esl.commands.frames import Api, SendMsg
from esl.commands.media import execute, uuid_recv_dtmf
from esl.errors import UnencodableValue

Supervision = Literal["listen", "whisper", "whisper_partner", "barge"]
_KEYS: Final = {"listen": "0", "whisper_partner": "1", "whisper": "2", "barge": "3"}
_WHISPER: Final = {
    "listen": (),
    "whisper": ("eavesdrop_whisper_bleg",),
    "whisper_partner": ("eavesdrop_whisper_aleg",),
    "barge": ("eavesdrop_whisper_aleg", "eavesdrop_whisper_bleg"),
}


def eavesdrop_variables(mode: Supervision = "listen", *, keys: bool = True) -> dict[str, str]:
    """Variables for the supervisor's leg, to be set before `eavesdrop` (or given to its `originate`).

    `whisper`: only the watched leg (the agent) hears the supervisor; `barge`: both do. `keys`: the
    supervisor's phone changes the mode (2 agent, 1 customer, 3 both, 0 listens).
    """
    return {
        "eavesdrop_enable_dtmf": "true" if keys else "false",
        **dict.fromkeys(_WHISPER[_known(mode)], "true"),
    }


def eavesdrop(uuid: str, watched: str, *, event_uuid: str = "") -> SendMsg:
    """Let the leg `uuid` hear the call of `watched`; it ends with that leg, at once for a dead one."""
    return execute(uuid, "eavesdrop", _one(watched), event_uuid=event_uuid)


def supervise(uuid: str, mode: Supervision) -> Api:
    """Change the mode of a supervisor's leg while it eavesdrops, by the key that the switch listens for.

    Needs ``eavesdrop_enable_dtmf`` (see `eavesdrop_variables`).
    """
    return uuid_recv_dtmf(uuid, _KEYS[_known(mode)])


def three_way(uuid: str, watched: str, *, event_uuid: str = "") -> SendMsg:
    """Join the leg `uuid` to the call of `watched`: all three hear each other; it may leave again."""
    return execute(uuid, "three_way", _one(watched), event_uuid=event_uuid)


def _known(mode: str) -> str:
    if mode not in _KEYS:
        raise UnencodableValue(f"Unknown mode {mode!r}", f"Use one of {', '.join(_KEYS)}.")
    return mode


def _one(watched: str) -> str:
    if leg_id(watched).lower() == "all":  # would go through every call of the switch
        raise UnencodableValue("The watched leg can't be 'all'", "Name one leg.")
    return watched
