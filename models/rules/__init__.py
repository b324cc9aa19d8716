"""The rules that decide whether a lead may be dialed now: pure functions over plain data.

Judged when an attempt is claimed and again when it is dialed; inputs and verdict are kept with the attempt.
"""

from models.rules.check import Verdict, check
from models.rules.inputs import RuleInputs
from models.rules.presets import preset, preset_names
from models.rules.retry import NextStep, RetryPolicy, next_step
from models.rules.ruleset import Caps, RuleSet

__all__ = [
    "Caps",
    "NextStep",
    "RetryPolicy",
    "RuleInputs",
    "RuleSet",
    "Verdict",
    "check",
    "next_step",
    "preset",
    "preset_names",
]
