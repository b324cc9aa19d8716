"""`ringmaster api` as a process: first start, signals, a port in use, a database that is not there."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from api import server

COMMAND = [sys.executable, "-m", "models.command", "api"]


def _environment(**given: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PYTHONUNBUFFERED": "1", **given}


@contextmanager
def running(url: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address, once it serves."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", "--json", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(DATABASE_URL=url),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=20)[1]
        yield process, json.loads(line)["url"]
    finally:
        process.kill()
        process.communicate(timeout=20)


def refused(*arguments: str, **environment: str) -> str:
    """What it says when it can't begin."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        env=_environment(**environment),
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


def test_the_first_start_makes_an_admin_who_must_choose_a_password(empty_database_url: str) -> None:
    with running(empty_database_url) as (process, url), httpx2.Client(base_url=url) as client:
        assert client.get("/ready").json()["status"] == "ready"
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=20)[1]
        assert process.returncode == 0
    password = re.search(r"admin with the password  (\S+)  ", said)
    assert password, said
    with running(empty_database_url) as (process, url), httpx2.Client(base_url=url) as client:
        answer = client.post("/v1/session", json={"login": "admin", "password": password[1]})
        assert answer.json()["user"]["must_change_password"]
        process.send_signal(signal.SIGINT)
        assert "password  " not in process.communicate(timeout=20)[1]
        assert process.returncode == 0


def test_a_port_in_use_is_one_sentence(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert "RINGMASTER_HTTP_PORT" in refused("--port", port, DATABASE_URL=database_url)


def test_who_comes_before_requests_are_answered_is_not_refused() -> None:
    with server.bind("127.0.0.1", 0) as bound:
        socket.create_connection(bound.getsockname()[:2], timeout=5).close()


@pytest.mark.parametrize(
    ("url", "said"),
    [("postgresql://nobody@127.0.0.1:1/none", "database"), ("mysql://x", "PostgreSQL"), ("", "DATABASE_URL")],
)
def test_no_database_is_one_sentence(url: str, said: str, tmp_path: object) -> None:
    sentence = refused("--port", "0", DATABASE_URL=url, RINGMASTER_DATA_DIRECTORY=str(tmp_path))
    assert said in sentence
    assert len(sentence.splitlines()) == 1
