"""What `benchmarks.timed_dialer` wrote: median, p99 and the longest of each time, and what held it up."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds; only the count where there is none."""
    if not seconds:
        return {"count": 0}
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)

    return {"count": len(ordered), "median_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0)}


def summary(path: Path, begin: float = 0.0, end: float = float("inf")) -> dict[str, Any]:
    """The figures of what happened between two moments of CLOCK_MONOTONIC."""
    found: dict[str, list[float]] = defaultdict(list)
    for text in path.read_text().splitlines():
        line = json.loads(text)
        if not begin <= line["at"] <= end:
            continue
        if "total" in line:
            found["event_to_command"].append(line["total"])
            found["of_it_in_the_inbox"].append(line["queued"])
            found["of_it_on_a_processor"].append(line["processor"])
        elif "bridge" in line:
            found["bridges_by_timers"].append(0.0)
        elif "heard" in line and line["by"] == "event":
            found["answer_to_bridge"].append(line["since_answer"])
            found["answer_to_bridge_stamps"].append(line["stamps"])
        elif "collected" in line:
            found[f"garbage_collector {line['collected']}"].append(line["seconds"])
        elif "held" in line:
            found[f"long_step {line['held']}"].append(line["seconds"])
    timers = len(found.pop("bridges_by_timers", ()))
    return {**{name: spread(times) for name, times in sorted(found.items())}, "bridges_by_timers": timers}
