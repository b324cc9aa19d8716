"""Small edges of the package: ids, settings, addresses, values that PostgreSQL can't hold."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models.errors import InvalidValue
from models.ids import new_id
from models.repository.db import clean_text, object_json, rows_json
from models.session import conninfo, normalise_url
from models.settings import Settings


def test_ids_are_version_7_and_sort_by_their_making() -> None:
    made = [new_id() for _ in range(500)]
    assert {UUID(text).version for text in made} == {7}
    assert made == sorted(made)
    assert len(set(made)) == 500


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "RINGMASTER_DATABASE_URL", "RINGMASTER_DATA_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    assert Settings().database_url == ""
    monkeypatch.setenv("RINGMASTER_DATABASE_URL", "postgresql://a/b")
    assert Settings().database_url == "postgresql://a/b"
    monkeypatch.setenv("DATABASE_URL", "postgresql://c/d")
    assert Settings().database_url == "postgresql://c/d"
    assert "ClueCon" not in repr(Settings())
    monkeypatch.setenv("RINGMASTER_LEASE_TTL_SECONDS", "1")
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_usual_spelling_of_an_address(scheme: str) -> None:
    url = normalise_url(f"{scheme}://ada:p%40ss@db:5433/ring?sslmode=require")
    assert (url.drivername, url.password, url.port) == ("postgresql+psycopg", "p@ss", 5433)
    assert conninfo(f"{scheme}://ada:p%40ss@db/ring") == "postgresql://ada:p%40ss@db/ring"


@pytest.mark.parametrize("url", ["", "db", "mysql://db/ring", "sqlite://"])
def test_what_is_no_address_of_postgresql(url: str) -> None:
    with pytest.raises(InvalidValue) as error:
        normalise_url(url)
    assert error.value.code == "database_url"


@given(st.text(st.characters(), max_size=40))
def test_no_text_breaks_a_statement(value: str) -> None:
    shown = json.loads(rows_json([{"value": value, value: [value]}]))
    assert "\0" not in json.dumps(shown, ensure_ascii=False)
    shown[0]["value"].encode("utf-8")
    clean_text(value).encode("utf-8")
    assert "\0" not in clean_text(value)


def test_ordinary_text_is_kept_as_it_is() -> None:
    value = {"name": "Łukasz 😀 \\u0000 \\ud83d", "deep": {"list": [1, None, True]}}
    assert json.loads(object_json(value)) == value
    with pytest.raises(ValueError, match="JSON"):
        object_json({"rate": float("nan")})
