"""The page: what holds, then a section for each stage, from the files of one level or the best there are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.kept import ROOT, Kept
from benchmarks.render import days, leads, limit, machines, plots, policies, verdicts, whatif, windows
from benchmarks.render.markdown import table
from benchmarks.render.rows import Rows, read

BENCHMARKS = ROOT / "benchmarks"


@dataclass(frozen=True, slots=True)
class Section:
    """A stage's heading, and how its results read."""

    stage: str
    title: str
    of_rows: Callable[[Rows, str], str] | None = None
    of_kept: Callable[[Kept, str], str] | None = None


SECTIONS = (
    Section("score", "Score by team size", policies.score),
    Section("variants", "Score by variant", policies.variants),
    Section("priors", "Wrong priors", policies.priors),
    Section("cold", "Cold start", policies.cold),
    Section("limit", "Where the optimum is known", limit.limit),
    Section("shocks", "Shocks and breaks", days.shocks),
    Section("windows", "Windows of the abandon budget", of_kept=windows.windows),
    Section("day", "A day", days.day),
    Section("voicemail", "Machines that answer", policies.voicemail),
    Section("mixed", "Leads that differ", leads.mixed),
    Section("calibration", "How well leads are known", of_kept=leads.calibration),
    Section("whatif", "What if", of_kept=whatif.whatif),
    Section("cost", "What a decision costs", of_kept=machines.cost),
    Section("engines", "Events per second", of_kept=machines.engines),
    Section("overhead", "A policy in Python", of_kept=machines.overhead),
    Section("staffing", "Staffing", of_kept=machines.staffing),
)


def pages(kept_in: Path, standard: bool) -> Iterable[Path]:
    """Writes the pages that results in this folder belong to; their paths.

    In its standard place the quick level's page lies beside its files; the page that is kept takes each stage
    from the full level where that was measured, else from the quick one.
    """
    if not standard:
        yield write(kept_in / "pacing.md", dict.fromkeys(_stages(kept_in), kept_in))
        return
    results = kept_in.parent
    quick, full = results / "quick", results / "pacing"
    if kept_in == quick:
        yield write(quick / "pacing.md", dict.fromkeys(_stages(quick), quick))
    best = dict.fromkeys(_stages(quick), quick) | dict.fromkeys(_stages(full), full)
    yield write(results / "pacing.md", best)


def _stages(folder: Path) -> list[str]:
    return [section.stage for section in SECTIONS if (folder / f"{section.stage}.json").exists()]


def write(path: Path, folders: dict[str, Path]) -> Path:
    """One page, from the folder given for each stage."""
    stages = {section.stage: Kept(path) for section in SECTIONS}
    stages |= {stage: Kept.read(folder / f"{stage}.json") for stage, folder in folders.items()}
    levels = {stage: kept.level for stage, kept in stages.items()}
    rows = Rows(row for kept in stages.values() for row in read(kept))
    pictures = path.parent / ("pacing" if path.parent.name == "results" else ".")
    pictures.mkdir(parents=True, exist_ok=True)
    text = (
        "\n\n".join([_head(stages, levels), _verdicts(rows, stages), *_sections(rows, stages, levels)]) + "\n"
    )
    text = text.replace("(SOURCE/", f"({os.path.relpath(BENCHMARKS, path.parent)}/")
    text = text.replace("(SVG/", "(" if pictures == path.parent / "." else f"({pictures.name}/")
    path.write_text(text, "utf-8")
    _draw(rows, stages, pictures)
    return path


def _head(stages: dict[str, Kept], levels: dict[str, str]) -> str:
    lines = []
    for stage, kept in stages.items():
        entries = list(kept)
        if entries:
            commits = sorted({entry["commit"] for entry in entries})
            machine = entries[0]["machine"]
            where = f"{machine['cores']} cores, {machine['architecture']}, Python {machine['python']}"
            spent, worked = (sum(e[key] for e in entries) / 60 for key in ("seconds", "cpu_seconds"))
            cells = [stage, levels[stage], str(len(entries)), f"{spent:.1f}", f"{worked:.1f}"]
            lines.append([*cells, ", ".join(commits), where])
    quick = any(level.startswith("quick") for level in levels.values())
    return "\n\n".join(
        [
            "# Pacing policies compared",
            "Made by `make bench` from the files beside this page; no figure in it is written by hand. "
            "Score = (U − U of `progressive`) / (U of `oracle` − U of `progressive`), U the occupancy, "
            "seed by seed over the same people: 0 is one dial per idle agent, 1 the threshold policy that "
            "knows all distributions, tuned to the cap on other seeds. Opponents are run as shipped, and "
            "tuned on other seeds to the same cap. ± is half of a 95 % interval unless it says otherwise. "
            "Scenarios are the suite's, all asked for a decision twice a second. [The "
            "laboratory](SOURCE/../docs/reference/laboratory.md), [the "
            "benchmark](SOURCE/../docs/reference/benchmark.md).",
            table(["stage", "level", "results", "minutes", "of processors", "commit", "machine"], lines),
            *(["Files of the level quick are in no commit: `make bench` measures them."] if quick else []),
        ]
    )


def _verdicts(rows: Rows, stages: dict[str, Kept]) -> str:
    found = [
        *verdicts.all_of(rows, stages),
        *windows.verdicts(stages["windows"]),
        *leads.verdicts(rows, stages["calibration"]),
        *whatif.verdicts(stages["whatif"]),
    ]
    lines = [[v.demand, v.measured, v.outcome] for v in found]
    return "## What holds, and what does not\n\n" + table(["demand", "measured", "outcome"], lines)


def _sections(rows: Rows, stages: dict[str, Kept], levels: dict[str, str]) -> Iterable[str]:
    for section in SECTIONS:
        kept = stages[section.stage]
        if not kept.entries:
            continue
        level = levels[section.stage]
        if section.of_rows is not None:
            body = section.of_rows(rows, level)
        elif section.of_kept is not None:
            body = section.of_kept(kept, level)
        yield f"## {section.title}\n\n{body}"


def _draw(rows: Rows, stages: dict[str, Kept], pictures: Path) -> None:
    if find_spec("matplotlib") is None:
        return
    for name, (stage, draw) in plots.PLOTS.items():
        if stages[stage].entries:
            draw(rows, pictures / f"{name}.svg")
    if stages["windows"].entries:
        windows.picture(stages["windows"], pictures / "windows.svg")
    if stages["calibration"].entries:
        leads.picture(stages["calibration"], pictures / "calibration.svg")
