"""The benchmark's program: results are kept as they come, a run goes on where it was, comes out the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.kept import (
    BESIDE_THE_LABORATORY,
    CORE,
    OF_THE_PACER,
    Kept,
    Task,
    engine,
    engine_of,
    laboratory,
)
from benchmarks.levels import LEVELS, QUICK, Level, sized
from benchmarks.render import pages
from benchmarks.stages import STAGES, Stage, windows
from benchmarks.stages.policies import BLIND_SECONDS, blind, comparison
from benchmarks.stages.simulated import (
    TUNING_SEEDS,
    for_tuning,
    neighbour,
    recovery,
    repeat,
    run_task,
    scenario,
)
from pacing_core import erlang_b, simulate

SMALL = scenario("base", 5, None, "seconds = 2400.0", "warmup_seconds = 600.0", "decide_seconds = 0.5")
TINY = replace(QUICK, name="tiny")


def small(level: Level, jobs: int | None) -> Iterable[Task]:
    return (
        run_task("score", SMALL, policy, [1, 2], jobs=1) for policy in ("progressive", "oracle", "ringmaster")
    )


@pytest.fixture
def kept_in(tmp_path: Path) -> Path:
    run.measure([Stage("score", small)], TINY, tmp_path, 1)
    return tmp_path


def test_what_is_kept_is_not_measured_again(kept_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (kept_in / "score.json").read_text()
    assert len(Kept.read(kept_in / "score.json").entries) == 3
    capsys.readouterr()
    run.measure([Stage("score", small)], TINY, kept_in, 1)
    assert (kept_in / "score.json").read_text() == before
    assert capsys.readouterr().err == "score: complete, 3 results\n"


def test_a_result_says_what_it_is_a_result_of(kept_in: Path) -> None:
    entry = next(iter(Kept.read(kept_in / "score.json")))
    assert entry["what"]["scenario"] == SMALL.to_toml()
    assert entry["what"]["seeds"] == [1, 2]
    assert entry["engine"] == laboratory() != engine()
    assert {"commit", "machine", "level", "seconds"} <= set(entry)
    assert entry["value"]["policy"] == "progressive"


def test_a_change_of_our_pacer_is_a_change_of_our_results_alone(kept_in: Path) -> None:
    entries = {e["value"]["policy"]: e for e in Kept.read(kept_in / "score.json")}
    assert entries["ringmaster"]["engine"] == engine()
    assert entries["oracle"]["engine"] == laboratory()
    assert engine_of({"asked": "ringmaster(mix=0)"}) == engine_of({"stage": "windows"}) == engine()
    assert engine_of({"asked": "vicidial-tapered"}) == laboratory()


def test_the_laboratory_and_other_policies_are_made_of_what_is_said() -> None:
    """Imports of everything that counts as laboratory, tests of the Rust files left out."""
    source = CORE / "src"
    known = {"lab", *BESIDE_THE_LABORATORY}
    # What these two hold for keyframes of a log decides nothing.
    stored = {"codec", "snapshot", "state"}
    files = [*(source / "lab").rglob("*.rs"), *(source / f"{name}.rs" for name in BESIDE_THE_LABORATORY)]
    ours = {source / "lab" / name for name in OF_THE_PACER}
    assert ours < set(files)
    for path in set(files) - ours:
        code = path.read_text("utf-8").split("#[cfg(test)]\nmod tests")[0]
        for found in re.findall(r"crate::(\{[^}]*\}|\w+)", code):
            for name in re.findall(r"\w+", found):
                assert name in known | stored, f"{path.name} imports {name}"


def test_ctrl_c_leaves_what_is_done_and_the_rest_is_done_later(tmp_path: Path) -> None:
    def stopped(level: Level, jobs: int | None) -> Iterable[Task]:
        def stop() -> dict[str, object]:
            raise KeyboardInterrupt

        first, *others = small(level, jobs)
        return [first, *(replace(task, do=stop) for task in others)]

    with pytest.raises(KeyboardInterrupt):
        run.measure([Stage("score", stopped)], TINY, tmp_path, 1)
    assert [e["value"]["policy"] for e in Kept.read(tmp_path / "score.json")] == ["progressive"]
    run.measure([Stage("score", small)], TINY, tmp_path, 1)
    assert len(Kept.read(tmp_path / "score.json").entries) == 3


def test_a_stage_that_grows_keeps_more_than_is_asked_for(kept_in: Path) -> None:
    def one(level: Level, jobs: int | None) -> Iterable[Task]:
        return list(small(level, jobs))[1:2]

    run.measure([Stage("score", one, grows=True)], TINY, kept_in, 1)
    assert len(Kept.read(kept_in / "score.json").entries) == 3
    run.measure([Stage("score", one)], TINY, kept_in, 1)
    assert len(Kept.read(kept_in / "score.json").entries) == 1


def test_another_core_is_measured_anew(kept_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = set(Kept.read(kept_in / "score.json").entries)
    monkeypatch.setattr("benchmarks.kept.engine", lambda: "another")
    run.measure([Stage("score", small)], TINY, kept_in, 1)
    again = set(Kept.read(kept_in / "score.json").entries)
    assert len(again) == 3
    assert len(again & keys) == 2, "our pacer alone is another"
    monkeypatch.setattr("benchmarks.kept.laboratory", lambda: "another")
    run.measure([Stage("score", small)], TINY, kept_in, 1)
    assert not set(Kept.read(kept_in / "score.json").entries) & keys


def test_verify_tells_a_run_that_differs(kept_in: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--verify", "--stage", "score", "--out", str(kept_in)]
    assert run.main(arguments) == 0
    assert "came out the same" in capsys.readouterr().out
    path = kept_in / "score.json"
    found = json.loads(path.read_text())
    last = list(found["results"].values())[-1]
    last["value"]["runs"][0][1] += 1
    path.write_text(json.dumps(found))
    assert run.main(arguments) == 1
    assert capsys.readouterr().out == "score: base, 5 agents: ringmaster: not the runs that were kept\n"


def test_a_stage_that_cannot_be_run_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run.measure([Stage("moon", small, lambda: "there is no moon")], TINY, tmp_path, 1)
    assert capsys.readouterr().err == "moon: skipped, there is no moon\n"
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "score.json"
    path.write_text('{"format": 99}')
    with pytest.raises(ValueError, match="remove it"):
        Kept.read(path)


def test_an_outage_is_recovered_from_after_its_end() -> None:
    sizes = ("seconds = 9000.0", "warmup_seconds = 600.0", "decide_seconds = 0.5")
    failing = scenario("base", 20, None, *sizes, "outages = [[3000.0, 3600.0]]")
    quiet, down = (
        simulate(made, "ratio(k=3)", range(1, 9)) for made in (scenario("base", 20, None, *sizes), failing)
    )
    assert recovery(quiet, (3000.0, 9000.0)) == 0.0
    assert 600.0 <= recovery(down, (3000.0, 9000.0)) <= 1200.0


def test_tuning_is_on_other_seeds_and_shorter() -> None:
    made = scenario("base", 20, 50_000)
    shorter = for_tuning(made, 16_000)
    assert min(TUNING_SEEDS) > 1_000_000
    assert shorter.seconds == pytest.approx(1800.0 + 2_000 * 135.0 / 20 / 0.9, abs=0.1)
    assert for_tuning(made, 0) == made
    tuned = run_task("score", SMALL, "ratio", [1], tuning_answers=400, jobs=1).do()
    assert tuned["policy"].startswith("ratio(k=")


@pytest.mark.parametrize("level", LEVELS.values(), ids=lambda level: level.name)
def test_every_stage_has_tasks_of_their_own(level: Level) -> None:
    for stage in STAGES.values():
        if stage.missing() is None:
            tasks = list(stage.tasks(level, 1))
            assert len({task.key for task in tasks}) == len(tasks) > 0


def test_every_opponent_appears_twice_beside_both_ends() -> None:
    asked = [
        (t.what["asked"], t.what["tuning_answers"] is not None) for t in comparison("s", SMALL, 2, 1, 9, 1)
    ]
    assert asked[:3] == [("progressive", False), ("oracle", True), ("ringmaster", False)]
    assert all((policy, True) in asked for policy, tuned in asked[3:] if not tuned)


def test_other_sizes_are_named_so() -> None:
    assert sized("full", None, None) is LEVELS["full"]
    level = sized("full", 2_000, 3)
    assert (level.answers, level.seeds, level.opponent_seeds, level.tuning_answers) == (2_000, 3, 3, 4_000)
    assert level.name == "full, other sizes"


def test_windows_are_asked_for_by_team_and_go_on() -> None:
    assert sized("full", None, None, (7,)).windows == (7, 7, 7)
    with pytest.raises(ValueError, match="2 numbers of windows for 3 teams"):
        sized("full", None, None, (7, 8))
    few, more = (
        {task.key: (task.what["scenario"], tuple(task.what["seeds"])) for task in windows.tasks(level, 1)}
        for level in (sized("full", None, None), sized("full", None, None, run.counts("9,6,2")))
    )
    by_team: dict[str, list[int]] = {}
    for scenario_of, seeds in more.values():
        by_team.setdefault(scenario_of, []).extend(seeds)
    assert list(by_team.values()) == [list(range(1, most + 1)) for most in (9, 6, 2)]
    assert len(few.keys() & more.keys()) == 2


@pytest.mark.parametrize("text", ["1,-2", "some", "1,2"])
def test_numbers_of_windows_that_make_no_sense_are_refused(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run.main(["--full", "--windows", text])
    assert "windows" in capsys.readouterr().err


def test_the_limit_is_run_with_other_thresholds_too(tmp_path: Path) -> None:
    task = run_task("score", SMALL, "oracle(theta=0.02)", [1, 2], jobs=1, beside=1)
    value = task.do()
    assert [other["policy"] for other in value["beside"]] == ["oracle(theta=0.016)", "oracle(theta=0.025)"]
    assert [len(other["runs"]) for other in value["beside"]] == [1, 1]
    assert repeat({"what": task.what, "value": value}, 1) == value
    assert task.key != run_task("score", SMALL, "oracle(theta=0.02)", [1, 2], jobs=1).key


@pytest.mark.parametrize(
    ("policy", "other"),
    [
        ("oracle", "oracle(theta=0.0625)"),
        ("oracle(dither=1)", "oracle(theta=0.0625,dither=1)"),
        ("oracle(theta=0.9)", "oracle(theta=1)"),
        ("oracle(theta=0.02,dither=1)", "oracle(theta=0.025,dither=1)"),
    ],
)
def test_a_neighbour_keeps_what_else_the_policy_says(policy: str, other: str) -> None:
    assert neighbour(policy, 1.25) == other


def test_the_blind_rate_is_the_one_of_erlang() -> None:
    made, policy = blind(scenario("exponential", 20, None), 3_000)
    load = float(policy.removeprefix("constant(rate=").rstrip(")")) * 20 / 3600.0 * 0.3 * 135.0
    assert erlang_b(20, load) == pytest.approx(0.03, abs=1e-6)
    assert (made.seconds - made.warmup_seconds) * load / 135.0 == pytest.approx(3_000, rel=1e-3)
    alone, _ = blind(scenario("exponential", 1, None), 100_000)
    assert alone.seconds - alone.warmup_seconds == BLIND_SECONDS


def test_the_page_of_a_folder_lies_in_it(kept_in: Path) -> None:
    (page,) = pages(kept_in, standard=False)
    assert page == kept_in / "pacing.md"
    assert "## Score by team size" in page.read_text()


def test_the_kept_page_takes_the_full_level_where_it_is_measured(tmp_path: Path) -> None:
    levels = {"quick": replace(QUICK, name="quick"), "pacing": replace(QUICK, name="full")}
    for folder, level in levels.items():
        run.measure([Stage("score", small)], level, tmp_path / folder, 1)
    run.measure([Stage("cold", partial(cold_small))], levels["quick"], tmp_path / "quick", 1)
    quick, best = pages(tmp_path / "quick", standard=True)
    assert "| score | quick |" in quick.read_text()
    assert "| score | full |" in best.read_text()
    assert "| cold | quick |" in best.read_text()


def cold_small(level: Level, jobs: int | None) -> Iterable[Task]:
    yield run_task("cold", SMALL, "ringmaster", [1, 2], jobs=1)
