"""What a run is made of: a frozen scenario, and everything drawn from its seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from esl.simulator.callees import CalleeProfile, FarEnd, agent_phone, customer
from models.enums import DialMode, RecordingConsent, RecordingMode
from models.recordings import RecordingPlan
from tests.simulation.faults import (
    AgentPhonesOut,
    Fault,
    FreezeDialer,
    KillDialer,
    SlowDatabase,
    draw_faults,
    draw_kill,
)
from tests.simulation.store import AgentRow, Lead

WALL0 = 1_795_532_400.0
"""2026-11-24 15:00 UTC, a Tuesday: the epoch of virtual time 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A gateway: what the campaign makes of it, and when it fails. `fails` is the share of its calls that it
    answers by 503 at all times, within `outages` (begin, end) it does so with every one."""

    name: str
    weight: float = 1.0
    tier: int = 1
    max_calls: int | None = None
    calls_per_second: float | None = None
    fails: float = 0.0
    outages: tuple[tuple[float, float], ...] = ()

    def is_out(self, now: float) -> bool:
        """Whether it fails every call now."""
        return any(begin <= now < end for begin, end in self.outages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One run. Durations in seconds; the defaults are the base scenario of PACING.md."""

    seed: int
    kind: str = "chaos"
    agents: int = 5
    leads: int = 1000
    dial_seconds: float = 600.0
    callees: CalleeProfile = field(default_factory=CalleeProfile)
    odd_callees: float = 0.0
    lists: tuple[float, ...] = ()
    """Answer probabilities of lists that the leads are on by turns; empty: one list of all alike."""
    target: float = 0.03
    mode: DialMode = DialMode.PREDICTIVE
    message: str = ""
    wrap_mean: float = 15.0
    wrap_limit: float = 120.0
    ring_seconds: float = 30.0
    restless: float | None = None
    forgetful: float = 0.0
    shared_numbers: float = 0.0
    clumsy_phones: float = 0.0
    mischief: float = 0.0
    slow_network: float = 0.0
    shuffles: bool = False
    min_calls: int = 0
    faults: tuple[Fault, ...] = ()
    guard_lease: bool = True
    sessions_per_second: int = 200
    standing_leg_seconds: float = 600.0
    operator_seconds: float | None = None
    recording: RecordingPlan = field(default_factory=RecordingPlan)
    carriers: tuple[Carrier, ...] = ()
    """Empty: one, `carrier`, without limits."""


def base(
    seed: int, *, agents: int = 50, answer_probability: float = 0.3, seconds: float = 1200.0
) -> Scenario:
    """The base scenario of PACING.md, undisturbed."""
    return Scenario(
        seed=seed,
        kind="base",
        agents=agents,
        leads=int(agents * seconds / 100.0 / answer_probability) + 500,
        dial_seconds=seconds,
        callees=CalleeProfile(answer_probability=answer_probability),
    )


def chaos(seed: int) -> Scenario:
    """3 to 8 agents, short calls of every kind, restless people, at least two faults: all from the seed."""
    rng = random.Random(f"{seed}:scenario")
    seconds = rng.uniform(240.0, 360.0)
    profile = CalleeProfile(
        answer_probability=rng.choice((0.3, 0.5, 0.7)),
        answer_after=(1.0, 12.0),
        unanswered_seconds=rng.choice((12.0, 25.0, 60.0)),
        busy_at_once=0.05,
        not_found=0.03,
        unavailable=0.03,
        talk_mean=rng.choice((8.0, 20.0, 40.0)),
        patience=rng.choice(((0.3, 4.0), (1.5, 8.0), (6.0, 15.0))),
        agent_hangs_up_after_mean=rng.choice((None, 120.0)),
    )
    return Scenario(
        seed=seed,
        agents=rng.randint(3, 8),
        leads=400,
        dial_seconds=seconds,
        callees=profile,
        odd_callees=0.12,
        target=rng.choice((0.03, 0.1)),
        mode=DialMode.PROGRESSIVE if rng.random() < 0.2 else DialMode.PREDICTIVE,
        message=rng.choice(("", "sorry.wav")),
        wrap_mean=rng.choice((4.0, 15.0)),
        wrap_limit=rng.choice((20.0, 60.0)),
        ring_seconds=rng.choice((16.0, 22.0, 30.0)),
        restless=rng.choice((None, 40.0, 90.0)),
        forgetful=0.1,
        shared_numbers=0.1,
        clumsy_phones=rng.choice((0.0, 0.2)),
        min_calls=40,
        mischief=rng.choice((0.0, 0.1)),
        faults=draw_faults(rng, rng.randint(2, 5), 15.0, seconds - 20.0),
        sessions_per_second=rng.choice((30, 200)),
        standing_leg_seconds=rng.choice((30.0, 600.0)),
        operator_seconds=rng.choice((None, 45.0)),
        shuffles=rng.random() < 0.5,
    )


def storm(seed: int) -> Scenario:
    """Rare things made common: every way through the tables within a few short runs."""
    rng = random.Random(f"{seed}:storm")
    return replace(
        chaos(seed),
        kind="storm",
        dial_seconds=200.0,
        callees=CalleeProfile(
            answer_probability=0.8,
            answer_after=(1.0, 5.0),
            talk_mean=rng.choice((6.0, 25.0)),
            patience=rng.choice(((0.02, 0.5), (2.5, 9.0))),
            agent_hangs_up_after_mean=60.0,
        ),
        odd_callees=0.3,
        target=0.5,
        mode=DialMode.PREDICTIVE,
        message="sorry.wav",
        restless=15.0,
        clumsy_phones=0.3,
        mischief=0.4,
        slow_network=rng.choice((0.0, 0.6)),
        faults=(
            *draw_faults(rng, 3, 15.0, 130.0),
            SlowDatabase(rng.uniform(60.0, 100.0), 6.0, rng.uniform(0.5, 1.5)),
            AgentPhonesOut(rng.uniform(130.0, 140.0), rng.uniform(20.0, 60.0)),
        ),
    )


def late(seed: int) -> Scenario:
    """A slow network and more answers than agents: bridges that arrive when the message has begun."""
    rng = random.Random(f"{seed}:late")
    return replace(
        storm(seed),
        kind="late",
        agents=3,
        dial_seconds=60.0,
        min_calls=0,
        callees=CalleeProfile(
            answer_probability=0.95, answer_after=(1.0, 4.0), talk_mean=5.0, patience=(6.0, 15.0)
        ),
        odd_callees=0.0,
        target=0.9,
        restless=None,
        wrap_mean=1.5,
        clumsy_phones=0.0,
        mischief=0.0,
        slow_network=rng.uniform(0.5, 1.2),
        faults=(),
    )


def kills(seed: int, count: int = 8) -> Scenario:
    """`kill -9` again and again, at random moments, and nothing else goes wrong."""
    rng = random.Random(f"{seed}:kills")
    seconds = 30.0 * count + 180.0
    return replace(
        chaos(seed),
        kind="kills",
        dial_seconds=seconds,
        leads=1000,
        restless=90.0,
        clumsy_phones=0.0,
        slow_network=0.0,
        faults=tuple(_kills(rng, count)),
    )


def _kills(rng: random.Random, count: int) -> list[KillDialer]:
    """Half of them hit the successor while it still recovers from the one before."""
    found: list[KillDialer] = []
    for index in range(count):
        at = 15.0 + 30.0 * index + rng.uniform(0.0, 20.0)
        if index % 2 and rng.random() < 0.7:
            last = found[-1]
            at = last.at + last.restart_after + rng.uniform(0.0, 8.0)
        found.append(draw_kill(rng, at))
    return found


def freeze(seed: int) -> Scenario:
    """SIGSTOP past the lease, another takes over, SIGCONT; odd seeds without our own watch over the lease."""
    rng = random.Random(f"{seed}:freeze")
    return replace(
        chaos(seed),
        kind="freeze",
        dial_seconds=240.0,
        clumsy_phones=0.0,
        callees=replace(chaos(seed).callees, agent_hangs_up_after_mean=None),
        guard_lease=seed % 2 == 0,
        faults=(FreezeDialer(rng.uniform(20.0, 100.0), rng.uniform(14.0, 60.0)),),
    )


def recorded(seed: int) -> Scenario:
    """Calls are recorded under every plan by turns, in storms and under kills; agents pause and stop."""
    rng = random.Random(f"{seed}:recorded")
    consents = list(RecordingConsent)
    plan = RecordingPlan(
        mode=(RecordingMode.ALWAYS, RecordingMode.SHARE, RecordingMode.ON_DEMAND)[seed // 3 % 3],
        share=rng.choice((0.3, 0.7)),
        consent=consents[seed % 3],
        announcement="recorded.wav",
    )
    made = storm(seed) if seed % 2 else kills(seed, 4)
    return replace(made, kind="recorded", recording=plan)


def carriers(seed: int) -> Scenario:
    """Three gateways in two tiers, with caps. Their carriers fail now a share, now every call; other faults
    too."""
    rng = random.Random(f"{seed}:carriers")
    seconds = 300.0

    def outages() -> tuple[tuple[float, float], ...]:
        begin = rng.uniform(20.0, 200.0)
        return ((begin, begin + rng.uniform(10.0, 120.0)),) if rng.random() < 0.7 else ()

    return replace(
        chaos(seed),
        kind="carriers",
        dial_seconds=seconds,
        min_calls=0,
        sessions_per_second=200,
        faults=draw_faults(rng, rng.randint(0, 3), 15.0, seconds - 20.0),
        carriers=tuple(
            Carrier(
                name=name,
                weight=rng.choice((1.0, 2.0, 5.0)),
                tier=tier,
                max_calls=rng.choice((None, 2, 4, 8)),
                calls_per_second=rng.choice((None, 0.5, 2.0)),
                fails=rng.choice((0.0, 0.1, 0.4)),
                outages=outages(),
            )
            for name, tier in (("north", 1), ("south", 1), ("spare", 2))
        ),
    )


def with_faults(scenario: Scenario, *faults: Fault) -> Scenario:
    """The same with other faults."""
    return replace(scenario, faults=tuple(sorted(faults, key=lambda fault: fault.at)))


# --- people -------------------------------------------------------------------------------------------


def make_leads(scenario: Scenario, rng: random.Random) -> list[Lead]:
    """Leads; some share a number or a person with an earlier one."""
    leads: list[Lead] = []
    for index in range(scenario.leads):
        number, person = f"+1212{5_000_000 + index:07d}", f"person-{index}"
        if leads and rng.random() < scenario.shared_numbers:
            other = rng.choice(leads[-10:])
            number, person = (other.number, person) if rng.random() < 0.5 else (number, other.person_id)
        leads.append(Lead(f"lead-{index}", person, number, list_id=f"list-{list_of(scenario, number)}"))
    return leads


def list_of(scenario: Scenario, number: str) -> int:
    """Which of the scenario's lists the number is on."""
    return int(number[-7:]) % max(1, len(scenario.lists))


def make_agents(scenario: Scenario, campaign_id: str) -> list[AgentRow]:
    """Agents, logged out."""
    return [
        AgentRow(f"agent-{index}", f"Agent {index}", str(100_001 + index), campaign_id)
        for index in range(scenario.agents)
    ]


def failing(
    carrier: Carrier, now: Callable[[], float], behave: Callable[[random.Random, str], FarEnd]
) -> Callable[[random.Random, str], FarEnd]:
    """People behind a carrier that fails now and then."""

    def carry(rng: random.Random, number: str) -> FarEnd:
        end, lot, when = behave(rng, number), rng.random(), rng.uniform(0.05, 0.6)
        return FarEnd(fail=(when, 503)) if carrier.is_out(now()) or lot < carrier.fails else end

    return carry


def customer_behaviour(
    scenario: Scenario, carrier_fails: Callable[[], bool]
) -> Callable[[random.Random, str], FarEnd]:
    """The base callee, or an odd one: early media, silence, redirects, people who hang up at once."""

    def behave(rng: random.Random, number: str) -> FarEnd:
        profile = scenario.callees
        if scenario.lists:
            profile = replace(profile, answer_probability=scenario.lists[list_of(scenario, number)])
        end = customer(profile, rng)
        odd, kind, when = rng.random(), rng.randrange(7), rng.uniform(0.1, 3.0)
        if carrier_fails():
            return FarEnd(fail=(0.1, 503))
        if odd >= scenario.odd_callees:
            return end
        return _odd(kind, when, end)

    return behave


def _odd(kind: int, when: float, end: FarEnd) -> FarEnd:
    match kind:
        case 0:
            return FarEnd(early=0.3, answer=0.3 + when, talk=lambda: 5.0, patience=lambda: 9.0)
        case 1:
            return FarEnd(early=0.3, fail=(0.3 + when, 486))
        case 2:
            return FarEnd(redirect=0.1, answer=when)
        case 3:
            return FarEnd()
        case 4:
            return FarEnd(ring=0.2, fail=(0.2 + when, 603))
        case 5:
            return FarEnd(ring=0.3, answer=0.3 + when, bye_after_answer=0.02 if when < 1.5 else when)
        case _:
            return FarEnd(ring=0.1) if end.answer is None else FarEnd(answer=when, bye_after_answer=when / 3)


def phone_behaviour(
    scenario: Scenario, refuses: Callable[[], bool]
) -> Callable[[random.Random, str], FarEnd]:
    """Agents' phones; clumsy ones are busy or not answered now and then."""

    def behave(rng: random.Random, number: str) -> FarEnd:
        end = agent_phone(scenario.callees, rng)
        clumsy, kind = rng.random(), rng.random()
        if refuses():
            return FarEnd(fail=(0.1, 486))
        if clumsy < scenario.clumsy_phones:
            return FarEnd(fail=(0.1, 486)) if kind < 0.7 else FarEnd(ring=0.1)
        return end

    return behave
