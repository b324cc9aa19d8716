"""Import into a real database: once, whole, with a report; or nothing at all."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from models.errors import InvalidValue
from models.ids import new_id
from models.importing import (
    ImportOptions,
    ImportRefused,
    ImportReport,
    Refusals,
    RefusedRow,
    import_bytes,
    import_file,
    sample,
)
from tests.integration.models.world import NOON, World


def load(world: World, path: Path, *, name: str = "", options: ImportOptions | None = None) -> ImportReport:
    with world.engine.begin() as db:
        return import_file(db, path, campaign_id=world.campaign, list_name=name, options=options)


def counts(world: World) -> tuple[object, ...]:
    return world.one(
        "SELECT (SELECT count(*) FROM lead), (SELECT count(*) FROM person),"
        " (SELECT count(*) FROM person_phone),"
        " (SELECT count(*) FROM list), (SELECT count(*) FROM import_batch)"
    )


def test_a_demo_list_of_five_thousand(world: World, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    dirty = sample.write_sample(path, leads=5000, dirty=60, seed=3)
    told: list[tuple[int, int]] = []
    with world.engine.begin() as db:
        report = import_file(
            db, path, campaign_id=world.campaign, progress=lambda done, total: told.append((done, total))
        )
    assert (report.accepted, report.refused_count, len(report.refused)) == (5000, dirty, dirty)
    assert set(report.by_reason()) >= {
        "duplicate",
        "formula",
        "invalid_number",
        "rounded_number",
        "extension",
    }
    assert counts(world) == (5000, 5000, 5000, 1, 1)
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    # In the order of the file, and dialable at once.
    with path.open(encoding="utf-8") as handle:
        names = [row["name"] for row in csv.DictReader(handle)]
    first = world.value("SELECT p.name FROM lead JOIN person p ON p.id = person_id ORDER BY due_at LIMIT 1")
    assert first == names[0]
    assert len(world.claim(20, NOON).attempts) == 20


def test_the_same_file_again_changes_nothing(world: World, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    sample.write_sample(path, leads=30, dirty=6)
    first = load(world, path)
    before = counts(world)
    again = load(world, path)
    assert again.already_imported
    assert (again.accepted, again.refused_count) == (first.accepted, first.refused_count)
    assert counts(world) == before


def test_numbers_that_the_campaign_has_are_refused(world: World, tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    one.write_text("phone,name\n212-555-0100,Ada\n")
    two.write_text("phone,name\n+1 212 555 0100,Ada\n212-555-0101,Grace\n(212) 555 0101,Grace again\n")
    load(world, one, name="a")
    report = load(world, two, name="b")
    assert report.accepted == 1
    assert [(row.line, row.code) for row in report.refused] == [(2, "already_there"), (4, "duplicate")]
    assert "line 3" in report.refused[1].reason


def test_a_known_person_gets_the_lead(world: World, tmp_path: Path) -> None:
    one = tmp_path / "one.csv"
    one.write_text("phone,phone2,id\n212-555-0100,212-555-0101,P1\n212-555-0102,,P1\n212-555-0103,,P2\n")
    assert load(world, one).accepted == 3
    two = tmp_path / "two.csv"
    two.write_text("phone,id\n212-555-0104,P1\n212-555-0105,P3\n")
    assert load(world, two).accepted == 2
    assert counts(world) == (5, 3, 6, 2, 2)
    assert world.value("SELECT count(DISTINCT person_id) FROM lead") == 3


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"phone,name\n", "no_rows"),
        (b"name,city\nAda,Rome\n", "no_phone_column"),
        (b"phone^name\n1^2\n", "no_phone_column"),
        (b"PK\x03\x04", "spreadsheet"),
        (bytes(range(256)) * 9, "not_text"),
    ],
)
def test_a_bad_file_leaves_nothing_behind(world: World, tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    with pytest.raises(ImportRefused) as error:
        load(world, path)
    assert error.value.code == code
    assert counts(world) == (0, 0, 0, 0, 0)


def test_a_file_that_is_not_there_and_a_campaign_that_is_not(world: World, tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="can't be read"):
        load(world, tmp_path / "nothing.csv")
    path = tmp_path / "people.csv"
    sample.write_sample(path, leads=3, dirty=0)
    with world.engine.begin() as db, pytest.raises(ImportRefused, match="campaign list"):
        import_file(db, path, campaign_id=new_id())


def test_a_failure_in_the_middle_leaves_nothing_behind(world: World, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    sample.write_sample(path, leads=2500, dirty=0)

    def fail(done: int, total: int) -> None:
        if done > 1500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), world.engine.begin() as db:
        import_file(db, path, campaign_id=world.campaign, progress=fail)
    assert counts(world) == (0, 0, 0, 0, 0)
    assert load(world, path).accepted == 2500


def test_the_report_of_refused_rows(world: World, tmp_path: Path) -> None:
    path, told = tmp_path / "people.csv", tmp_path / "refused.csv"
    path.write_text("phone,name\n212-555-0100,Ada\n+44 1,=cmd()\nword,Bob\n")
    report = load(world, path)
    report.write_refused(told)
    with told.open(encoding="utf-8-sig") as handle:
        rows = list(csv.DictReader(handle))
    assert [(row["line"], row["code"]) for row in rows] == [("3", "formula"), ("4", "invalid_number")]
    assert rows[0]["value"].startswith("'=")
    with pytest.raises(ImportRefused, match="another file"):
        report.write_refused(tmp_path / "no" / "such" / "folder.csv")


def test_options_are_checked() -> None:
    with pytest.raises(InvalidValue, match="country code"):
        ImportOptions(region="XX")
    with pytest.raises(InvalidValue, match="IANA"):
        ImportOptions(timezone="Rome")
    with pytest.raises(InvalidValue, match="external_id"):
        ImportOptions(columns=(("shoe_size", "size"),))


def test_a_named_column_and_rows_told_as_they_come(world: World) -> None:
    data = b"phone,who,ext\n212-555-0100,Ada,A1\nword,Bob,B1\n212-555-0100,Ada,A2\n,,C1\n"
    told: list[RefusedRow] = []
    options = ImportOptions(columns=(("name", "who"), ("external_id", "ext")))
    with world.engine.begin() as db:
        report = import_bytes(
            db,
            data,
            file_name="x.csv",
            campaign_id=world.campaign,
            options=options,
            refusals=Refusals(keep=1, tell=told.append),
        )
    assert (report.accepted, report.refused_count, len(report.refused)) == (1, 3, 1)
    assert [(row.line, row.code) for row in told] == [
        (3, "invalid_number"),
        (4, "duplicate"),
        (5, "no_number"),
    ]
    assert sum(report.by_reason().values()) == 3
    assert world.one("SELECT name, external_id FROM person") == ("Ada", "A1")
    # Named otherwise it is another import; named the same it is the same.
    with world.engine.begin() as db:
        again = import_bytes(db, data, file_name="x.csv", campaign_id=world.campaign, options=options)
        other = import_bytes(db, data, file_name="x.csv", campaign_id=world.campaign)
    assert again.already_imported
    assert not other.already_imported


def test_whoever_asks_can_end_an_import_at_any_row(world: World) -> None:
    rows = 0

    def alive() -> None:
        nonlocal rows
        rows += 1
        if rows == 7:
            raise KeyboardInterrupt

    data = b"phone\n" + b"".join(b"2125550%d\n" % (100 + n) for n in range(50))
    with pytest.raises(KeyboardInterrupt), world.engine.begin() as db:
        import_bytes(db, data, file_name="x.csv", campaign_id=world.campaign, alive=alive)
    assert rows == 7
    assert counts(world) == (0, 0, 0, 0, 0)
