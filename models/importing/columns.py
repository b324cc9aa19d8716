"""Which column is what: header names in the languages of this field's users."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from models.importing.report import ImportRefused

_BEFORE = (
    "home|work|office|mobile|cell|main|other|alt|alternate|second|primary|contact|business|casa|domicile"
)
_NUMBER = "number|numero|numer|num|nr|no"
_CORE = (
    "phone|telephone|telefono|telefonu|telefone|telefon|tel|fon|mobile|mobil|cellphone|cellulare|cellular|cell|gsm"
    "|movil|portable|komorka|komorkowy|msisdn|numero|numer|number|rufnummer|handy|callee|destination"
)
_AFTER = f"{_NUMBER}|primary|home|work|mobile|cell|alt|movil|fijo|fisso|casa|fixe"
PHONE = re.compile(f"(?:{_BEFORE}|(?:{_NUMBER})(?:di|de|of)?)?(?:{_CORE})(?:{_AFTER})?[0-9]{{0,2}}")
NOT_PHONE = re.compile(
    r"(?:house|account|invoice|client|customer|order|street|id|reference|contract|case|policy)(?:number|num|no|nr|numero)"
)
ALIASES = {
    "name": {
        "name",
        "fullname",
        "contact",
        "contactname",
        "nome",
        "nombre",
        "nom",
        "nazwa",
        "imieinazwisko",
        "client",
    },
    "first_name": {"firstname", "givenname", "prenom", "imie", "vorname"},
    "last_name": {
        "lastname",
        "surname",
        "familyname",
        "cognome",
        "apellido",
        "apellidos",
        "nazwisko",
        "nachname",
    },
    "external_id": {
        "externalid",
        "id",
        "leadid",
        "customerid",
        "clientid",
        "reference",
        "ref",
        "personid",
        "vendorid",
    },
    "timezone": {
        "timezone",
        "tz",
        "timezonename",
        "fusohorario",
        "fuseauhoraire",
        "fusoorario",
        "strefaczasowa",
    },
    "priority": {"priority", "prio", "priorita", "prioridad", "priorite", "priorytet"},
    "country": {"country", "countrycode", "region", "pais", "pays", "paese", "kraj"},
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of the columns; everything that has no role is a field of the lead under its own name."""

    header: tuple[str, ...]
    phones: tuple[int, ...]
    roles: dict[str, int]
    fields: tuple[int, ...]

    def phone_names(self) -> tuple[str, ...]:
        """The phone columns' names as written."""
        return tuple(self.header[index] for index in self.phones)


def map_columns(
    header: tuple[str, ...], phone_columns: tuple[str, ...] = (), named: Sequence[tuple[str, str]] = ()
) -> Columns:
    """Find the columns by their names.

    `phone_columns` names those of the numbers outright, `named` those of other roles: (role, column).

    Raises:
        ImportRefused: `no_phone_column` or `no_such_column`, naming the columns that there are.
    """
    plain = [normalise(name) for name in header]
    roles = {role: _place(header, plain, name) for role, name in named}
    if phone_columns:
        wanted = {normalise(name) for name in phone_columns}
        phones = tuple(index for index, name in enumerate(plain) if name in wanted)
    else:
        phones = tuple(
            index
            for index, name in enumerate(plain)
            if PHONE.fullmatch(name) is not None
            and NOT_PHONE.fullmatch(name) is None
            and index not in roles.values()
        )
    if not phones:
        raise ImportRefused("no_phone_column", _no_phone(header))
    for index, name in enumerate(plain):
        role = next((role for role, names in ALIASES.items() if name in names), None)
        if index not in phones and index not in roles.values() and role is not None:
            roles.setdefault(role, index)
    taken = {*phones, *roles.values()}
    return Columns(
        header, phones, roles, tuple(i for i in range(len(header)) if i not in taken and header[i])
    )


def normalise(name: str) -> str:
    """A header name without case, accents, spaces and punctuation."""
    bare = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in bare if c.isalnum() and not unicodedata.combining(c))


def _place(header: tuple[str, ...], plain: list[str], name: str) -> int:
    wanted = normalise(name)
    if name in header:
        return header.index(name)
    if wanted and wanted in plain:
        return plain.index(wanted)
    raise ImportRefused(
        "no_such_column", f"There is no column {name[:40]!r}; the columns are {_shown(header)}."
    )


def _shown(header: tuple[str, ...]) -> str:
    return ", ".join(repr(name[:40]) for name in header[:12]) + (", …" if len(header) > 12 else "")


def _no_phone(header: tuple[str, ...]) -> str:
    shown = _shown(header)
    if any(re.fullmatch(r"\+?[0-9][0-9 ().-]{6,18}", cell.strip()) for cell in header):
        return f"The first line looks like a lead, not a header ({shown}): add one such as 'phone,name'."
    return (
        f"No column is named as a phone number; the columns are {shown}: name one 'phone', or say which "
        "(--phone-column)."
    )
