"""'Why not faster': what each `limited_by` code of a campaign means, and what would change it.

The codes are the pacer's (pacing_core), the engine's (callflow/engine/dialing.py), those of a claim
(models/repository/hopper.py), and those of a campaign without a dialer.
"""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # the pacer
    "none": "Nothing limits it: every call is dialed for which an agent is expected to be free.",
    "agents": "Every agent is talking or spoken for: more calls would meet nobody. More agents help.",
    "abandon_budget": "The abandon rate of this legal window is at its limit: calls are dialed for agents "
    "who are free already. It recovers as calls are answered in time.",
    "lines": "All lines of the campaign are in use: more lines make it faster.",
    "calls_per_second": "New calls per second are at the campaign's limit: a higher one makes it faster.",
    "hopper_empty": "No lead is due: import leads, or wait until those that were tried are due again.",
    # a claim that brought nothing
    "hours": "Every due lead is outside the calling hours of the called person.",
    "rules": "Every due lead is held back by a rule: attempt caps, cool-down, do-not-call or a hold.",
    "lease": "This dialer no longer commands the switch: another one is taking over.",
    "database_away": "The dialer can't reach the database, without which nothing may be dialed.",
    # the engine
    "recovering": "The dialer has just started or found its switch again, and asks it about every open call.",
    "switch_away": "The link to the switch is down: the dialer tries to connect to it.",
    "switch_lag": "The switch answers slowly: the dialer spares it until it is quick again.",
    "switch_sessions": "The switch has nearly as many sessions as it allows: more of them (max-sessions) "
    "make it faster.",
    "gateway_lines": "The campaign's gateways have as many calls as they may: a higher limit, or another "
    "gateway, makes it faster.",
    "gateway_rate": "The campaign's gateways are at their new calls per second: a higher limit, or another "
    "gateway, makes it faster.",
    "gateway_down": "No gateway of the campaign can be dialed: their carriers fail, or they are disabled. "
    "One that fails is tried again with a few calls, at least once a minute.",
    "recording_disk": "Calls of this campaign must be recorded, and the switch's disk has no room, or was "
    "not heard of for five minutes: it goes on by itself when there is.",
    "clock_skew": "The clocks of switch and database differ by more than 5 s: correct them.",
    "paused": "The campaign is paused: start it.",
    "winding_down": "The campaign is ending: calls in hand finish, nothing more is dialed.",
    # without figures of a dialer
    "draft": "The campaign was never started: start it.",
    "stopped": "The campaign has ended: start it to go on.",
    "starting": "The dialer has not shown this campaign yet: look again in a moment.",
    "no_dialer": "No dialer commands the campaign's switch: start one (`ringmaster dialer`).",
}
NOBODY_IN = "No agent is logged in and ready: calls would meet nobody."


def sentence(code: str, agents_at_work: int | None = None) -> str:
    """What a code means. `agents_at_work`: agents who take calls or could; None is not known."""
    if code == "agents" and agents_at_work == 0:
        return NOBODY_IN
    return SENTENCES.get(code, f"The dialer says {code!r}.")
