"""From a row's cells to a lead, or to the reason why not. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType
from phonenumbers.timezone import time_zones_for_number

from models.importing.columns import Columns
from models.importing.reading import Record
from models.importing.report import RefusedRow

FORMULA = re.compile(r"[=@]|[+-](?![\d\s().,/%-]*$)")
SCIENTIFIC = re.compile(r"[0-9][.,][0-9]+[eE]\+?[0-9]+")
COSTLY = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST})
DIALABLE = re.compile(r"\+[1-9][0-9]{5,14}")


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A row that can be imported. `numbers` are E.164; the first is dialed first."""

    line: int
    numbers: tuple[str, ...]
    timezones: tuple[str, ...]
    name: str = ""
    external_id: str | None = None
    priority: int = 0
    fields: dict[str, str] = field(default_factory=dict)


def parse_row(
    record: Record, columns: Columns, *, region: str, default_timezone: str | None
) -> LeadRow | RefusedRow:
    """Judge one row. Never raises on what a file may hold."""
    if record.code:
        return RefusedRow(record.line, record.code, record.reason)
    cells = [cell.strip() for cell in record.cells]
    if len(cells) > len(columns.header) and any(cells[len(columns.header) :]):
        return RefusedRow(
            record.line, "extra_cells", f"{len(cells)} cells where the header has {len(columns.header)}"
        )
    cells += [""] * (len(columns.header) - len(cells))
    formula = next(
        (cell for i, cell in enumerate(cells) if i not in columns.phones and FORMULA.match(cell)), None
    )
    if formula is not None:
        return RefusedRow(record.line, "formula", "a cell holds a formula", formula)

    def role(name: str) -> str:
        return cells[columns.roles[name]] if name in columns.roles else ""

    region = role("country").upper() if re.fullmatch(r"[A-Za-z]{2}", role("country")) else region
    numbers = _numbers(record.line, [cells[index] for index in columns.phones], region)
    if isinstance(numbers, RefusedRow):
        return numbers
    zones = _zones(record.line, role("timezone"), numbers, default_timezone)
    if isinstance(zones, RefusedRow):
        return zones
    priority = role("priority") or "0"
    if not re.fullmatch(r"[0-9]", priority):
        return RefusedRow(record.line, "priority", "the priority is no digit from 0 to 9", priority)
    name = role("name") or f"{role('first_name')} {role('last_name')}".strip()
    return LeadRow(
        line=record.line,
        numbers=tuple(_e164(number) for number in numbers),
        timezones=zones,
        name=name,
        external_id=role("external_id") or None,
        priority=int(priority),
        fields={columns.header[index]: cells[index] for index in columns.fields if cells[index]},
    )


def _numbers(line: int, cells: list[str], region: str) -> list[PhoneNumber] | RefusedRow:
    """The good numbers of a row; the first bad one's reason if none is good."""
    good: list[PhoneNumber] = []
    reason: RefusedRow | None = None
    for cell in cells:
        if not cell:
            continue
        parsed = _number(line, cell, region)
        if isinstance(parsed, RefusedRow):
            reason = reason or parsed
        elif parsed not in good:
            good.append(parsed)
    if good:
        return good
    return reason or RefusedRow(line, "no_number", "the row has no phone number")


def _number(line: int, cell: str, region: str) -> PhoneNumber | RefusedRow:
    if len(cell) > 60:
        return RefusedRow(line, "invalid_number", "not a phone number", cell)
    if SCIENTIFIC.fullmatch(cell):
        reason = "a spreadsheet has rounded the number: format the column as text and export again"
        return RefusedRow(line, "rounded_number", reason, cell)
    try:
        parsed = phonenumbers.parse(cell, region)
    except NumberParseException:
        return RefusedRow(line, "invalid_number", "not a phone number", cell)
    if parsed.extension:
        return RefusedRow(line, "extension", "a number with an extension can't be dialed", cell)
    if not phonenumbers.is_valid_number(parsed):
        return RefusedRow(line, "invalid_number", f"no valid number (read as in {region})", cell)
    if phonenumbers.number_type(parsed) in COSTLY:
        return RefusedRow(
            line, "premium_number", "a premium-rate or shared-cost number is never dialed", cell
        )
    if not DIALABLE.fullmatch(_e164(parsed)):
        return RefusedRow(line, "invalid_number", "a number of more than 15 digits can't be dialed", cell)
    return parsed


def _zones(
    line: int, given: str, numbers: list[PhoneNumber], default: str | None
) -> tuple[str, ...] | RefusedRow:
    if given:
        if given in _known_zones():
            return (given,)
        return RefusedRow(line, "timezone", "no IANA time zone, such as Europe/Rome", given)
    found = {zone for number in numbers for zone in time_zones_for_number(number)} - {"Etc/Unknown"}
    usable = tuple(sorted(found & _known_zones()))
    if usable:
        return usable
    if default is not None:
        return (default,)
    reason = "the number does not tell the time zone: add a column 'timezone' or give --timezone"
    return RefusedRow(line, "no_timezone", reason)


@lru_cache(maxsize=1)
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
