"""Uploads through the public door: preview, import by a real worker, refused rows, hostile files, limits."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.testclient import TestClient

from api.importer import Importer, ImportPace
from api.uploads import shown_name
from models.repository import imports
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_client, make_state, sign_in

PEOPLE = b"phone,who,city\n212-555-0100,Ada,Rome\nword,Bob,Oslo\n212-555-0101,Zo\xc3\xab,Rome\n"


@pytest.fixture
def supervisor(client: TestClient) -> TestClient:
    assert sign_in(client, "ours-supervisor").status_code == 200
    return client


def upload(
    client: TestClient, office: Office, content: bytes, *, name: str = "people.csv", **options: Any
) -> Response:
    answer: Response = client.post(
        f"/v1/campaigns/{office.ours.campaign_id}/imports",
        files={"file": (name, content)},
        data={"options": json.dumps(options)} if options else {},
    )
    return answer


def work(office: Office) -> None:
    """Import all that waits."""

    async def scenario() -> None:
        importer = Importer(office.url, ImportPace(poll_seconds=0.05))
        task = asyncio.create_task(importer.run())
        with office.engine.connect() as db:
            while db.execute(text("SELECT 1 FROM import_job WHERE content IS NOT NULL LIMIT 1")).first():
                await asyncio.sleep(0.01)
                db.rollback()
        importer.stop()
        await asyncio.wait_for(task, 30)

    asyncio.run(scenario())


def done(client: TestClient, office: Office, content: bytes, **options: Any) -> dict[str, Any]:
    answer = upload(client, office, content, **options)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "queued"
    work(office)
    body: dict[str, Any] = client.get(f"/v1/imports/{answer.json()['id']}").json()
    return body


def test_a_list_is_imported(supervisor: TestClient, office: Office) -> None:
    found = done(supervisor, office, PEOPLE, list_name="spring", name_column="who", region="us")
    assert (found["state"], found["accepted"], found["refused"]) == ("done", 2, 1)
    assert found["by_reason"] == {"invalid_number": 1}
    assert found["refused_rows"] == [
        {"line": 3, "reason": "invalid_number", "detail": "not a phone number", "value": "word"}
    ]
    assert (found["list_name"], found["file_name"], found["detail"]) == ("spring", "people.csv", "")
    assert found["created_at"].endswith("Z")
    assert found["finished_at"].endswith("Z")
    with office.engine.connect() as db:
        assert set(db.execute(text("SELECT name FROM person")).scalars()) == {"Ada", "Zoë"}
        asked = db.execute(text("SELECT requested_by FROM import_job")).scalar()
    assert asked == "user ours-supervisor"
    listed = supervisor.get(f"/v1/campaigns/{office.ours.campaign_id}/imports").json()["items"]
    assert [one["id"] for one in listed] == [found["id"]]
    assert "refused_rows" not in listed[0]


def test_the_same_file_again_changes_nothing_and_says_so(supervisor: TestClient, office: Office) -> None:
    done(supervisor, office, PEOPLE)
    again = done(supervisor, office, PEOPLE)
    assert (again["state"], again["accepted"]) == ("done", 2)
    assert "nothing was changed" in again["detail"]
    with office.engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM lead")).scalar() == 2


def test_all_refused_rows_as_a_file_that_no_spreadsheet_runs(supervisor: TestClient, office: Office) -> None:
    bad = b"phone,name\n" + b"".join(b"=1+%d,@SUM(1)\n" % n for n in range(250)) + b"+12,x\n"
    answer = upload(supervisor, office, bad)
    path = f"/v1/imports/{answer.json()['id']}"
    early = supervisor.get(f"{path}/refused.csv")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    work(office)
    assert len(supervisor.get(path).json()["refused_rows"]) == 200
    file = supervisor.get(f"{path}/refused.csv")
    assert file.headers["content-type"].startswith("text/csv")
    assert file.headers["content-disposition"].startswith("attachment;")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert len(rows) == 251
    assert {row["value"][0] for row in rows} == {"'"}
    assert [int(row["line"]) for row in rows] == list(range(2, 253))


def test_a_file_without_refused_rows_has_an_empty_report(supervisor: TestClient, office: Office) -> None:
    found = done(supervisor, office, b"phone\n212-555-0100\n")
    file = supervisor.get(f"/v1/imports/{found['id']}/refused.csv")
    assert file.content.decode("utf-8-sig") == "line,code,reason,value\r\n"


def test_a_preview_shows_and_imports_nothing(supervisor: TestClient, office: Office) -> None:
    answer = supervisor.post(
        f"/v1/campaigns/{office.ours.campaign_id}/imports/preview",
        files={"file": ("a.csv", "Nome;Telefono;ID\nAnaïs;+39 02 1234567;=1+1\n".encode("cp1252"))},
    )
    assert answer.json() == {
        "columns": ["Nome", "Telefono", "ID"],
        "rows": [["Anaïs", "+39 02 1234567", "=1+1"]],
        "encoding": "cp1252",
        "delimiter": ";",
        "guess": {"phone": ["Telefono"], "name": "Nome", "external_id": "ID"},
    }
    with office.engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM import_job")).scalar() == 0


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "empty"),
        (b"PK\x03\x04zip", "zip"),
        (bytes(range(256)) * 200, "no text"),
        (b"\xff\xfe" + b"\x00\xd8" * 9, "utf-16"),
        (b"a" * 50_000_000, "header"),
        (b"\n" * 6_000_000, "empty"),
        (b"x\n" * 6_000_000, "lines"),
    ],
    ids=["nothing", "zip", "binary", "half a pair", "one field", "blank", "lines"],
)
def test_a_preview_of_a_bad_file_says_what_is_wrong(
    supervisor: TestClient, office: Office, content: bytes, part: str
) -> None:
    answer = supervisor.post(
        f"/v1/campaigns/{office.ours.campaign_id}/imports/preview", files={"file": ("a.csv", content)}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert part in answer.json()["detail"]
    assert answer.json()["errors"][0]["field"] == "file"


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ('{"region": "XX"}', ""),
        ('{"region": "USA"}', "options.region"),
        ('{"timezone": "Rome"}', ""),
        ('{"timezone": 5}', "options.timezone"),
        ('{"phone_columns": "phone"}', "options.phone_columns"),
        ('{"list_name": null}', "options.list_name"),
        ('{"list_name": "\\ud800"}', "options"),
        ('{"shoe_column": "size"}', "options.shoe_column"),
        ('{"tenant_id": "x"}', "options.tenant_id"),
        ("[]", "options"),
        ("{", "options"),
        ("null", "options"),
        ("9" * 5000, "options"),
        ("[" * 5000, "options"),
    ],
)
def test_options_are_checked_before_anything_is_kept(
    supervisor: TestClient, office: Office, options: str, field: str
) -> None:
    answer = supervisor.post(
        f"/v1/campaigns/{office.ours.campaign_id}/imports",
        files={"file": ("a.csv", PEOPLE)},
        data={"options": options},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    if field:
        assert answer.json()["errors"][0]["field"] == field
    with office.engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM import_job")).scalar() == 0


def test_a_column_that_is_not_there_fails_with_the_columns_that_are(
    supervisor: TestClient, office: Office
) -> None:
    found = done(supervisor, office, PEOPLE, phone_columns=["mobile"])
    assert found["state"] == "failed"
    assert "'phone', 'who', 'city'" in found["detail"]
    with office.engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM list")).scalar() == 0


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("text/csv", PEOPLE, 415),
        ("", PEOPLE, 415),
        ("multipart/form-data", PEOPLE, 422),
        ("multipart/form-data; boundary=x", PEOPLE, 422),
        ("multipart/form-data; boundary=x", b"", 422),
        ("multipart/form-data; boundary=x; charset=nonsense", b"--x--\r\n", 422),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nno file\r\n--x--\r\n',
            422,
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="other"; filename="f"\r\n\r\nx\r\n--x--\r\n',
            422,
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="options"\r\n\r\n'
            + b"x" * 70_000
            + b"\r\n--x--\r\n",
            422,
        ),
    ],
)
def test_what_is_no_upload(
    supervisor: TestClient, office: Office, kind: str, body: bytes, status: int
) -> None:
    for path in ("imports", "imports/preview"):
        answer = supervisor.post(
            f"/v1/campaigns/{office.ours.campaign_id}/{path}", content=body, headers={"Content-Type": kind}
        )
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_tenant_has_at_most_three_imports_on_their_way(supervisor: TestClient, office: Office) -> None:
    for number in range(imports.MOST_WAITING):
        assert upload(supervisor, office, b"phone\n212-555-010%d\n" % number).status_code == 202
    refused = upload(supervisor, office, PEOPLE)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert int(refused.headers["retry-after"]) > 0
    with make_client(make_state(office.url)) as theirs:
        sign_in(theirs, "theirs-supervisor")
        answer = theirs.post(
            f"/v1/campaigns/{office.theirs.campaign_id}/imports", files={"file": ("x.csv", PEOPLE)}
        )
        assert answer.status_code == 202
    work(office)
    assert upload(supervisor, office, PEOPLE).status_code == 202


class _Endless:
    """A body that is larger than allowed and does not say so beforehand."""

    def __init__(self) -> None:
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
        while self.sent < 200:
            self.sent += 1
            yield b"x" * (1 << 20)


def test_what_is_too_large_is_refused_while_it_is_read(supervisor: TestClient, office: Office) -> None:
    path = f"/v1/campaigns/{office.ours.campaign_id}/imports"
    answer = supervisor.post(
        path, content=iter(_Endless()), headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    announced = supervisor.post(path, content=b"x", headers={"Content-Length": str(65 << 20)})
    assert announced.status_code == 413


def test_nobody_s_upload_is_not_even_read(office: Office) -> None:
    with make_client(make_state(office.url)) as nobody:
        answer = nobody.post(
            f"/v1/campaigns/{office.ours.campaign_id}/imports",
            content=b"no form at all",
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Users\\ada\\people.csv", "people.csv"),
        ("../../etc/passwd", "passwd"),
        ("", "upload.csv"),
        ("a\0b\nc.csv", "a_b_c.csv"),
        ("x" * 500 + ".csv", ("x" * 500 + ".csv")[-200:]),
        ("Łódź.csv", "Łódź.csv"),
    ],
)
def test_a_file_s_name_is_only_shown(given: str, shown: str) -> None:
    assert shown_name(given) == shown


def test_a_key_of_scope_import_may(client: TestClient, office: Office) -> None:
    sign_in(client, "ours-admin")
    key = client.post("/v1/api-keys", json={"name": "crm", "scopes": ["import"]}).json()
    with make_client(make_state(office.url)) as program:
        program.headers["Authorization"] = f"Bearer {key['key']}"
        answer = upload(program, office, PEOPLE)
        assert answer.status_code == 202
        assert program.get(f"/v1/imports/{answer.json()['id']}").status_code == 200
    with office.engine.connect() as db:
        asked = db.execute(text("SELECT requested_by FROM import_job")).scalar()
    assert asked == f"key {key['prefix']}"
