"""From bytes to rows: encoding, delimiter, and records that survive a quote that never closes.

Nothing here knows what a lead is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from models.importing.encoding import decode
from models.importing.report import ImportRefused

MAX_BYTES = 512 * 2**20
MAX_FIELD_CHARACTERS = 10_000
MAX_RECORD_LINES = 50
MAX_COLUMNS = 1000
MAX_LINES = 5_000_000  # each is an object: a file of nothing but line ends must not fill the memory
DELIMITERS = (",", ";", "\t", "|")
# The csv module refuses fields over 128 KB by an exception that loses the place: we take any and judge
# ourselves.
csv.field_size_limit(MAX_BYTES)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line where it begins, its cells, or why it is none."""

    line: int
    cells: tuple[str, ...] = ()
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A decoded file."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    lines: list[str]
    first_line: int  # index of the first line after the header

    def records(self) -> Iterator[Record]:
        """Every record after the header; blank lines are left out."""
        at = self.first_line
        while at < len(self.lines):
            record, used = _record(self.lines, at, self.delimiter)
            if record is not None:
                yield record
            at += used


def read_table(data: bytes, region: str = "US") -> Table:
    """Decode a CSV file of a country's numbers.

    Raises:
        ImportRefused: the file as a whole is no CSV that can be read; the code says why.
    """
    if len(data) > MAX_BYTES:
        raise ImportRefused("too_large", f"The file is larger than {MAX_BYTES >> 20} MB: split it.")
    if not data.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
        raise ImportRefused("empty_file", "The file is empty: it needs a header line and one line per lead.")
    text, encoding = decode(data, region)
    if text.count("\n") + text.count("\r") > MAX_LINES:
        raise ImportRefused("too_many_lines", f"The file has more than {MAX_LINES:,} lines: split it.")
    # Not splitlines(): it also cuts at form feeds and Unicode separators, which belong to a cell.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first = next((index for index, line in enumerate(lines) if line.strip()), 0)
    delimiter = _delimiter([line for line in lines[first : first + 200] if line.strip()][:60])
    header, used = _record(lines, first, delimiter)
    if header is None or header.code:
        reason = "it is blank" if header is None else header.reason
        raise ImportRefused("bad_header", f"The header line can't be read: {reason}.")
    if len(header.cells) > MAX_COLUMNS:
        raise ImportRefused("bad_header", f"The header has more than {MAX_COLUMNS} columns: leave some out.")
    return Table(encoding, delimiter, tuple(cell.strip() for cell in header.cells), lines, first + used)


def _delimiter(lines: list[str]) -> str:
    """The one that cuts most lines into the header's number of cells, and the more cells the better."""

    def score(delimiter: str) -> tuple[int, int]:
        widths = [
            len(next(csv.reader([line[:MAX_FIELD_CHARACTERS]], delimiter=delimiter), [])) for line in lines
        ]
        width = widths[0] if widths else 1
        return (widths.count(width) if width > 1 else 0, width)

    return max(DELIMITERS, key=score)


def _record(lines: list[str], at: int, delimiter: str) -> tuple[Record | None, int]:
    """The record that begins at a line (None if blank), and how many lines it takes."""
    text = lines[at]
    if not text.strip():
        return None, 1
    number = at + 1
    if text.count(delimiter) > 10 * MAX_COLUMNS:
        return Record(number, code="extra_cells", reason=f"more than {10 * MAX_COLUMNS:,} cells"), 1
    for extra in range(MAX_RECORD_LINES):
        if extra:
            if at + extra >= len(lines):
                break
            text += "\n" + lines[at + extra]
        try:
            cells = next(csv.reader([text], delimiter=delimiter, strict=True))
        except csv.Error as error:
            if "unexpected end" in str(error) and len(text) <= 100 * MAX_FIELD_CHARACTERS:
                continue  # inside quotes: the record goes on in the next line
            if "unexpected end" in str(error):
                break
            return Record(number, code="bad_quotes", reason=f"the quotes are wrong: {error}"), extra + 1
        return _judged(number, tuple(cells)), extra + 1
    # Only this line is lost: the next one is read as a row of its own again.
    return Record(number, code="open_quote", reason="a quote in this row never closes"), 1


def _judged(number: int, cells: tuple[str, ...]) -> Record | None:
    if not any(cell.strip() for cell in cells):
        return None
    longest = max(map(len, cells))
    if longest > MAX_FIELD_CHARACTERS:
        return Record(
            number,
            code="field_too_long",
            reason=f"a cell of {longest:,} characters (at most {MAX_FIELD_CHARACTERS:,})",
        )
    if any("\0" in cell for cell in cells):
        return Record(number, code="bad_characters", reason="the row holds NUL bytes")
    if any("\ufffd" in cell for cell in cells):
        return Record(
            number, code="bad_characters", reason="the row holds bytes that are no text in this encoding"
        )
    return Record(number, cells)
