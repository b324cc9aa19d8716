"""What an import did, and what it refused, with line numbers and reasons."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from models.errors import ModelsError

SHOWN_CHARACTERS = 120
REFUSED_HEADER = ("line", "code", "reason", "value")
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class ImportRefused(ModelsError):
    """The whole file can't be imported; nothing was changed."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not imported. `line` counts physical lines from 1, the header included."""

    line: int
    code: str
    reason: str
    value: str = ""


@dataclass(slots=True)
class Refusals:
    """The refused rows of a file while it is read, by line.

    `keep`: how many are kept (None: all). `tell` hears of every one, so that a file of a million bad rows
    need not be in memory as well.
    """

    keep: int | None = None
    tell: Callable[[RefusedRow], None] | None = None
    rows: list[RefusedRow] = field(default_factory=list)
    by_code: Counter[str] = field(default_factory=Counter)

    def add(self, rows: Iterable[RefusedRow]) -> None:
        """Those of one part of the file; parts come in order."""
        for row in sorted(rows, key=lambda row: row.line):
            self.by_code[row.code] += 1
            if self.keep is None or len(self.rows) < self.keep:
                self.rows.append(row)
            if self.tell is not None:
                self.tell(row)

    @property
    def count(self) -> int:
        """How many there were, kept or not."""
        return self.by_code.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The result of one file.

    `refused` is as many of the refused rows as were to be kept. `already_imported`: this very file was
    imported into this list before; the figures are those of that time, and nothing was changed now.
    """

    file_name: str
    list_id: str
    encoding: str
    delimiter: str
    phone_columns: tuple[str, ...]
    accepted: int
    refused: tuple[RefusedRow, ...]
    refused_count: int
    by_code: Counter[str]
    already_imported: bool = False

    def by_reason(self) -> dict[str, int]:
        """How many rows were refused for which code, the most frequent first."""
        return dict(self.by_code.most_common())

    def write_refused(self, path: Path) -> None:
        """The refused rows as CSV (line, code, reason, value), safe to open in a spreadsheet.

        Raises:
            ImportRefused: `report_unwritable`.
        """
        try:
            with path.open("w", newline="", encoding="utf-8-sig") as handle:
                writer = csv.writer(handle)
                writer.writerow(REFUSED_HEADER)
                writer.writerows(map(refused_cells, self.refused))
        except OSError as error:
            raise ImportRefused(
                "report_unwritable",
                f"The report can't be written to {path} ({error.strerror}): choose another file.",
            ) from error


def refused_cells(row: RefusedRow) -> tuple[object, ...]:
    """A refused row as cells of a CSV file."""
    return (row.line, row.code, row.reason, harmless(row.value))


def harmless(value: str) -> str:
    """A cell that no spreadsheet runs as a formula (OWASP, CSV injection): a quote before the sign."""
    shown = value if len(value) <= SHOWN_CHARACTERS else f"{value[:SHOWN_CHARACTERS]}…"
    mark = "'" if shown.startswith(FORMULA_SIGNS) else ""
    return mark + "".join(c if c.isprintable() else "\ufffd" for c in shown)
