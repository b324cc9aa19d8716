"""Events in another order, where FreeSWITCH itself does not keep one (FACTS sections 2 and 5).

Its threads number an event and queue it in two steps, so 5 % of events came after one with a higher
Event-Sequence, 1 to 4 places late. What never changed places: the events of one leg, but for those that
belong to no order (`FREE`), and a job's result. Nothing is lost, nothing comes twice, numbers stay as made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esl.simulator.render import ChannelEvent

if TYPE_CHECKING:
    from esl.simulator.connection import Client
    from esl.simulator.core import Core
    from esl.simulator.render import Event

SHARE: Final = 0.05
FARTHEST: Final = 4
FREE: Final = frozenset({"CALL_UPDATE", "CHANNEL_STATE", "CHANNEL_UNPARK", "CODEC", "CHANNEL_CALLSTATE"})


class Late:
    """An event that a connection gets so many places later."""

    __slots__ = ("event", "message", "places")

    def __init__(self, event: ChannelEvent, message: bytes, places: int) -> None:
        self.event = event
        self.message = message
        self.places = places


class Shuffle:
    """What one connection gets late, until a tick."""

    __slots__ = ("late", "until")

    def __init__(self, until: int) -> None:
        self.until = until
        self.late: list[Late] = []


def send(core: Core, client: Client, shuffle: Shuffle, event: Event, message: bytes) -> None:
    """Sends an event, or keeps it back for a few places; none is kept longer than its tick."""
    if not isinstance(event, ChannelEvent):
        flush(core, client)  # a job's result, and what the switch says of itself
        core.send_event(client, message)
        return
    if core.tick >= shuffle.until:
        client.shuffle = None
    elif core.rng.random() < SHARE:
        if not shuffle.late:
            core.after(0, lambda: flush(core, client))
        shuffle.late.append(Late(event, message, core.rng.randint(1, FARTHEST)))
        return
    _release(core, client, shuffle, [late for late in shuffle.late if _keeps_order(late.event, event)])
    core.send_event(client, message)
    for late in shuffle.late:
        late.places -= 1
    _release(core, client, shuffle, [late for late in shuffle.late if late.places <= 0])
    if client.shuffle is None:
        _release(core, client, shuffle, list(shuffle.late))


def _keeps_order(first: ChannelEvent, second: ChannelEvent) -> bool:
    return first.leg == second.leg and first.name not in FREE and second.name not in FREE


def _release(core: Core, client: Client, shuffle: Shuffle, chosen: list[Late]) -> None:
    for late in chosen:
        shuffle.late.remove(late)
        core.send_event(client, late.message)


def flush(core: Core, client: Client) -> None:
    """The tick is over: whatever is late comes now."""
    if client.shuffle is not None:
        _release(core, client, client.shuffle, list(client.shuffle.late))
