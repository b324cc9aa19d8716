"""Media bugs: what listens to a leg's sound - a recording, an eavesdropper, a detector - and its events.

The model has no sound; a bug is who listens and what is to be done when it ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.channel import Channel
    from esl.simulator.core import Core


class Bug:
    """One listener on a leg. `closed` runs before its MEDIA_BUG_STOP."""

    __slots__ = ("closed", "function", "target")

    def __init__(self, function: str, target: str, closed: Callable[[], None] | None = None) -> None:
        self.function = function
        self.target = target
        self.closed = closed


def start(core: Core, channel: Channel, bug: Bug) -> None:
    channel.bugs.append(bug)
    _emit(core, channel, "MEDIA_BUG_START", bug)


def stop(core: Core, channel: Channel, *found: Bug) -> None:
    """All are closed in the order they were started, then stopped in the reverse order, as recorded (f06)."""
    for bug in found:
        if bug.closed is not None:
            bug.closed()
    for bug in reversed(found):
        channel.bugs.remove(bug)
        _emit(core, channel, "MEDIA_BUG_STOP", bug)


def of(channel: Channel, function: str) -> list[Bug]:
    return [bug for bug in channel.bugs if bug.function == function]


def as_xml(channel: Channel) -> str:
    """uuid_buglist."""
    found = "".join(
        f" <media-bug>\n  <function>{bug.function}</function>\n  <target>{bug.target}</target>\n"
        "  <thread-locked>0</thread-locked>\n </media-bug>\n"
        for bug in channel.bugs
    )
    return f"<media-bugs>\n{found}</media-bugs>\n"


def _emit(core: Core, channel: Channel, name: str, bug: Bug) -> None:
    head = [("Media-Bug-Function", bug.function), ("Media-Bug-Target", bug.target)]
    core.emit(channel, name, head=head)
