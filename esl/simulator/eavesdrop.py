"""eavesdrop and three_way: a leg listens to another's call, whispers to one side or talks to both (f03, f05).

The listener's application puts a media bug on the watched leg. It ends with the listener or with the watched
leg, never with the call that goes on. There is no sound: whom the listener speaks to is only remembered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator import apps, bugs, caller_id, hearing, legs

if TYPE_CHECKING:
    from collections.abc import Callable

    from esl.simulator.apps import Run
    from esl.simulator.channel import Channel
    from esl.simulator.core import Core

FUNCTION: Final = "eavesdrop"
WHISPERS: Final = {"aleg": "1", "bleg": "2"}
# What the digits of eavesdrop_enable_dtmf do: whom the listener speaks to.
KEYS: Final = {"0": "", "1": "aleg", "2": "bleg", "3": "both"}


class Listener(bugs.Bug):
    """Who listens, and `speaks_to`: nobody, the watched leg (`aleg`), its partner (`bleg`) or `both`."""

    __slots__ = ("run", "speaks_to", "who")

    def __init__(self, who: Channel, run: Run, target: Channel, speaks_to: str) -> None:
        super().__init__(FUNCTION, target.uuid)
        self.who = who
        self.run = run
        self.speaks_to = speaks_to


def eavesdrop(core: Core, channel: Channel, run: Run) -> None:
    v = channel.vars
    sides = [
        side
        for side in ("aleg", "bleg")
        for how in ("whisper", "bridge")
        if v.true(f"eavesdrop_{how}_{side}")
    ]
    _listen(core, channel, run, "both" if len(set(sides)) == 2 else "".join(sides[:1]))


def three_way(core: Core, channel: Channel, run: Run) -> None:
    _listen(core, channel, run, "both")


def _listen(core: Core, channel: Channel, run: Run, speaks_to: str) -> None:
    target = core.find(run.data.strip())
    if target is None or target is channel or not target.answered:
        apps.finish(core, channel, run)
        return
    bug = Listener(channel, run, target, speaks_to)
    hearing.hears(core, channel)
    legs.reads(core, channel, "L16")
    bugs.start(core, target, bug)
    caller_id.show(core, channel, target.cid_name or target.cid_number, target.cid_number)
    if channel.vars.true("eavesdrop_enable_dtmf"):
        channel.reads_digits = lambda digit: setattr(bug, "speaks_to", KEYS.get(digit, bug.speaks_to))

    def leave() -> None:
        channel.reads_digits = None
        if bug in target.bugs and target.hangup_cause is None:
            bugs.stop(core, target, bug)
        legs.reads(core, channel, "PCMU")

    run.on_leave = leave


def watched_ends(core: Core, channel: Channel) -> None:
    """The watched leg is hung up: who listens notices first, unless he is being hung up himself."""
    for bug in bugs.of(channel, FUNCTION):
        if isinstance(bug, Listener) and bug.who.alive:
            bugs.stop(core, channel, bug)
            apps.finish(core, bug.who, bug.run)


APPLICATIONS: Final[dict[str, Callable[[Core, Channel, Run], None]]] = {
    "eavesdrop": eavesdrop,
    "three_way": three_way,
}
