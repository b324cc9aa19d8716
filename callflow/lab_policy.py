"""Policies of one's own: `file.py:Class` stands for an object of that class."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pacing_core import Policy


def own(text: str) -> tuple[Path, str] | None:
    """File and class of a policy of one's own; None for a built-in one."""
    path, colon, name = text.rpartition(":")
    return (Path(path), name) if colon and path.endswith(".py") else None


def policy_of(text: str) -> str | Policy:
    """What `simulate` takes: the text itself, or a new object of the class it names.

    Raises:
        ValueError: the file can't be read or run, or has no such class; the text says why.
    """
    named = own(text)
    if named is None:
        return text
    path, name = named
    spec = importlib.util.spec_from_file_location(f"ringmaster_policy_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        made: Policy = getattr(module, name)()
    except AttributeError as error:
        raise ValueError(f"{path} has no class {name}: {error}") from error
    except Exception as error:
        raise ValueError(f"{text} can't be made: {type(error).__name__}: {error}") from error
    return made
