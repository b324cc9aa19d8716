"""Presets of rules by jurisdiction and purpose: data (presets.json), with source and status. Not legal
advice."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from models.errors import NotFound
from models.rules.ruleset import RuleSet


@cache
def _all() -> dict[str, dict[str, Any]]:
    data: dict[str, dict[str, Any]] = json.loads(
        files("models.rules").joinpath("presets.json").read_text("utf-8")
    )
    return data


def preset_names() -> tuple[str, ...]:
    """The names that `preset` knows."""
    return tuple(_all())


def preset(name: str) -> RuleSet:
    """The rules of a preset.

    Raises:
        NotFound: `rules_preset`; the message names those that exist.
    """
    found = _all().get(name)
    if found is None:
        raise NotFound("rules_preset", f"there are no rules {name!r}: choose one of {', '.join(_all())}")
    return RuleSet.from_json({"name": name, "version": found["version"], **found["rules"]})


def preset_source(name: str) -> tuple[str, str]:
    """(status, source) of a preset, to be shown beside it.

    Raises:
        NotFound: `rules_preset`.
    """
    preset(name)
    found = _all()[name]
    return str(found["status"]), str(found["source"])
