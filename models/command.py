"""The one command `ringmaster`: a group whose commands are the entry points `ringmaster.commands`.

Nothing of a command is imported before it is used: `ringmaster softswitch` never loads the dialer, and a
command whose package is broken says so without taking the others along. A command may be a click command, a
typer application or a plain typed function; each runs through its own `main`, as typer brings its own click.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Any, Protocol, cast, runtime_checkable

import click

GROUP = "ringmaster.commands"
_PASS_THROUGH = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@runtime_checkable
class Runnable(Protocol):
    """What click's and typer's commands have in common."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None) -> Any: ...

    def get_short_help_str(self, limit: int = 45) -> str: ...


class CommandBroken(click.ClickException):
    """A command that exists but can't be loaded: its package fails to import."""

    code = "command_broken"


def _as_runnable(loaded: object) -> Runnable:
    if isinstance(loaded, Runnable):
        return loaded
    import typer
    import typer.main

    if isinstance(loaded, typer.Typer):
        return cast(Runnable, typer.main.get_command(loaded))
    if callable(loaded):
        app = typer.Typer(add_completion=False)
        app.command()(cast(Callable[..., Any], loaded))
        return cast(Runnable, typer.main.get_command(app))
    raise TypeError(f"{loaded!r} is neither a command nor a function")


def load(entry: EntryPoint) -> Runnable:
    """Import a command.

    Raises:
        CommandBroken: the import failed; the message names the module, the reason and what to do.
    """
    try:
        return _as_runnable(entry.load())
    except Exception as error:  # an import may fail in any way
        raise CommandBroken(
            f"`ringmaster {entry.name}` can't be loaded from {entry.value}: {type(error).__name__}: {error}. "
            "Run `make` in the source folder to build what is missing, or reinstall the package."
        ) from error


class _Forward(click.Command):
    """Hands the rest of the command line, untouched, to the command behind an entry point."""

    def __init__(self, entry: EntryPoint) -> None:
        super().__init__(entry.name, context_settings=_PASS_THROUGH, add_help_option=False)
        self.entry = entry

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.args = args
        return args

    def invoke(self, ctx: click.Context) -> Any:
        return load(self.entry).main(args=list(ctx.args), prog_name=ctx.command_path)

    def get_short_help_str(self, limit: int = 45) -> str:
        try:
            return load(self.entry).get_short_help_str(limit)
        except CommandBroken as error:
            return f"(not available: {error.__cause__})"


class LazyGroup(click.Group):
    """A click group over the entry points of `ringmaster.commands`."""

    def _entries(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=GROUP)}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._entries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = self._entries().get(cmd_name)
        return None if entry is None else _Forward(entry)


def installed_version() -> str:
    """The installed version, or words saying that there is none (a source folder that was never built)."""
    try:
        return version("ringmaster")
    except PackageNotFoundError:
        return "not installed"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(installed_version(), prog_name="ringmaster")
def main() -> None:
    """Ringmaster, an open-source outbound dialer: `ringmaster demo` shows it at work on this machine."""


if __name__ == "__main__":
    main()
