"""Who is at the other end of a call: seeded customers, and robot agents' phones.

The default is the base scenario of PACING.md: a dial is answered by a person with probability p after
U(6, 20) seconds, otherwise it occupies its line for 25 seconds; talk is lognormal with mean 120 s and
coefficient of variation 1, counted from the bridge. A person who is not bridged hangs up by patience.
"""

from __future__ import annotations

import bisect
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Literal

Talk = Literal["lognormal", "empirical"]
EMPIRICAL_SERIES = "outbound_bank_2008_2010"


@dataclass(frozen=True, slots=True)
class FarEnd:
    """One far end, as a plan in seconds from the INVITE; None: it never happens.

    `ring` 180, `early` 183 with media, `answer` 200, `fail` (when, SIP status); `trying` says that a 100 came
    (without any reply FreeSWITCH gives up after timer B, 32 s). `local`: the failure is FreeSWITCH's own, no
    reply came. `talk` draws the seconds from a bridge to the far end's BYE, `patience` those from the answer
    (or from the end of a bridge) to the BYE of somebody with nobody; `bye_after_answer` is unconditional.
    `beeps` are seconds from the answer at which a machine beeps, `presses` digits with such seconds; a phone
    that `echoes` sends back all sound.
    """

    ring: float | None = None
    early: float | None = None
    answer: float | None = None
    fail: tuple[float, int] | None = None
    redirect: float | None = None
    trying: bool = False
    local: bool = False
    reason_cause: str | None = None
    bye_after_answer: float | None = None
    beeps: tuple[float, ...] = ()
    presses: tuple[tuple[float, str], ...] = ()
    echoes: bool = False
    talk: Callable[[], float] | None = None
    patience: Callable[[], float] | None = None

    @property
    def replies(self) -> bool:
        """Whether anything ever comes back: otherwise timer B ends the attempt."""
        return self.trying or any(x is not None for x in (self.ring, self.early, self.answer, self.fail))


@dataclass(frozen=True, slots=True)
class CalleeProfile:
    """Shares are of all dials, durations in seconds.

    `busy_at_once`, `not_found`, `unavailable` (486, 404, 503 within 0.1 to 0.6 s) come first and are 0
    by default: the base scenario has no fast failures. `declined` is the share of the unanswered that ends in
    486 rather than 480, after the same time.
    """

    answer_probability: float = 0.3
    answer_after: tuple[float, float] = (6.0, 20.0)
    ringing_after: tuple[float, float] = (0.2, 0.8)
    unanswered_seconds: float = 25.0
    declined: float = 0.08
    busy_at_once: float = 0.0
    not_found: float = 0.0
    unavailable: float = 0.0
    talk: Talk = "lognormal"
    talk_mean: float = 120.0
    talk_cv: float = 1.0
    patience: tuple[float, float] = (6.0, 15.0)
    agent_answers_after: float = 0.3
    agent_hangs_up_after_mean: float | None = None

    def __post_init__(self) -> None:
        shares = (self.answer_probability, self.declined, self.busy_at_once, self.not_found, self.unavailable)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError("a share is between 0 and 1")
        if self.busy_at_once + self.not_found + self.unavailable > 1:
            raise ValueError("the fast failures are more than all dials")
        if self.talk_mean <= 0 or self.talk_cv <= 0 or self.unanswered_seconds <= 0:
            raise ValueError("talk and line times are more than 0")

    def answering(self, probability: float) -> CalleeProfile:
        return replace(self, answer_probability=probability)


def customer(profile: CalleeProfile, rng: random.Random) -> FarEnd:
    """One dial's fate. The same draws are made whatever the fate, so that seeds stay comparable."""
    fast, answers, when, ring, how = (rng.random() for _ in range(5))
    talk_rng = random.Random(rng.getrandbits(64))  # noqa: S311 - a simulation
    soon = 0.1 + 0.5 * when
    for share, status in ((profile.busy_at_once, 486), (profile.not_found, 404), (profile.unavailable, 503)):
        if fast < share:
            return FarEnd(fail=(soon, status))
        fast -= share
    ringing = _between(profile.ringing_after, ring)
    if answers >= profile.answer_probability:
        status = 486 if how < profile.declined else 480
        return FarEnd(ring=ringing, fail=(profile.unanswered_seconds, status))
    return FarEnd(
        ring=ringing,
        answer=_between(profile.answer_after, when),
        talk=lambda: talk_seconds(profile, talk_rng),
        patience=lambda: _between(profile.patience, talk_rng.random()),
    )


def agent_phone(profile: CalleeProfile, rng: random.Random) -> FarEnd:
    """A robot phone: answers soon and stays, or hangs up at random if the profile says so."""
    mean = profile.agent_hangs_up_after_mean
    stays = None if mean is None else rng.expovariate(1 / mean)
    return FarEnd(ring=0.02, answer=0.02 + profile.agent_answers_after, bye_after_answer=stays)


def talk_seconds(profile: CalleeProfile, rng: random.Random) -> float:
    if profile.talk == "empirical":
        return _empirical(rng.random())
    sigma = math.sqrt(math.log(1 + profile.talk_cv**2))
    return math.exp(rng.gauss(math.log(profile.talk_mean) - sigma * sigma / 2, sigma))


def _between(bounds: tuple[float, float], u: float) -> float:
    return bounds[0] + (bounds[1] - bounds[0]) * u


@cache
def _quantiles() -> tuple[list[float], list[float]]:
    text = resources.files("esl.simulator").joinpath("data/talk_time_quantiles.json").read_text("utf-8")
    table = json.loads(text)
    return [p / 100 for p in table["percentiles"]], [float(x) for x in table[EMPIRICAL_SERIES]]


def _empirical(u: float) -> float:
    """Linear between the quantiles (0.5 % steps), the outermost ones beyond them."""
    levels, values = _quantiles()
    right = bisect.bisect_left(levels, u)
    if right == 0:
        return values[0]
    if right == len(levels):
        return values[-1]
    share = (u - levels[right - 1]) / (levels[right] - levels[right - 1])
    return values[right - 1] + share * (values[right] - values[right - 1])
