"""The documentation is true: Python examples run, commands exist with their options, links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from models.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^( *)```(\S*)( exec)?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
MAKE_TARGETS = frozenset(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def blocks(page: Path, language: str) -> Iterator[tuple[str, bool]]:
    """(text, whether it is marked to be executed) of every fenced block in a language."""
    for match in FENCE.finditer(page.read_text("utf-8")):
        if match[2] == language:
            indent = match[1]
            yield "".join(line.removeprefix(indent) for line in match[4].splitlines(True)), bool(match[3])


def commands() -> list[tuple[Path, str, bool]]:
    return [
        (page, line.removeprefix("$ "), run)
        for page in PAGES
        for text, run in blocks(page, "console")
        for line in text.splitlines()
        if line.startswith("$ ")
    ]


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _id(value: object) -> str:
    return str(value.relative_to(ROOT)) if isinstance(value, Path) else str(value)[:60]


@cache
def run_ringmaster(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "models.command", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("page", "text"), [(page, text) for page in PAGES for text, _ in blocks(page, "python")], ids=_id
)
def test_python_examples_run(page: Path, text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"RINGMASTER_{name.upper()}", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    exec(compile(text, _id(page), "exec"), {"__name__": "example"})


@pytest.mark.parametrize(("page", "line", "run"), commands(), ids=_id)
def test_commands_exist_with_their_options(page: Path, line: str, run: bool) -> None:
    words = [word for word in shlex.split(line) if not re.fullmatch(r"[A-Z_]+=.*", word)]
    if words[0] == "make":
        assert words[1] in MAKE_TARGETS, f"{page}: make {words[1]}"
        arguments = re.search(r'DEMO_ARGS="([^"]*)"', line)
        words = ["ringmaster", "demo", *(shlex.split(arguments[1]) if arguments else [])]
    assert words[0] == "ringmaster", f"{page}: {line}"
    if run:
        finished = run_ringmaster(*words[1:])
        assert finished.returncode == 0, finished.stderr
        return
    path = [word for word in words[1:3] if not word.startswith("-")]
    first = run_ringmaster(path[0], "--help")
    assert first.returncode == 0, f"{page}: {line}: {first.stderr}"
    deeper = len(path) > 1 and re.search(rf"│ {re.escape(path[1])} ", first.stdout)
    shown = run_ringmaster(*path, "--help").stdout if deeper else first.stdout
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert re.search(rf"{re.escape(option)}\b", shown), f"{page}: {line}: no option {option}"


@pytest.mark.parametrize("page", PAGES, ids=_id)
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for target in LINK.findall(text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{_id(page)} links to {target}, which is not there"
        assert there.is_relative_to(ROOT), f"{_id(page)} links out of the repository: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in {slug(heading) for heading in headings}, f"{_id(page)}: no heading {target}"


def test_every_page_is_linked() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in PAGES
        for target in LINK.findall(page.read_text("utf-8"))
        if not re.match(r"[a-z]+:", target)
    }
    folders = {path for path in linked if path.is_dir()}
    alone = [
        _id(page)
        for page in PAGES
        if page.parent != ROOT and page not in linked and page.parent not in folders
    ]
    assert not alone, f"nothing links to {alone}"


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text("utf-8")
    missing = [
        name
        for name in Settings.model_fields
        if f"RINGMASTER_{name.upper()}" not in page and name != "database_url"
    ]
    assert not missing
    assert "DATABASE_URL" in page


def test_every_make_target_is_in_help_and_the_demos_options_are_documented() -> None:
    assert {"demo", "test", "test-all", "check", "bench", "clean", "help"} <= MAKE_TARGETS
    page = (ROOT / "docs/how-to/run-the-demo.md").read_text("utf-8")
    shown = run_ringmaster("demo", "--help").stdout
    for option in set(re.findall(r"--[a-z-]+", shown)) - {"--help"}:
        assert f"`{option}`" in page, f"{option} is not documented"


def test_no_machine_paths_or_private_hosts() -> None:
    words = re.compile(r"/(?:work|root|home)/|\.(?:internal|corp|lan)\b")
    found = [_id(page) for page in PAGES if words.search(page.read_text("utf-8"))]
    assert not found
