"""`ringmaster demo`: the whole system on this machine, with simulated people, agents and switch.

Order: lock, PostgreSQL, schema, people, then the processes (softswitch, worker, dialer), agents, campaign. It
ends by Ctrl-C or after `seconds` of dialing: the campaign is stopped by a command, the dialer winds down, and
the figures of the window from the first dial to that stop are computed from the database alone.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from callflow import demo_data
from callflow.demo_access import sign_in_path
from callflow.demo_cli import demo
from callflow.demo_data import Place
from callflow.demo_display import Display, Moment, summary
from callflow.demo_figures import Outcome, judge
from callflow.demo_lock import CannotRun, Interrupted, Stop, locked
from callflow.demo_processes import Child, Family
from callflow.errors import CallflowError
from callflow.robots import Plan, Robots
from models import migrate, postgres
from models.enums import AgentState, CommandKind, CommandStatus
from models.errors import ModelsError
from models.importing import import_file
from models.repository import commands, live, reporting
from models.repository.reporting import Report
from models.session import sync_engine

START_SECONDS = 60.0  # real; how long each process may take until it works
LOOK_SECONDS = 0.1  # real
REPORT_SECONDS = 2.0  # real
STOCK_SECONDS = 5.0  # real
HANDLE_SECONDS = 135.0  # talk and wrap-up of the base scenario: how many people a run will need
SPARE = 1.4
MOST_FILES_AT_ONCE = 3
PASSWORD = "demo"  # noqa: S105 - of the simulator, on the loopback interface


__all__ = ["Demo", "DemoFailed", "Options", "demo", "run"]


class DemoFailed(CallflowError):
    """The demo began and could not go on. Exit code 1."""

    code = "demo_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """As on the command line. `seconds` is real time from the first dial, 0 until Ctrl-C; `drain_max` is the
    dialer's time."""

    seconds: float = 0.0
    speed: float = 1.0
    agents: int = 50
    answer_probability: float = 0.3
    target: float = 0.03
    leads: int = 5000
    seed: int = 1
    data_dir: Path = Path(".ringmaster")
    drain_max: float = 120.0
    as_json: bool = False
    keep_postgres: bool = False
    http_port: int = 0


class Demo:
    """One run. `run` returns the exit code."""

    def __init__(self, options: Options, console: Console) -> None:
        self.options = options
        self.console = console
        self.display = Display(console, "Ringmaster demo: simulated people, agents and switch")
        self.stop = Stop()
        self.place: Place
        self.engine: Engine
        self.family: Family
        self.robots: Robots
        self.lag_ms = 0.0
        self.speed = options.speed
        self.first_dial: float | None = None
        self.began_real = math.inf
        self._live: Mapping[str, Any] = {}
        self._report: Report | None = None
        self._report_due = 0.0
        self._stock_due = 0.0
        self._said_speed = options.speed
        self._exhausted = False
        self._not_before = -math.inf

    def run(self) -> Outcome | None:
        """The whole run; None if it was asked to stop before the first dial.

        Raises:
            CannotRun, ModelsError: it can't begin.
            DemoFailed, ChildDied: it could not go on.
            Interrupted: a second Ctrl-C.
        """
        with ExitStack() as stack:
            stack.enter_context(locked(self.options.data_dir))
            stack.enter_context(self.stop)
            self.family = Family(self._logs(), dict(os.environ))
            stack.callback(self.family.dismiss_guard)
            self.family.start_guard()
            url = self._database(stack)
            self.engine = sync_engine(url, pool_size=4)
            stack.callback(self.engine.dispose)
            self.family.environment = self._environment(url)
            stack.callback(self.family.kill_all)
            self.place = demo_data.prepare(
                self.engine, agent_count=self.options.agents, target=self.options.target
            )
            self._say_where()
            self._stock(self.place.wall, self._needed(), show=True)
            with self.display:
                outcome = self._dial()
            if outcome is None:
                self.display.say("Stopped before the first call was dialed.")
            else:
                self.display.say(summary(outcome.figures, outcome.report, outcome.problems))
            return outcome

    # --- before the processes -------------------------------------------------------------------------------

    def _logs(self) -> Path:
        logs = self.options.data_dir / "logs"
        logs.mkdir(exist_ok=True)
        return logs

    def _database(self, stack: ExitStack) -> str:
        self.display.say("Starting a private PostgreSQL ...")
        server = postgres.start(self.options.data_dir)
        if server.started and not self.options.keep_postgres:
            self.family.tell_guard(f"postgres {self.options.data_dir.absolute()}")
            stack.callback(postgres.stop, self.options.data_dir)
        migrate.upgrade(server.url)
        return server.url

    def _environment(self, url: str) -> dict[str, str]:
        """Nothing of the user's own installation reaches the demo's processes."""
        kept = {k: v for k, v in os.environ.items() if not k.upper().startswith("RINGMASTER_")}
        return {
            **kept,
            "DATABASE_URL": url,
            "RINGMASTER_DATA_DIRECTORY": str(self.options.data_dir.absolute()),
            "RINGMASTER_SWITCH_NAME": demo_data.NAME,
            "PYTHONUNBUFFERED": "1",
        }

    def _say_where(self) -> None:
        place = "a new demo" if self.place.is_new else "going on with the data of the last run"
        self.display.say(
            f"Data in {self.options.data_dir}: {place}. Every number is fictional and every call simulated, "
            "so calling hours are open round the clock."
        )

    def _needed(self) -> int:
        """How many due leads this run should begin with; more are imported as it goes on."""
        if not self.options.seconds:
            return self.options.leads // 2
        answers = self.options.agents * self.options.seconds * self.options.speed / HANDLE_SECONDS
        dials = math.ceil(SPARE * answers / self.options.answer_probability)
        return min(dials, MOST_FILES_AT_ONCE * self.options.leads)

    def _stock(self, wall: float, needed: int, *, show: bool) -> None:
        """Import people until `needed` leads are due, saying so; with `show`, a progress bar."""
        while not self._exhausted and (found := demo_data.dialable(self.engine, self.place, wall)) < needed:
            if not self.place.is_new or not show:
                self.display.say(f"{found} leads are due and {needed} wanted: topping the list up.")
            path = demo_data.next_file(
                self.engine,
                self.place,
                self.options.data_dir / "people",
                seed=self.options.seed,
                count=self.options.leads,
            )
            if path is None:
                self._exhausted = True
                self.display.say(
                    "Every fictional number is on the list by now: the demo dials those that become due "
                    "again. Remove the data directory to begin anew."
                )
                return
            self._import(path, show=show)
            if self.place.is_new and show and found == 0 and self.options.leads >= needed:
                return

    def _import(self, path: Path, *, show: bool) -> None:
        with Progress(console=self.console, transient=False, disable=not show) as progress:
            task = progress.add_task(f"Importing {path.name}", total=self.options.leads)
            with self.engine.begin() as db:
                report = import_file(
                    db,
                    path,
                    campaign_id=self.place.campaign_id,
                    progress=lambda done, total: progress.update(task, completed=done, total=total),
                )
        refused = ", ".join(f"{count} {code}" for code, count in report.by_reason().items())
        self.display.say(
            f"Imported {report.accepted} people from {path.name}; {report.refused_count} rows refused"
            + (f": {refused}." if refused else ".")
        )
        if report.refused:
            report.write_refused(path.with_name(f"{path.stem}-refused.csv"))
            self.display.say(f"Each refused row with its line and reason: {path.stem}-refused.csv beside it.")

    # --- the processes --------------------------------------------------------------------------------------

    def _dial(self) -> Outcome | None:
        self._start_processes()
        self.robots = Robots(
            self.engine,
            Plan(self.options.seed, self.place.agent_ids),
            switch_id=self.place.switch_id,
            campaign_id=self.place.campaign_id,
        )
        self.robots.start()
        try:
            self._until(self._all_in, "agents log in", START_SECONDS)
            if not self.stop.asked.is_set():
                self._command(CommandKind.CAMPAIGN_START)
                self._until(self._dialed, "first dial", START_SECONDS)
            if self.first_dial is None:
                return None
            self._until(self._time_is_up, "dialing", math.inf)
            return self._wind_down()
        finally:
            self.robots.stop()

    def _start_processes(self) -> None:
        self.display.say("Starting softswitch, worker and dialer ...")
        o = self.options
        arguments = ["softswitch", "--port", "0", "--password", PASSWORD, "--speed", f"{o.speed:g}"]
        arguments += ["--seed", str(o.seed), "--answer-probability", f"{o.answer_probability:g}"]
        arguments += ["--sps", "100", "--json"]
        _, said = self.family.start("softswitch", ["models.command", *arguments], first_line=True)
        self.family.environment = {
            **self.family.environment,
            "RINGMASTER_SWITCH_HOST": "127.0.0.1",
            "RINGMASTER_SWITCH_PORT": str(json.loads(said)["port"]),
            "RINGMASTER_SWITCH_PASSWORD": PASSWORD,
        }
        self.family.start("worker", ["models.command", "worker"])
        arguments = ["--speed", f"{o.speed:g}", "--drain-max", f"{o.drain_max:g}"]
        self.dialer, _ = self.family.start("dialer", ["callflow.dialer", *arguments])
        self._open_page()

    def _open_page(self) -> None:
        port = str(self.options.http_port)
        arguments = ["api", "--host", "127.0.0.1", "--port", port, "--json", "--no-first-admin"]
        _, said = self.family.start("api", ["models.command", *arguments], first_line=True)
        url = json.loads(said)["url"]
        self.display.say(f"The page is at {url}. This link signs you in, once, within an hour:")
        self.display.say(f"  {url}{sign_in_path(self.engine, self.place)}")

    dialer: Child

    # --- while it runs --------------------------------------------------------------------------------------

    def _until(self, done: Callable[[], bool], phase: str, seconds: float) -> None:
        """Show the board until `done`, or until the user asks to stop.

        Raises:
            DemoFailed: `seconds` of real time have passed.
        """
        until = time.monotonic() + seconds
        while not done():
            if self.stop.asked.is_set():
                return
            if time.monotonic() > until:
                raise DemoFailed(
                    f"The demo waited {seconds:.0f} s for: {phase}. The end of the dialer's log "
                    f"({self.dialer.log}):\n{self.dialer.tail()}"
                )
            self._look(phase)
            self.stop.asked.wait(LOOK_SECONDS)

    def _look(self, phase: str, *, may_end: Child | None = None) -> None:
        """Read and show; raises if anything of the demo is broken but `may_end`."""
        self.family.check(may_end)
        if self.robots.failure is not None:
            raise DemoFailed(f"The simulated agents failed: {self.robots.failure}") from self.robots.failure
        try:
            self._read()
        except OperationalError as error:
            raise DemoFailed(f"The private PostgreSQL is away: {error.orig}".strip()) from error
        if self._live:
            self.display.show(Moment(self._real_seconds(), phase, self._live, self._report))

    def _real_seconds(self) -> float:
        """Since the first dial."""
        return max(0.0, time.monotonic() - self.began_real)

    def _read(self) -> None:
        with self.engine.connect() as db:
            found = live.get(db, "dialer")
            if found is None or found.at < self._not_before:
                return
            self._live = found.payload
            real = time.monotonic()
            if self.first_dial is not None and real >= self._report_due:
                self._report_due = real + REPORT_SECONDS
                wall = found.at
                self._report = reporting.report(db, self.place.campaign_id, self.first_dial, wall)
        self._hear_speed()
        if self.first_dial is not None and time.monotonic() >= self._stock_due:
            self._stock_due = time.monotonic() + STOCK_SECONDS
            self._stock(found.at, self.options.leads // 10, show=False)

    def _hear_speed(self) -> None:
        self.speed = float(self._live.get("speed", self.speed))
        self.lag_ms = max(self.lag_ms, float(self._live.get("lag_p99_ms", 0.0)))
        if self.speed < self._said_speed:
            self.display.say(
                f"This machine is too slow for speed {self._said_speed:g} (the dialer was over 200 ms of "
                f"its own time late): on at {self.speed:g}."
            )
            self._said_speed = self.speed

    def _all_in(self) -> bool:
        working = self.robots.count(*(state for state in AgentState if state.is_available))
        return working >= self.options.agents

    def _dialed(self) -> bool:
        with self.engine.connect() as db:
            window = reporting.dialing_window(db, self.place.campaign_id, self.place.wall)
        if window is None:
            return False
        self.first_dial, self.began_real = window[0], time.monotonic()
        self._live, self.lag_ms, self._not_before = {}, 0.0, window[0]
        return True

    def _time_is_up(self) -> bool:
        return 0 < self.options.seconds <= time.monotonic() - self.began_real

    def _command(self, kind: CommandKind) -> float:
        """Ask the dialer and wait for the answer; the dialer's time at which it obeyed."""
        with self.engine.begin() as db:
            command_id = commands.insert(
                db,
                switch_id=self.place.switch_id,
                kind=kind,
                campaign_id=self.place.campaign_id,
                requested_by="demo",
            )
        until = time.monotonic() + START_SECONDS
        query = text(
            "SELECT status, detail, extract(epoch FROM finished_at)::float8 FROM command "
            "WHERE id = CAST(:id AS uuid)"
        )
        while time.monotonic() < until:
            self.family.check()
            with self.engine.connect() as db:
                status, detail, finished = db.execute(query, {"id": command_id}).one()
            if status == CommandStatus.DONE:
                return float(finished)
            if status not in (CommandStatus.PENDING, CommandStatus.TAKEN):
                raise DemoFailed(f"The dialer did not obey {kind.value} ({status}): {detail}")
            time.sleep(LOOK_SECONDS / 4)
        raise DemoFailed(f"The dialer did not answer {kind.value} within {START_SECONDS:.0f} s.")

    # --- the end --------------------------------------------------------------------------------------------

    def _wind_down(self) -> Outcome:
        self.display.say("Dialing stops; calls in hand finish (Ctrl-C again ends at once) ...")
        self.stop.asked.set()  # from here on the next Ctrl-C is the second
        stopped = self._command(CommandKind.CAMPAIGN_STOP)
        lag, speed = self.lag_ms, self.speed
        self.robots.go_home()  # the dialer logs them out when the last call has ended
        self.dialer.process.send_signal(signal.SIGTERM)
        while self.dialer.process.poll() is None:
            self._look("winding down", may_end=self.dialer)
            time.sleep(LOOK_SECONDS)
        if self.dialer.process.returncode != 0:
            raise self.dialer.died()
        self.family.end(self.dialer)
        self.robots.stop()
        self.family.check()
        self.family.end_all()
        return self._outcome(stopped, lag, speed)

    def _outcome(self, stopped: float, lag_ms: float, speed: float) -> Outcome:
        begin = self.place.wall if self.first_dial is None else self.first_dial
        with self.engine.connect() as db:
            return judge(
                db, self.place.campaign_id, since=begin, until=stopped, lag_p99_ms=lag_ms, speed=speed
            )


def run(options: Options) -> int:
    """Run the demo; the exit code: 0 done, 1 failed on the way, 2 could not begin, 130 ended at once."""
    console = Console(stderr=options.as_json)
    demo = Demo(options, console)
    try:
        try:
            outcome = demo.run()
        except Exception as error:
            # A library that was interrupted in the middle of a query fails with an error of its own.
            if demo.stop.at_once:
                raise Interrupted from error
            raise
    except (CannotRun, ModelsError) as error:
        return _give_up(f"{error}", 2)
    except CallflowError as error:
        return _give_up(f"{error}", 1)
    except (Interrupted, KeyboardInterrupt):
        return _give_up("ended at once.", 130)
    if options.as_json and outcome is not None:
        print(json.dumps(outcome.figures), flush=True)  # noqa: T201 - the last line of standard output
    return 0


def _give_up(sentence: str, code: int) -> int:
    sys.stderr.write(f"ringmaster demo: {sentence}\n")
    return code
