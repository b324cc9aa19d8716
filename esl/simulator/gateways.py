"""Gateways: a name, and what happens to a call that goes out by it.

The corpus names its gateways after their behaviour (FACTS section 0). The normal profile has one carrier with
seeded callees and one gateway of robot agents' phones.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from esl.simulator.callees import CalleeProfile, FarEnd, agent_phone, customer

Kind = Literal["customer", "agent"]
Behaviour = Callable[[random.Random, str], FarEnd]


@dataclass(frozen=True, slots=True)
class Gateway:
    """`up=False`: originate fails with GATEWAY_DOWN and no channel is created."""

    name: str
    behaviour: Behaviour
    kind: Kind = "customer"
    port: int = 5080
    up: bool = True
    sip: bool = True  # calls leave the switch


def fixed(far_end: FarEnd) -> Behaviour:
    """A behaviour that is the same for every call."""
    return lambda rng, number: far_end


def normal_gateways(callees: CalleeProfile, answer_probability: float | None) -> dict[str, Gateway]:
    profile = callees if answer_probability is None else callees.answering(answer_probability)
    return {
        "carrier": Gateway("carrier", lambda rng, number: customer(profile, rng)),
        "agents": Gateway("agents", lambda rng, number: agent_phone(profile, rng), kind="agent", port=5110),
    }


_KEYS = ((1.66, "1"), (2.46, "2"), (3.26, "3"), (4.06, "#"))  # what the phone of d17 and f09 presses


def corpus_gateways() -> dict[str, Gateway]:
    table: dict[str, tuple[int, FarEnd]] = {
        "carrier": (5080, FarEnd(ring=0.02, answer=1.02, echoes=True)),
        "ans0": (5081, FarEnd(answer=0.02, echoes=True)),
        "ring2": (5082, FarEnd(ring=0.02, answer=2.02)),
        "early183": (5083, FarEnd(early=0.02, answer=2.02)),
        "busy486": (5084, FarEnd(fail=(0.02, 486))),
        "noans": (5085, FarEnd(ring=0.02)),
        "nf404": (5086, FarEnd(fail=(0.02, 404))),
        "su503": (5088, FarEnd(fail=(0.02, 503))),
        "dec603": (5089, FarEnd(ring=0.02, fail=(0.02, 603))),
        "ua480": (5090, FarEnd(ring=0.02, fail=(0.02, 480))),
        "bye1": (5091, FarEnd(ring=0.02, answer=0.52, bye_after_answer=1.0)),
        "dtmf": (5092, FarEnd(ring=0.02, answer=0.32, presses=_KEYS)),
        "audio": (5094, FarEnd(ring=0.02, answer=0.32, beeps=(3.04,))),
        "closed": (5095, FarEnd(fail=(0.02, 503), local=True)),
        "early486": (5096, FarEnd(early=0.02, fail=(1.52, 486))),
        "redir302": (5097, FarEnd(redirect=0.02, answer=0.04)),
        "q850": (5098, FarEnd(fail=(0.02, 480), reason_cause="SUBSCRIBER_ABSENT")),
        "err500": (5099, FarEnd(fail=(0.02, 500))),
        "busy600": (5101, FarEnd(fail=(0.02, 600))),
        "chal407": (5102, FarEnd(fail=(0.04, 403))),
        "only100": (5103, FarEnd(trying=True)),
        "dead": (5104, FarEnd()),
        "agent": (5110, FarEnd(ring=0.02, answer=0.32, echoes=True)),
        "talk": (5111, FarEnd(ring=0.02, answer=0.32)),
        "ans5": (5112, FarEnd(ring=0.02, answer=0.32, bye_after_answer=5.0)),
        "talk36": (5113, FarEnd(ring=0.02, answer=0.52, bye_after_answer=4.5)),
        "load": (5114, FarEnd(ring=0.02, answer=0.52)),
    }
    gateways = {name: Gateway(name, fixed(end), port=port) for name, (port, end) in table.items()}
    gateways["agent"] = Gateway("agent", fixed(table["agent"][1]), kind="agent", port=5110)
    for name in ("pingdown", "regfail"):
        gateways[name] = Gateway(name, fixed(FarEnd()), port=5093, up=False)
    return gateways
