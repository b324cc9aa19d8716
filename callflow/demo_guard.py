"""The demo's last will: a small process that ends what the demo started, should the demo itself be killed.

It reads lines from its standard input: `group PID`, `gone PID`, `postgres DIRECTORY`, `done`. If the input
ends without `done` (the demo died, whatever the way), it sends SIGTERM to every group, after a grace SIGKILL,
and stops the private PostgreSQL. It runs in a session of its own, so that no Ctrl-C reaches it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 3.0


def read_will(lines: Iterable[str]) -> tuple[list[int], Path | None] | None:
    """(process groups that live, PostgreSQL's data directory), or None if the demo ended by itself."""
    groups: list[int] = []
    postgres: Path | None = None
    for line in lines:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "group":
            groups.append(int(rest))
        elif word == "gone" and int(rest) in groups:
            groups.remove(int(rest))
        elif word == "postgres":
            postgres = Path(rest)
        elif word == "done":
            return None
    return groups, postgres


def alive(group: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end_groups(groups: list[int], grace_seconds: float = GRACE_SECONDS) -> None:
    """SIGTERM, then SIGKILL to whoever is left after the grace."""
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGTERM)
    until = time.monotonic() + grace_seconds
    while any(alive(group) for group in groups) and time.monotonic() < until:
        time.sleep(0.05)
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


def main() -> None:
    will = read_will(sys.stdin)
    if will is None:
        return
    groups, directory = will
    end_groups(groups)
    if directory is not None:
        from models import postgres

        postgres.stop(directory)


if __name__ == "__main__":
    main()
