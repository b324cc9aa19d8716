"""Comparisons of policies: scores, what is kept on disk, running it again, the commands."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from callflow import lab, lab_cli
from pacing_core import PacingValueError, Scenario

SMALL = "agents = 5\nseconds = 6000.0\nwarmup_seconds = 600.0\ndecide_seconds = 0.5"
SMALL_OPTIONS = [part for value in SMALL.splitlines() if "agents" not in value for part in ("--set", value)]
SEEDS = [1, 2]
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def results() -> list[lab.Result]:
    scenario = Scenario.named("base", SMALL)
    cases = lab.cases_of(scenario, ["ratio", "ringmaster", "oracle"], SEEDS, True, lambda _: None)
    return lab.run_cases(cases, SEEDS, lambda _: None)


def test_the_floor_scores_nothing_and_the_limit_one(results: list[lab.Result]) -> None:
    lines = {result.case.asked: lab.line(result, results) for result in results}
    assert list(lines) == ["progressive", "oracle", "ratio", "ratio, tuned", "ringmaster"]
    assert lines["progressive"].score == pytest.approx((0.0, 0.0))
    assert lines["oracle"].score == pytest.approx((1.0, 0.0))
    assert lines["oracle"].policy.startswith("oracle(theta=")
    assert lines["ratio, tuned"].policy.startswith("ratio(k=")
    assert lines["ringmaster"].occupancy[0] > lines["progressive"].occupancy[0]


def test_without_both_ends_there_is_no_score(results: list[lab.Result]) -> None:
    assert lab.line(results[0], results[:1]).score is None


def test_a_comparison_is_kept_and_comes_out_the_same(results: list[lab.Result], tmp_path: Path) -> None:
    lab.save(tmp_path, results, SEEDS)
    kept = json.loads((tmp_path / "manifest.json").read_text())
    assert kept["seeds"] == SEEDS
    assert kept["commit"]
    assert len(kept["cases"]) == 5
    rows = list(csv.DictReader((tmp_path / "runs.csv").read_text().splitlines()))
    assert len(rows) == 10
    assert float(rows[0]["occupancy"]) == results[0].runs[0].occupancy
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary[1]["score"] == [1.0, 0.0]
    assert lab.verify(tmp_path, lambda _: None) == []


def test_a_changed_run_is_found(results: list[lab.Result], tmp_path: Path) -> None:
    lab.save(tmp_path, results[:1], SEEDS)
    path = tmp_path / "runs.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1].replace(",0.", ",1.", 1)]) + "\n")
    assert len(lab.verify(tmp_path, lambda _: None)) == 1
    path.write_text("\n".join(lines[:-1]) + "\n")
    assert lab.verify(tmp_path, lambda _: None) == ["2 lines before, 3 now"]


@pytest.mark.parametrize("damage", ["[]", '{"format": 1}', '{"format": 99}'])
def test_what_is_no_comparison_is_refused(tmp_path: Path, damage: str) -> None:
    (tmp_path / "manifest.json").write_text(damage)
    with pytest.raises(ValueError, match=r"manifest\.json"):
        lab.verify(tmp_path, lambda _: None)


def test_another_scenario_in_the_manifest_is_refused(results: list[lab.Result], tmp_path: Path) -> None:
    lab.save(tmp_path, results[:1], SEEDS)
    path = tmp_path / "manifest.json"
    path.write_text(path.read_text().replace("agents = 5", "agents = 6"))
    with pytest.raises(ValueError, match="not the one"):
        lab.verify(tmp_path, lambda _: None)


def test_a_run_is_as_long_as_the_answers_take() -> None:
    scenario = lab.scenario_for_answers("base", "agents = 30", 2000)
    assert scenario.seconds == pytest.approx(3600.0 + 2000 * 135.0 / 30 / 0.9)
    with pytest.raises(PacingValueError, match="none of"):
        lab.scenario_for_answers("moon", "", None)


def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(lab_cli.simulate)
    return made


def test_simulate_prints_a_table() -> None:
    options = ["base", "--policy", "progressive", "--policy", "ratio(k=2)", "--agents", "5", "--seeds", "2"]
    done = RUNNER.invoke(app(), [*options, *SMALL_OPTIONS])
    assert done.exit_code == 0, done.output
    assert "| base | 5 | progressive |" in done.output
    assert "| base | 5 | ratio(k=2) |" in done.output
    listed = RUNNER.invoke(app(), ["list"])
    assert "shock-answers:" in listed.output
    assert "webitel:" in listed.output


def test_mistakes_are_told_in_one_sentence() -> None:
    for wrong in (["moon"], ["base", "--policy", "magic"], ["base", "--set", "cap = 2.0"]):
        done = RUNNER.invoke(app(), wrong)
        assert done.exit_code == 2
        assert "ringmaster: " in done.output
        assert "Traceback" not in done.output


def test_bench_keeps_and_verifies(tmp_path: Path) -> None:
    kept = str(tmp_path / "kept")
    options = ["pacing", "--policy", "ratio", "--as-shipped", "--agents", "5", "--seeds", "2", "--out", kept]
    done = RUNNER.invoke(lab_cli.bench, [*options, *SMALL_OPTIONS])
    assert done.exit_code == 0, done.output
    again = RUNNER.invoke(lab_cli.bench, ["pacing", "--verify", kept])
    assert again.exit_code == 0, again.output
    assert "same" in again.output
    missing = RUNNER.invoke(lab_cli.bench, ["pacing", "--verify", str(tmp_path / "nothing")])
    assert missing.exit_code == 2
