"""Arguments taken apart as `switch_separate_string` does it (switch_utils.c; tried on FreeSWITCH 1.11.1).

First cut, outside single quotes; then each piece is cleaned, the last one too, which holds the rest of the
line where a command takes no more: quotes go away, and so do backslashes before what they give a meaning to.
"""

from __future__ import annotations

from typing import Final

_MEANT: Final = {"n": "\n", "r": "\r", "t": "\t", "s": " ", "'": "'", '"': '"', "\\": "\\"}


def separate(text: str, delimiter: str = " ", limit: int = 0) -> list[str]:
    """At most `limit` pieces (0: any number) of `text`."""
    pieces = [""] if text else []
    quoted, at = False, 0
    while at < len(text):
        if limit and len(pieces) == limit:
            pieces[-1] += text[at:]
            break
        char = text[at]
        if char == "\\":
            pieces[-1] += text[at : at + 2]
            at += 2
            continue
        # Between blanks every quote counts; at another delimiter only one that has a partner.
        if char == "'" and (quoted or delimiter == " " or "'" in text[at + 1 :]):
            quoted = not quoted
        if char == delimiter and not quoted:
            if delimiter == " ":
                while text[at + 1 : at + 2] == " ":
                    at += 1
            if at + 1 < len(text):
                pieces.append("")
        else:
            pieces[-1] += char
        at += 1
    return [cleaned(piece, "" if delimiter == " " else delimiter) for piece in pieces]


def cleaned(piece: str, delimiter: str = "") -> str:
    """One piece without quotes, escapes and outer blanks (`cleanup_separated_string`)."""
    meant = {**_MEANT, delimiter: delimiter} if delimiter else _MEANT
    out: list[str] = []
    kept, quoted, at = 0, False, 0
    piece = piece.lstrip(" ")
    while at < len(piece):
        char, following = piece[at], piece[at + 1 : at + 2]
        if char == "\\" and following in meant:
            out.append(meant[following])
            kept, at = len(out), at + 1
        elif char == "'" and (quoted or "'" in piece[at + 1 :]):
            quoted = not quoted
            kept = len(out) if quoted else kept
        else:
            out.append(char)
            kept = len(out) if char != " " or quoted else kept
        at += 1
    return "".join(out[:kept])
