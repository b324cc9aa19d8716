"""A CSV of leads for demonstrations and tests: seeded, with dirty rows among them.

Numbers are those that the North American Numbering Plan reserves for fiction: 555-0100 to 555-0199 in each
area code (NANPA, 555 line number reference; ATIS-0300115). 63 area codes give 6,300 numbers that
libphonenumber deems valid and that ring nobody.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

_CODES = """
201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240
248 251 252 253 254 256 260 262 267 269 270 281 301 302 303 304 305 307 308 309 310 312 313 314 315
316 317 318 319 320 321 323 325 330 334 336 337 339
"""
AREA_CODES = tuple(_CODES.split())
LINES_PER_CODE = 100
MOST = len(AREA_CODES) * LINES_PER_CODE
HEADER = ("phone", "name", "external_id", "city", "balance")
FIRST = (
    "Ada",
    "Grace",
    "Alan",
    "Edsger",
    "Barbara",
    "Donald",
    "Agner",
    "Conny",
    "Ugo",
    "Zofia",
    "Łukasz",
    "Anaïs",
)
LAST = (
    "Erlang",
    "Palm",
    "Kendall",
    "Little",
    "Jackson",
    "Engset",
    "Hopper",
    "O'Neil",
    "García",
    "Dubois",
    "Wiśniewska",
)
CITIES = ("Springfield", "Riverton", "Fairview", "Centerville", "Salem", "Georgetown")
DIRTY = (
    ("", "No Number", "x1", "Salem", "10"),
    ("12345", "Too Short", "x2", "Salem", "10"),
    ("+1 212 555 01", "Cut Off", "x3", "Salem", "10"),
    ("not a number", "Words", "x4", "Salem", "10"),
    ("2.1255501E+9", "Spreadsheet Rounded", "x5", "Salem", "10"),
    ("+1 900 555 0199", "Premium", "x6", "Salem", "10"),
    ("(212) 555-0100 ext. 7", "Extension", "x7", "Salem", "10"),
    ("+1 213 555 0177", '=HYPERLINK("http://example.invalid";"click")', "x8", "Salem", "10"),
    ("+1 214 555 0177", "@SUM(1+1)*cmd", "x9", "Salem", "10"),
    ("+1 215 555 0177", "Extra Cells", "x10", "Salem", "10", "and", "more"),
)


def numbers(count: int) -> list[str]:
    """`count` different numbers reserved for fiction, E.164.

    Raises:
        ValueError: more than there are (6,300).
    """
    if not 0 <= count <= MOST:
        raise ValueError(f"there are {MOST} numbers for fiction in {len(AREA_CODES)} area codes, not {count}")
    return [f"+1{AREA_CODES[i % len(AREA_CODES)]}555{100 + i // len(AREA_CODES):04d}" for i in range(count)]


def write_sample(path: Path, *, leads: int = 5000, dirty: int = 60, seed: int = 0) -> int:
    """Write a CSV of `leads` good rows and `dirty` bad ones at random places; returns how many bad ones
    there are.

    A third of the bad rows are duplicates of good ones (none without good rows).
    """
    chance = random.Random(seed)  # noqa: S311 - sample data
    rows: list[tuple[str, ...]] = []
    good = numbers(leads)
    chance.shuffle(good)
    for index, number in enumerate(good):
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        balance = f"{chance.uniform(-50, 900):.2f}"
        rows.append((_written(number, chance), name, f"L{index:06d}", chance.choice(CITIES), balance))
    for index in range(dirty):
        if index % 3 == 0 and good:
            bad: tuple[str, ...] = (
                _written(chance.choice(good), chance),
                "Twice",
                f"D{index:06d}",
                "Salem",
                "1",
            )
            rows.append(bad)
        else:
            rows.insert(chance.randrange(len(rows) + 1), DIRTY[index % len(DIRTY)])
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADER)
        writer.writerows(rows)
    return dirty


def _written(number: str, chance: random.Random) -> str:
    """The number as people write it."""
    area, line = number[2:5], number[8:]
    return chance.choice((number, f"({area}) 555-{line}", f"{area}-555-{line}", f"1 {area} 555 {line}"))
