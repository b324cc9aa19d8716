"""What an import did, and what it refused, with line numbers and reasons."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from models.errors import ModelsError

SHOWN_CHARACTERS = 120


class ImportRefused(ModelsError):
    """The whole file can't be imported; nothing was changed."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not imported. `line` counts physical lines from 1, the header included."""

    line: int
    code: str
    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """The result of one file.

    `already_imported`: this very file was imported into this list before; the figures are those of that
    time, and
    nothing was changed now.
    """

    file_name: str
    list_id: str
    encoding: str
    delimiter: str
    phone_columns: tuple[str, ...]
    accepted: int
    refused: tuple[RefusedRow, ...]
    refused_count: int
    already_imported: bool = False

    def by_reason(self) -> dict[str, int]:
        """How many rows were refused for which code, the most frequent first."""
        return dict(Counter(row.code for row in self.refused).most_common())

    def write_refused(self, path: Path) -> None:
        """The refused rows as CSV (line, code, reason, value), safe to open in a spreadsheet.

        Raises:
            ImportRefused: `report_unwritable`.
        """
        try:
            with path.open("w", newline="", encoding="utf-8-sig") as handle:
                writer = csv.writer(handle)
                writer.writerow(["line", "code", "reason", "value"])
                for row in self.refused:
                    writer.writerow([row.line, row.code, row.reason, harmless(row.value)])
        except OSError as error:
            raise ImportRefused(
                "report_unwritable",
                f"The report can't be written to {path} ({error.strerror}): choose another file.",
            ) from error


def harmless(value: str) -> str:
    """A cell that no spreadsheet runs as a formula (OWASP, CSV injection): a quote before the sign."""
    shown = value if len(value) <= SHOWN_CHARACTERS else f"{value[:SHOWN_CHARACTERS]}…"
    shown = "".join(c if c.isprintable() else "\ufffd" for c in shown)
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@") else shown
