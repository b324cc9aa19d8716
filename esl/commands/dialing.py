"""Making legs: dial strings, originate, and application lists the switch works through by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from esl.checks import (
    DIAL_STRING,
    DIALABLE,
    FENCE,
    GATEWAY,
    HEADER,
    IDENTITY,
    check_application,
    matches,
    one_line,
    variable_list,
)
from esl.commands.frames import BgApi
from esl.errors import UnencodableValue


def dialable(number: str) -> str:
    """`number` if it may be dialed (``^\\+?[1-9][0-9]{5,14}$``), else UnencodableValue."""
    if DIALABLE.fullmatch(number) is None:
        raise UnencodableValue(
            f"Not a number that can be dialed: {number[:40]!r}",
            "Correct the number: 6 to 15 digits, + in front or not.",
        )
    return number


def gateway_dial_string(gateway: str, number: str) -> str:
    """``sofia/gateway/GATEWAY/NUMBER``.

    `gateway` may be a fence ``${variable}`` for ``originate(expand=True)``.
    """
    return f"sofia/gateway/{matches(GATEWAY, gateway, 'A gateway')}/{dialable(number)}"


def originate(
    leg_uuid: str,
    dial_string: str,
    application: str,
    variables: Mapping[str, str],
    *,
    expand: bool = False,
) -> BgApi:
    """Dial one leg in the background; the leg's uuid is its Job-UUID too.

    `dial_string` names one far end: no ``,`` or ``|`` (each try is an attempt of its own). `application` is
    ``&park()``, an extension, or what `inline` gives. `expand=True` lets the switch put its global
    variables into ``${...}`` of the dial string (the lease's fence). Raises UnencodableValue.
    """
    matches(IDENTITY, leg_uuid, "A leg's uuid")
    if "origination_uuid" in variables and variables["origination_uuid"] != leg_uuid:
        raise UnencodableValue(
            "origination_uuid differs from the leg's uuid", "Leave it out: it is set here."
        )
    bare = FENCE.sub("x", dial_string) if expand else dial_string
    if ":_:" in bare:  # would start an enterprise originate: several calls at once
        raise UnencodableValue(f"A dial string must name one far end: {dial_string!r}")
    matches(DIAL_STRING, bare, "A dial string")
    check_application(application, "An originate's application")
    pairs = {"origination_uuid": leg_uuid, **variables}
    args = f"{variable_list(pairs, expand=expand)}{dial_string} {application}"
    return BgApi("expand", f"originate {args}", leg_uuid) if expand else BgApi("originate", args, leg_uuid)


def inline(applications: Sequence[tuple[str, str]]) -> str:
    """An application list that the switch works through by itself: ``'sleep:1900,hangup:NORMAL_CLEARING'
    inline``.

    Raises UnencodableValue for an argument with a comma, quote, backslash, brace or any control character.
    """
    if not applications:
        raise UnencodableValue("An application list must not be empty", "End it in a hangup.")
    parts = []
    for name, argument in applications:
        matches(HEADER, name, "An application")
        if re.search(r"[,'\"\\{}|<>&\x00-\x1f]", argument) or argument != argument.strip():
            raise UnencodableValue(f"The argument of {name} can't go into an inline list: {argument[:80]!r}")
        parts.append(f"{name}:{argument}" if argument else name)
    text = ",".join(parts)
    one_line(text, "An application list")
    return f"'{text}' inline"
