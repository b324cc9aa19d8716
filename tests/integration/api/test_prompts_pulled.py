"""Prompts: uploaded, named by their sound, pulled by a switch that believes nothing but the hash."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from api import pull
from api.pull import Door, PullFailed
from api.secrets import new_key
from api.switch_cli import switch as switch_command
from models.repository import prompts, switch_keys
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_state, sign_in
from tests.integration.api.served import serving
from tests.unit.models.sounds import wav


def upload(client: TestClient, content: bytes, name: str = "sorry.wav") -> Response:
    answer: Response = client.post("/v1/prompts", files={"file": (name, content)})
    return answer


def made(client: TestClient, content: bytes, name: str = "sorry.wav") -> dict[str, Any]:
    answer = upload(client, content, name)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def door(office: Office) -> Iterator[Door]:
    """A switch's door to a real server."""
    key = new_key()
    with office.engine.begin() as db:
        switch_keys.create(db, office.ours.switch_id, prefix=key.prefix, key_hash=key.key_hash)
    with serving(make_state(office.url)) as served:
        yield Door(served.url, key.key)


def test_the_same_sound_is_the_same_prompt(client: TestClient, office: Office) -> None:
    sign_in(client, "ours-supervisor")
    first, again = made(client, wav()), made(client, wav(), "other name.wav")
    assert (first["id"], first["message"]) == (again["id"], f"prompts/{first['sha256']}.wav")
    assert again["name"] == "other name.wav"
    assert [one["id"] for one in client.get("/v1/prompts").json()["items"]] == [first["id"]]
    campaign = {"name": "with a message", "message": first["message"]}
    assert client.post("/v1/campaigns", json=campaign).status_code == 201
    sign_in(client, "theirs-supervisor")
    assert client.get("/v1/prompts").json()["items"] == []


@pytest.mark.parametrize("content", [b"no sound", wav(channels=2), wav(rate=44100)])
def test_what_is_no_prompt_is_refused(client: TestClient, content: bytes) -> None:
    sign_in(client, "ours-supervisor")
    assert upload(client, content).json()["code"] == "invalid"
    assert upload(client, bytes(2 << 20)).status_code == 413


def test_the_number_of_prompts_has_an_end(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "MOST", 1)
    sign_in(client, "ours-supervisor")
    made(client, wav())
    assert upload(client, wav(frames=900)).status_code == 422


def test_a_switch_pulls_what_is_missing(client: TestClient, door: Door, tmp_path: Path) -> None:
    sign_in(client, "ours-supervisor")
    ours = made(client, wav())["message"]
    sign_in(client, "theirs-supervisor")
    theirs = made(client, wav(frames=900))["message"]
    assert sorted(pull.pull(door, tmp_path)) == sorted([ours, theirs])
    for message in (ours, theirs):
        content = (tmp_path / message).read_bytes()
        assert message == f"prompts/{hashlib.sha256(content).hexdigest()}.wav"
        assert (tmp_path / message).stat().st_mode & 0o777 == 0o644
    assert pull.pull(door, tmp_path) == []
    assert len(list((tmp_path / "prompts").iterdir())) == 2, "nothing half-written stays"


def test_a_sound_that_is_another_is_not_put_in_place(
    client: TestClient, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(client, "ours-supervisor")
    sha256 = made(client, wav())["sha256"]
    monkeypatch.setattr(
        Door,
        "get",
        lambda self, path, most: b"x" if "sha256" in path else json.dumps({"items": [sha256]}).encode(),
    )
    with pytest.raises(PullFailed, match="another sound"):
        pull.pull(door, tmp_path)
    assert list(tmp_path.rglob("*.wav")) == []


@pytest.mark.parametrize(
    "listed", [b"", b"[]", b"{}", b'{"items": 1}', b'{"items": ["../../x"]}', b'{"items": [1]}']
)
def test_a_list_that_is_none_is_refused(
    listed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Door, "get", lambda self, path, most: listed)
    with pytest.raises(PullFailed, match="list"):
        pull.pull(Door("http://127.0.0.1:1", "key"), tmp_path)


def test_a_key_that_does_not_hold_and_an_api_that_is_away(door: Door, tmp_path: Path) -> None:
    for other in (Door(door.address, "rm_x_y"), Door("http://127.0.0.1:1", door.key)):
        with pytest.raises(PullFailed, match="does not give"):
            pull.pull(other, tmp_path)
    with pytest.raises(PullFailed, match="RINGMASTER_API_URL"):
        Door("file:///etc/passwd", "x")


def sync(tmp_path: Path, **environment: str) -> Result:
    return CliRunner().invoke(switch_command, ["sync", "--sounds", str(tmp_path)], env=environment)


def test_the_command_line(client: TestClient, door: Door, tmp_path: Path) -> None:
    sign_in(client, "ours-supervisor")
    message = made(client, wav())["message"]
    known = {"RINGMASTER_API_URL": door.address, "RINGMASTER_SWITCH_KEY": door.key}
    result = sync(tmp_path, **known)
    assert (result.exit_code, message in result.output) == (0, True)
    assert os.path.isfile(tmp_path / message)
    assert sync(tmp_path, **{**known, "RINGMASTER_SWITCH_KEY": "rm_a_b"}).exit_code == 1
