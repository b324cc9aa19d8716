"""What a file looks like and how its columns would be taken. Nothing is imported."""

from __future__ import annotations

from dataclasses import dataclass

from models.importing.columns import map_columns
from models.importing.reading import read_table
from models.importing.report import ImportRefused

ROWS = 10
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows. `guess`: role to column names; `phone` is always there, empty where none is found."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    encoding: str
    delimiter: str
    phone: tuple[str, ...]
    roles: dict[str, str]


def preview(data: bytes, region: str = "US") -> Preview:
    """Read the head of a file, rows that would be refused included.

    Raises:
        ImportRefused: the file as a whole can't be read; the message says what to do.
    """
    table = read_table(data, region)
    rows: list[tuple[str, ...]] = []
    for record in table.records():
        cells = record.cells if not record.code else (f"({record.reason})",)
        rows.append(tuple(_shown(cell) for cell in cells[: len(table.header) + 1]))
        if len(rows) == ROWS:
            break
    try:
        columns = map_columns(table.header)
    except ImportRefused:
        phone: tuple[str, ...] = ()
        roles: dict[str, str] = {}
    else:
        phone = columns.phone_names()
        roles = {role: table.header[index] for role, index in columns.roles.items()}
    return Preview(
        tuple(_shown(name) for name in table.header),
        tuple(rows),
        table.encoding,
        table.delimiter,
        tuple(map(_shown, phone)),
        {role: _shown(name) for role, name in roles.items()},
    )


def _shown(cell: str) -> str:
    cell = cell.strip()
    return cell if len(cell) <= SHOWN_CHARACTERS else f"{cell[:SHOWN_CHARACTERS]}…"
