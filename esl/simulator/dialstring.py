"""`originate` arguments: `{vars}[vars]sofia/gateway/GW/NUMBER APP-OR-LIST`, by FreeSWITCH's escaping rules.

The rules are those of d41 (FACTS section 4): words are split at blanks outside single quotes; quotes and
their backslashes are gone before the variables are read, so only `\\,` protects a comma; a brace closes the
block wherever it stands; `${x}` is expanded to nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from esl.simulator.apps import parse_inline
from esl.simulator.text import split_arguments

_EXPANSION = re.compile(r"\\?\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One leg of a dial string. `gateway` None: there is none to dial, and `cause` says why, unless it is a
    leg that leads nowhere (`null/NUMBER`) or back (`loopback/EXTENSION`)."""

    variables: dict[str, str]
    gateway: str | None
    number: str
    cause: str = ""
    loops: bool = False


@dataclass(frozen=True, slots=True)
class Dial:
    """A dial string that could be read: legs at a time (`,`), one group after another (`|`)."""

    groups: tuple[tuple[Endpoint, ...], ...]
    variables: dict[str, str]
    apps: tuple[tuple[str, str], ...] = ()
    inline: bool = False
    destination: str = ""
    context: str | None = None  # of the XML dialplan, where `destination` is an extension of it


class UsageError(Exception):
    """originate answers with its usage."""


class Refused(Exception):
    """originate answers `-ERR CAUSE` and no channel is made."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def parse(arguments: str) -> Dial:
    """The arguments of `originate`. Raises UsageError, Refused."""
    words = split_arguments(arguments)
    if words is None or not 2 <= len(words) <= 7:
        raise UsageError
    application = words[1]
    shown: dict[str, str] = {}
    for place, name in ((4, "origination_caller_id_name"), (5, "origination_caller_id_number")):
        if len(words) > place:
            shown[name] = words[place]
    dial = parse_legs(words[0], shown)
    inline = len(words) > 2 and words[2].lower() == "inline"
    apps: tuple[tuple[str, str], ...] = ()
    context: str | None = None
    if application.startswith("&"):
        apps = (_single(application[1:]),)
    elif inline:
        apps = tuple(parse_inline(application))
    else:
        context = words[3] if len(words) > 3 else "default"
    return replace(dial, apps=apps, inline=inline, destination=application, context=context)


def parse_legs(text: str, defaults: dict[str, str] | None = None) -> Dial:
    """A dial string alone, as the `bridge` application has it. Raises Refused."""
    variables: dict[str, str] = {}
    if text.startswith("<"):
        block, text = _block(text, "<", ">")
        variables = _variables(block)
    if text.startswith("{"):
        block, text = _block(text, "{", "}")
        variables.update(_variables(block))
    groups = [
        [_endpoint(leg, variables, defaults or {}) for leg in _split(g, ",")] for g in _split(text, "|")
    ]
    only = groups[0][0] if len(groups) == len(groups[0]) == 1 else None
    if only is not None and only.cause not in ("", "INVALID_PROFILE"):
        raise Refused(only.cause)
    return Dial(tuple(tuple(group) for group in groups), variables)


def _split(text: str, separator: str) -> list[str]:
    """At the separators that are not within a leg's own block."""
    found, depth, start = [], 0, 0
    for index, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if char == separator and depth <= 0:
            found.append(text[start:index])
            start = index + 1
    return [*found, text[start:]]


def _endpoint(text: str, variables: dict[str, str], defaults: dict[str, str]) -> Endpoint:
    own: dict[str, str] = {}
    if text.startswith("["):
        block, text = _block(text, "[", "]")
        own = _variables(block)
    wanted = {**own, **variables}  # a leg keeps the value of {} (d36)
    for name, value in defaults.items():
        wanted.setdefault(name, value)
    kind, slash, rest = text.partition("/")
    if not slash:
        return Endpoint(wanted, None, "", "DESTINATION_OUT_OF_ORDER")
    if kind in ("null", "loopback"):
        return Endpoint(wanted, None, rest, loops=kind == "loopback")
    if kind != "sofia":
        return Endpoint(wanted, None, "", "SUBSCRIBER_ABSENT" if kind == "user" else "CHAN_NOT_IMPLEMENTED")
    profile, slash, rest = rest.partition("/")
    if profile == "gateway":
        name, _, number = rest.partition("/")
        return Endpoint(wanted, name, number)
    return Endpoint(wanted, None, "", "INVALID_PROFILE")


def _block(text: str, opening: str, closing: str) -> tuple[str, str]:
    """The block and what follows it; nesting counts, so a bare opening brace never closes."""
    depth = 0
    for index, char in enumerate(text):
        if char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if depth == 0:
                return text[1:index], text[index + 1 :].lstrip()
    raise Refused("DESTINATION_OUT_OF_ORDER")


def _variables(block: str) -> dict[str, str]:
    """`name=value,...`; `^^:` at its head makes the colon (any character) the separator."""
    found: dict[str, str] = {}
    comma = ","
    if block.startswith("^^") and len(block) > 3:
        comma, block = block[2], block[3:]
    for item in re.split(rf"(?<!\\){re.escape(comma)}", block):
        name, separator, value = item.replace("\\" + comma, comma).partition("=")
        if separator and name.strip():
            value = _EXPANSION.sub("", value)
            if value:
                found[name.strip()] = value
    return found


def _single(text: str) -> tuple[str, str]:
    """`app(args)`; the arguments end at the first closing bracket, as recorded (d32)."""
    name, bracket, rest = text.partition("(")
    return name, rest.split(")")[0] if bracket else ""
