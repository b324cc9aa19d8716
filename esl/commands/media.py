"""What a leg hears and says: files, digits, recordings, machines; and running any application on it."""

from __future__ import annotations

import re
from typing import Literal

from esl.checks import (
    CAUSE,
    DIGITS,
    HEADER,
    NAME,
    identity,
    leg_id,
    literal,
    matches,
    media_path,
    quoted,
)
from esl.commands.frames import Api, SendMsg
from esl.errors import UnencodableValue

Leg = Literal["aleg", "bleg", "holdb", "both"]
_LEGS = ("aleg", "bleg", "holdb", "both")
_RECORDINGS = ("start", "stop", "mask", "unmask", "pause", "resume")
_TERMINATORS = re.compile(r"[0-9*#A-D]{1,16}|none")


def execute(
    uuid: str,
    application: str,
    argument: str = "",
    *,
    event_uuid: str = "",
    loops: int = 1,
    lock: bool = False,
) -> SendMsg:
    """Run an application on a leg, after those before; ``+OK`` means queued.

    `uuid` empty is the outbound socket's own channel. `event_uuid` comes back as Application-UUID of EXECUTE
    and EXECUTE_COMPLETE. **The switch expands ``${...}`` in `argument`**, so data does not belong in it; the
    named builders refuse it. `lock`: the next one waits for this one's end, where FreeSWITCH would nest it.
    """
    headers = [
        ("call-command", "execute"),
        ("execute-app-name", matches(HEADER, application, "An application")),
    ]
    if argument:
        headers.append(("execute-app-arg", argument))
    if event_uuid:
        headers.append(("event-uuid", identity(event_uuid)))
    if lock:
        headers.append(("event-lock", "true"))
    if loops != 1:
        headers.append(("loops", str(_between(loops, 1, 10_000, "Loops"))))
    return SendMsg(uuid, tuple(headers))


def playback(uuid: str, path: str, *, event_uuid: str = "", loops: int = 1) -> SendMsg:
    """Play a file or stream to a leg; EXECUTE_COMPLETE says ``FILE PLAYED`` or ``FILE NOT FOUND``."""
    return execute(uuid, "playback", media_path(path), event_uuid=event_uuid, loops=loops)


def play_and_get_digits(
    uuid: str,
    path: str,
    variable: str,
    *,
    least: int = 1,
    most: int = 1,
    tries: int = 1,
    timeout_ms: int = 5000,
    digit_timeout_ms: int = 2000,
    terminators: str = "#",
    invalid_path: str = "silence_stream://250",
    pattern: str = r"\d+",
    event_uuid: str = "",
) -> SendMsg:
    """Play `path`, collect `least` to `most` digits into `variable`, and repeat up to `tries` times.

    On failure the variable is unset and `read_result` is ``failure``. `pattern` is a regular expression
    without blanks or quotes. `timeout_ms` (the switch takes at least 1000) is until the first digit.
    """
    literal(pattern, "A pattern")
    if re.search(r"[\s'\"]|\\[rn]", pattern):
        raise UnencodableValue(f"A pattern has a blank, quote or line end in it: {pattern[:80]!r}")
    words = (
        str(_between(least, 0, 127, "Digits")),
        str(_between(most, max(least, 1), 127, "Digits")),
        str(_between(tries, 1, 100, "Tries")),
        str(_between(timeout_ms, 1000, 3_600_000, "A timeout in ms")),
        matches(_TERMINATORS, terminators, "Terminators"),
        quoted(media_path(path)),
        quoted(media_path(invalid_path)),
        matches(NAME, variable, "A variable"),
        pattern,
        str(_between(digit_timeout_ms, 1, 3_600_000, "A timeout in ms")),
    )
    return execute(uuid, "play_and_get_digits", " ".join(words), event_uuid=event_uuid)


def uuid_broadcast(uuid: str, path: str, leg: Leg = "aleg") -> Api:
    """Play a file or stream on a leg, its partner, or both, also while they are bridged.

    ``+OK Message sent`` comes for a missing file too. ``holdb``: the partner hears its hold music meanwhile.
    """
    return Api("uuid_broadcast", f"{leg_id(uuid)} {quoted(media_path(path))} {_leg(leg)}")


def broadcast_application(
    uuid: str, application: str, argument: str, leg: Leg = "aleg", *, then_hang_up: str = ""
) -> Api:
    """Run an application on a leg as `uuid_broadcast` plays: also while it is bridged.

    `then_hang_up`: the cause to end the leg with afterwards.
    """
    matches(HEADER, application, "An application")
    literal(argument, f"The argument of {application}")
    if re.search(r"['\"\\]", argument):
        raise UnencodableValue(f"The argument of {application} has a quote or backslash: {argument[:80]!r}")
    # The cause in any case is the switch's; lower as in the recording (f07).
    cause = f"!{matches(CAUSE, then_hang_up, 'A hang-up cause').lower()}" if then_hang_up else ""
    return Api("uuid_broadcast", f"{leg_id(uuid)} {quoted(f'{application}{cause}::{argument}')} {_leg(leg)}")


def uuid_break(uuid: str, *, both: bool = False) -> Api:
    """Stop what is being played on a leg (on `both`: its partner too), and everything queued behind it."""
    return Api("uuid_break", f"{leg_id(uuid)} all{' both' if both else ''}")


def uuid_displace(
    uuid: str, path: str, *, stop: bool = False, limit_seconds: int = 0, mix: bool = False
) -> Api:
    """Let the partner of a leg hear a file in its place, or `mix` both; or stop that."""
    word = quoted(media_path(path))
    if stop:
        return Api("uuid_displace", f"{leg_id(uuid)} stop {word}")
    limit = _between(limit_seconds, 0, 86_400, "A limit in seconds")
    return Api("uuid_displace", f"{leg_id(uuid)} start {word} {limit}{' mux' if mix else ''}")


def uuid_record(
    uuid: str,
    path: str,
    action: Literal["start", "stop", "mask", "unmask", "pause", "resume"] = "start",
    *,
    limit_seconds: int = 0,
) -> Api:
    """Record a leg and its partner into `path`, whose extension is the format.

    ``mask`` records silence (the length stays right), ``pause`` leaves the time out. Stereo, one side a
    channel: set the variable ``RECORD_STEREO`` to ``true`` before. ``stop`` with the path ``all`` stops all.
    """
    if action not in _RECORDINGS:
        raise UnencodableValue(f"Unknown action {action!r}", f"Use one of {', '.join(_RECORDINGS)}.")
    limit = _between(limit_seconds, 0, 86_400, "A limit in seconds")
    tail = f" {limit}" if limit and action == "start" else ""
    return Api("uuid_record", f"{leg_id(uuid)} {action} {quoted(media_path(path, 'A path to record'))}{tail}")


def uuid_send_dtmf(uuid: str, digits: str) -> Api:
    """Send digits to the far end of a leg: ``w`` waits 0.5 s, ``W`` 1 s, ``@ms`` is their length."""
    return Api("uuid_send_dtmf", f"{leg_id(uuid)} {matches(DIGITS, digits, 'Digits')}")


def uuid_recv_dtmf(uuid: str, digits: str) -> Api:
    """Let the switch take digits as if the far end of a leg had pressed them."""
    return Api("uuid_recv_dtmf", f"{leg_id(uuid)} {matches(DIGITS, digits, 'Digits')}")


def uuid_mute(uuid: str, side: Literal["read", "write"], on: bool = True) -> Api:
    """Silence what a leg says (`read`) or hears (`write`), or no longer anything of it."""
    if side not in ("read", "write"):
        raise UnencodableValue(f"Unknown side {side!r}", "Use read or write.")
    return Api("uuid_audio", f"{leg_id(uuid)} {f'start {side} mute 1' if on else 'stop'}")


def avmd_start(uuid: str, *, event_uuid: str = "") -> SendMsg:
    """Listen for an answering machine's beep: CUSTOM avmd::beep.

    As an application: ``api avmd`` said started and never found the same beep (FACTS section 7).
    """
    return execute(uuid, "avmd_start", event_uuid=event_uuid)


def avmd_stop(uuid: str) -> SendMsg:
    """Listen for a beep no longer."""
    return execute(uuid, "avmd_stop")


def _leg(leg: str) -> str:
    if leg not in _LEGS:
        raise UnencodableValue(f"Unknown leg {leg!r}", f"Use one of {', '.join(_LEGS)}.")
    return leg


def _between(value: int, least: int, most: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UnencodableValue(f"{what} must be a whole number from {least} to {most}, not {value!r}")
    return value
