"""Decision logs as files: whole ones, cut by size and day, kept for so long; a full disk stops no dialing."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from callflow.decisions import DecisionLogs
from pacing_core import Pacer, PacingValueError, replay

WALL = 1_790_000_000.0  # 2026-09-21, 13:33:20 UTC
ROOM: dict[str, Any] = {"lines_free": 50, "rate_tokens": 50, "leads": 1000}


class Site:
    """Two clocks, one folder, one campaign."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.folder = folder
        self.now = self.real = 100.0
        self.calls = 0
        self.pacer = Pacer()
        self.logs = self.made(**options)
        for agent in range(5):
            self.pacer.agent(self.now, agent, "idle")

    def made(self, **options: Any) -> DecisionLogs:
        return DecisionLogs(
            self.folder, wall=lambda: WALL + self.now, real=lambda: self.real, clock=lambda: WALL, **options
        )

    def work(self, ticks: int = 50) -> None:
        for _ in range(ticks):
            self.now += 0.2
            self.real += 0.2
            for _ in range(self.pacer.decide(self.now, **ROOM).dials):
                self.calls += 1
                self.pacer.dialed(self.now, self.calls)
            if self.calls:
                self.pacer.ended(self.now, self.calls, "no_answer")

    def collect(self) -> None:
        self.logs.collect({"c1": self.pacer}, WALL)

    @property
    def files(self) -> list[Path]:
        return sorted((self.folder / "c1").glob("*"))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_second_at_a_time_makes_one_file_that_replays(site: Site) -> None:
    for _ in range(5):
        site.collect()
        site.work()
    site.collect()
    (file,) = site.files
    assert file.name == "2026-09-21-0001.rmlog"
    seen = replay(file.read_bytes())
    assert seen.exact
    assert (seen.decisions, seen.wall, seen.about) == (250, WALL, "c1")
    assert site.logs.status() == {"c1": {"recorded": True}}


def test_files_are_cut_by_size_and_by_day_and_each_replays_alone(tmp_path: Path) -> None:
    site = Site(tmp_path, file_bytes=2000)
    for _ in range(12):
        site.work()
        site.collect()
    site.now += 86_400.0
    site.work()
    site.collect()
    names = [file.name for file in site.files]
    assert len(names) > 2
    assert names[-1] == "2026-09-22-0001.rmlog"
    seen = [replay(file.read_bytes()) for file in site.files]
    assert all(part.exact for part in seen)
    joined = replay(b"".join(file.read_bytes() for file in site.files))
    assert joined.exact
    assert joined.decisions == sum(part.decisions for part in seen) >= 600


def test_another_process_begins_another_file(site: Site) -> None:
    site.collect()
    site.pacer = Pacer()
    site.logs = site.made()
    site.collect()
    assert [file.name[-10:] for file in site.files] == ["0001.rmlog", "0002.rmlog"]


def test_a_full_disk_is_said_once_and_recording_resumes(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    site.collect()
    site.work()
    whole = Path.open

    def full(self: Path, *arguments: Any, **options: Any) -> Any:
        if self.suffix == ".rmlog":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return whole(self, *arguments, **options)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "open", full)
        for _ in range(3):
            site.collect()
            site.work(400)
        assert site.logs.status() == {"c1": {"recorded": False}}
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "dialing goes on without" in caplog.text
    site.real += 60.0
    site.collect()
    site.work()
    site.collect()
    assert "decisions are recorded again" in caplog.text
    assert site.logs.status() == {"c1": {"recorded": True}}
    seen = replay(site.files[-1].read_bytes())
    assert seen.exact
    assert seen.decisions == 50


def test_old_files_and_those_too_many_go(tmp_path: Path) -> None:
    folder = tmp_path / "c1"
    folder.mkdir()
    for number, days in enumerate((40, 31, 29, 3), start=1):
        path = folder / f"2026-08-{number:02d}-0001.rmlog"
        path.write_bytes(bytes(1000))
        os.utime(path, (WALL - days * 86_400,) * 2)
    site = Site(tmp_path)
    site.collect()
    assert [file.name for file in site.files][:2] == ["2026-08-03-0001.rmlog", "2026-08-04-0001.rmlog"]
    small = Site(tmp_path, keep_bytes=1000)
    small.collect()
    assert len(site.files) <= 3


def test_a_policy_beside_every_campaign(tmp_path: Path) -> None:
    site = Site(tmp_path, shadow_policy="ratio(k=2)", keep_days=0.0)
    site.collect()
    site.work()
    shown = site.logs.status()["c1"]
    assert shown["recorded"] is False
    assert shown["shadow"]["policy"] == "ratio"
    assert shown["shadow"]["decisions"] == 50
    assert site.files == []
    for wrong in ("oracle", "nobody", "mine.py:Policy"):
        with pytest.raises(PacingValueError):
            site.made(shadow_policy=wrong)
