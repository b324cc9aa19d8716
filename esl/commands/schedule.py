"""What the switch shall do later by itself, also with nobody connected any more. Whole seconds from now."""

from __future__ import annotations

from typing import Literal

from esl.checks import CAUSE, check_application, leg_id, matches, media_path, quoted
from esl.commands.frames import Api
from esl.errors import UnencodableValue

_WEEK = 7 * 86_400


def sched_hangup(uuid: str, seconds: int, cause: str = "ALLOTTED_TIMEOUT") -> Api:
    """Let the switch itself end a leg, `seconds` (at least 1) from now."""
    when = _later(seconds, "ended", "Use uuid_kill to end it now.")
    return Api("sched_hangup", f"{when} {leg_id(uuid)} {matches(CAUSE, cause, 'A hang-up cause')}")


def sched_transfer(uuid: str, seconds: int, destination: str) -> Api:
    """Send a leg elsewhere later: `destination` as for `uuid_transfer`."""
    if destination.startswith("&"):
        raise UnencodableValue(
            f"sched_transfer takes no {destination!r}", "Use inline([(application, argument)])."
        )
    check_application(destination, "A transfer's destination")
    return Api("sched_transfer", f"{_later(seconds, 'transferred')} {leg_id(uuid)} {destination}")


def sched_broadcast(uuid: str, seconds: int, path: str, leg: Literal["aleg", "bleg", "both"] = "aleg") -> Api:
    """Play a file on a leg later; ``+OK Message scheduled`` comes for a dead leg too."""
    if leg not in ("aleg", "bleg", "both"):
        raise UnencodableValue(f"Unknown leg {leg!r}", "Use aleg, bleg or both.")
    return Api(
        "sched_broadcast", f"{_later(seconds, 'spoken to')} {leg_id(uuid)} {quoted(media_path(path))} {leg}"
    )


def sched_del(uuid: str) -> Api:
    """Call off what is scheduled for a leg."""
    return Api("sched_del", leg_id(uuid))


def _later(seconds: int, what: str, instead: str | None = None) -> str:
    if not 1 <= seconds <= _WEEK:
        raise UnencodableValue(f"A leg can't be {what} in {seconds} seconds", instead)
    return f"+{seconds:d}"
