"""What goes wrong, when: plain values, drawn from the seed."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Mercy(StrEnum):
    """How much of the step survives in which `kill -9` hits: Saves go before Sends."""

    NOTHING = "nothing"
    SOME_RECORDS = "some_records"
    RECORDS = "records"
    RECORDS_AND_SOME_SENDS = "records_and_some_sends"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class KillDialer:
    """`kill -9` at the first step at or after `at` (the first one that saves or sends, if `pick` says so)."""

    at: float
    mercy: Mercy
    restart_after: float
    pick: bool = True
    lose_in_flight: bool = False


@dataclass(frozen=True, slots=True)
class CrashSwitch:
    """Every channel is gone; the switch comes back with another core uuid."""

    at: float
    down_for: float


@dataclass(frozen=True, slots=True)
class CutLink:
    """The TCP connection breaks; both sides live on."""

    at: float


@dataclass(frozen=True, slots=True)
class StallSwitch:
    """The switch says nothing for a while, then everything at once."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class LoseEvents:
    """The next events never arrive."""

    at: float
    count: int


@dataclass(frozen=True, slots=True)
class SlowNetwork:
    """Bytes between dialer and switch take up to this much longer, for a while."""

    at: float
    seconds: float
    delay: float


@dataclass(frozen=True, slots=True)
class SlowDatabase:
    """Claims take this much longer for a while."""

    at: float
    seconds: float
    delay: float


@dataclass(frozen=True, slots=True)
class LoseDatabase:
    """No claim succeeds and no dialing is allowed for a while; the journal holds."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class DropAgentPhone:
    """An agent's own phone hangs up."""

    at: float
    choice: int


@dataclass(frozen=True, slots=True)
class AgentPhonesOut:
    """Every agent's phone hangs up and can't be reached for a while."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class CarrierFails:
    """The carrier fails every call for a while."""

    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class FreezeDialer:
    """SIGSTOP, another dialer takes over when the lease runs out, then SIGCONT."""

    at: float
    seconds: float


Fault: TypeAlias = (
    KillDialer
    | CrashSwitch
    | CutLink
    | StallSwitch
    | LoseEvents
    | SlowNetwork
    | SlowDatabase
    | LoseDatabase
    | DropAgentPhone
    | AgentPhonesOut
    | CarrierFails
    | FreezeDialer
)


def draw_kill(rng: random.Random, at: float) -> KillDialer:
    """A kill of any mercy."""
    return KillDialer(
        at=at,
        mercy=rng.choice(list(Mercy)),
        restart_after=rng.uniform(1.0, 5.0),
        pick=rng.random() < 0.7,
        lose_in_flight=rng.random() < 0.3,
    )


def draw_faults(rng: random.Random, count: int, start: float, end: float) -> tuple[Fault, ...]:
    """`count` faults between two times, the common ones more often, in order of time."""
    found: list[Fault] = []
    for at in sorted(rng.uniform(start, end) for _ in range(count)):
        kind = rng.choices(
            ("kill", "crash", "cut", "stall", "lose", "slow", "nodb", "phone", "carrier", "net", "out"),
            (5, 2, 4, 3, 2, 2, 1, 4, 1, 2, 1),
        )[0]
        match kind:
            case "kill":
                found.append(draw_kill(rng, at))
            case "crash":
                found.append(CrashSwitch(at, rng.uniform(0.5, 8.0)))
            case "cut":
                found.append(CutLink(at))
            case "stall":
                found.append(StallSwitch(at, rng.uniform(0.1, 3.0)))
            case "lose":
                found.append(LoseEvents(at, rng.randint(1, 6)))
            case "slow":
                found.append(SlowDatabase(at, rng.uniform(2.0, 15.0), rng.uniform(0.1, 0.9)))
            case "nodb":
                found.append(LoseDatabase(at, rng.uniform(2.0, 15.0)))
            case "phone":
                found.append(DropAgentPhone(at, rng.randrange(1_000_000)))
            case "net":
                found.append(SlowNetwork(at, rng.uniform(2.0, 30.0), rng.uniform(0.05, 0.5)))
            case "out":
                found.append(AgentPhonesOut(at, rng.uniform(2.0, 70.0)))
            case _:
                found.append(CarrierFails(at, rng.uniform(2.0, 20.0)))
    return tuple(found)
