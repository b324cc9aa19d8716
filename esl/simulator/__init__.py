"""A softswitch that an Event Socket client takes for FreeSWITCH on a dialer's scenarios."""

from esl.simulator.callees import CalleeProfile, FarEnd
from esl.simulator.config import SwitchConfig
from esl.simulator.faults import Crash, Cut, Delay, DropEvents, Fault, Refuse, Reorder, Restart, Stall
from esl.simulator.gateways import Gateway, fixed
from esl.simulator.load import Capacity
from esl.simulator.model import Softswitch, SwitchAway
from esl.simulator.truth import CallTruth, SilenceViolation

__all__ = [
    "CallTruth",
    "CalleeProfile",
    "Capacity",
    "Crash",
    "Cut",
    "Delay",
    "DropEvents",
    "FarEnd",
    "Fault",
    "Gateway",
    "Refuse",
    "Reorder",
    "Restart",
    "SilenceViolation",
    "Softswitch",
    "Stall",
    "SwitchAway",
    "SwitchConfig",
    "fixed",
]
