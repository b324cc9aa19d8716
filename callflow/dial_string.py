"""How phones are reached: a dial string as an operator writes it, read once.

Each has the word `gateway` in it, because there the fence stands (callflow.switch): it is sent as
`${rm_fence_N}`, which only the holder of the lease keeps set. Customers are dialed through a gateway:
`sofia//NAME/NUMBER` of anybody else reaches no profile. An agent's phone may be one that is registered at the
switch, in the one domain of phones, `phones.gateway.invalid`: at `phones..invalid` of anybody else nobody is
registered. The switch itself refuses both. In no other form of dial string is there a word which, taken away,
always leaves something that can't be dialed; such forms are refused here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from callflow.errors import CallflowError
from esl.checks import GATEWAY_NAME, NUMBER_PREFIX, NUMBER_SUFFIX
from models.phones import PHONE_DOMAIN

NUMBER: Final = "{number}"
AGENT: Final = "{agent}"
OWN_GATEWAY: Final = "{gateway}"
_WRITE_IT: Final = "write it like sofia/gateway/carrier/{number}"
_FENCE_WORD: Final = "gateway"


class BadDialString(CallflowError):
    """What was given is no dial string that the dialer may use: the operator's to correct."""

    code = "dial_string"


@dataclass(frozen=True, slots=True)
class DialString:
    """`sofia/gateway/GATEWAY/BEFORE{number}AFTER`.

    Attributes:
        gateway: a gateway of the switch; empty = the one that the campaign names.
        before, after: what stands around the number: an access code, `@HOST`, `;PARAMETER=VALUE`.
    """

    gateway: str = ""
    before: str = ""
    after: str = ""

    def __post_init__(self) -> None:
        if self.gateway and GATEWAY_NAME.fullmatch(self.gateway) is None:
            raise BadDialString(f"{self.gateway[:80]!r} can't be a gateway's name: {_WRITE_IT}.")
        for part, pattern in ((self.before, NUMBER_PREFIX), (self.after, NUMBER_SUFFIX)):
            if pattern.fullmatch(part) is None or ":_:" in part:
                raise BadDialString(
                    f"{part[:80]!r} beside {NUMBER} has a form that the switch would misread: {_WRITE_IT}."
                )

    @classmethod
    def parse(cls, text: str) -> DialString:
        """Read `sofia/gateway/NAME/{number}`; `{gateway}` as the name stands for the campaign's own.

        Raises:
            BadDialString: one sentence that says what is wrong and how to write it.
        """
        if text.count(NUMBER) != 1:
            raise BadDialString(f"A dial string has {NUMBER} in it exactly once: {_WRITE_IT}.")
        if "|" in text or "," in text or ":_:" in text:
            raise BadDialString(
                f"A dial string names one far end, as each try is an attempt of its own: {_WRITE_IT}."
            )
        found = re.fullmatch(r"sofia/gateway/([^/]+)/([^/]*)\{number\}([^/]*)", text)
        if found is None:
            raise BadDialString(
                f"The dialer dials through a gateway only, so that the switch itself can refuse one that has "
                f"lost its lease: give the switch a gateway for {text[:80]!r}, and {_WRITE_IT}."
            )
        name = "" if found[1] == OWN_GATEWAY else found[1]
        return cls(name, found[2], found[3])

    def fill(self, number: str, *, gateway: str = "", fence: str = "") -> str:
        """What is dialed for `number`.

        Args:
            gateway: the campaign's own, where the dial string names none.
            fence: the switch's global variable that expands to `gateway`; empty = none.
        """
        kind = _word(fence)
        return f"sofia/{kind}/{self.gateway or gateway}/{self.before}{number}{self.after}"

    def __str__(self) -> str:
        return f"sofia/gateway/{self.gateway or OWN_GATEWAY}/{self.before}{NUMBER}{self.after}"


@dataclass(frozen=True, slots=True)
class PhoneString:
    """`sofia/PROFILE/{agent}`: whatever phone is registered at that profile with a login of the agent's.

    The switch finds the phone's address inside of mod_sofia (`USER%DOMAIN`). With `user/` or `sofia_contact`
    it would become part of the dial string, in which a phone could write another far end after a comma.
    """

    profile: str

    def __post_init__(self) -> None:
        if GATEWAY_NAME.fullmatch(self.profile) is None or self.profile == _FENCE_WORD:
            raise BadDialString(
                f"{self.profile[:80]!r} can't be a profile's name: write it like sofia/phones/{AGENT}."
            )

    def fill(self, agent_id: str, *, fence: str = "") -> str:
        """What is dialed for the agent; `fence` as in `DialString.fill`."""
        domain = PHONE_DOMAIN.replace(_FENCE_WORD, _word(fence))
        return f"sofia/{self.profile}/{agent_id}%{domain}"

    def __str__(self) -> str:
        return f"sofia/{self.profile}/{AGENT}"


def _word(fence: str) -> str:
    """`gateway`, or the switch's variable that expands to it."""
    return f"${{{fence}}}" if fence else _FENCE_WORD


def _agents(text: str) -> DialString | PhoneString:
    """How agents are reached. Raises BadDialString."""
    found = re.fullmatch(r"sofia/([^/]+)/\{agent\}", text)
    return PhoneString(found[1]) if found is not None else DialString.parse(text)


@dataclass(frozen=True, slots=True)
class DialStrings:
    """How customers are dialed, and agents' phones (there `{number}` is the extension)."""

    customers: DialString = DialString()
    agents: DialString | PhoneString = DialString("agents")

    def __post_init__(self) -> None:
        if isinstance(self.agents, DialString) and not self.agents.gateway:
            raise BadDialString(
                f"Agents belong to no campaign's gateway: name theirs in place of {OWN_GATEWAY}, like "
                "sofia/gateway/agents/{number}."
            )

    @classmethod
    def parse(cls, customers: str, agents: str) -> DialStrings:
        """Read both. Raises BadDialString."""
        return cls(DialString.parse(customers), _agents(agents))

    def agent(self, agent_id: str, extension: str, *, fence: str = "") -> str:
        """What is dialed for an agent."""
        if isinstance(self.agents, PhoneString):
            return self.agents.fill(agent_id, fence=fence)
        return self.agents.fill(extension, fence=fence)

    @property
    def phone_profile(self) -> str:
        """The profile at which agents' phones are registered; empty where they are behind a gateway."""
        return self.agents.profile if isinstance(self.agents, PhoneString) else ""

    def gateways(self) -> set[str]:
        """Gateways of the switch that are named here."""
        named = {self.customers.gateway}
        if isinstance(self.agents, DialString):
            named.add(self.agents.gateway)
        return named - {""}

    def arguments(self) -> tuple[str, ...]:
        """The same for the command line of a dialer."""
        return ("--dial-string", str(self.customers), "--agent-dial-string", str(self.agents))


DEFAULT: Final = DialStrings()
