"""What a timed dialer wrote comes out as the figures of its window."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.bridge_times import spread, summary


def test_spread_is_in_milliseconds() -> None:
    assert spread([0.001 * n for n in range(100, 0, -1)]) == {
        "count": 100,
        "median_ms": 51.0,
        "p99_ms": 100.0,
        "max_ms": 100.0,
    }
    assert spread([]) == {"count": 0}


def test_only_the_window_counts_and_each_kind_apart(tmp_path: Path) -> None:
    lines = [
        {"bridge": "early", "at": 1.0, "queued": 9.0, "total": 9.0, "processor": 9.0},
        {"bridge": "a", "at": 5.0, "queued": 0.001, "total": 0.003, "processor": 0.002},
        {"bridge": "b", "at": 5.1, "by": "timer wrap"},
        {"heard": "a", "at": 5.2, "since_answer": 0.06, "stamps": 0.08, "by": "event"},
        {"heard": "b", "at": 5.3, "since_answer": 1.5, "stamps": 1.5, "by": "timer wrap"},
        {"collected": 2, "at": 5.4, "seconds": 0.004},
        {"held": "Claimed", "at": 5.5, "seconds": 0.005},
        {"bridge": "late", "at": 9.0, "queued": 9.0, "total": 9.0, "processor": 9.0},
    ]
    path = tmp_path / "times.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = summary(path, 2.0, 8.0)
    assert found["event_to_command"] == {"count": 1, "median_ms": 3.0, "p99_ms": 3.0, "max_ms": 3.0}
    assert found["of_it_in_the_inbox"]["median_ms"] == 1.0
    assert found["of_it_on_a_processor"]["median_ms"] == 2.0
    assert found["answer_to_bridge"]["median_ms"] == 60.0, "who waited for an agent is not the bridge's time"
    assert found["answer_to_bridge_stamps"]["count"] == 1
    assert found["garbage_collector 2"]["max_ms"] == 4.0
    assert found["long_step Claimed"]["max_ms"] == 5.0
    assert found["bridges_by_timers"] == 1
