"""What an argument of a command may look like: everything else would mean another command to the switch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from esl.errors import UnencodableValue

MAX_LINE: Final = 64 * 1024
MAX_BODY: Final = 1024 * 1024
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
DIGITS: Final = re.compile(r"[0-9A-Da-d*#wWFf]{1,128}(@[1-9][0-9]{0,4})?")
CONFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
PROFILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
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


def not_unloading(*texts: str) -> None:
    """Refuse a command that would take the event socket itself away.

    FreeSWITCH 1.11 obeys ``unload`` or ``reload`` beside ``mod_event_socket`` **anywhere** in a command's
    lines, whatever the command is (parse_command in mod_event_socket.c; tried): a name could do it.
    """
    line = "\n".join(texts).lower()
    if "mod_event_socket" in line and ("unload" in line or "reload" in line):
        raise UnencodableValue(
            "The words mod_event_socket and unload or reload in one command would end every connection",
            "Change one of the words.",
        )


def quoted(text: str) -> str:
    """One word of an api's arguments, so that `switch_separate_string` gives back `text` itself.

    It cuts at spaces outside single quotes, then takes quotes away and reads ``\\n \\r \\t \\s \\' \\"``.
    """
    if text and text == text.strip() and not re.search(r"[ '\\]", text):
        return text
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def literal(text: str, what: str) -> str:
    """`text` for an application's argument, where the switch expands ``${...}`` and takes escapes away."""
    one_line(text, what)
    if re.search(r"\$[\\$]*\{", text):
        raise UnencodableValue(f"{what} has a variable that the switch would expand: {text[:80]!r}")
    if re.search(r"\\([\\nst'$]|$)", text) or re.match(r"%.?\[", text) or text != text.strip():
        raise UnencodableValue(f"{what} has a form the switch would misread: {text[:80]!r}")
    return text


def media_path(text: str, what: str = "A path to play") -> str:
    """A file or stream (``local_stream://moh``, ``tone_stream://%(200,0,400)``), one word for the switch.

    Spaces are carried; what begins another thing to FreeSWITCH (``{...}`` parameters, ``app::argument``,
    quotes, backslashes) is refused.
    """
    literal(text, what)
    if re.search(r"['\"\\\t]", text) or text[0] in "{[<(!-" or re.match(r"[^:]*::", text):
        raise UnencodableValue(f"{what} has a form the switch would misread: {text[:80]!r}")
    return text


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
        if value.startswith(" "):
            raise UnencodableValue(f"The header {name} begins with a space, which the switch cuts off")
    if body is not None:
        if not body:
            raise UnencodableValue("A body is empty", "Use None for no body.")
        if re.search("[\x00\ud800-\udfff]", body):  # the switch copies a body up to its first NUL
            raise UnencodableValue("A body is not valid text, or has a NUL in it")
        if len(body) > MAX_BODY:
            raise UnencodableValue(f"A body is {len(body)} characters long; the bound is {MAX_BODY}")
