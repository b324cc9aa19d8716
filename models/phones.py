"""An agent's phone as the switch knows it: the one SIP domain, and the login of one sign-on.

All tenants have one domain, forced by the switch's profiles, and each login has a name of its own: two
lookups of the switch's cache, which joins name and domain without a mark between them, are never one, and a
new login is never answered from what was kept of the last. Whatever name a phone gives itself, it is
registered as the agent whose login it is. `gateway` in the domain is the word that the dialer's fence stands
for (docs/decisions/0027-phones.md).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

PHONE_DOMAIN: Final = "phones.gateway.invalid"
"""The SIP domain of every phone. `.invalid` never resolves (RFC 2606): it is a name, not an address."""

_SMALL = "abcdefghijkmnpqrstuvwxyz23456789"
_NAME = re.compile(rf"p[{_SMALL}]{{15}}", re.ASCII)
_PASSWORD = _SMALL + "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class NewPhone:
    """A login just made; `password` is shown once and never kept."""

    user_name: str
    password: str

    @property
    def a1_hash(self) -> str:
        """What the switch checks a digest with (RFC 2617: MD5 is the one algorithm that every phone has)."""
        secret = f"{self.user_name}:{PHONE_DOMAIN}:{self.password}".encode()
        return hashlib.md5(secret, usedforsecurity=False).hexdigest()


def new_phone() -> NewPhone:
    """A login for a phone: a name of 75 and a password of 139 random bits, as any phone's menu takes them."""
    name = "p" + "".join(secrets.choice(_SMALL) for _ in range(15))
    return NewPhone(name, "".join(secrets.choice(_PASSWORD) for _ in range(24)))


def is_phone_name(name: str) -> bool:
    """Whether it has the form of a phone's login: nothing else is looked up."""
    return _NAME.fullmatch(name) is not None
