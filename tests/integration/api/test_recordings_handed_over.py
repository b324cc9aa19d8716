"""Recordings on their way: from the switch's machine to the storage, heard, held, and deleted in the end."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import push
from api.expiry import expire_once
from api.pull import Door, PullFailed
from api.push import Report
from api.secrets import new_key
from api.storage import Storage, StorageFailed
from api.switch_cli import switch as switch_command
from models.enums import RecordingConsent
from models.ids import new_id
from models.records import RecordingStarted, RecordingStopped
from models.repository import recordings, records, switch_keys
from tests.integration.api.conftest import Office
from tests.integration.api.office import make_client, make_state, sign_in
from tests.integration.api.served import serving
from tests.integration.api.test_finished_calls import world_of
from tests.unit.models.sounds import wav

SOUND = wav(frames=16_000)


@dataclass
class Yard:
    """A switch's machine with its directory, an api with its storage, and a call."""

    office: Office
    door: Door
    storage: Storage
    kept: Path
    directory: Path
    attempt_id: str

    def record(self, *, stopped: bool = True, age: float = 60.0, content: bytes = SOUND) -> Path:
        """A recording, as the dialer and the switch leave it behind."""
        recording_id = new_id()
        path = self.directory / f"{self.attempt_id}.{recording_id}.wav"
        started = RecordingStarted(
            recording_id=recording_id,
            attempt_id=self.attempt_id,
            leg_id=self.attempt_id,
            path=str(path),
            consent=RecordingConsent.NONE,
            at=1_767_621_600.0,
        )
        over = RecordingStopped(recording_id=recording_id, at=1_767_621_660.0, cause="call ended")
        with self.office.engine.begin() as db:
            records.apply(db, [started, over] if stopped else [started])
        path.write_bytes(content)
        self.age(path, age)
        return path

    def age(self, path: Path, seconds: float) -> None:
        moment = path.stat().st_mtime - seconds
        os.utime(path, (moment, moment))

    def push(self, least: int = 0) -> Report:
        return push.push(self.door, self.directory, least)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.kept)) for path in self.kept.rglob("*.wav"))


@pytest.fixture
def yard(office: Office, tmp_path: Path) -> Iterator[Yard]:
    key = new_key()
    with office.engine.begin() as db:
        switch_keys.create(db, office.ours.switch_id, prefix=key.prefix, key_hash=key.key_hash)
    world = world_of(office, office.ours)
    world.add_leads(1)
    attempt_id = world.claim(1).attempts[0].attempt_id
    kept, directory = tmp_path / "kept", tmp_path / "rec"
    directory.mkdir()
    state = make_state(office.url)
    state.storage = Storage.open(str(kept), tmp_path)
    with serving(state) as served:
        yield Yard(office, Door(served.url, key.key), state.storage, kept, directory, attempt_id)


def name_of(path: Path) -> str:
    return path.name.split(".")[1]


def test_a_finished_recording_goes_to_the_storage_and_is_heard(yard: Yard) -> None:
    path = yard.record()
    assert yard.push().handed == [path.name]
    assert list(yard.directory.iterdir()) == []
    (kept,) = yard.files()
    assert (yard.kept / kept).read_bytes() == SOUND
    state = make_state(yard.office.url)
    state.storage = yard.storage
    with make_client(state) as client:
        sign_in(client, "ours-supervisor")
        where = f"/v1/recordings/{name_of(path)}"
        shown = client.get(where).json()
        assert (shown["sha256"], shown["seconds"]) == (hashlib.sha256(SOUND).hexdigest(), 2.0)
        assert client.get(f"{where}/audio").content == SOUND
        part = client.get(f"{where}/audio", headers={"Range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, SOUND[4:8])
        assert part.headers["Content-Range"] == f"bytes 4-7/{len(SOUND)}"
        assert client.get(f"{where}/audio", headers={"Range": "bytes=-3"}).content == SOUND[-3:]
        for wrong in ("bytes=9999999-", "bytes=5-4", "bytes=-", "lines=1-2"):
            assert client.get(f"{where}/audio", headers={"Range": wrong}).status_code == 416
        history = [(one["deed"], one["who"]) for one in client.get(where).json()["history"]]
        listed = client.get(f"/v1/calls/{yard.attempt_id}/recordings").json()["items"]
    assert [one["id"] for one in listed] == [name_of(path)]
    assert [deed for deed, _ in history] == ["started", "stopped", "stored", "listened"]
    assert history[-1][1]


def test_what_is_not_finished_stays(yard: Yard) -> None:
    young, running = yard.record(age=1.0), yard.record(stopped=False)
    report = yard.push()
    assert (report.handed, report.waiting) == ([], 2)
    assert young.exists()
    assert running.exists()
    assert yard.files() == []


def test_a_second_run_finds_what_the_first_could_not_delete(yard: Yard) -> None:
    path = yard.record()
    yard.push()
    path.write_bytes(SOUND)
    yard.age(path, 60)
    assert yard.push().handed == [path.name]
    path.write_bytes(wav(frames=800))
    yard.age(path, 60)
    report = yard.push()
    assert (report.handed, report.aside) == ([], 1)
    assert "another file" in report.trouble[0]
    assert len(yard.files()) == 1


def test_hostile_names_links_and_files_without_a_call(yard: Yard, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(SOUND)
    linked = yard.directory / f"{new_id()}.{new_id()}.wav"
    linked.symlink_to(secret)
    (yard.directory / "..%2f..%2fetc.wav").write_bytes(SOUND)
    (yard.directory / "a\nb.wav").write_bytes(SOUND)
    (yard.directory / f"{new_id()}.{new_id()}.wav.d").mkdir()
    os.mkfifo(yard.directory / f"{new_id()}.{new_id()}.wav")
    lost, fresh = (yard.directory / f"{new_id()}.{new_id()}.wav" for _ in range(2))
    for path, age in ((lost, 7200), (fresh, 60)):
        path.write_bytes(SOUND)
        yard.age(path, age)
    report = yard.push()
    assert (report.handed, report.aside, report.waiting) == ([], 1, 1)
    assert (yard.directory / "aside" / lost.name).exists()
    assert fresh.exists()
    assert secret.exists()
    assert linked.is_symlink()
    assert yard.files() == []


def test_what_is_no_sound_or_changes_on_the_way_is_not_kept(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    rubbish = yard.record(content=b"not a sound")
    report = yard.push()
    assert (report.handed, report.aside) == ([], 1)
    assert (yard.directory / "aside" / rubbish.name).exists()
    path = yard.record()
    monkeypatch.setattr(push, "_digest", lambda file: "0" * 64)
    report = yard.push()
    assert (report.handed, report.waiting) == ([], 1)
    assert path.exists()
    assert yard.files() == []


def test_an_api_that_is_away_or_does_not_know_the_key_costs_nothing(yard: Yard) -> None:
    path = yard.record()
    for door in (Door("http://127.0.0.1:1", "k"), Door(yard.door.address, "rm_a_b")):
        with pytest.raises(PullFailed):
            push.push(door, yard.directory, 0)
    with pytest.raises(PullFailed, match="can't be read"):
        push.push(yard.door, yard.directory / "nowhere", 0)
    assert path.exists()


def test_the_disk_is_told_and_decides_whether_there_is_room(yard: Yard) -> None:
    switch_id = yard.office.ours.switch_id
    for least, room in ((0, True), (1 << 49, False)):
        yard.push(least)
        with yard.office.engine.begin() as db:
            assert recordings.room(db, switch_id) is room


def test_the_command_line(yard: Yard) -> None:
    path = yard.record()
    (yard.directory / "notes.txt").write_text("x")
    known = {"RINGMASTER_API_URL": yard.door.address, "RINGMASTER_SWITCH_KEY": yard.door.key}
    command = ["recordings", "--directory", str(yard.directory)]
    result = CliRunner().invoke(switch_command, command, env=known)
    assert (result.exit_code, path.name in result.output) == (0, True)
    assert "notes.txt" in result.output
    wrong = {**known, "RINGMASTER_SWITCH_KEY": "rm_a_b"}
    assert CliRunner().invoke(switch_command, command, env=wrong).exit_code == 1


def test_retention_deletes_the_sound_and_a_legal_hold_prevents_it(yard: Yard, client: TestClient) -> None:
    path = yard.record()
    yard.push()
    engine, recording_id = yard.office.engine, name_of(path)
    with engine.begin() as db:
        db.execute(text("UPDATE recording SET expires_at = now() - interval '1 s' WHERE sha256 IS NOT NULL"))
    sign_in(client, "ours-supervisor")
    hold = f"/v1/recordings/{recording_id}/hold"
    assert client.put(hold, json={"held": True, "reason": "claim 7"}).json()["held"] is True
    assert expire_once(engine, yard.storage) == 0
    assert len(yard.files()) == 1
    assert client.put(hold, json={"held": False, "reason": "settled"}).status_code == 200
    assert expire_once(engine, yard.storage) == 1
    assert yard.files() == []
    shown = client.get(f"/v1/recordings/{recording_id}").json()
    assert (shown["playable"], shown["deleted_at"] is None) == (False, False)
    assert [one["deed"] for one in shown["history"]][-3:] == ["held", "released", "deleted"]
    assert client.get(f"/v1/recordings/{recording_id}/audio").status_code == 404
    sign_in(client, "theirs-supervisor")
    assert client.get(f"/v1/recordings/{recording_id}").status_code == 404


def test_a_storage_that_can_t_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageFailed, match="be opened"):
        Storage.open(str(tmp_path / "file" / "below"), tmp_path)
