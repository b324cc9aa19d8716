"""Text as FreeSWITCH handles it: header values kept encoded, and words split as its commands split them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from esl.wire import percent_encode

Pairs = list[tuple[str, str]]


@lru_cache(maxsize=8192)
def encode_value(value: str) -> str:
    """`value` as a plain event carries it (`esl.wire`), remembered: most repeat."""
    return percent_encode(value).decode("ascii")


def plain(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join([f"{name}: {encode_value(value)}\n" for name, value in pairs])


def split_arguments(text: str, limit: int = 0) -> list[str] | None:
    """Split at blanks as `switch_separate_string` does: single quotes protect blanks and are taken off.

    A backslash escapes a quote or a backslash and is kept before anything else (`\\,` is read later, by the
    variable block). None if a quote is not closed.
    """
    words: list[str] = []
    word: list[str] = []
    quoted = started = False
    index, size = 0, len(text)
    while index < size:
        char = text[index]
        if char == "\\" and index + 1 < size and text[index + 1] in "'\\":
            word.append(text[index + 1])
            started = True
            index += 2
            continue
        if char == "'":
            quoted = not quoted
            started = True
        elif char == " " and not quoted:
            if started:
                words.append("".join(word))
                word, started = [], False
                if limit and len(words) == limit - 1:
                    rest = text[index:].strip()
                    return [*words, rest] if rest else words
        else:
            word.append(char)
            started = True
        index += 1
    if quoted:
        return None
    if started:
        words.append("".join(word))
    return words
