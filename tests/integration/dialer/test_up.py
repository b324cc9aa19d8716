"""`ringmaster up` and `ringmaster doctor` as a person runs them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import postgres
from tests.integration.dialer.site import PASSWORD, Process, Site, run_command, wait_for


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"], "RINGMASTER_DATA_DIRECTORY": str(folder)}
    return {**kept, "RINGMASTER_HTTP_PORT": "0", **more}


def ask(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        run_command(*arguments), capture_output=True, text=True, timeout=120, env=environment(folder, **more)
    )


def dialers(up: Process) -> list[int]:
    """The process ids of the dialers that `up` says it started."""
    lines = [json.loads(line) for line in up.text().splitlines() if '"started"' in line]
    return [line["pid"] for line in lines if line["program"] == "dialer"]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data directory that another account may enter: as root the private PostgreSQL runs under one."""
    directory = Path(tempfile.mkdtemp(prefix="rm-up-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        postgres.stop(directory)
        shutil.rmtree(directory, ignore_errors=True)


def test_up_starts_everything_restarts_what_dies_and_stops_clean(site: Site, folder: Path) -> None:
    site.start_switch()
    arguments = run_command("up", "--switch", f"esl://:{PASSWORD}@127.0.0.1:{site.port}", "--speed", "20")
    up = site._spawn("up", arguments, environment(folder))
    wait_for("the dialer is up", lambda: up.says("the switch is up"), 60, after=site.logs)
    doctor = ask(folder, "doctor", "--json", "--switch", f"esl://:{PASSWORD}@127.0.0.1:{site.port}")
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    findings = {finding["check"]: finding["found"] for finding in json.loads(doctor.stdout)["findings"]}
    assert "commands the switch" in findings["dialer"]
    wait_for("the page is served", lambda: up.says("Ringmaster is at http://127.0.0.1:"), 30, after=site.logs)
    assert up.says("sign in as admin with the password")

    (pid,) = dialers(up)
    os.kill(pid, signal.SIGKILL)
    wait_for("another dialer", lambda: len(dialers(up)) == 2, 30, after=site.logs)
    wait_for("it is up", lambda: up.text().count("the switch is up") == 2, 30, after=site.logs)
    assert up.stop(60) == 0, up.tail()
    assert postgres.find_running(folder) is None
    assert PASSWORD not in up.text()


@pytest.mark.parametrize(
    ("arguments", "more", "words"),
    [
        (("up",), {}, "No switch is named"),
        (("up", "--switch", "http://x"), {}, "write the switch as"),
        (("up", "--switch", "esl://h", "--dial-string", "user/{number}"), {}, "through a gateway"),
        (("up", "--switch", "esl://h", "--data-dir", "/proc/x"), {}, "can't be written"),
        (
            ("up", "--switch", "esl://h"),
            {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"},
            "The database is away",
        ),
        (("dialer",), {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "No switch is named"),
    ],
)
def test_one_sentence_that_says_what_to_do(
    tmp_path: Path, arguments: tuple[str, ...], more: dict[str, str], words: str
) -> None:
    result = ask(tmp_path, *arguments, **more)
    assert result.returncode == 2, result.stderr
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_doctor_fails_where_something_is_wrong(tmp_path: Path) -> None:
    result = ask(tmp_path, "doctor", "--switch", "esl://:x@127.0.0.1:1")
    assert result.returncode == 1
    assert "what to do" in result.stdout
    assert "failed" in result.stdout
