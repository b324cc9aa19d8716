"""`ringmaster replay`: exit codes, the explanation, the comparison, files and folders."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from callflow.replay_cli import replay, what_if
from pacing_core import Pacer, Scenario, record

WALL = 1_790_000_000.0
ROOM: dict[str, Any] = {"lines_free": 50, "rate_tokens": 50, "leads": 1000}
app = typer.Typer()
app.command()(replay)


other_targets = typer.Typer()
other_targets.command()(what_if)


def run(*arguments: object, command: typer.Typer = app) -> tuple[int, str]:
    result = CliRunner().invoke(command, [str(a) for a in arguments])
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files of one log: 20 agents, dialed for two minutes."""
    pacer = Pacer(budget_answered=500)
    pacer.start_log("autumn", WALL)
    for agent in range(20):
        pacer.agent(0.0, agent, "idle")
    call = 0
    for part in (1, 2):
        for tick in range(300):
            now = (part - 1) * 60.0 + tick / 5
            for _ in range(pacer.decide(now, **ROOM).dials):
                call += 1
                pacer.dialed(now, call)
            if tick % 15 == 0 and call > 40:
                pacer.ended(now, call - 40, "no_answer")
        (tmp_path / f"2026-09-21-000{part}.rmlog").write_bytes(pacer.drain_log())
        pacer.cut_log()
    return tmp_path


def test_exact(folder: Path) -> None:
    code, said = run(folder)
    assert code == 0
    assert "autumn: 600 decisions on" in said
    assert "2026-09-21 14:13:20.000+00:00 to 2026-09-21 14:15:19.800+00:00" in said
    assert "every decision comes out again, to the last bit" in said
    code, said = run(folder / "2026-09-21-0002.rmlog", "--json")
    found = json.loads(said)
    assert code == 0
    assert (found["exact"], found["decisions"], found["first_difference"]) == (True, 300, None)


def test_a_difference_has_exit_code_1(folder: Path) -> None:
    other = Pacer(budget_answered=500, policy="progressive")
    other.start_log("autumn", WALL)
    second = (folder / "2026-09-21-0002.rmlog").read_bytes()
    (folder / "2026-09-21-0001.rmlog").write_bytes(other.drain_log())
    code, said = run(folder)
    assert code == 1
    assert "first difference at" in said
    (folder / "2026-09-21-0002.rmlog").write_bytes(second[:-1])
    code, said = run(folder / "2026-09-21-0002.rmlog")
    assert code == 0
    assert "damaged: " in said


def test_another_target_and_policy(folder: Path) -> None:
    code, said = run(folder, "--target", "0.3", "--from", "2026-09-21T14:14:00")
    assert code == 0
    assert "What ringmaster at 0.3 would have decided on the same inputs." in said
    assert "The other's dials were not made" in said
    assert "| 2026-09-21 14:14 | 300 |" in said
    assert "| all | " in said
    assert "limited then: " in said
    code, said = run(folder, "--policy", "ratio(k=3)", "--to", "60", "--json")
    total = json.loads(said)["total"]
    assert (total["name"], total["decisions"]) == ("ratio(k=3)", 300)
    (folder / "mine.py").write_text(
        "class Nine:\n    name, version = 'nine', '1'\n"
        "    def reset(self, scenario, seed): ...\n    def on_event(self, event): ...\n"
        "    def decide(self, s): return 9\n"
    )
    code, said = run(folder, "--policy", f"{folder / 'mine.py'}:Nine", "--json")
    assert json.loads(said)["total"]["dials_now"] == 9 * 600


def test_one_decision_explained(folder: Path) -> None:
    code, said = run(folder, "--at", "2026-09-21T14:14:30")
    assert code == 0
    assert re.match(r"2026-09-21 14:14:30\.000\+00:00: \d+ dials, limited by \w+\n", said)
    assert "agents   20 idle" in said
    assert "of 500 answered at a target of 3 %" in said
    code, said = run(folder, "--at", "70", "--json")
    found = json.loads(said)
    assert (found["at"], found["idle"], found["as_recorded"]) == (70.0, 20, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.rmlog"], "nowhere.rmlog"),
        (["."], "holds no .rmlog"),
        (["{folder}", "--target", "7"], "target is 7.0"),
        (["{folder}", "--policy", "nobody"], "nobody"),
        (["{folder}", "--at", "noon"], "noon"),
        (["{folder}", "--at", "-5"], "no decision at or before"),
    ],
)
def test_what_cannot_be_done_has_exit_code_2(
    folder: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    code, output = run(*(a.format(folder=folder) for a in arguments))
    assert code == 2
    assert said in output


def test_other_targets_simulated(tmp_path: Path, folder: Path) -> None:
    log = tmp_path / "a-day.rmlog"
    log.write_bytes(record(Scenario.named("base", "agents = 20\nseconds = 2400.0\nwarmup_seconds = 0.0"), 3))
    options = ("--target", "0.01", "--target", "0.06", "--effort", "0.02")
    code, said = run(log, *options, command=other_targets)
    assert code == 0
    assert re.search(r"0\.67 h of dialing with 20\.0 agents, \d+ answers", said)
    assert re.search(r"\| 1 % \| \d+\.\d\d ±\d+\.\d\d \| ", said)
    code, said = run(log, *options, "--json", command=other_targets)
    found = json.loads(said)
    assert [point["target"] for point in found["points"]] == [0.01, 0.06]
    assert found["agents"] == pytest.approx(20.0, abs=0.1)
    code, said = run(folder / "2026-09-21-0001.rmlog", command=other_targets)
    assert code == 2
    assert "answers of people are in it" in said
