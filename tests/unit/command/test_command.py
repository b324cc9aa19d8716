from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints, PackageNotFoundError
from pathlib import Path

import click
import pytest
import typer
from click.testing import CliRunner

from models import command


@click.command("plain")
@click.option("--loud", is_flag=True)
@click.argument("words", nargs=-1)
def plain(loud: bool, words: tuple[str, ...]) -> None:
    """Say words back."""
    text = " ".join(words)
    click.echo(text.upper() if loud else text)


application = typer.Typer(add_completion=False, help="Two commands.")


@application.command()
def one(count: int = 1) -> None:
    """The first."""
    typer.echo(f"one {count}")


@application.command()
def two() -> None:
    """The second: fails with exit code 3."""
    raise typer.Exit(3)


def function(name: str, times: int = 1) -> None:
    """A typed function."""
    typer.echo(" ".join([name] * times))


not_a_command = 5


@pytest.fixture(autouse=True)
def _entry_points(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "rm_broken_package.py").write_text("raise RuntimeError('no engine in here')\n")
    (tmp_path / "rm_lazy_package.py").write_text("import click\n@click.command()\ndef c():\n    'Lazy.'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    here = __name__
    found = EntryPoints(
        EntryPoint(name, value, command.GROUP)
        for name, value in {
            "plain": f"{here}:plain",
            "app": f"{here}:application",
            "function": f"{here}:function",
            "broken": "rm_broken_package:c",
            "absent": "rm_no_such_package:c",
            "odd": f"{here}:not_a_command",
            "lazy": "rm_lazy_package:c",
        }.items()
    )
    monkeypatch.setattr(command, "entry_points", lambda *, group: found.select(group=group))
    yield
    for name in ("rm_broken_package", "rm_lazy_package"):
        sys.modules.pop(name, None)


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command.main, list(arguments))
    return result.exit_code, result.output


def test_click_command_gets_its_arguments_untouched() -> None:
    assert run("plain", "--loud", "a", "b") == (0, "A B\n")
    assert run("plain", "--", "--loud") == (0, "--loud\n")


def test_typer_application_and_function() -> None:
    assert run("app", "one", "--count", "4") == (0, "one 4\n")
    assert run("app", "two")[0] == 3
    assert run("function", "x", "--times", "3") == (0, "x x x\n")


def test_help_of_a_command_is_its_own_and_names_the_whole_path() -> None:
    code, output = run("plain", "--help")
    assert code == 0
    assert "main plain [OPTIONS] [WORDS]..." in output
    assert "Say words back." in output


def test_wrong_option_exits_2() -> None:
    code, output = run("plain", "--quiet")
    assert code == 2
    assert "--quiet" in output


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("broken", "RuntimeError: no engine in here"),
        ("absent", "ModuleNotFoundError: No module named 'rm_no_such_package'"),
        ("odd", "TypeError: 5 is neither a command nor a function"),
    ],
)
def test_a_command_that_cannot_be_loaded_says_why_in_one_sentence(name: str, reason: str) -> None:
    code, output = run(name)
    assert code == 1
    assert f"`ringmaster {name}` can't be loaded" in output
    assert reason in output
    assert "Traceback" not in output


def test_a_broken_command_does_not_spoil_the_list() -> None:
    code, output = run("--help")
    assert code == 0
    assert "Say words back." in output
    assert "(not available: no engine in here)" in " ".join(output.split())


def test_running_one_command_loads_no_other() -> None:
    run("plain", "x")
    assert "rm_lazy_package" not in sys.modules


def test_unknown_command_exits_2() -> None:
    code, output = run("dail")
    assert code == 2
    assert "No such command 'dail'" in output


def test_version() -> None:
    code, output = run("--version")
    assert code == 0
    assert output.startswith("ringmaster, version ")


def test_version_of_a_source_folder_that_was_never_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(command, "version", missing)
    assert command.installed_version() == "not installed"
