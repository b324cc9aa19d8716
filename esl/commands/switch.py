"""Questions to the switch as a whole, its global variables and its hash."""

from __future__ import annotations

import re

from esl.checks import NAME, identity, matches
from esl.commands.frames import Api


def show_channels() -> Api:
    """Every leg, as json. Lags by 0.2 s both ways (FACTS section 14)."""
    return Api("show", "channels as json")


def global_setvar(name: str, value: str) -> Api:
    """Set a global variable of the switch (a fence); an empty value unsets it."""
    if value:
        matches(re.compile(r"[A-Za-z0-9_./:@+-]{1,512}"), value, "A global variable's value")
    return Api("global_setvar", f"{matches(NAME, name, 'A variable')}={value}")


def global_getvar(name: str) -> Api:
    """Read a global variable of the switch."""
    return Api("global_getvar", matches(NAME, name, "A variable"))


def hash_select(realm: str, key: str) -> Api:
    """Read what the switch's hash holds; empty when nothing."""
    return Api("hash", f"select/{identity(realm)}/{identity(key)}")


def hash_delete(realm: str, key: str) -> Api:
    """Delete from the switch's hash."""
    return Api("hash", f"delete/{identity(realm)}/{identity(key)}")


def status() -> Api:
    """How the switch is."""
    return Api("status")
