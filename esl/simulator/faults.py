"""Faults on demand: values given to `Softswitch.inject`; what is left to chance comes from the seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from esl.simulator import reorder
from esl.simulator.clock import ticks

if TYPE_CHECKING:
    from esl.simulator.connection import Client
    from esl.simulator.core import Core

_CUT_WITHIN_BYTES = 6000  # about one event: the cut falls in a header block or in a body


@dataclass(frozen=True, slots=True)
class Cut:
    """The connections close after `after_bytes` more output bytes, in the middle of a message if it falls so.

    None: after a seeded number of bytes; 0: now.
    """

    after_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Stall:
    """No output for `seconds`; it all comes afterwards. The switch itself goes on."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Delay:
    """Every output from now on comes `seconds` later; 0 ends it."""

    seconds: float


@dataclass(frozen=True, slots=True)
class DropEvents:
    """The next `count` events of each connection are lost, as FreeSWITCH's full queue loses them."""

    count: int


@dataclass(frozen=True, slots=True)
class Crash:
    """The process is gone: no event, no farewell, every leg gone; refuses connections for `down_seconds`,
    then is back with a new Core-UUID and nothing in memory."""

    down_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Restart:
    """`fsctl shutdown restart`: SHUTDOWN and hang-ups are announced, then as Crash."""

    down_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Refuse:
    """New connections are refused for `seconds`; those that exist stay."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Reorder:
    """For `seconds`, events come in another order where FreeSWITCH's own is not certain (`reorder.py`)."""

    seconds: float


Fault = Cut | Stall | Delay | DropEvents | Crash | Restart | Refuse | Reorder


def inject_into_client(core: Core, client: Client, fault: Cut | Stall | Delay | DropEvents | Reorder) -> None:
    if isinstance(fault, Cut):
        after = fault.after_bytes
        client.cut_after = core.rng.randrange(1, _CUT_WITHIN_BYTES) if after is None else after
        if client.cut_after == 0:
            core.close(client)
    elif isinstance(fault, Stall):
        client.stalled_until = max(client.stalled_until, core.tick + ticks(fault.seconds))
    elif isinstance(fault, Delay):
        client.delay_ticks = ticks(fault.seconds) if fault.seconds > 0 else 0
    elif isinstance(fault, Reorder):
        reorder.flush(core, client)
        client.shuffle = reorder.Shuffle(core.tick + ticks(fault.seconds))
    else:
        client.losing += fault.count


def parse(text: str) -> tuple[float, Fault]:
    """`NAME[=ARGUMENT]@SECONDS` of the command line: `crash@30`, `stall=2@10`. Raises ValueError.

    `cut` takes bytes, `dropevents` a count, the others seconds.
    """
    what, separator, when = text.partition("@")
    name, _, argument = what.partition("=")
    if not separator:
        raise ValueError(f"{text!r}: write NAME[=ARGUMENT]@SECONDS, for instance crash@30 or stall=2@10")
    at = float(when)
    value = float(argument) if argument else None
    made: dict[str, Fault] = {
        "cut": Cut(None if value is None else int(value)),
        "stall": Stall(value or 1.0),
        "delay": Delay(value or 0.1),
        "dropevents": DropEvents(int(value or 10)),
        "crash": Crash(value or 2.0),
        "restart": Restart(value or 2.0),
        "refuse": Refuse(value or 2.0),
        "reorder": Reorder(value or 60.0),
    }
    if name not in made:
        raise ValueError(f"{text!r}: no fault {name!r}; there are {', '.join(made)}")
    return at, made[name]
