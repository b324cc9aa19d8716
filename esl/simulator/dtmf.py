"""DTMF: digits that the far end presses or a command feeds in, where they go, and their commands (f09).

A digit that comes in is an event of its leg. It goes to the application that reads digits, or through a
bridge to the partner's far end, which may echo it (the agents' phones of the recordings echo all RTP).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esl.simulator import legs, outbound_socket
from esl.simulator.clock import ticks

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

DIGITS: Final = frozenset("0123456789*#ABCDabcd")
SAMPLES_PER_MS: Final = 8
SHOWN: Final = 2240  # samples: what a phone's key press lasts in the recordings
DEFAULT: Final = 2000  # samples, of a digit that a command feeds in
_ECHO_SECONDS: Final = 0.26
_NO_SESSION: Final = "-ERR Cannot locate session!\n"


def answered(core: Core, channel: Channel) -> None:
    """The far end picked up: it will press its digits."""
    end = channel.far_end
    for after, digit in end.presses if end is not None else ():
        name = f"press {after}"
        legs.timer(core, channel, name, ticks(after), partial(comes, core, channel, digit, "RTP", SHOWN))


def comes(core: Core, channel: Channel, digit: str, source: str, samples: int) -> None:
    """A digit came in on this leg."""
    if not channel.alive or not channel.answered:
        return
    tail = [("DTMF-Digit", digit), ("DTMF-Duration", str(samples)), ("DTMF-Source", source)]
    if not outbound_socket.diverted(core, channel, "DTMF", tail):
        core.emit(channel, "DTMF", tail=tail, variables=False)
    if channel.reads_digits is not None:
        channel.reads_digits(digit)
    elif channel.bridge is not None and channel.bridge.phase == "up":
        _heard(core, channel.bridge.other(channel), digit, samples)


def _heard(core: Core, channel: Channel, digit: str, samples: int) -> None:
    """The digit is sent to the far end of this leg."""
    if channel.far_end is not None and channel.far_end.echoes:
        core.after(ticks(_ECHO_SECONDS), partial(comes, core, channel, digit, "RTP", samples))


def _keys(text: str) -> tuple[list[str], int]:
    """`123#@200`: the digits (`w` and `W` are pauses) and their length in samples."""
    keys, _, milliseconds = text.partition("@")
    samples = int(milliseconds) * SAMPLES_PER_MS if milliseconds.isdigit() else DEFAULT
    return [key for key in keys if key in DIGITS], samples


def _command(what: str, act: Callable[[Core, Channel, str], None]) -> Callable[[Core, str], str]:
    def run(core: Core, args: str) -> str:
        words = args.split()
        if len(words) < 2:
            return "-USAGE: <uuid> <dtmf_data>\n"
        channel = core.find(words[0])
        if channel is None:
            return _NO_SESSION
        act(core, channel, words[1])
        return f"+OK {channel.uuid} {what} DTMF {words[1]}.\n"

    return run


def _receive(core: Core, channel: Channel, text: str) -> None:
    keys, samples = _keys(text)
    for key in keys:
        core.after(1, partial(comes, core, channel, key, "APP", samples))


def _send(core: Core, channel: Channel, text: str) -> None:
    keys, samples = _keys(text)
    for key in keys:
        channel.vars.set("last_dtmf_duration", str(samples))
        _heard(core, channel, key, samples)


def _flush(core: Core, args: str) -> str:
    """Digits are read as they come: there is nothing to flush."""
    words = args.split()
    if not words:
        return "-USAGE: <uuid>\n"
    return "+OK\n" if core.find(words[0]) is not None else _NO_SESSION


COMMANDS: Final[dict[str, Callable[[Core, str], str]]] = {
    "uuid_flush_dtmf": _flush,
    "uuid_recv_dtmf": _command("received", _receive),
    "uuid_send_dtmf": _command("sent", _send),
}
