"""A whole small site for these tests.

Database rows, the softswitch on a TCP port, dialer processes, and questions.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from models.enums import CampaignState, CommandKind
from models.ids import new_id
from models.records import CampaignSettings
from models.repository import agents, campaigns, commands, live, setup
from models.rules import preset

PASSWORD = "s3cret-Password"
LOOK_SECONDS = 0.05


class TooLate(AssertionError):
    """What a test waited for did not happen in time."""


def wait_for(
    what: str, done: Callable[[], Any], seconds: float = 30.0, *, after: Callable[[], str] = str
) -> Any:
    """Until `done()` is true; its value. The one place where these tests wait for another process."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = done()
        if value:
            return value
        time.sleep(LOOK_SECONDS)
    raise TooLate(f"{what}: not within {seconds:g} s. {after()}")


def run_command(*arguments: str) -> list[str]:
    """`ringmaster …` of this very source folder."""
    return [sys.executable, "-c", "from models.command import main; main()", *arguments]


@dataclass
class Process:
    """A child with its log; ended, and its exit code looked at, by `close`."""

    popen: subprocess.Popen[str]
    log: Path

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(10)

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM; the exit code."""
        self.popen.terminate()
        return self.wait(seconds)

    def wait(self, seconds: float = 60.0) -> int:
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise TooLate(f"a process did not end. {self.tail()}") from error

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def says(self, words: str) -> bool:
        return words in self.text()

    def tail(self) -> str:
        return "\n".join(self.text().splitlines()[-25:])

    def close(self) -> None:
        if self.alive:
            self.popen.send_signal(signal.SIGCONT)
            self.popen.kill()
            self.popen.wait(10)
        if self.popen.stdout is not None:
            self.popen.stdout.close()


@dataclass
class Site:
    """Everything; `close` ends all processes."""

    engine: Engine
    url: str
    folder: Path
    speed: float = 20.0
    switch_id: str = ""
    campaign_id: str = ""
    agent_ids: list[str] = field(default_factory=list)
    port: int = 0
    processes: list[Process] = field(default_factory=list)

    # --- rows -----------------------------------------------------------------------------------------------

    def furnish(self, *, agent_count: int, leads: int, **settings: Any) -> None:
        """A running campaign with leads of the range for fiction, and agents who are logged out."""
        with self.engine.begin() as db:
            tenant = setup.tenant(db)
            self.switch_id = setup.switch(db, "main")
            campaign = campaigns.create(
                db,
                CampaignSettings(
                    campaign_id="",
                    name="test",
                    state=CampaignState.RUNNING,
                    **{"wrap_up_limit_seconds": 10.0, "message": "", **settings},
                ),
                switch_id=self.switch_id,
                rules=preset("demo"),
                window_start=time.time() - 86_400,
            )
            self.campaign_id = campaign.campaign_id
            self.agent_ids = [
                agents.create(
                    db,
                    name=f"agent {number}",
                    extension=str(100001 + number),
                    switch_id=self.switch_id,
                    campaign_id=self.campaign_id,
                    tenant_id=tenant,
                ).agent_id
                for number in range(agent_count)
            ]
            self._add_leads(db, tenant, leads)

    def _add_leads(self, db: Any, tenant: str, count: int) -> None:
        list_id = new_id()
        db.execute(
            text("INSERT INTO list (id, tenant_id, campaign_id, name) VALUES (:id, :t, :c, 'list')"),
            {"id": list_id, "t": tenant, "c": self.campaign_id},
        )
        rows = [
            {
                "l": new_id(),
                "p": new_id(),
                "n": f"+1212{5550000 + n}",
                "t": tenant,
                "c": self.campaign_id,
                "i": list_id,
            }
            for n in range(count)
        ]
        db.execute(
            text("INSERT INTO person (id, tenant_id, timezones) VALUES (:p, :t, '{America/New_York}')"), rows
        )
        db.execute(
            text(
                "INSERT INTO lead (id, tenant_id, campaign_id, list_id, person_id, number, state, due_at)"
                " VALUES (:l, :t, :c, :i, :p, :n, 'new', now() - interval '1 hour')"
            ),
            rows,
        )

    def command(self, kind: CommandKind, **target: Any) -> str:
        """Ask the dialer for something; the command's id."""
        with self.engine.begin() as db:
            return commands.insert(db, switch_id=self.switch_id, kind=kind, **target)

    def log_in(self) -> None:
        for agent_id in self.agent_ids:
            self.command(CommandKind.AGENT_LOGIN, agent_id=agent_id, campaign_id=self.campaign_id)

    def value(self, sql: str) -> Any:
        with self.engine.connect() as db:
            return db.execute(text(sql)).scalar()

    def rows(self, sql: str) -> list[Mapping[str, Any]]:
        with self.engine.connect() as db:
            return [dict(row) for row in db.execute(text(sql)).mappings()]

    def live(self) -> Mapping[str, Any]:
        """The dialer's newest live figures; empty before the first."""
        with self.engine.connect() as db:
            found = live.get(db, "dialer")
        return {} if found is None else found.payload

    # --- processes ------------------------------------------------------------------------------------------

    def start_switch(self, *, seed: int = 1, port: int = 0, options: tuple[str, ...] = ()) -> Process:
        """The softswitch as a process of its own; its truth goes to `truth.jsonl`."""
        arguments = run_command(
            "softswitch", "--json", "--port", str(port), "--password", PASSWORD, "--seed", str(seed)
        )
        arguments += ["--speed", str(self.speed), "--truth", str(self.folder / "truth.jsonl"), *options]
        process = self._spawn("switch", arguments, pipe=True)
        assert process.popen.stdout is not None
        line = process.popen.stdout.readline()
        assert line, process.tail()
        self.port = int(json.loads(line)["port"])
        return process

    def start_dialer(
        self, *, data: str = "data", password: str = PASSWORD, options: tuple[str, ...] = ()
    ) -> Process:
        """A dialer process; `data` is its data directory inside the test's folder."""
        (self.folder / data).mkdir(exist_ok=True)
        arguments = [sys.executable, "-m", "callflow.dialer", "--speed", str(self.speed)]
        arguments += ["--drain-max", "60", *options]
        environment = {
            "DATABASE_URL": self.url,
            "RINGMASTER_DATA_DIRECTORY": str(self.folder / data),
            "RINGMASTER_SWITCH_HOST": "127.0.0.1",
            "RINGMASTER_SWITCH_PORT": str(self.port),
            "RINGMASTER_SWITCH_PASSWORD": password,
            "RINGMASTER_LEASE_TTL_SECONDS": "6",
        }
        return self._spawn("dialer", arguments, environment)

    def _spawn(
        self,
        name: str,
        arguments: list[str],
        environment: Mapping[str, str] | None = None,
        *,
        pipe: bool = False,
    ) -> Process:
        log = self.folder / f"{name}-{len(self.processes)}.log"
        with log.open("w") as output:
            popen = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipe else output,
                stderr=output,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        process = Process(popen, log)
        self.processes.append(process)
        return process

    def truth(self) -> dict[str, dict[str, Any]]:
        """The simulator's own record of every customer's leg that has ended, by leg id."""
        path = self.folder / "truth.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return {line["uuid"]: line for line in lines if line["kind"] == "customer"}

    def logs(self) -> str:
        return "\n".join(f"--- {process.log.name}\n{process.tail()}" for process in self.processes)

    def close(self) -> None:
        for process in self.processes:
            process.close()


@contextmanager
def open_site(engine: Engine, url: str, folder: Path, speed: float = 20.0) -> Iterator[Site]:
    """A site whose processes are all ended at the end of the block, whatever happened."""
    site = Site(engine, url, folder, speed)
    try:
        yield site
    finally:
        site.close()
