"""The outbound measures of KPI.md as SQL: one definition each, used by the report and by the abandon ledger.

Over rows of `attempt` (alias a). The independent checker (models.verify) deliberately does not use them.
"""

from __future__ import annotations

from math import sqrt

# One number dialed once; carrier retries inside it are the same attempt; what a rule stopped was never
# dialed.
ATTEMPT = "a.dialed_at IS NOT NULL"

# The numerator of the abandon rate: nobody came in time, or the bridge was later than the grace (the
# engine's flag);
# an answered call whose end is unknown counts too (ARCHITECTURE.md, recovery).
ABANDONED = (
    "(a.abandoned OR a.outcome = 'abandoned'"
    " OR (a.outcome = 'unknown' AND a.answered_at IS NOT NULL AND a.bridged_at IS NULL))"
)

# Answered by a person. Also the attempt that died with the switch, or whose end is unknown, after an
# answer. Not one of which its agent says that a machine had answered, unless it was dropped or late first:
# then nobody can know.
LIVE_ANSWER = (
    f"({ABANDONED} OR NOT a.machine"
    " AND (a.answered_at IS NOT NULL OR a.outcome IN ('connected', 'ended_before_agent')))"
)

# The customer hung up before the deadline, no agent yet: in the denominator, not in the numerator.
ENDED_BEFORE_AGENT = f"(a.outcome = 'ended_before_agent' AND NOT {ABANDONED})"

# Occupancy: busy / (busy + ready); reserved counts as ready.
BUSY_STATES = "('talking', 'on_hold', 'wrap_up')"
AVAILABLE_STATES = "('ready', 'reserved', 'talking', 'on_hold', 'wrap_up')"

Z95 = 1.959963984540054


def wilson_interval(successes: int, trials: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a share (E. B. Wilson, JASA 22, 1927); (0, 1) without trials."""
    if trials == 0:
        return (0.0, 1.0)
    share = successes / trials
    spread = z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(share * (1 - share) / trials + spread / (4 * trials))
    return (max(0.0, middle - half), min(1.0, middle + half))
