"""What an argument of a command may look like: everything else would mean another command to the switch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from esl.errors import UnencodableValue

MAX_LINE: Final = 64 * 1024
MAX_VALUE: Final = 8 * 1024  # 5,000 characters in one variable arrived whole (d41)

DIALABLE: Final = re.compile(r"\+?[1-9][0-9]{5,14}")
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
HEADER: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
WORD: Final = re.compile(r"[A-Za-z0-9_.:/@+*#~=-]{1,512}")
IDENTITY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
CAUSE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
EVENT: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
GATEWAY_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
NUMBER_PREFIX: Final = re.compile(r"[A-Za-z0-9_.+*#-]{0,64}")
NUMBER_SUFFIX: Final = re.compile(r"[A-Za-z0-9_.+*#@:;=-]{0,128}")
GATEWAY: Final = re.compile(GATEWAY_NAME.pattern + r"|\$\{[A-Za-z0-9_]{1,64}\}")
DIAL_STRING: Final = re.compile(r"[A-Za-z0-9_.:/@+*#~=;!%-]{1,512}")
FENCE: Final = re.compile(r"\$\{[A-Za-z0-9_]{1,64}\}")
APPLICATION: Final = re.compile(r"&[a-z0-9_]{1,64}(\([^\s'\"\\{}\[\],|<>()&]*\))?")
INLINE: Final = re.compile(r"'[^'\\\x00-\x1f\"{}|<>&]+' inline")
EXTENSION: Final = re.compile(r"[A-Za-z0-9_.+*#-]{1,128}( XML( [A-Za-z0-9_.-]{1,64})?)?")


def matches(pattern: re.Pattern[str], text: str, what: str) -> str:
    if pattern.fullmatch(text) is None:
        raise UnencodableValue(f"{what} has a form the switch would misread: {text[:80]!r}")
    return text


def leg_id(text: str) -> str:
    return matches(IDENTITY, text, "A leg's uuid")


def identity(text: str) -> str:
    return matches(IDENTITY, text, "A key")


def check_event_names(names: tuple[str, ...]) -> None:
    if not names:
        raise UnencodableValue("No event is named", "Name at least one event.")
    for name in names:
        matches(EVENT, name, "An event's name")


def check_application(text: str, what: str) -> None:
    if len(text) > MAX_VALUE or not (
        APPLICATION.fullmatch(text) or INLINE.fullmatch(text) or EXTENSION.fullmatch(text)
    ):
        raise UnencodableValue(
            f"{what} has a form the switch would misread: {text[:80]!r}", "Use inline() or &park()."
        )


def one_line(text: str, what: str, *, empty: bool = False, limit: int = MAX_VALUE) -> None:
    """Refuse what would end the line, is too long, or is not text."""
    if not text and not empty:
        raise UnencodableValue(f"{what} is empty")
    if len(text) > limit:
        raise UnencodableValue(f"{what} is {len(text)} characters long; the bound is {limit}")
    if re.search(r"[\n\r\x00]", text):
        raise UnencodableValue(f"{what} has a line end or NUL in it: {text[:80]!r}")
    if re.search("[\ud800-\udfff]", text):
        raise UnencodableValue(f"{what} is not valid text: {text[:80]!r}")


def variable_list(pairs: Mapping[str, str], *, expand: bool) -> str:
    """``{name=value,...}`` of an originate. Raises UnencodableValue.

    The switch separates the line at spaces, then the list at commas, and each pass takes quotes and
    backslashes away (switch_separate_string). After the first pass an escaped ``'`` is a bare one, and two
    bare ones anywhere in the list would quote what stands between them, commas too: hence one apostrophe in
    all. ``expand`` is a pass before these, which takes ``\\'`` and ``\\$`` away.
    """
    listed = ",".join(
        f"{matches(NAME, name, 'A variable')}={_quoted(name, value)}" for name, value in pairs.items()
    )
    everything = "".join(pairs.values())
    if everything.count("'") > 1:
        raise UnencodableValue("An originate's variables can hold one apostrophe in all")
    if expand and re.search(r"['\\$]", everything):
        raise UnencodableValue(
            "Variables of an expanded originate can't hold an apostrophe, backslash or dollar sign"
        )
    return f"{{{listed}}}"


def _quoted(name: str, value: str) -> str:
    """A variable's value for ``{...}`` (FACTS section 4).

    Comma escaped, single quotes around spaces and quotes.
    """
    one_line(value, f"The value of {name}")
    if "{" in value or "}" in value:  # ends the list whatever the quoting: the rest would be dialed
        raise UnencodableValue(f"The value of {name} has a brace: {value[:80]!r}")
    if ":_:" in value or value != value.strip():
        raise UnencodableValue(f"The value of {name} would be cut or split by the switch: {value[:80]!r}")
    # The switch unescapes twice; a backslash survives only before a character that it gives no meaning to.
    if re.search(r"\\([nrts'\",\\ ]|$)", value):
        raise UnencodableValue(
            f"The value of {name} has a backslash that the switch would take away: {value[:80]!r}"
        )
    escaped = value.replace(",", "\\,").replace("'", "\\'")
    return f"'{escaped}'" if " " in value or "'" in value else escaped


def check_message(headers: tuple[tuple[str, str], ...], body: str | None) -> None:
    for name, value in headers:
        matches(HEADER, name, "A header")
        if name.lower() == "content-length":
            raise UnencodableValue("Content-Length is counted here", "Give the body instead.")
        one_line(value, f"The header {name}", limit=MAX_LINE)
    if body is not None:
        if not body:
            raise UnencodableValue("A body is empty", "Use None for no body.")
        if re.search("[\ud800-\udfff]", body):
            raise UnencodableValue("A body is not valid text")
