"""Mutated recordings by a seeded mutator always; coverage-guided by atheris in `make test-all`."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.codec import chew, mutated
from tests.unit.esl.support import recording, recordings

RUNS = 6_000
SOME = [
    "a01_auth_ok_exit.jsonl",
    "c01_event_plain_all.jsonl",
    "d01_answer_after_1s_json.jsonl",
    "g02_outbound_caller_hangs_up_linger3_json.jsonl",
    "j01_hostile_input_plain_and_json.jsonl.gz",
]


def seeds(names: list[str], longest: int) -> list[bytes]:
    """Whole messages of the recordings, both ways; long ones cut to their first bytes, and so unfinished."""
    return [line.raw[:longest] for name in names for line in recording(name) if line.raw]


def test_mutated_recordings() -> None:
    rng = random.Random(20)
    found = seeds(SOME, 900)
    whole = sum(
        chew(b"".join(mutated(rng.choice(found), rng) for _ in range(3)), rng.randint(1, 300))
        for _ in range(1500)
    )
    assert whole > 500  # it also gets past the framing


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="no atheris for this platform")
def test_coverage_guided(tmp_path: Path) -> None:
    """libFuzzer ends with another code than 0 at the first exception, hang or leak it finds."""
    start = tmp_path / "start"
    start.mkdir()
    (tmp_path / "found").mkdir()
    for place, seed in enumerate(seeds(recordings()[::6], 1000)[::12]):
        (start / str(place)).write_bytes(b"\x40" + seed)
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.fuzz",
            f"-runs={RUNS}",
            "-seed=1",
            "-timeout=10",
            "-rss_limit_mb=1024",
            f"-artifact_prefix={tmp_path}/",
            str(tmp_path / "found"),
            str(start),
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert f"Done {RUNS}" in ended.stderr
