"""What is done to a leg that is there: variables, bridges, hold, transfer, its end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from esl.checks import (
    CAUSE,
    DIAL_STRING,
    NAME,
    check_application,
    leg_id,
    matches,
    one_line,
    quoted,
    variable_list,
)
from esl.commands.frames import Api, SendMsg
from esl.commands.media import broadcast_application, execute
from esl.errors import UnencodableValue

_MANY: int = 64


def uuid_bridge(a: str, b: str) -> Api:
    """Let two answered legs hear each other. +OK means accepted; CHANNEL_BRIDGE means bridged."""
    return Api("uuid_bridge", f"{leg_id(a)} {leg_id(b)}")


def uuid_kill(uuid: str, cause: str = "NORMAL_CLEARING") -> Api:
    """End a leg."""
    return Api("uuid_kill", f"{leg_id(uuid)} {matches(CAUSE, cause, 'A hang-up cause')}")


def uuid_exists(uuid: str) -> Api:
    """Ask whether a leg is there: ``true`` or ``false``, at once right (unlike `show channels`)."""
    return Api("uuid_exists", leg_id(uuid))


def uuid_dump(uuid: str) -> Api:
    """Everything about a leg, as json."""
    return Api("uuid_dump", f"{leg_id(uuid)} json")


def uuid_setvar(uuid: str, name: str, value: str) -> Api:
    """Set a variable of a leg to `value`, whatever one line it is; empty unsets.

    Quoted where needed, for the switch reads escapes and takes quotes away here too: bare, ``it's Bob's``
    arrived as ``its Bobs``. ``${...}`` is kept for who expands it later.
    """
    _check_value(name, value)
    # The last word holds the rest of the line, so blanks in it need no quotes.
    word = quoted(value) if re.search(r"['\\]", value) or value != value.strip() else value
    return Api("uuid_setvar", f"{leg_id(uuid)} {matches(NAME, name, 'A variable')} {word}".rstrip(" "))


def uuid_getvar(uuid: str, name: str) -> Api:
    """Read a variable of a leg; ``_undef_`` when unset."""
    return Api("uuid_getvar", f"{leg_id(uuid)} {matches(NAME, name, 'A variable')}")


def uuid_transfer(uuid: str, destination: str, which: Literal["", "-bleg", "-both"] = "") -> Api:
    """Send a leg elsewhere: `destination` is what `inline` gives, or ``EXTENSION XML CONTEXT``."""
    if which not in ("", "-bleg", "-both"):
        raise UnencodableValue(f"Unknown leg {which!r}", "Use -bleg, -both or nothing.")
    if destination.startswith("&"):
        raise UnencodableValue(
            f"uuid_transfer takes no {destination!r}", "Use inline([(application, argument)])."
        )
    check_application(destination, "A transfer's destination")
    return Api("uuid_transfer", " ".join(part for part in (leg_id(uuid), which, destination) if part))


def uuid_setvar_multi(uuid: str, variables: Mapping[str, str]) -> Api:
    """Set several variables of a leg at once; an empty value unsets.

    At most 64. Unlike `uuid_setvar` the switch drops a value with ``${...}`` here, so it is refused.
    """
    if not 1 <= len(variables) <= _MANY:
        raise UnencodableValue(f"uuid_setvar_multi sets 1 to {_MANY} variables, not {len(variables)}")
    items = ";".join(
        f"{matches(NAME, name, 'A variable')}={_item(name, value)}" for name, value in variables.items()
    )
    return Api("uuid_setvar_multi", f"{leg_id(uuid)} {items}")


def uuid_hold(uuid: str, on: bool = True) -> Api:
    """Put the phone of a leg on hold by re-INVITE, or take it off.

    ``+OK Success`` comes for any uuid, also a dead one: CHANNEL_HOLD tells (FACTS section 7).
    """
    if leg_id(uuid).lower() in ("off", "toggle"):
        raise UnencodableValue(f"A leg can't be named {uuid!r} here: it is a word of the command")
    return Api("uuid_hold", uuid if on else f"off {uuid}")


def uuid_answer(uuid: str) -> Api:
    """Answer a leg that rings at us. ``-ERROR`` for a dead one."""
    return Api("uuid_answer", leg_id(uuid))


def uuid_park(uuid: str) -> Api:
    """Park a leg where it is, out of any bridge."""
    return Api("uuid_park", leg_id(uuid))


def hangup(uuid: str, cause: str = "NORMAL_CLEARING") -> SendMsg:
    """End a leg by message, after what is queued on it; `uuid` empty: the outbound socket's own channel."""
    return SendMsg(
        uuid, (("call-command", "hangup"), ("hangup-cause", matches(CAUSE, cause, "A hang-up cause")))
    )


def bridge(
    uuid: str, dial_string: str, variables: Mapping[str, str] | None = None, *, event_uuid: str = ""
) -> SendMsg:
    """Dial one far end from a leg and bridge the two when it answers (the application `bridge`).

    The leg waits meanwhile. Variables are for the new leg; they can't hold an apostrophe, backslash or ``$``,
    which an application's argument loses. Raises UnencodableValue.
    """
    matches(DIAL_STRING, dial_string, "A dial string")
    if ":_:" in dial_string:
        raise UnencodableValue(f"A dial string must name one far end: {dial_string!r}")
    listed = variable_list(variables, expand=True) if variables else ""
    return execute(uuid, "bridge", listed + dial_string, event_uuid=event_uuid)


def att_xfer(uuid: str, dial_string: str) -> Api:
    """An attended transfer from a bridged leg: it talks to `dial_string` while its partner waits.

    When the leg hangs up its partner gets the far end; ``attxfer_cancel_key`` of the leg ends that (f03).
    """
    return broadcast_application(uuid, "att_xfer", matches(DIAL_STRING, dial_string, "A dial string"))


def _item(name: str, value: str) -> str:
    _check_value(name, value)
    if re.search(r"\$[\\$]*\{", value):
        raise UnencodableValue(
            f"The value of {name} has a variable, and the switch would drop it: {value[:80]!r}"
        )
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace(";", "\\;")
    return f"'{escaped}'" if value != value.strip() else escaped


def _check_value(name: str, value: str) -> None:
    one_line(value, f"The value of {name}", empty=True)
    if value.startswith("ARRAY::"):
        raise UnencodableValue(f"The value of {name} would be read as a list: {value[:80]!r}")
