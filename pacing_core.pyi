"""Pacing of outbound dialing, in Rust: Erlang formulas, the pacer, a simulation of the base scenario.

Times are seconds as floats, ids any unsigned 64-bit integers. Nothing here reads a clock.
"""

from typing import Literal, final

__all__ = [
    "Decision",
    "Pacer",
    "PacingValueError",
    "SimulationResult",
    "erlang_b",
    "erlang_c",
    "simulate_base",
]

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
    ) -> Pacer:
        """Set up a pacer.

        target, cap: wanted and highest allowed share abandoned / answered by a person; the smaller binds.
        grace_seconds: an answered person with no agent in this time is abandoned.
        budget_answered, budget_abandoned: what the budget's window has seen before.
        policy: "progressive" dials one number per idle agent with none outstanding for it.
        give_up_after: seconds of ringing after which a call may be given up (16 or more); None: never.
        Raises PacingValueError for values outside their range.
        """
    def set_target(self, target: float) -> None:
        """Change the wanted abandon rate from now on. Raises PacingValueError unless 0 < target < 1."""
    def agent(
        self,
        now: float,
        agent_id: int,
        state: Literal["idle", "reserved", "talk", "wrap", "away"],
        leaving: bool = False,
    ) -> None:
        """An agent's state. `leaving`: will not become free after this call."""
    def agent_gone(self, now: float, agent_id: int) -> None:
        """The agent logged out."""
    def dialed(self, now: float, call_id: int, p: float | None = None) -> None:
        """A number was dialed; `p`: this lead's own probability that a person answers, where known."""
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
        outcome: Literal["no_answer", "failed", "cancelled", "hangup_before_agent", "done", "unknown"],
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
    def ledger(self) -> tuple[int, int]:
        """(answered by a person, abandoned), the budget's history included."""
    def ignored_events(self) -> int:
        """Events that made no sense and were ignored."""

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

def erlang_b(servers: float, load: float) -> float:
    """Probability that a call finds all servers busy and is lost, at `load` erlang offered (Erlang B).

    Fractional servers are allowed. Relative error at most 1e-12.
    Raises PacingValueError outside 0 to 10,000,000.
    """

def erlang_c(servers: float, load: float) -> float:
    """Probability that a call has to wait (Erlang C); 1 when the load is not below the number of servers.

    Fractional servers are allowed. Relative error at most 1e-12.
    Raises PacingValueError outside 0 to 10,000,000.
    """
