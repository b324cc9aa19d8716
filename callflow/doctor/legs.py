"""Checks that make legs: they reach nobody (endpoint `null`), and each ends by the switch's own list.

None carries our owner variable, so a dialer that counts the switch's legs leaves them alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any, TypeVar

from callflow.doctor.findings import Finding, failed, ok, warning
from esl.commands import inline
from esl.errors import UnencodableValue
from models.ids import new_id

BRIDGES = 5
SLOW_SECONDS = 0.25
PATIENCE_SECONDS = 2.0
LOOK_SECONDS = 0.02
PAUSE_SECONDS = 0.4
"""Between two bridges: a dialer at work needs nearly all of the switch's sessions per second itself."""
END = (("sleep", "5000"), ("hangup", "NORMAL_CLEARING"))
NULL = "null/ringmaster-doctor"
NO_NULL = "load mod_loopback in modules.conf.xml, which has the endpoint for it"

Ask = Callable[[str], str]
_T = TypeVar("_T")


def originate(ask: Ask, applications: str) -> tuple[str, str]:
    """A leg that reaches nobody and is answered at once: (its uuid, what the switch said)."""
    uuid = new_id()
    return uuid, ask(f"originate {{origination_uuid={uuid}}}{NULL} {applications}")


def bridge(ask: Ask) -> Finding:
    """Answer to bridge of two legs, by the switch's own stamps: what a person waits for at least."""
    seconds: list[float] = []
    for turn in range(BRIDGES):
        if turn:
            time.sleep(PAUSE_SECONDS)
        waiting, said = originate(ask, inline(END))
        if "CHAN_NOT_IMPLEMENTED" in said:
            return warning("bridge", "not measured", NO_NULL)
        if not said.startswith("+OK"):
            return failed("bridge", f"a leg is refused: {said}", "see its limits and its log")
        answered, said = originate(ask, inline(END))
        if said.startswith("+OK"):
            ask(f"uuid_bridge {answered} {waiting}")
        took = _answer_to_bridge(ask, answered)
        for leg in (answered, waiting):
            ask(f"uuid_kill {leg}")
        if took is None:
            return failed("bridge", f"two legs were not bridged ({said})", "see the switch's log")
        seconds.append(took)
    found = f"median {1000 * median(seconds):.0f} ms, longest {1000 * max(seconds):.0f} ms of {BRIDGES}"
    if max(seconds) > SLOW_SECONDS:
        return warning("bridge", found, "give the switch more or faster CPU: people wait in silence so long")
    return ok("bridge", found)


def message(ask: Ask, path: str, *, check: str = "message") -> Finding:
    """Whether the switch can play a campaign's message: the file is there, and its format is loaded."""
    try:
        applications = inline((("playback", path), *END))
    except UnencodableValue as error:
        return failed(check, error.message, f"give the {check} another name")
    leg, said = originate(ask, applications)
    if "CHAN_NOT_IMPLEMENTED" in said:
        return warning(check, f"{path} was not tried", NO_NULL)
    if not said.startswith("+OK"):
        return failed(check, f"a leg is refused: {said}", "see its limits and its log")
    plays = _plays(ask, leg)
    ask(f"uuid_kill {leg}")
    if plays:
        return ok(check, f"{path} plays")
    return failed(
        check,
        f"{path} can't be played",
        f"put the file where FreeSWITCH may read it (a path that does not begin with / is one in "
        f"{ask('eval ${sounds_dir}')}), and load the module of its format: mod_sndfile, mod_tone_stream",
    )


def _plays(ask: Ask, leg: str) -> bool:
    def played(data: dict[str, Any]) -> bool | None:
        application = data.get("variable_current_application")
        if application == "sleep":  # the list went on: at the end of the file, or because there was none
            return int(data.get("variable_playback_ms") or 0) > 0
        return None

    # A file that is missing is passed over within a few milliseconds: one that still plays then is there.
    return _until(ask, leg, played, 0.3) is not False


def _answer_to_bridge(ask: Ask, leg: str) -> float | None:
    def bridged(data: dict[str, Any]) -> float | None:
        answered, joined = (
            int(data.get(f"Caller-Channel-{name}-Time") or 0) for name in ("Answered", "Bridged")
        )
        return (joined - answered) / 1e6 if joined else None

    return _until(ask, leg, bridged, PATIENCE_SECONDS)


def _until(ask: Ask, leg: str, look: Callable[[dict[str, Any]], _T | None], seconds: float) -> _T | None:
    """Look at a leg's data until there is an answer, the leg is gone, or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        text = ask(f"uuid_dump {leg} json")
        if text.startswith("-"):
            return None
        found = look(json.loads(text, strict=False))
        if found is not None:
            return found
        time.sleep(LOOK_SECONDS)
    return None
