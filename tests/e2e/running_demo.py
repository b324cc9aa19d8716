"""`ringmaster demo` as a person starts it, its link, its database, and its end."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from models import postgres
from models.session import sync_engine
from tests.e2e.browser import ROOT

_LINK = re.compile(r"(http://127\.0\.0\.1:[0-9]+)/sign-in#token=\S+")


@dataclass
class Demo:
    """`link` signs in once; `url` is the page's; `engine` looks into the demo's database."""

    link: str
    url: str
    engine: Engine


@dataclass
class _Listener:
    """Reads all that the demo says, so that it never waits for a reader."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    link: re.Match[str] | None = None
    dialing: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            self.link = self.link or _LINK.search(line)
            if "| dialing |" in line:
                self.dialing.set()
        self.dialing.set()


@contextmanager
def running(*options: str) -> Iterator[Demo]:
    """A demo that dials, in a folder of its own; stopped and removed at the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="rm-page-"))
    folder.chmod(0o755)  # as root, PostgreSQL runs under another account, which must enter
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RINGMASTER_", "DATABASE_"))}
    data = folder / "data"
    process = subprocess.Popen(
        [sys.executable, "-m", "models.command", "demo", "--data-dir", str(data), *options],
        cwd=ROOT,
        env={**kept, "COLUMNS": "400"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    listener = _Listener(process)
    thread = threading.Thread(target=listener.listen, daemon=True)
    thread.start()
    try:
        assert listener.dialing.wait(120), "".join(listener.said)
        assert listener.link is not None, "".join(listener.said)
        server = postgres.find_running(data)
        assert server is not None
        engine = sync_engine(server.url)
        try:
            yield Demo(listener.link[0], listener.link[1], engine)
        finally:
            engine.dispose()
    finally:
        for _ in range(2):  # the second time it ends at once
            process.send_signal(signal.SIGINT)
            try:
                process.wait(15)
                break
            except subprocess.TimeoutExpired:
                continue
        process.wait(60)
        thread.join(10)
        if process.stdout is not None:
            process.stdout.close()
        if data.exists():
            postgres.stop(data)
        shutil.rmtree(folder, ignore_errors=True)
