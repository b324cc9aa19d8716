"""From bytes to rows: encodings, delimiters, quotes that never close, and files that are no CSV."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.importing import reading, sample
from models.importing.columns import map_columns
from models.importing.preview import preview
from models.importing.reading import read_table
from models.importing.report import ImportRefused, RefusedRow, harmless
from models.importing.rows import LeadRow, parse_row

POLISH = "telefon;imię;miasto\n+48221234567;Łukasz Wiśniewski;Łódź\n+48221234568;Żaneta Gęś;Kraków\n"


def rows(data: bytes) -> list[reading.Record]:
    return list(reading.read_table(data).records())


def parse(text: str, *, region: str = "US", zone: str | None = None) -> list[LeadRow | RefusedRow]:
    table = reading.read_table(text.encode())
    columns = map_columns(table.header)
    return [parse_row(record, columns, region=region, default_timezone=zone) for record in table.records()]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1250", "iso8859_2"]
)
def test_encodings_of_the_field(encoding: str) -> None:
    table = reading.read_table(POLISH.encode(encoding))
    assert table.header == ("telefon", "imię", "miasto")
    assert [record.cells[1] for record in table.records()] == ["Łukasz Wiśniewski", "Żaneta Gęś"]


def test_the_country_decides_between_encodings_that_both_fit() -> None:
    data = "phone,name\n1,imię\n".encode("cp1250")
    assert reading.read_table(data, "PL").encoding == "cp1250"
    western = "phone,name\n1,Anaïs Noël\n2,García\n".encode("cp1252")
    assert reading.read_table(western, "FR").encoding == "cp1252"
    assert rows("phone,name\n1,Иван Петров\n2,Ольга\n".encode("cp1251"))[1].cells[1] == "Ольга"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, newline: str) -> None:
    lines = [
        delimiter.join(cells) for cells in (("phone", "name", "note"), ("1", "a; b, c", "d"), ("2", "b", ""))
    ]
    if delimiter in ",;":
        lines[1] = delimiter.join(("1", '"a; b, c"', "d"))
    table = reading.read_table(newline.join(lines).encode())
    assert table.delimiter == delimiter
    assert [record.cells for record in table.records()] == [("1", "a; b, c", "d"), ("2", "b", "")]
    assert [record.line for record in table.records()] == [2, 3]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf \r\n", "empty_file"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "spreadsheet"),
        (bytes(range(256)) * 40, "not_text"),
        (random.Random(1).randbytes(5000), "not_text"),
        (b"\x00" * 3000 + b"x", "not_text"),
        (b"x\x00\x00" * 300, "not_text"),
        (b"\xef\xbb\xbfphone\n\xff\xff", "bad_encoding"),
        (b'"phone,name\n1,2', "bad_header"),
    ],
)
def test_files_that_are_no_csv(data: bytes, code: str) -> None:
    with pytest.raises(ImportRefused) as error:
        reading.read_table(data)
    assert error.value.code == code
    assert str(error.value).endswith(".")


def test_a_file_over_the_limit_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", 10)
    with pytest.raises(ImportRefused, match="split it"):
        reading.read_table(b"phone\n1234567890")


def test_a_quote_that_never_closes_costs_one_row() -> None:
    body = "".join(f"{n},name {n}\n" for n in range(200))
    found = rows(f'phone,name\n1,"open\n{body}'.encode())
    assert (found[0].line, found[0].code) == (2, "open_quote")
    assert len(found) == 201
    assert found[-1].cells == ("199", "name 199")


def test_cells_over_several_lines_and_wrong_quotes() -> None:
    found = rows(b'phone,note\n1,"two\nlines, ""quoted"""\n2,"a"b\n\n , \n3,5" pipe\n')
    assert found[0].cells == ("1", 'two\nlines, "quoted"')
    assert (found[1].line, found[1].code) == (4, "bad_quotes")
    assert (found[2].line, found[2].cells) == (7, ("3", '5" pipe'))
    assert len(found) == 3


def test_a_field_of_fifty_megabytes_is_refused_and_the_rest_read() -> None:
    data = b"phone,name\n1,a\n2," + b"x" * (50 << 20) + b'\n3,"' + b"y" * (50 << 20) + b'"\n4,d\n'
    found = rows(data)
    assert [(record.line, record.code) for record in found] == [
        (2, ""),
        (3, "field_too_long"),
        (4, "field_too_long"),
        (5, ""),
    ]


def test_bytes_that_are_no_text_cost_their_row() -> None:
    found = rows("phone,name\n1,a\0b\n2,c\n3,x\ufffdy\n".encode())
    assert [record.code for record in found] == ["bad_characters", "", "bad_characters"]


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused_plainly(data: bytes) -> None:
    try:
        table = reading.read_table(data)
        columns = map_columns(table.header)
    except ImportRefused:
        return
    for record in table.records():
        parse_row(record, columns, region="US", default_timezone=None)


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_cells_are_judged_without_an_exception(cells: list[str]) -> None:
    columns = map_columns(("phone", "name", "timezone", "priority", "country"))
    record = reading.Record(2, tuple(cells))
    assert parse_row(record, columns, region="US", default_timezone="Europe/Rome").line == 2


# --- columns -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "phone",
        "Phone Number",
        "TELEFON",
        "téléphone",
        "Teléfono móvil 1",
        "mobile",
        "Cell Phone",
        "numero_telefono",
        "Tel.",
        "Phone1",
        "home phone",
        "msisdn",
        "GSM",
        "Numer telefonu",
        "Cellulare",
        "Phone (work)",
    ],
)
def test_names_of_phone_columns(name: str) -> None:
    assert map_columns(("name", name)).phones == (1,)


@pytest.mark.parametrize(
    "name",
    ["account number", "House Number", "invoice no", "customer number", "id number", "city", "contact", ""],
)
def test_names_that_are_no_phone_columns(name: str) -> None:
    with pytest.raises(ImportRefused) as error:
        map_columns((name, "city"))
    assert error.value.code == "no_phone_column"


def test_several_numbers_roles_and_fields() -> None:
    columns = map_columns(("Nome", "Phone1", "Phone2", "ID", "Saldo", ""))
    assert columns.phone_names() == ("Phone1", "Phone2")
    assert columns.roles == {"name": 0, "external_id": 3}
    assert columns.fields == (4,)


def test_a_file_without_a_header_is_told_so() -> None:
    with pytest.raises(ImportRefused, match="looks like a lead"):
        map_columns(("+1 212 555 0100", "Ada"))
    with pytest.raises(ImportRefused, match="'who'"):
        map_columns(("who", "where"), phone_columns=("ring",))
    assert map_columns(("who", "Ring Me"), phone_columns=("ring me",)).phones == (1,)


# --- rows ----------------------------------------------------------------------


def test_a_good_row() -> None:
    text = "phone,mobile,first name,last name,id,timezone,priority,city\n"
    (row,) = parse(text + "(212) 555-0100,+44 20 7946 0018,Ada,Erlang,L1,America/New_York,7,-5.5\n")
    assert isinstance(row, LeadRow)
    assert row.numbers == ("+12125550100", "+442079460018")
    assert (row.name, row.external_id, row.priority) == ("Ada Erlang", "L1", 7)
    assert (row.timezones, row.fields) == (("America/New_York",), {"city": "-5.5"})


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (",Ada", "no_number"),
        ("12,Ada", "invalid_number"),
        ("hello,Ada", "invalid_number"),
        ("+1 212 555 01000,Ada", "invalid_number"),
        (f"{'2' * 70},Ada", "invalid_number"),
        ("2.1255501E+9,Ada", "rounded_number"),
        ("212-555-0100 x9,Ada", "extension"),
        ("+1 900 555 0100,Ada", "premium_number"),
        ("212-555-0100,=1+1", "formula"),
        ("212-555-0100,@SUM(A1)", "formula"),
        ("212-555-0100,+cmd|calc", "formula"),
        ("212-555-0100,-2+cmd()", "formula"),
        ("212-555-0100,Ada,x", "extra_cells"),
        ("=212,Ada", "invalid_number"),
        ("+800 1234 5678,Ada", "no_timezone"),
    ],
)
def test_refused_rows(line: str, code: str) -> None:
    (row,) = parse(f"phone,name\n{line}\n")
    assert isinstance(row, RefusedRow)
    assert (row.code, row.line) == (code, 2)


def test_zones_from_the_number_the_column_or_the_default() -> None:
    (rome,) = parse("phone\n02 1234 5678\n", region="IT")
    assert isinstance(rome, LeadRow)
    assert rome.timezones == ("Europe/Rome",)
    (free,) = parse("phone\n+800 1234 5678\n", zone="Europe/Rome")
    assert isinstance(free, LeadRow)
    (bad,) = parse("phone,timezone\n212-555-0100,EST5\n")
    assert isinstance(bad, RefusedRow)
    assert bad.code == "timezone"
    (wrong,) = parse("phone,priority\n212-555-0100,10\n")
    assert isinstance(wrong, RefusedRow)
    assert wrong.code == "priority"
    (polish,) = parse("phone,country\n22 123 45 67,pl\n")
    assert isinstance(polish, LeadRow)
    assert polish.numbers == ("+48221234567",)


def test_no_cell_of_a_report_runs_in_a_spreadsheet() -> None:
    assert harmless("=1+1") == "'=1+1"
    assert harmless("+1") == "'+1"
    assert harmless("plain") == "plain"
    assert len(harmless("x" * 9999)) < 200
    assert "\x07" not in harmless("a\x07")


def test_the_sample_has_only_valid_numbers_for_fiction() -> None:
    every = sample.numbers(sample.MOST)
    assert len(set(every)) == sample.MOST >= 5000
    text = "phone\n" + "\n".join(every)
    good = [row for row in parse(text) if isinstance(row, LeadRow)]
    assert [row.numbers[0] for row in good] == every
    assert all(number[5:8] == "555" and number[8:10] == "01" for number in every)
    with pytest.raises(ValueError, match="6300"):
        sample.numbers(sample.MOST + 1)


def test_columns_that_are_named_outright() -> None:
    header = ("Client", "Contact", "Ref", "Mobile", "Vol")
    columns = map_columns(header, ("Mobile",), (("name", "Contact"), ("external_id", "vol")))
    assert columns.roles == {"name": 1, "external_id": 4}
    assert columns.phones == (3,)
    assert [header[index] for index in columns.fields] == ["Client", "Ref"]
    # A column that is named as something is no number, whatever its name.
    assert map_columns(("phone", "mobile"), named=(("name", "mobile"),)).phones == (0,)
    with pytest.raises(ImportRefused, match="no column 'Nome'") as error:
        map_columns(header, ("Mobile",), (("name", "Nome"),))
    assert error.value.code == "no_such_column"


def test_a_preview_shows_the_head_and_guesses() -> None:
    head = preview("Nome;Telefono;Città\n".encode("cp1252") + b"Zo\xeb;+39 02 1234567;X\n" * 40)
    assert head.columns == ("Nome", "Telefono", "Città")
    assert len(head.rows) == 10
    assert head.rows[0] == ("Zoë", "+39 02 1234567", "X")
    assert (head.encoding, head.delimiter, head.phone, head.roles) == (
        "cp1252",
        ";",
        ("Telefono",),
        {"name": "Nome"},
    )


def test_a_preview_of_odd_rows_is_bounded() -> None:
    head = preview(b"a,b\n" + b"x" * 5000 + b",=1+1,more,still more\n" + b'"open,1\n')
    assert head.phone == ()
    assert len(head.rows[0][0]) == 201
    assert head.rows[0][1:] == ("=1+1", "more")
    assert head.rows[1] == ("(a quote in this row never closes)",)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\n" * 5_000_001 + b"phone\n", "too_many_lines"),
        (b"," * 2000 + b"\n1\n", "bad_header"),
        (b"phone," + b"x" * 50_000_000, "bad_header"),
        (b'"phone,name\n1,2\n', "bad_header"),
    ],
    ids=["line ends", "columns", "fifty megabytes", "open quote"],
)
def test_a_file_that_would_fill_the_memory_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(ImportRefused) as error:
        read_table(data)
    assert error.value.code == code
    assert len(str(error.value)) < 300


def test_a_row_of_a_million_cells_is_one_refused_row() -> None:
    table = read_table(b"phone,name\n" + b"," * 1_000_000 + b"\n+12125550100,Ada\n")
    assert [(record.line, record.code) for record in table.records()] == [(2, "extra_cells"), (3, "")]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_refused_cell_is_a_formula(sign: str) -> None:
    assert harmless(f"{sign}1+1").startswith("'")
