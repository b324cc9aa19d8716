from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import phonenumbers
import pytest

from callflow import demo_leads


def test_every_number_is_reserved_for_fiction_and_well_formed() -> None:
    numbers = demo_leads.numbers(1)
    assert len(numbers) == len(set(numbers)) > 40_000
    fiction = re.compile(
        r"\+1 \d{3} 555 01\d\d|\+44 (20 7946 0|1\d\d 496 0|191 498 0|28 9649 6|29 2018 0)\d{3}"
    )
    assert all(fiction.fullmatch(number) for number in numbers)
    for number in numbers[::97]:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number, None)), number


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_people(seed: int) -> None:
    assert list(demo_leads.rows(seed, 0, 50)) == list(demo_leads.rows(seed, 0, 50))
    assert list(demo_leads.rows(seed, 0, 50)) != list(demo_leads.rows(seed + 1, 0, 50))


def test_some_rows_are_dirty_in_every_way() -> None:
    kinds = Counter(row.dirty for row in demo_leads.rows(1, 0, 5000))
    assert set(kinds) == {"", "twice", "impossible", "missing", "formula"}
    assert 0.02 < 1 - kinds[""] / 5000 < 0.04


def test_the_next_file_goes_on_where_the_last_one_ended() -> None:
    phones = [row.cells[2] for start in (0, 300) for row in demo_leads.rows(3, start, 300) if not row.dirty]
    assert len(phones) == len(set(phones)) > 500


def test_a_number_twice_repeats_the_last_good_one() -> None:
    rows = list(demo_leads.rows(1, 0, 3000))
    good = ""
    for row in rows:
        if row.dirty == "twice":
            assert row.cells[2] == good
        elif not row.dirty:
            good = row.cells[2]
    assert any(after.dirty for _, after in pairwise(rows))


def test_the_file_is_plain_csv_and_ends_when_the_numbers_do(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    assert demo_leads.write(path, 1, 0, 20) == 20
    with path.open(newline="", encoding="utf-8") as handle:
        lines = list(csv.reader(handle))
    assert tuple(lines[0]) == demo_leads.HEADER
    assert len(lines) == 21
    everything = len(demo_leads.numbers(1))
    assert demo_leads.write(path, 1, everything - 3, 20) == 3
    assert demo_leads.write(path, 1, everything, 20) == 0
