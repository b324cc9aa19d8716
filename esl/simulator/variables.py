"""Channel variables, with their plain rendering kept as they are set.

An event of an answered call carries about 120 variables; rendering them anew for each event would be most of
the simulator's time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from esl.simulator.text import Pairs, encode_value

MOST_VALUES = 10  # a leg that is bridged all day would carry its whole day in every event


class VariableBlock:
    """Variables that are the same for every call, rendered once."""

    __slots__ = ("lines", "values")

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.lines = {name: _line(name, value) for name, value in values.items()}


class Variables:
    __slots__ = ("_block", "_lines", "_values", "hooks")

    def __init__(self) -> None:
        self.hooks = False  # whether there ever was one of execute_on_*, api_on_*
        self._values: dict[str, str] = {}
        self._lines: dict[str, str] = {}
        self._block: str | None = None

    def get(self, name: str) -> str | None:
        return self._values.get(name)

    def true(self, name: str) -> bool:
        return self._values.get(name, "").lower() in (
            "true",
            "yes",
            "on",
            "1",
            "t",
            "enabled",
            "active",
            "allow",
        )

    def set(self, name: str, value: str | None) -> None:
        """An empty value unsets, as `uuid_setvar` does (FACTS section 4)."""
        self._block = None
        if value:
            if "_on_" in name and name.startswith(("execute_on_", "api_on_")):
                self.hooks = True
            self._values[name] = value
            self._lines[name] = _line(name, value)
        else:
            self._values.pop(name, None)
            self._lines.pop(name, None)

    def push(self, name: str, value: str) -> None:
        """One more of several values, in one text as FreeSWITCH writes them; the last ones are kept."""
        old = self._values.get(name)
        if old is None:
            self.set(name, value)
            return
        values = [*old.removeprefix("ARRAY::").split("|:"), value][-MOST_VALUES:]
        self.set(name, f"ARRAY::{'|:'.join(values)}")

    def update(self, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            self.set(name, value)

    def add(self, block: VariableBlock) -> None:
        self._block = None
        self._values.update(block.values)
        self._lines.update(block.lines)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def bare(self) -> dict[str, str]:
        return dict(self._values)

    def pairs(self) -> Pairs:
        return [(f"variable_{name}", value) for name, value in self._values.items()]

    def plain(self) -> str:
        if self._block is None:
            self._block = "".join(self._lines.values())
        return self._block


def _line(name: str, value: str) -> str:
    return f"variable_{name}: {encode_value(value)}\n"
