"""A policy of one's own from a file: compared by one command, kept, verified; mistakes told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from callflow import lab, lab_cli
from callflow.lab_policy import own, policy_of
from pacing_core import Scenario

ROOT = Path(__file__).resolve().parents[3]
CAREFUL = f"{ROOT / 'benchmarks' / 'policies' / 'careful.py'}:Careful"
SMALL = "agents = 5\nseconds = 1500.0\nwarmup_seconds = 0.0\ndecide_seconds = 0.5"
RUNNER = CliRunner()


def test_a_text_that_names_no_file_is_a_built_in_policy() -> None:
    assert own("ratio(k=2)") is None
    assert policy_of("ratio(k=2)") == "ratio(k=2)"
    assert own("there/mine.py:Bold") == (Path("there/mine.py"), "Bold")


def test_ten_lines_of_python_repeat_the_policy_of_the_core() -> None:
    text = Scenario.named("base", SMALL).to_toml()
    cases = [lab.Case(text, CAREFUL, CAREFUL), lab.Case(text, "progressive", "progressive")]
    mine, built_in = lab.run_cases(cases, [1, 2], lambda _: None)
    assert mine.runs == built_in.runs
    assert mine.runs[0].connected > 30


def test_one_command_compares_keeps_and_verifies_it(tmp_path: Path) -> None:
    policy = tmp_path / "mine.py"
    policy.write_text(Path(CAREFUL.rpartition(":")[0]).read_text("utf-8"), "utf-8")
    kept = str(tmp_path / "kept")
    sets = [part for line in SMALL.splitlines()[1:] for part in ("--set", line)]
    options = [
        "pacing",
        "--policy",
        f"{policy}:Careful",
        "--agents",
        "5",
        "--seeds",
        "2",
        *sets,
        "--out",
        kept,
    ]
    done = RUNNER.invoke(lab_cli.bench, options)
    assert done.exit_code == 0, done.output
    assert f"| {policy}:Careful |" in done.output
    assert RUNNER.invoke(lab_cli.bench, ["pacing", "--verify", kept]).exit_code == 0
    policy.write_text(policy.read_text("utf-8").replace("s.idle", "2 * s.idle"), "utf-8")
    changed = RUNNER.invoke(lab_cli.bench, ["pacing", "--verify", kept])
    assert changed.exit_code == 2
    assert "not the one" in changed.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 1\n", "no class Careful"),
        ("class Careful:\n    def __init__(self, k): ...\n", "TypeError"),
        ("import nothing_like_it\n", "ModuleNotFoundError"),
        ("class Careful(\n", "SyntaxError"),
    ],
)
def test_what_is_no_policy_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(ValueError, match=told):
        policy_of(f"{path}:Careful")
    with pytest.raises(ValueError, match="FileNotFoundError"):
        policy_of(f"{tmp_path}/other.py:Careful")
