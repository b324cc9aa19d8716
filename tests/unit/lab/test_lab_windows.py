"""Windows of the abandon budget, a day with machines, and a run's minutes, through the public door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from callflow import lab_cli, lab_windows
from pacing_core import PacingValueError, Scenario, decision_times, simulate, simulate_windows

RUNNER = CliRunner()
SHORT = "agents = 5\nseconds = 3600.0\ndecide_seconds = 1.0\nshifts = []\nleaves = []"


def test_a_window_is_its_days_under_one_ledger() -> None:
    day = Scenario.named("day", SHORT)
    told: list[int] = []
    made = simulate_windows(day, "ratio(k=2)", [1, 2], days=3, threads=1, progress=told.append)
    assert made == simulate_windows(day, "ratio(k=2)", [1, 2], days=3)
    for window in made:
        assert len(window.days) == len(window.evenings) == 3
        assert window.answered == sum(d[0] for d in window.days) == window.evenings[-1][0]
        assert window.abandoned == sum(d[1] for d in window.days) == window.evenings[-1][1]
        assert window.talk_seconds < window.busy_seconds < window.staffed_seconds
    assert told[-1] == 6
    assert "days=3" in repr(made[0])


def test_the_summary_counts_windows_over_the_cap() -> None:
    day = Scenario.named("day", SHORT)
    bold = simulate_windows(day, "ratio(k=6)", [1, 2, 3], days=2)
    said = lab_windows.summary(day, "ratio(k=6)", bold)
    assert (said.over, said.windows, said.days, said.at_most) == (3, 3, 2, 1.0)
    assert said.mean > day.cap
    assert said.quantiles[0] <= said.quantiles[1] <= said.quantiles[2] <= said.highest
    assert said.days_over == said.evenings_over == 1.0
    careful = lab_windows.summary(day, "progressive", simulate_windows(day, "progressive", [1, 2], days=2))
    assert (careful.over, careful.mean, careful.days_over) == (0, 0.0, 0.0)
    assert careful.occupancy < said.occupancy
    assert careful.at_most == pytest.approx(0.8419, abs=1e-4)


def test_the_upper_end_of_a_share() -> None:
    # Clopper and Pearson: none of n gives 1 - .025^(1/n).
    assert lab_windows.at_most(0, 1000) == pytest.approx(1.0 - 0.025 ** (1.0 / 1000), rel=1e-9)
    assert lab_windows.at_most(1, 1000) == pytest.approx(0.005559, abs=1e-6)
    assert lab_windows.at_most(4, 4) == 1.0


def test_bench_windows_writes_its_page(tmp_path: Path) -> None:
    kept = tmp_path / "windows.md"
    options = ["windows", "--agents", "3", "--windows", "2", "--days", "2", "--out", str(kept)]
    options += [part for value in SHORT.splitlines()[1:] for part in ("--set", value)]
    done = RUNNER.invoke(lab_cli.bench, options)
    assert done.exit_code == 0, done.output
    text = kept.read_text("utf-8")
    assert "| 3 | ringmaster | 2 x 2 d | 0 | 0.8419 |" in text
    assert "ringmaster bench windows --agents=3 --windows=2 --days=2" in text
    again = RUNNER.invoke(lab_cli.bench, options)
    assert kept.read_text("utf-8") == text
    assert again.output == done.output
    for bad in (["--policy", "magic"], ["--set", "cap = 2.0"], ["--out", str(tmp_path / "no" / "w.md")]):
        failed = RUNNER.invoke(lab_cli.bench, [*options, *bad])
        assert failed.exit_code == 2
        assert "ringmaster: " in failed.output


def test_what_is_no_window_is_refused() -> None:
    day = Scenario.named("day", SHORT)
    for days in (0, 3661):
        with pytest.raises(PacingValueError, match="days"):
            simulate_windows(day, "progressive", [1], days=days)
    with pytest.raises(PacingValueError, match="magic"):
        simulate_windows(day, "magic", [1])


def test_progress_that_raises_ends_the_windows() -> None:
    def broken(_done: int) -> None:
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        simulate_windows(Scenario.named("day"), "ringmaster", range(50), threads=1, progress=broken)


def test_a_run_by_the_minute() -> None:
    scenario = Scenario.named("day", SHORT)
    (run,) = simulate(scenario, "ratio(k=2)", [1])
    answered, abandoned, busy, staffed = run.minutes()
    assert answered.shape == (60,)
    assert answered.sum() == run.total_answered
    assert abandoned.sum() == run.total_abandoned
    assert staffed.sum() == pytest.approx(run.staffed_seconds)
    assert run.occupancy_between(0.0, 3600.0) == pytest.approx(run.occupancy)
    assert run.occupancy_between(600.0, 1200.0) == pytest.approx(busy[10:20].sum() / staffed[10:20].sum())
    assert run.machines > 0
    assert run.machine_seconds == pytest.approx(12.0 * run.machines, rel=0.03)
    # From minute 20 on: the first five minutes in a row that are good again after some that were not.
    good = [busy[k - 5 : k].sum() >= 0.9 * staffed[k - 5 : k].sum() for k in range(21, 61)]
    fallen = good.index(False)
    assert run.recovery(1200.0, 3600.0, 0.9) == 60.0 * (good.index(True, fallen) + 1)
    assert run.recovery(0.0, 3600.0, 0.0) == 0.0
    assert run.recovery(0.0, 3600.0, 1.0) is None
    for bad in (float("nan"), -1.0, float("inf")):
        with pytest.raises(PacingValueError, match="shock"):
            run.recovery(bad, 3600.0, 0.5)
        with pytest.raises(PacingValueError, match="end"):
            run.occupancy_between(0.0, bad)


def test_decisions_are_timed() -> None:
    scenario = Scenario.named("base", "agents = 5\nseconds = 300.0\nwarmup_seconds = 0.0")
    seconds = decision_times(scenario, "ringmaster", 1)
    assert seconds.shape == (1500,)
    assert np.all(seconds >= 0.0)
    assert 0.0 < float(np.median(seconds)) < 1.0
