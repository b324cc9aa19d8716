"""sendevent: a client fires an event of its own for everybody who listens (c09)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esl.simulator.event_names import EVENT_NAMES
from esl.simulator.render import PlainEvent

if TYPE_CHECKING:
    from esl.codec import Request
    from esl.simulator.core import Core


def fire(core: Core, name: str, request: Request) -> str:
    """The event's uuid. A name that is no event's makes a CUSTOM one without a subclass.

    One that names a living leg goes into that leg's own queue, where nothing of the simulator looks.
    """
    uuid = core.new_uuid()
    known = name.upper() if name.upper() in EVENT_NAMES else "CUSTOM"
    subclass = request.get("Event-Subclass") or ""
    if core.find(request.get("Unique-ID") or "") is not None:
        return uuid
    first = [("Event-Subclass", subclass)] if subclass and known == "CUSTOM" and name else []
    rest = [(n, v) for n, v in request.headers if not (first and n == "Event-Subclass")]
    own = core.identity.pairs(known, "CUSTOM/sendevent", core.us, core.number())
    pairs = [*first, ("Command", request.text), *rest, ("Event-UUID", uuid), *own]
    body = None if request.body is None else request.body.decode("utf-8", "surrogateescape")
    core.publish(core.interested(known, subclass if first else ""), PlainEvent(pairs, body))
    return uuid
