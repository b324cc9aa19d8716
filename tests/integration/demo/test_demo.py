"""`ringmaster demo` as a person runs it: real processes, real PostgreSQL, real sockets; small and fast."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from models import postgres
from pacing_core import replay

ROOT = Path(__file__).resolve().parents[3]
KEYS = {
    "attempts",
    "live_answers",
    "abandoned",
    "ended_before_agent",
    "abandon_rate",
    "occupancy",
    "talk_minutes_per_agent_hour",
    "invariant_violations",
    "lag_p99_ms",
    "speed",
}
SMALL = ("--speed", "20", "--agents", "10", "--leads", "400", "--drain-max", "30", "--json")
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that the account of PostgreSQL may enter, also when the tests run as root."""
    directory = Path(tempfile.mkdtemp(prefix="rm-demo-"))
    directory.chmod(0o755)
    yield directory / "data"
    if (directory / "data").exists():
        postgres.stop(directory / "data")
    shutil.rmtree(directory, ignore_errors=True)


@dataclass
class Run:
    """A demo that runs; what it says on stderr is collected as it comes."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    _more: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for text in self.process.stderr:
            with self._more:
                self.said.append(text)
                self._more.notify_all()
        with self._more:
            self._more.notify_all()

    def wait_for(self, part: str, times: int = 1) -> None:
        def there() -> bool:
            return sum(part in text for text in self.said) >= times

        with self._more:
            self._more.wait_for(lambda: there() or not self._reader.is_alive(), 60)
            assert there(), self.text

    def end(self) -> tuple[int, str]:
        """(exit code, standard output)."""
        assert self.process.stdout is not None
        out = self.process.stdout.read()
        code = self.process.wait(60)
        self._reader.join(20)
        self.process.stdout.close()
        if self.process.stderr is not None:
            self.process.stderr.close()
        return code, out

    @property
    def text(self) -> str:
        return "".join(self.said)


def start(data_dir: Path, *arguments: str) -> Run:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RINGMASTER_", "DATABASE_"))}
    return Run(
        subprocess.Popen(
            [sys.executable, "-m", "models.command", "demo", "--data-dir", str(data_dir), *arguments],
            cwd=ROOT,
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    )


def figures(out: str) -> dict[str, Any]:
    lines = out.splitlines()
    assert len(lines) == 1, "standard output holds the figures and nothing else"
    found: dict[str, Any] = json.loads(lines[0])
    assert found.keys() == KEYS
    return found


def processes_of(data_dir: Path) -> list[str]:
    """Commands of the living processes that were told of this data directory."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
            command = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(data_dir).encode() in environment or str(data_dir).encode() in command:
            found.append(command.replace(b"\0", b" ").decode())
    return found


def check(found: dict[str, Any], text: str) -> None:
    assert found["invariant_violations"] == 0, text
    assert found["attempts"] >= 15, text
    assert found["live_answers"] >= 1, text
    assert 0 < found["occupancy"] <= 1
    assert found["speed"] <= 20


def test_it_runs_stops_and_goes_on_with_the_same_data(data_dir: Path) -> None:
    first = start(data_dir, "--seconds", "6", *SMALL)
    code, out = first.end()
    assert code == 0, first.text
    check(figures(out), first.text)
    for said in ("Importing people-1.csv", "rows refused", "duplicate", "open round the clock", "a new demo"):
        assert said in first.text
    assert (data_dir / "people" / "people-1-refused.csv").exists()
    (log,) = (data_dir / "decisions").glob("*/*.rmlog")
    replayed = replay(log.read_bytes())
    assert replayed.exact, replayed.first_difference
    assert (replayed.decisions > 100, replayed.damage) == (True, [])

    second = start(data_dir, *SMALL)
    second.wait_for("| dialing |")
    third = start(data_dir, *SMALL)
    assert third.end() == (2, "")
    assert third.text.splitlines()[-1].startswith("ringmaster demo: Another demo is running in ")
    second.wait_for("| dialing |", times=2)
    second.process.send_signal(signal.SIGINT)
    code, out = second.end()
    assert code == 0, second.text
    assert figures(out)["invariant_violations"] == 0, second.text
    assert "going on with the data of the last run" in second.text
    assert "Importing" not in second.text
    assert processes_of(data_dir) == []


def test_a_dead_dialer_is_said_plainly_and_a_killed_demo_leaves_nothing(data_dir: Path) -> None:
    run = start(data_dir, *SMALL)
    run.wait_for("| dialing |")
    _kill(data_dir, "callflow.dialer")
    code, out = run.end()
    assert (code, out) == (1, "")
    assert "The dialer was killed by SIGKILL. The end of its log (" in run.text
    assert processes_of(data_dir) == []

    again = start(data_dir, *SMALL)  # what the dead dialer left is recovered
    again.wait_for("| dialing |")
    guard = os.pidfd_open(_pid(data_dir, "callflow.demo_guard"))
    again.process.kill()
    again.process.wait(20)
    import select

    assert select.select([guard], [], [], 30)[0], "the guard did not finish"
    os.close(guard)
    assert processes_of(data_dir) == []
    again.end()


def test_a_second_interrupt_ends_at_once(data_dir: Path) -> None:
    run = start(data_dir, *SMALL)
    run.wait_for("| dialing |")
    run.process.send_signal(signal.SIGINT)
    run.wait_for("Dialing stops")
    run.process.send_signal(signal.SIGINT)
    code, out = run.end()
    assert (code, out) == (130, "")
    assert processes_of(data_dir) == []


def test_a_data_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    run = start(tmp_path / "file" / "data", *SMALL)
    assert run.end() == (2, "")
    assert len(run.said) == 1
    assert run.text.startswith("ringmaster demo: The data directory ")
    assert "choose another with --data-dir." in run.text


@pytest.mark.parametrize(
    ("option", "value"), [("--speed", "0"), ("--agents", "0"), ("--target", "2"), ("--seconds", "-1")]
)
def test_an_option_out_of_range_exits_2(data_dir: Path, option: str, value: str) -> None:
    run = start(data_dir, option, value)
    assert run.end()[0] == 2
    assert option in run.text


def _pid(data_dir: Path, name: str) -> int:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
            parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
            parent_command = Path("/proc", parent, "cmdline").read_bytes()
        except OSError:
            continue
        told = str(data_dir).encode()
        if name.encode() in command and (told in environment or told in parent_command):
            return int(entry.name)
    raise AssertionError(f"no process {name}")


def _kill(data_dir: Path, name: str) -> None:
    os.kill(_pid(data_dir, name), signal.SIGKILL)
