"""Pacing of outbound dialing, in Rust: staffing, the pacer, and the laboratory that compares policies.

Times are seconds as floats, ids any unsigned 64-bit integers. Nothing here reads a clock.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, TypeAlias, final, overload, type_check_only

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AgentView",
    "Calibration",
    "CallView",
    "Decision",
    "Event",
    "Explanation",
    "Lead",
    "LeadModel",
    "NextLead",
    "Pacer",
    "PacingValueError",
    "PolicyDecision",
    "Queue",
    "Replay",
    "ReplayDifference",
    "Run",
    "Scenario",
    "ShadowFigures",
    "SimulationResult",
    "Snapshot",
    "WhatIf",
    "WhatIfPoint",
    "Window",
    "calibration",
    "decision_times",
    "dial_order",
    "erlang_b",
    "erlang_c",
    "explain",
    "foretell",
    "full_time_equivalents",
    "interval",
    "policies",
    "queue",
    "record",
    "replay",
    "servers_for_abandonment",
    "servers_for_blocking",
    "servers_for_occupancy",
    "servers_for_service_level",
    "servers_for_speed_of_answer",
    "simulate",
    "simulate_base",
    "simulate_windows",
    "tune",
    "what_if",
    "with_shrinkage",
]

# Numbers, or whatever numpy makes an array of numbers of.
_Outcome: TypeAlias = Literal[
    "no_answer", "failed", "cancelled", "hangup_before_agent", "done", "machine", "unknown"
]
_Floats: TypeAlias = NDArray[np.float64]
_Numbers: TypeAlias = float | Sequence[float] | NDArray[np.floating[Any]] | NDArray[np.integer[Any]]
_Reason: TypeAlias = Literal["none", "agents", "abandon_budget", "lines", "calls_per_second", "hopper_empty"]
_Counting: TypeAlias = Literal["late_abandons", "all_abandons", "abandons_credited", "answered_only"]

class PacingValueError(ValueError):
    """An argument the core cannot work with; `code` is stable, the text says what to give instead."""

    code: str

@final
class Decision:
    """What to do now, and what it was based on. Frozen."""

    @property
    def dials(self) -> int:
        """How many numbers to dial now."""
    @property
    def give_up(self) -> list[int]:
        """Ids of ringing calls to give up; empty unless `give_up_after` is set."""
    @property
    def limited_by(
        self,
    ) -> Literal["none", "agents", "abandon_budget", "lines", "calls_per_second", "hopper_empty"]:
        """Why not more."""
    @property
    def expected_answers(self) -> float:
        """Answers still expected of all calls in flight, the new dials included."""
    @property
    def free_agents(self) -> float:
        """Agents expected to be free when a call dialed now is answered."""
    @property
    def abandon_risk(self) -> float:
        """Probability that the last call dialed now (the next, if none is) finds no agent when answered."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Pacer:
    """Decides how many numbers to dial, learning from the campaign's own calls.

    Tell it what happens, in the order it happens; ask `decide` several times a second and after changes.
    Unknown or repeated ids are ignored and counted (`ignored_events`); time going backwards stands still.
    """

    def __new__(
        cls,
        *,
        target: float = 0.03,
        cap: float | None = None,
        grace_seconds: float = 2.0,
        seed: int = 0,
        budget_answered: int = 0,
        budget_abandoned: int = 0,
        policy: Literal["predictive", "progressive"] = "predictive",
        give_up_after: float | None = None,
        prior_scale: float = 1.0,
    ) -> Pacer:
        """Set up a pacer.

        target, cap: wanted and highest allowed share abandoned / answered by a person; the smaller binds.
        grace_seconds: an answered person with no agent in this time is abandoned.
        budget_answered, budget_abandoned: what the budget's window has seen before.
        policy: "progressive" dials one number per idle agent with none outstanding for it.
        give_up_after: seconds of ringing after which a call may be given up (16 or more); None: never.
        prior_scale: the priors' times and answer probability are so many times the documented ones (0.1
            to 10): to see how much hangs on them.
        Raises PacingValueError for values outside their range.
        """
    def set_target(self, target: float) -> None:
        """Change the wanted abandon rate from now on. Raises PacingValueError unless 0 < target < 1."""
    def set_group_budget(
        self, target: float, answered: int, abandoned: int, *, expected: float = 0.0
    ) -> None:
        """The budget of the campaign's group binds beside its own from now on.

        target: rate the group may have at most. answered, abandoned: of all its campaigns together, this
        one included, in the window, as it stands now; this campaign's own are added as they come, the others'
        when this is called again. expected: abandons to be expected of the others' calls in flight (the sum
        of their `expected_abandons()`). Raises PacingValueError for values outside their range.
        """
    def clear_group_budget(self) -> None:
        """No group's budget binds any more."""
    def group_ledger(self) -> tuple[int, int] | None:
        """Answered and abandoned by the group, as last told and with what this campaign has added since."""
    def expected_abandons(self) -> float:
        """Abandons to be expected of the calls in flight, as of the last decision and before its dials."""
    def agent(
        self,
        now: float,
        agent_id: int,
        state: Literal["idle", "reserved", "talk", "wrap", "away"],
        leaving: bool = False,
    ) -> None:
        """An agent's state. `leaving`: will not become free after this call.

        Whoever is free and begins to talk without having been reserved or connected was taken by a call of
        somebody else's, such as an inbound one.
        """
    def agent_leaves(self, now: float, agent_id: int, at: float | None = None) -> None:
        """When the agent is to leave, such as for a planned break; None: no plan any more.

        Whoever is in a call then ends it first. From then on the agent is not counted on. Being away ends
        the plan.
        """
    def agent_gone(self, now: float, agent_id: int) -> None:
        """The agent logged out."""
    def dialed(self, now: float, call_id: int, p: float | None = None) -> None:
        """A number was dialed; `p`: this lead's own probability that a person answers, where known."""
    def next_leads(self, probabilities: Sequence[float | None]) -> None:
        """The leads that will be dialed next, in the order of their dials: the probability that each is
        answered by a person, None for a usual one. Takes the place of what was told before.

        Those that are asked for already (`pending` of `decide`) are the first. A decision goes through them
        one by one; each call dialed takes the first off. 256 are kept, further ones left out. See
        `dial_order`.
        """
    def ringing(self, now: float, call_id: int) -> None:
        """It rings at the person's end."""
    def answered(self, now: float, call_id: int) -> None:
        """A person answered."""
    def connected(self, now: float, call_id: int, agent_id: int) -> None:
        """The person speaks with the agent, whose state becomes "talk"."""
    def abandoned(self, now: float, call_id: int) -> None:
        """The answered person was abandoned: counts in the budget, and the call leaves the books."""
    def ended(
        self,
        now: float,
        call_id: int,
        outcome: _Outcome,
    ) -> None:
        """The call is over and leaves the books.

        "failed" is the network's failure and "cancelled" our own doing: neither says anything about people.
        "unknown" counts as abandoned if the call had been answered and not connected.
        """
    def decide(
        self, now: float, *, lines_free: int, rate_tokens: int, leads: int, pending: int = 0
    ) -> Decision:
        """How many to dial now. `pending`: dials asked for and not yet reported by `dialed`."""
    def snapshot(self) -> bytes:
        """What was learned, as bytes, for `restore` after a restart. Agents, calls, ledger are not in it."""
    def restore(self, data: bytes) -> None:
        """Take over what another pacer learned.

        Raises PacingValueError for bytes that are not a snapshot of this version; nothing is changed then.
        """
    def answer_probability(self) -> float:
        """Answer probability as learned so far."""
    def tempo_changes(self) -> tuple[int, int]:
        """How often talk and wrap-up times were seen to become longer or shorter, and were learned anew."""
    def jumps(self) -> int:
        """How often the answer probability was seen to jump. What was learned before counts little then."""
    def ledger(self) -> tuple[int, int]:
        """(answered by a person, abandoned), the budget's history included."""
    def ignored_events(self) -> int:
        """Events that made no sense and were ignored."""
    def start_log(self, about: str = "", wall: float | None = None) -> None:
        """Keep a log of every input and decision from here on; it begins with the pacer as it stands.

        about: the campaign's id. wall: epoch seconds at second 0 of `now`, so that people read times of day.
        The log is in memory until `drain_log` fetches it; when 4 MB wait, recording ends (`log_state`).
        """
    def drain_log(self) -> bytes:
        """What was recorded since the last time, in whole blocks: to be appended to a file for `replay`."""
    def cut_log(self) -> None:
        """What is recorded from here on begins with the complete pacer and can be a file of its own."""
    def stop_log(self) -> None:
        """Keep no log any more; what nobody fetched is lost."""
    def log_state(self) -> Literal["off", "on", "overflowed"]:
        """Whether a log is kept. "overflowed": recording ended by itself, as nobody fetched it."""
    def set_shadow(self, policy: str | Policy | None, *, target: float | None = None) -> None:
        """Let another policy decide beside this pacer from here on; it never dials. None: no more.

        policy: a name as in `simulate` ("ringmaster" with a `target` of its own), or an object. An object
        that raises, or takes longer than 50 ms for one answer, is asked no more. One that never returns
        hangs this thread: try such policies on a log, with `replay`.
        Raises PacingValueError for an unknown name, TypeError for an object that is no policy.
        """
    def shadow(self) -> ShadowFigures | None:
        """How the policy beside compares with this one since it began; None if there is none."""

@final
class ShadowFigures:
    """Two deciders on the same inputs: the one that dialed ("then") and one only asked ("now"). Frozen.

    The open-loop answer: what the other would have dialed is not dialed, so it may ask for the same dials at
    its next decision again. `in_flight_*` and `more`, `fewer` therefore say more than the sums of dials.
    """

    @property
    def name(self) -> str: ...
    @property
    def on(self) -> bool:
        """Whether it still decides; False after it failed."""
    @property
    def failure(self) -> str | None:
        """What a policy written in Python raised."""
    @property
    def decisions(self) -> int: ...
    @property
    def more(self) -> int:
        """Decisions in which the other wanted more dials."""
    @property
    def fewer(self) -> int: ...
    @property
    def dials_then(self) -> int: ...
    @property
    def dials_now(self) -> int: ...
    @property
    def in_flight_then(self) -> float:
        """Calls in flight wanted, mean over the decisions: those there and asked for, and the dials."""
    @property
    def in_flight_now(self) -> float: ...
    @property
    def limited_then(self) -> list[tuple[_Reason, int]]:
        """How many decisions each reason limited."""
    @property
    def limited_now(self) -> list[tuple[_Reason, int]]:
        """The same of the other; empty unless it is the pacer at another target."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class ReplayDifference:
    """The first decision of a log that did not come out again. Frozen."""

    @property
    def at(self) -> float:
        """Second of the decision."""
    @property
    def reason(self) -> str:
        """What differs."""
    @property
    def dials_then(self) -> int: ...
    @property
    def dials_now(self) -> int: ...
    @property
    def limited_then(self) -> _Reason: ...
    @property
    def limited_now(self) -> _Reason: ...
    @property
    def give_up_then(self) -> list[int]: ...
    @property
    def give_up_now(self) -> list[int]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Replay:
    """What a replay showed. Frozen. Times are seconds of the pacer's clock."""

    @property
    def about(self) -> str:
        """What the log is about: the campaign's id."""
    @property
    def pacer_version(self) -> int:
        """Version of the pacer that wrote the log."""
    @property
    def own_version(self) -> int:
        """Version of the pacer that replayed it."""
    @property
    def keyframes(self) -> int: ...
    @property
    def inputs(self) -> int: ...
    @property
    def decisions(self) -> int: ...
    @property
    def differing(self) -> int:
        """Decisions with other dials, calls to give up or reason than recorded."""
    @property
    def first_difference(self) -> ReplayDifference | None:
        """The first decision that differs in any bit, the figures it was based on included."""
    @property
    def exact(self) -> bool:
        """Whether every decision came out again, to the last bit."""
    @property
    def damage(self) -> list[tuple[int, int, str]]:
        """What could not be read: offset, number of bytes, reason."""
    @property
    def start(self) -> float | None: ...
    @property
    def end(self) -> float | None: ...
    @property
    def wall(self) -> float | None:
        """Epoch seconds at second 0."""
    @property
    def minutes(self) -> list[tuple[float, ShadowFigures]]:
        """By the minute, with its first second; empty unless another policy or target was asked."""
    @property
    def total(self) -> ShadowFigures | None: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Explanation:
    """What was known at a decision, and why it is as it is. Frozen."""

    @property
    def at(self) -> float:
        """Second of the decision, of the pacer's clock."""
    @property
    def wall(self) -> float | None:
        """Epoch seconds at second 0."""
    @property
    def about(self) -> str: ...
    @property
    def idle(self) -> int: ...
    @property
    def reserved(self) -> int: ...
    @property
    def talking(self) -> int: ...
    @property
    def wrapping(self) -> int: ...
    @property
    def away(self) -> int: ...
    @property
    def leaving(self) -> int:
        """Agents who leave after their call; counted in their state too."""
    @property
    def in_flight(self) -> int:
        """Calls dialed and not answered."""
    @property
    def waiting(self) -> int:
        """Answered people waiting for an agent."""
    @property
    def lines_free(self) -> int: ...
    @property
    def rate_tokens(self) -> int: ...
    @property
    def leads(self) -> int: ...
    @property
    def pending(self) -> int:
        """Dials asked for and not yet reported."""
    @property
    def answer_probability(self) -> float:
        """As learned so far."""
    @property
    def answered(self) -> int:
        """Answered by a person, the budget's history included."""
    @property
    def abandoned(self) -> int: ...
    @property
    def target(self) -> float: ...
    @property
    def cap(self) -> float | None: ...
    @property
    def surplus(self) -> float:
        """Abandons that the target still allows; negative when it is overdrawn."""
    @property
    def dials(self) -> int: ...
    @property
    def give_up(self) -> list[int]: ...
    @property
    def limited_by(self) -> _Reason: ...
    @property
    def expected_answers(self) -> float:
        """As in `Decision`, like the next two."""
    @property
    def free_agents(self) -> float: ...
    @property
    def abandon_risk(self) -> float: ...
    @property
    def as_recorded(self) -> bool:
        """Whether the log has the same decision."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

def explain(data: bytes, at: float) -> Explanation:
    """The last decision of a log at or before a second of the pacer's clock.

    Raises PacingValueError when the log cannot be replayed up to there or has no decision before.
    """

def replay(
    data: bytes,
    *,
    policy: str | Policy | None = None,
    target: float | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Replay:
    """Decide everything in a log once more and compare, to the last bit.

    policy, target: what another policy, or this one at another target, would have decided on the same inputs;
    counted from `start` to before `end`, seconds of the pacer's clock.
    Raises PacingValueError when nothing in the log can be replayed or for an unknown policy; whatever a
    policy written in Python raises.
    """

@final
class SimulationResult:
    """Outcome of a simulated run. Frozen."""

    @property
    def attempts(self) -> int:
        """Dials."""
    @property
    def live_answers(self) -> int:
        """Answered by a person."""
    @property
    def abandoned(self) -> int:
        """Answered by a person with no agent within the grace."""
    @property
    def ended_before_agent(self) -> int:
        """Ended by the person before an agent was there (never, in the base scenario)."""
    @property
    def abandon_rate(self) -> float:
        """abandoned / live_answers."""
    @property
    def occupancy(self) -> float:
        """Share of the agents' time that is talk or wrap-up, cold start included."""
    @property
    def talk_minutes_per_agent_hour(self) -> float:
        """Minutes of talk per agent and hour."""
    @property
    def connected(self) -> int:
        """Conversations."""
    @property
    def handle_mean(self) -> float:
        """Mean talk and wrap-up per conversation, seconds."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Lead:
    """What is known about a lead before it is dialed. Frozen."""

    def __new__(
        cls,
        *,
        hour: int | None = None,
        weekday: int | None = None,
        attempt: int | None = None,
        last_outcome: str | None = None,
        number_type: str | None = None,
        area: str | None = None,
        list: str | None = None,
    ) -> Lead:
        """All optional. Words are hashed onto 16 outcomes, 8 types, 64 areas and 64 lists.

        hour: 0 to 23, where the lead is. weekday: 0 to 6. attempt: from 1; 12 stands for all later ones too.
        Raises PacingValueError outside these ranges.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class LeadModel:
    """How likely each lead is to answer, learned from its features and what became of calls.

    Logistic regression, updated call by call, fading; its size never changes. Prior: three in ten answer,
    and no feature matters. Give `Pacer.dialed` the probability; the pacer corrects what is off for all.
    """

    def __new__(cls) -> LeadModel: ...
    def probability(self, lead: Lead) -> float:
        """Probability that a person answers."""
    def learn(self, lead: Lead, answered: bool) -> None:
        """What became of a call that rang until it was answered or not; not of one the network failed."""
    def calls(self) -> int:
        """Calls learned from."""
    def snapshot(self) -> bytes:
        """What was learned, as bytes, for `restore` after a restart."""
    def restore(self, data: bytes) -> None:
        """Take over what another model learned.

        Raises PacingValueError for bytes that are not a snapshot of this version; nothing is changed then.
        """

@final
class Calibration:
    """How good probabilities turned out. Frozen."""

    @property
    def brier(self) -> float:
        """Brier's score: mean squared distance of probability and outcome."""
    @property
    def reliability(self) -> float:
        """Mean squared distance of a group's probability and the share answered: 0 is calibrated."""
    @property
    def resolution(self) -> float:
        """Variance of the share answered between the groups."""
    @property
    def uncertainty(self) -> float:
        """Variance of the outcomes."""
    @property
    def curve(self) -> list[tuple[int, float, float]]:
        """Of each group, by rising probability: calls, mean probability, share answered."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

def calibration(predicted: Sequence[float], answered: Sequence[bool], groups: int = 10) -> Calibration:
    """Compare probabilities with outcomes over groups of as many calls each (Murphy 1973).

    brier = reliability - resolution + uncertainty, as far as the calls of a group have one probability.
    Raises PacingValueError for no calls, lists of different length, or a probability outside 0 to 1.
    """

def dial_order(probabilities: Sequence[float | None], last: float | None = None) -> list[int]:
    """An order for leads of which any may be dialed first: their places, in the order of their dials.

    From one end to the other, so that each has its like for neighbours, beginning at the end nearer to
    `last`, the probability of the lead dialed before (None: with the likeliest). None for a lead of which
    nothing is known, which goes where the mean is. Equal ones stay in their order. Raises PacingValueError
    for more than 1,000,000 of them.
    """

def foretell(
    scenario: Scenario, seed: int, dials: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Of a scenario's first people: probability by a `LeadModel` at the dial, answered, true probability.

    The model begins with nothing and learns what became of each dial 50 dials later.
    Raises PacingValueError for more than 10,000,000 dials.
    """

def simulate_base(
    agents: int,
    answer_probability: float,
    seconds: float,
    seed: int,
    target: float = 0.03,
    policy: Literal["predictive", "progressive"] = "predictive",
    *,
    talk_mean: float = 120.0,
    talk_cv: float = 1.0,
    wrap_mean: float = 15.0,
    wrap_cv: float = 0.5,
    ring_low: float = 6.0,
    ring_high: float = 20.0,
    no_answer_seconds: float = 25.0,
    grace_seconds: float = 2.0,
    decide_interval: float = 0.2,
    dial_latency: float = 0.0,
    bridge_latency: float = 0.0,
    lines: int = 1_000_000,
    change_at: float | None = None,
    changed_probability: float | None = None,
) -> SimulationResult:
    """Simulate the base scenario with the live pacer, all learned from nothing; same seed, same result.

    Talk and wrap-up are lognormal (mean in seconds, coefficient of variation), the answer delay is uniform,
    an unanswered dial occupies its line for `no_answer_seconds`. Dialing stops at `seconds`; occupancy is
    over 0..seconds, and calls dialed before count in full. dial_latency: from a decision to its dials.
    bridge_latency: from a match to the conversation. From `change_at` on, `changed_probability` holds.
    The GIL is released.
    Raises PacingValueError for values outside their range.
    """

@final
class Queue:
    """A queue in its steady state. Frozen.

    Every attribute is a float, or an array of the shape that the arguments of `queue` broadcast to.
    """

    @property
    def wait_probability(self) -> Any:
        """Share of the calls that find no free server."""
    @property
    def mean_wait_seconds(self) -> Any:
        """Mean wait over all calls, those who give up included; infinite if the queue grows without end."""
    @property
    def mean_wait_of_waiting_seconds(self) -> Any:
        """The same over the calls that find no free server."""
    @property
    def speed_of_answer_seconds(self) -> Any:
        """Mean wait of the calls that are answered (average speed of answer, ASA)."""
    @property
    def service_level(self) -> Any:
        """Service level at `target_seconds`, abandons counted as `counting` says."""
    @property
    def answered_within(self) -> Any:
        """Calls answered within `target_seconds` / calls offered."""
    @property
    def abandonment(self) -> Any:
        """Share of the calls that give up."""
    @property
    def abandonment_of_waiting(self) -> Any:
        """Share of the calls that find no free server that gives up."""
    @property
    def occupancy(self) -> Any:
        """Share of the servers that is busy."""
    @property
    def mean_queue(self) -> Any:
        """Calls waiting, on average."""

@overload
def erlang_b(servers: float, load: float) -> float: ...
@overload
def erlang_b(servers: _Numbers, load: _Numbers) -> Any:
    """Probability that a call finds all servers busy and is lost, at `load` erlang offered (Erlang B).

    Numbers, or arrays that broadcast (then an array). Fractional servers are allowed. Relative error at most
    1e-12; 0 where the true value is below the smallest float.
    Raises PacingValueError outside 0 to 10,000,000, naming the argument.
    Source: Jagerman 1974, "Some properties of the Erlang loss function".
    """

@overload
def erlang_c(servers: float, load: float) -> float: ...
@overload
def erlang_c(servers: _Numbers, load: _Numbers) -> Any:
    """Probability that a call has to wait (Erlang C); 1 when the load is not below the number of servers.

    Numbers, or arrays that broadcast (then an array). Fractional servers are allowed. Relative error at most
    1e-12; 0 where the true value is below the smallest float.
    Raises PacingValueError outside 0 to 10,000,000, naming the argument.
    """

def queue(
    servers: _Numbers,
    load: _Numbers,
    *,
    aht_seconds: _Numbers,
    patience_seconds: _Numbers | None = None,
    target_seconds: _Numbers | None = None,
    counting: _Counting = "late_abandons",
) -> Queue:
    """All measures of a queue: Erlang C, or Erlang A where callers give up.

    Poisson arrivals, exponential handling with mean `aht_seconds`, exponential patience with mean
    `patience_seconds` (None or infinite: nobody gives up), first come first served.
    load: erlang offered = calls per second x aht_seconds.
    target_seconds: t of the service level, 20 if not given.
    counting, "late_abandons": answered within t / (answered + abandoned after t);
    "all_abandons": answered within t / offered; "abandons_credited": (answered or abandoned within t) /
    offered; "answered_only": answered within t / answered.
    Numbers, or arrays that broadcast; relative error at most 1e-9. Overload without patience: everybody
    waits, for ever (infinite waits and queue, service level 0, occupancy 1).
    Raises PacingValueError naming the argument: servers above 0 to 10,000,000, load 0 to 10,000,000,
    aht_seconds 0.001 to 1e9, patience_seconds 1e-6 to 1e9 or none, target_seconds 0 to 1e9; shapes that do
    not broadcast or give more than 10,000,000 results. The GIL is released for arrays.
    Source: Palm 1957; Garnett, Mandelbaum, Reiman 2002; Mandelbaum, Zeltyn 2007.
    """

@overload
def servers_for_blocking(load: float, blocking: float) -> int: ...
@overload
def servers_for_blocking(load: _Numbers, blocking: _Numbers) -> Any:
    """The fewest servers (lines) at which at most the share `blocking` of the calls is lost (Erlang B).

    0 without load. Numbers give an int, arrays an array of int64.
    Raises PacingValueError unless 0 < blocking < 1, and where 10,000,000 servers are too few.
    """

@overload
def servers_for_service_level(
    load: float,
    service_level: float,
    seconds: float,
    *,
    aht_seconds: float,
    patience_seconds: float | None = None,
    counting: _Counting = "late_abandons",
) -> int: ...
@overload
def servers_for_service_level(
    load: _Numbers,
    service_level: _Numbers,
    seconds: _Numbers,
    *,
    aht_seconds: _Numbers,
    patience_seconds: _Numbers | None = None,
    counting: _Counting = "late_abandons",
) -> Any:
    """The fewest servers with at least this service level at `seconds`; arguments as of `queue`.

    0 without load. Numbers give an int, arrays an array of int64.
    Raises PacingValueError unless 0 < service_level < 1, and where 10,000,000 servers are too few.
    """

@overload
def servers_for_speed_of_answer(
    load: float, seconds: float, *, aht_seconds: float, patience_seconds: float | None = None
) -> int: ...
@overload
def servers_for_speed_of_answer(
    load: _Numbers, seconds: _Numbers, *, aht_seconds: _Numbers, patience_seconds: _Numbers | None = None
) -> Any:
    """The fewest servers at which answered calls wait at most `seconds` on average.

    0 without load. Numbers give an int, arrays an array of int64.
    Raises PacingValueError unless seconds > 0, and where 10,000,000 servers are too few.
    """

@overload
def servers_for_occupancy(
    load: float, occupancy: float, *, aht_seconds: float, patience_seconds: float | None = None
) -> int: ...
@overload
def servers_for_occupancy(
    load: _Numbers, occupancy: _Numbers, *, aht_seconds: _Numbers, patience_seconds: _Numbers | None = None
) -> Any:
    """The fewest servers of whom at most the share `occupancy` is busy.

    0 without load. Numbers give an int, arrays an array of int64.
    Raises PacingValueError unless 0 < occupancy < 1, and where 10,000,000 servers are too few.
    """

@overload
def servers_for_abandonment(
    load: float, abandonment: float, *, aht_seconds: float, patience_seconds: float
) -> int: ...
@overload
def servers_for_abandonment(
    load: _Numbers, abandonment: _Numbers, *, aht_seconds: _Numbers, patience_seconds: _Numbers
) -> Any:
    """The fewest servers at which at most the share `abandonment` of the calls gives up (Erlang A).

    0 without load. Numbers give an int, arrays an array of int64.
    Raises PacingValueError unless 0 < abandonment < 1, and where 10,000,000 servers are too few.
    """

@overload
def with_shrinkage(servers: float, shrinkage: float) -> float: ...
@overload
def with_shrinkage(servers: _Numbers, shrinkage: _Numbers) -> Any:
    """Servers to roster for so many at work: servers / (1 - shrinkage).

    shrinkage: share of the paid time that is not available for calls, 0 to below 1.
    Raises PacingValueError outside these ranges.
    """

@overload
def full_time_equivalents(paid_hours: float, hours_each: float) -> float: ...
@overload
def full_time_equivalents(paid_hours: _Numbers, hours_each: _Numbers) -> Any:
    """Full-time persons for so many paid hours: paid_hours / hours_each, over the same period.

    Raises PacingValueError for negative hours, or fewer than 0.001 of one person.
    """

@final
class Scenario:
    """Who works, whom they call, what is allowed. Frozen; times are seconds."""

    @staticmethod
    def named(name: str, overrides: str = "") -> Scenario:
        """A scenario of the suite, with what `overrides` (TOML, such as "agents = 20") says instead.

        Raises PacingValueError for an unknown name or key, or a value outside its range.
        """
    @staticmethod
    def from_toml(text: str) -> Scenario:
        """One's own; `extends = "base"` takes over what it does not say. Raises PacingValueError."""
    @staticmethod
    def names() -> list[str]:
        """The suite."""
    def to_toml(self) -> str:
        """Complete, and in one form only: equal texts are equal scenarios."""
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def about(self) -> str: ...
    @property
    def agents(self) -> int: ...
    @property
    def seconds(self) -> float:
        """Length of a run, warm-up included."""
    @property
    def warmup_seconds(self) -> float:
        """Nothing before is measured."""
    @property
    def target(self) -> float: ...
    @property
    def cap(self) -> float: ...
    @property
    def handle_seconds(self) -> float:
        """Mean talk and wrap-up at the start."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class Run:
    """One simulated run. Frozen. Counts: calls dialed after the warm-up; `total_` ones from the start."""

    @property
    def seed(self) -> int: ...
    @property
    def attempts(self) -> int:
        """Dials."""
    @property
    def answered(self) -> int:
        """Answered by a person: connected + abandoned."""
    @property
    def connected(self) -> int: ...
    @property
    def abandoned(self) -> int:
        """No agent within the grace; a machine that nobody had found out counts as a person."""
    @property
    def machines(self) -> int:
        """Machines that agents found out."""
    @property
    def detected(self) -> int:
        """Machines that detection hung up on."""
    @property
    def mistaken(self) -> int:
        """People whom detection hung up on; in no other count."""
    @property
    def unanswered(self) -> int: ...
    @property
    def failed(self) -> int:
        """Failed by the carrier."""
    @property
    def given_up(self) -> int: ...
    @property
    def total_answered(self) -> int: ...
    @property
    def total_abandoned(self) -> int: ...
    @property
    def inbound(self) -> int:
        """Inbound calls, from the start."""
    @property
    def inbound_waited(self) -> int:
        """Of those, the ones that found no agent at once."""
    @property
    def inbound_abandoned(self) -> int:
        """Of those, the ones that gave up."""
    @property
    def inbound_wait_seconds(self) -> float: ...
    @property
    def talk_seconds(self) -> float:
        """Agent seconds in conversation."""
    @property
    def wrap_seconds(self) -> float: ...
    @property
    def machine_seconds(self) -> float:
        """Agent seconds with machines."""
    @property
    def staffed_seconds(self) -> float:
        """Agent seconds logged in and not paused."""
    @property
    def line_seconds(self) -> float:
        """Line seconds of outbound calls before an agent has them, from the start."""
    @property
    def most_lines(self) -> int:
        """Most calls at once that were not yet with an agent."""
    @property
    def decisions(self) -> int: ...
    @property
    def occupancy(self) -> float:
        """(talk + wrap-up + machines) / staffed."""
    @property
    def abandon_rate(self) -> float:
        """abandoned / answered."""
    @property
    def abandon_rate_with_mistaken(self) -> float:
        """The same, people whom detection hung up on counted as abandoned."""
    @property
    def talk_minutes_per_agent_hour(self) -> float: ...
    @property
    def dials_per_contact(self) -> float: ...
    @property
    def worst_quarter(self) -> float:
        """Highest abandon rate of a quarter of an hour with 20 answers or more, from the start."""
    @property
    def worst_hour(self) -> float:
        """The same of four quarters in a row."""
    @property
    def quarters(self) -> list[tuple[int, int, float, float]]:
        """Of each quarter of an hour: answered, abandoned, busy and staffed agent seconds."""
    def minutes(self) -> tuple[_Floats, _Floats, _Floats, _Floats]:
        """Of each minute from the start: answered, abandoned, busy and staffed agent seconds."""
    def occupancy_between(self, start: float, end: float) -> float:
        """Occupancy of the whole minutes between two seconds.

        Raises:
            PacingValueError: a second that is negative, beyond 1,000,000,000 or not a number.
        """
    def recovery(self, shock: float, until: float, least: float) -> float | None:
        """Seconds from `shock` until the occupancy of the last five minutes is `least` or more again.

        Looked at each whole minute; 0 if it does not fall under `least` before `until`, None if it is not
        back by then.

        Raises:
            PacingValueError: a second or an occupancy outside its range.
        """
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class AgentView:
    """An agent as a policy sees one. Frozen."""

    @property
    def id(self) -> int: ...
    @property
    def state(self) -> Literal["idle", "reserved", "talk", "wrap", "away"]: ...
    @property
    def since(self) -> float:
        """Second at which this state began."""
    @property
    def next(self) -> Literal["ready", "pause", "logout"]:
        """What comes after the present call or idle time, as far as anybody was told."""
    @property
    def planned(self) -> float | None:
        """Second at which that is planned."""

@final
class CallView:
    """A call that is not yet with an agent, as a policy sees one. Frozen."""

    @property
    def id(self) -> int: ...
    @property
    def stage(self) -> Literal["in_flight", "waiting"]: ...
    @property
    def dialed(self) -> float:
        """Second of the dial."""
    @property
    def since(self) -> float:
        """Second at which the stage began."""
    @property
    def p(self) -> float | None:
        """The lead's own answer probability, where policies are told."""

@final
class NextLead:
    """A lead that will be dialed soon, as a policy sees one. Frozen."""

    @property
    def number(self) -> int:
        """The id that its call will have."""
    @property
    def p(self) -> float | None:
        """The lead's own answer probability, where policies are told."""

@final
class Snapshot:
    """How things stand at a decision. Frozen, versioned."""

    @property
    def version(self) -> int: ...
    @property
    def now(self) -> float:
        """Seconds since the run's start."""
    @property
    def agents(self) -> tuple[AgentView, ...]: ...
    @property
    def calls(self) -> tuple[CallView, ...]: ...
    @property
    def next(self) -> tuple[NextLead, ...]:
        """Where leads differ: the next 128 of the hopper in its order; those decided already are left out."""
    @property
    def pending(self) -> int:
        """Dials decided and not yet made."""
    @property
    def hopper(self) -> int:
        """Leads that may be dialed now."""
    @property
    def lines_free(self) -> int: ...
    @property
    def rate_tokens(self) -> int:
        """Calls that the calls-per-second limit allows now."""
    @property
    def target(self) -> float: ...
    @property
    def cap(self) -> float: ...
    @property
    def answered(self) -> int:
        """Answered by a person since the run's start."""
    @property
    def abandoned(self) -> int: ...
    @property
    def budget_left(self) -> float:
        """Abandons that the cap still allows; negative when overdrawn."""
    @property
    def idle(self) -> int:
        """Agents idle."""
    @property
    def talking(self) -> int: ...
    @property
    def wrapping(self) -> int: ...
    @property
    def in_flight(self) -> int:
        """Calls dialed and not answered."""
    @property
    def waiting(self) -> int:
        """Answered people waiting for an agent."""

@final
class Event:
    """Something that happened. Frozen."""

    @property
    def now(self) -> float: ...
    @property
    def kind(
        self,
    ) -> Literal["agent", "agent_gone", "dialed", "answered", "connected", "abandoned", "ended"]: ...
    @property
    def agent(self) -> int | None: ...
    @property
    def call(self) -> int | None: ...
    @property
    def state(self) -> Literal["idle", "reserved", "talk", "wrap", "away"] | None:
        """Of "agent": the new state."""
    @property
    def outcome(
        self,
    ) -> _Outcome | None:
        """Of "ended"."""
    @property
    def p(self) -> float | None:
        """Of "dialed": the lead's own answer probability, where policies are told."""
    @property
    def leaving(self) -> bool:
        """Of "agent": will not become free after this call."""

@final
class PolicyDecision:
    """What a policy wants. Frozen."""

    def __new__(
        cls, dials: int, give_up: Sequence[int] = ..., note: str = ..., leads: Sequence[int] = ...
    ) -> PolicyDecision: ...
    @property
    def dials(self) -> int: ...
    @property
    def give_up(self) -> list[int]:
        """Ids of ringing calls to give up; the scenario says from when on that is allowed."""
    @property
    def note(self) -> str:
        """For people and logs."""
    @property
    def leads(self) -> list[int]:
        """Numbers of next leads to dial in this order; where it ends, the hopper's order goes on."""

@type_check_only
class Policy(Protocol):
    """A pacing policy of one's own, for `simulate`; any object with these will do."""

    name: str
    version: str
    def reset(self, scenario: Scenario, seed: int, /) -> object:
        """A run begins."""
    def on_event(self, event: Event, /) -> object: ...
    def decide(self, snapshot: Snapshot, /) -> int | PolicyDecision: ...

def simulate(
    scenario: Scenario,
    policy: str | Policy,
    seeds: Sequence[int],
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[Run]:
    """One run for each seed, in their order; same scenario, policy and seed, same run.

    policy: `name` or `name(parameter=value, ...)`, see `policies`: runs on all cores (or so many `threads`)
    without the GIL. Or an object: runs one after the other on this thread.
    Two policies meet the same people under one seed: the n-th person dialed answers, rings, talks alike.
    progress: called now and then with the number of runs done. Ctrl-C ends the work.
    Raises PacingValueError for an unknown policy or parameter; whatever the policy or `progress` raises.
    """

@final
class Window:
    """A window of the abandon budget. Frozen. Counts are the simulator's, whatever the policy believed."""

    @property
    def seed(self) -> int: ...
    @property
    def answered(self) -> int:
        """Answered by a person."""
    @property
    def abandoned(self) -> int: ...
    @property
    def talk_seconds(self) -> float:
        """Agent seconds in conversation."""
    @property
    def busy_seconds(self) -> float: ...
    @property
    def staffed_seconds(self) -> float: ...
    @property
    def days(self) -> list[tuple[int, int, float, float, float]]:
        """Of each day by itself: answered, abandoned, talk, busy and staffed agent seconds."""
    @property
    def evenings(self) -> list[tuple[int, int, float, float, float]]:
        """The same of the window so far, at each day's end."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

def simulate_windows(
    scenario: Scenario,
    policy: str,
    seeds: Sequence[int],
    *,
    days: int = 30,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[Window]:
    """One window of so many `days` for each seed: working days end to end under one ledger.

    In the morning the policy is told the ledger; `ringmaster` has what it learned from its snapshot, other
    policies begin anew. Runs without the GIL as `simulate`; `progress` is called with the days done.

    Raises:
        PacingValueError: an unknown policy or parameter, `days` outside 1 to 3660.
    """

def decision_times(scenario: Scenario, policy: str, seed: int) -> _Floats:
    """How long each decision of a run took, seconds of this machine's clock: not the same twice.

    Raises:
        PacingValueError: an unknown policy or parameter.
    """

def tune(
    scenario: Scenario,
    policy: str,
    seeds: Sequence[int],
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> str:
    """The policy with its main parameter set for the highest occupancy within the scenario's cap.

    Over these seeds together, by halving; use others than for comparing. If no value keeps the cap, the most
    careful one. A policy with nothing to tune comes back as it is. Raises as `simulate`.
    """

def policies() -> list[tuple[str, str]]:
    """The built-in policies: name and a line about each."""

def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and half the width of its 95 % interval (Student's t); infinite for one value."""

@final
class WhatIfPoint:
    """What a target would bring: means, each with half the width of its 95 % interval. Frozen."""

    @property
    def target(self) -> float: ...
    @property
    def talk_minutes_per_agent_hour(self) -> tuple[float, float]: ...
    @property
    def abandon_rate(self) -> tuple[float, float]: ...
    @property
    def occupancy(self) -> tuple[float, float]: ...
    @property
    def dials_per_contact(self) -> tuple[float, float]: ...
    @property
    def answered(self) -> int:
        """Simulated answers behind it."""
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

@final
class WhatIf:
    """A campaign's log, fitted, and what several targets would bring. Frozen."""

    @property
    def target(self) -> float:
        """The pacer's target at the log's end."""
    @property
    def cap(self) -> float | None: ...
    @property
    def points(self) -> list[WhatIfPoint]:
        """In the order of the targets asked for."""
    @property
    def scenario(self) -> str:
        """The fitted scenario, as TOML for `Scenario.from_toml`."""
    @property
    def seconds(self) -> float:
        """How long it was dialed in the part of the log that was read; what follows is measured there."""
    @property
    def agents(self) -> float:
        """Mean number of agents logged in and not paused."""
    @property
    def dialed(self) -> int: ...
    @property
    def answered(self) -> int: ...
    @property
    def abandoned(self) -> int: ...
    @property
    def abandon_rate(self) -> float: ...
    @property
    def talk_minutes_per_agent_hour(self) -> float: ...
    @property
    def occupancy(self) -> float: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

def what_if(
    data: bytes,
    targets: Sequence[float] | None = None,
    *,
    within: float = 14_400.0,
    effort: float = 1.0,
    threads: int | None = None,
) -> WhatIf:
    """Talk minutes per agent hour against abandon rate, from a campaign's own decision log.

    The last `within` seconds of the log give answer probability, ring, talk and wrap-up times, team and
    limits; the simulator runs them at each target (default: a quarter to twice the present one), the same
    people at each, the pacer warm. Same log and targets, same result. `effort`: simulate so many times as
    long as usual, which is within two seconds for 100 agents on one core. The GIL is released.
    Raises PacingValueError when too little happened in the log, or for a value outside its range.
    """

def record(scenario: Scenario, seed: int) -> bytes:
    """The decision log of a simulated run under the pacer, as a dialer would have kept it."""
