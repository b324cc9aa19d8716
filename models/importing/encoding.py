"""Which encoding a CSV is in: a mark, UTF-8 that fits, else the legacy code page whose text looks least
wrong.

A list holds names, not prose: a statistical guess over a hundred code pages does badly on it. The few code
pages that spreadsheets write are tried instead, and what no name holds is counted: a symbol inside a word,
a capital after a small letter, two alphabets in one word. On a tie the country of the numbers decides. Only
where all of that fails is charset-normalizer asked.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter

from charset_normalizer import from_bytes

from models.importing.report import ImportRefused

SAMPLE_BYTES = 256 * 1024
FEW_CONTROLS = 8  # a handful of stray control characters costs their rows, not the file
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LEGACY = ("cp1252", "cp1250", "iso8859_2", "iso8859_15", "cp1251", "cp1253", "cp1254")
BY_REGION = {
    **dict.fromkeys(("PL", "CZ", "SK", "HU", "SI", "HR", "RO", "BA"), "cp1250"),
    **dict.fromkeys(("BG", "RS", "UA", "BY", "MK", "KZ"), "cp1251"),
    "GR": "cp1253",
    "TR": "cp1254",
}
_WORD = re.compile(r"\b[^\W\d_a-zA-Z]{3,}\b")
TOLERABLE = 0.2  # of the bytes above ASCII; beyond it none of the code pages fits


def decode(data: bytes, region: str = "US") -> tuple[str, str]:
    """(text, name of the encoding); `region` is the country of the list, which decides between equals.

    Raises:
        ImportRefused: `spreadsheet`, `not_text`, or `bad_encoding` when the file's own mark is wrong.
    """
    for magic, what in ((b"PK\x03\x04", "an Excel or zip file"), (b"\xd0\xcf\x11\xe0", "an old Excel file")):
        if data.startswith(magic):
            raise ImportRefused(
                "spreadsheet", f"This is {what}, not CSV: save it as CSV (UTF-8), import that."
            )
    for bom, encoding in BOMS:
        if data.startswith(bom):
            return _as_marked(data, encoding), encoding
    sample = data[:SAMPLE_BYTES]
    wide = _unmarked_utf16(sample)
    if wide is not None:
        return data.decode(wide, errors="replace"), wide
    if _is_binary(sample):
        raise ImportRefused("not_text", "This is no text file: save the list as CSV (UTF-8), import that.")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        encoding = _legacy(data, region)
        return data.decode(encoding, errors="replace"), encoding


def _as_marked(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ImportRefused(
            "bad_encoding",
            f"The file says it is {encoding} but is not, at byte {error.start}: save it as UTF-8.",
        ) from error


def _unmarked_utf16(sample: bytes) -> str | None:
    """Latin text in UTF-16 without its mark has a NUL at every second place, and hardly one at the others."""
    pairs = len(sample) // 2
    if pairs < 4:
        return None
    even, odd = sample[0::2].count(0) / pairs, sample[1::2].count(0) / pairs
    if odd > 0.6 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.1 else None


def _is_binary(sample: bytes) -> bool:
    """More than one control character in a hundred."""
    controls = sum(n for byte, n in Counter(sample).items() if byte < 32 and byte not in (9, 10, 12, 13))
    return controls > FEW_CONTROLS and controls * 100 > len(sample)


def _legacy(data: bytes, region: str) -> str:
    lines = [line for line in data[: 16 * SAMPLE_BYTES].split(b"\n") if not line.isascii()]
    telling = b"\n".join(lines)[:SAMPLE_BYTES]
    first = BY_REGION.get(region, "cp1252")
    order = (first, *(name for name in LEGACY if name != first))
    strange = {name: _strangeness(telling.decode(name, errors="replace")) for name in order}
    best = min(order, key=lambda name: strange[name])
    above = sum(byte > 127 for byte in telling)
    if strange[best] <= TOLERABLE * above:
        return best
    guess = from_bytes(telling).best()
    return best if guess is None else guess.encoding


def _strangeness(text: str) -> int:
    """How often the text shows what names and places do not."""
    # A word without one plain letter is another alphabet's (Иван read as Èâàí).
    count = sum(1 for word in _WORD.findall(text) if _alphabet(word[0]) == "LATIN")
    before = " "
    for character in text:
        if not (character.isascii() and before.isascii()):
            count += _strange_pair(before, character)
        before = character
    return count


def _strange_pair(before: str, character: str) -> int:
    if not character.isascii() and not character.isalpha():
        return 2 if unicodedata.category(character) in ("Cc", "Cn", "Co") or character == "\ufffd" else 1
    if before.isalpha() and character.isalpha():
        return int((before.islower() and character.isupper()) or _alphabet(before) != _alphabet(character))
    return 0


def _alphabet(letter: str) -> str:
    return unicodedata.name(letter, "?").split(" ", 1)[0]
